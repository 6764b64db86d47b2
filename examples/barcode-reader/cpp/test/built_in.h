// What the tests' build of the SDK has built in.
#ifndef BARCODE_READER_TEST_BUILT_IN_H
#define BARCODE_READER_TEST_BUILT_IN_H

const char *ServerURL();
const char *DataDirectory();

#endif // BARCODE_READER_TEST_BUILT_IN_H
