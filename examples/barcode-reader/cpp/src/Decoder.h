// Finds and reads barcodes: ZXing, made safe.
#ifndef BARCODE_READER_DECODER_H
#define BARCODE_READER_DECODER_H

#include <cstdint>
#include <string>
#include <vector>

#include "Image.h"

// One decoded barcode.
struct Barcode {
  std::int32_t type; // the symbology, as LTS_OperationType
  std::string text;  // UTF-8
};

// Decodes all barcodes in an image: of GS1 DataBar at most one.
std::vector<Barcode> Decode(const Image &image);

// The name of a symbology; "" for a number that is not one.
const char *SymbologyName(std::int32_t type);

#endif // BARCODE_READER_DECODER_H
