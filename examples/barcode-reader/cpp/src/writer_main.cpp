// barcode-writer: makes images of barcodes, to try the SDK on.
#include <ZXing/BitMatrix.h>
#include <ZXing/MultiFormatWriter.h>

#include <algorithm>
#include <cstdio>
#include <exception>
#include <filesystem>
#include <iterator>
#include <stdexcept>
#include <string>
#include <vector>

#include "Counts.h"
#include "Image.h"

namespace {

using ZXing::BarcodeFormat;

// What is written of each symbology: every text in every size. Check digits are
// added where the symbology wants one.
struct Symbology {
  BarcodeFormat format;
  const char *name; // as the SDK reports it
  bool linear;
  std::vector<std::string> texts;
};
const Symbology kSymbologies[] = {
    {BarcodeFormat::Aztec,
     "AZTEC",
     false,
     {"Boarding pass 12F", "A longer text in Aztec, 0123456789"}},
    {BarcodeFormat::Codabar, "CODABAR", true, {"A1234567B", "A40156B"}},
    {BarcodeFormat::Code39, "CODE_39", true, {"PART 4711", "OPENLTS"}},
    {BarcodeFormat::Code93, "CODE_93", true, {"LOT-0815", "CODE 93"}},
    {BarcodeFormat::Code128, "CODE_128", true, {"Parcel 00340434", "0123456789012345"}},
    {BarcodeFormat::DataMatrix, "DATAMATRIX", false, {"Chip 8A-17", "Serial 2024-000123"}},
    {BarcodeFormat::EAN8, "EAN_8", true, {"9638507", "1234567"}},
    {BarcodeFormat::EAN13, "EAN_13", true, {"400638133393", "978316148410"}},
    {BarcodeFormat::ITF, "ITF", true, {"15400141288763", "00012345678905"}},
    {BarcodeFormat::PDF417,
     "PDF417",
     false,
     {"Driving licence D1234567", "PDF417 holds a good deal of text"}},
    {BarcodeFormat::QRCode,
     "QR_CODE",
     false,
     {"https://example.com/q?id=42", "Ticket 0007", "Grüße"}},
    {BarcodeFormat::UPCA, "UPC_A", true, {"03600029145", "72527273070"}},
    {BarcodeFormat::UPCE, "UPC_E", true, {"0123456", "0425261"}},
};

// Pages which hold several codes below each other. ZXing 1.4 looks for Aztec and
// Data Matrix only around the middle of an image.
const std::vector<std::string> kPages[] = {
    {"CODE_128", "AZTEC", "EAN_13"},
    {"CODE_39", "DATAMATRIX", "ITF"},
    {"QR_CODE", "PDF417", "UPC_A"},
    {"QR_CODE", "QR_CODE"},
};

constexpr int kSizes[] = {200, 320, 480}; // width in pixels; margins come to it
constexpr int kMargin = 20;

Image Blank(int width, int height) {
  Image image;
  image.width = width;
  image.height = height;
  image.pixels.assign(static_cast<std::size_t>(width) * static_cast<std::size_t>(height), 255);
  return image;
}

// Copies an image into a larger one.
void Paste(const Image &from, int left, int top, Image *to) {
  for (int y = 0; y < from.height; y++) {
    std::copy_n(from.pixels.data() + y * from.width, from.width,
                to->pixels.data() + (top + y) * to->width + left);
  }
}

Image Draw(const Symbology &symbology, std::size_t text, int size) {
  const auto bits = ZXing::MultiFormatWriter(symbology.format)
                        .setEncoding(ZXing::CharacterSet::UTF8)
                        .setMargin(kMargin)
                        .encode(symbology.texts[text], size, symbology.linear ? size / 3 : size);
  // Linear codes have no margin above and below.
  const int top = symbology.linear ? kMargin : 0;
  Image image = Blank(bits.width(), bits.height() + 2 * top);
  for (int y = 0; y < bits.height(); y++) {
    for (int x = 0; x < bits.width(); x++) {
      if (bits.get(x, y)) {
        image.pixels[static_cast<std::size_t>((top + y) * image.width + x)] = 0;
      }
    }
  }
  return image;
}

// Puts images below each other on one page.
Image Compose(const std::vector<Image> &parts) {
  int width = 0, height = 0;
  for (const Image &part : parts) {
    width = std::max(width, part.width);
    height += part.height + kMargin;
  }
  Image page = Blank(width, height);
  int top = 0;
  for (const Image &part : parts) {
    Paste(part, (width - part.width) / 2, top, &page);
    top += part.height + kMargin;
  }
  return page;
}

// Writes images and counts what is on them.
class Album {
 public:
  explicit Album(std::filesystem::path directory) : directory_(std::move(directory)) {
    std::filesystem::create_directories(directory_);
  }

  void Add(const std::string &name, const Image &image) {
    const std::string path = (directory_ / (name + ".png")).string();
    if (!WritePng(path, image)) throw std::runtime_error("can't write " + path);
    files_++;
  }

  void Count(const std::string &symbology) { written_[symbology]++; }

  void Print() const {
    std::printf("{\"files\": %d, \"written\": %s}\n", files_, ToJson(written_).c_str());
  }

 private:
  std::filesystem::path directory_;
  int files_ = 0;
  Counts written_;
};

const Symbology &Find(const std::string &name) {
  return *std::find_if(std::begin(kSymbologies), std::end(kSymbologies),
                       [&name](const Symbology &symbology) { return symbology.name == name; });
}

void WriteAll(const std::string &directory) {
  Album album(directory);
  for (const Symbology &symbology : kSymbologies) {
    for (std::size_t i = 0; i < symbology.texts.size(); i++) {
      for (const int size : kSizes) {
        const std::string numbers = "-" + std::to_string(i + 1) + "-" + std::to_string(size);
        album.Add(symbology.name + numbers, Draw(symbology, i, size));
        album.Count(symbology.name);
      }
    }
  }
  for (std::size_t page = 0; page < std::size(kPages); page++) {
    std::vector<Image> parts;
    for (const std::string &name : kPages[page]) {
      const Symbology &symbology = Find(name);
      // Another text each, so that no two codes on a page are the same.
      parts.push_back(Draw(symbology, parts.size() % symbology.texts.size(), kSizes[1]));
      album.Count(name);
    }
    album.Add("PAGE-" + std::to_string(page + 1), Compose(parts));
  }
  album.Print();
}

} // namespace

int main(int argc, char **argv) {
  if (argc != 2 || argv[1][0] == '-') {
    const bool help = argc == 2 && std::string(argv[1]) == "--help";
    std::fputs(
        "usage: barcode-writer DIRECTORY\n"
        "Makes PNG images of barcodes in DIRECTORY, and prints what they hold as JSON.\n",
        help ? stdout : stderr);
    return help ? 0 : 2;
  }
  try {
    WriteAll(argv[1]);
  } catch (const std::exception &error) {
    std::fprintf(stderr, "barcode-writer: %s\n", error.what());
    return 1;
  }
  return 0;
}
