#include "Decoder.h"

#define ZX_USE_UTF8 // Result::text() is a std::string
#include <ZXing/ReadBarcode.h>

#include "openlts/openlts.h"

namespace {

using ZXing::BarcodeFormat;
using ZXing::BarcodeFormats;

// What is decoded, and how it is counted. The names are those the server counts
// by, too.
constexpr struct {
  BarcodeFormat format;
  std::int32_t type;
  const char *name;
} kSymbologies[] = {
    {BarcodeFormat::Aztec, LTS_OT_AZTEC, "AZTEC"},
    {BarcodeFormat::Codabar, LTS_OT_CODABAR, "CODABAR"},
    {BarcodeFormat::Code39, LTS_OT_CODE_39, "CODE_39"},
    {BarcodeFormat::Code93, LTS_OT_CODE_93, "CODE_93"},
    {BarcodeFormat::Code128, LTS_OT_CODE_128, "CODE_128"},
    {BarcodeFormat::DataBar, LTS_OT_GS1_DATABAR_OMNIDIRECTIONAL, "GS1_DATABAR_OMNIDIRECTIONAL"},
    {BarcodeFormat::DataBarExpanded, LTS_OT_GS1_DATABAR_EXPANDED, "GS1_DATABAR_EXPANDED"},
    {BarcodeFormat::DataMatrix, LTS_OT_DATAMATRIX, "DATAMATRIX"},
    {BarcodeFormat::EAN8, LTS_OT_EAN_8, "EAN_8"},
    {BarcodeFormat::EAN13, LTS_OT_EAN_13, "EAN_13"},
    {BarcodeFormat::ITF, LTS_OT_ITF, "ITF"},
    {BarcodeFormat::MaxiCode, LTS_OT_MAXICODE, "MAXICODE"},
    {BarcodeFormat::PDF417, LTS_OT_PDF417, "PDF417"},
    {BarcodeFormat::QRCode, LTS_OT_QR_CODE, "QR_CODE"},
    {BarcodeFormat::MicroQRCode, LTS_OT_MICRO_QR, "MICRO_QR"},
    {BarcodeFormat::UPCA, LTS_OT_UPC_A, "UPC_A"},
    {BarcodeFormat::UPCE, LTS_OT_UPC_E, "UPC_E"},
};

const BarcodeFormats kDataBars = BarcodeFormat::DataBar | BarcodeFormat::DataBarExpanded;

BarcodeFormats AllButDataBars() {
  BarcodeFormats formats;
  for (const auto &symbology : kSymbologies) {
    if (!kDataBars.testFlag(symbology.format)) formats |= symbology.format;
  }
  return formats;
}

void Add(const ZXing::Result &result, std::vector<Barcode> *barcodes) {
  if (!result.isValid()) return;
  for (const auto &symbology : kSymbologies) {
    if (symbology.format == result.format()) {
      barcodes->push_back({symbology.type, result.text()});
    }
  }
}

} // namespace

// ZXing 1.4, when it is built with assertions (as Debian's is), ends the process
// when it finds a linear barcode again that it already saw on several lines: in
// a copy of the image at another scale, or any GS1 DataBar. An SDK must not do
// that to its host. So the search for many barcodes is made at one scale and
// without DataBar; DataBar is looked for singly, and the first sight of it is
// the result; and only if nothing was found, everything is looked for singly at
// all scales.
std::vector<Barcode> Decode(const Image &image) {
  const ZXing::ImageView view(image.pixels.data(), image.width, image.height,
                              ZXing::ImageFormat::Lum);
  const BarcodeFormats others = AllButDataBars();
  std::vector<Barcode> barcodes;
  for (const ZXing::Result &result :
       ZXing::ReadBarcodes(view, ZXing::DecodeHints().setFormats(others).setTryDownscale(false))) {
    Add(result, &barcodes);
  }
  Add(ZXing::ReadBarcode(view, ZXing::DecodeHints().setFormats(kDataBars).setMinLineCount(1)),
      &barcodes);
  if (barcodes.empty()) {
    Add(ZXing::ReadBarcode(view, ZXing::DecodeHints().setFormats(others)), &barcodes);
  }
  return barcodes;
}

const char *SymbologyName(std::int32_t type) {
  for (const auto &symbology : kSymbologies) {
    if (symbology.type == type) return symbology.name;
  }
  return "";
}
