// Images as the decoder takes them: 8 bit gray.
#ifndef BARCODE_READER_IMAGE_H
#define BARCODE_READER_IMAGE_H

#include <cstdint>
#include <string>
#include <vector>

struct Image {
  int width = 0;
  int height = 0;
  std::vector<std::uint8_t> pixels; // row by row, without gaps; 0 is black
};

// Reads a PNG or JPEG file, whichever its content says it is. Transparent
// pixels become white. Returns DBR_OK or a DBRERR_ code.
int ReadImage(const char *path, Image *image);

// Writes a PNG file. Returns false if the file can't be written.
bool WritePng(const std::string &path, const Image &image);

#endif // BARCODE_READER_IMAGE_H
