// Barcodes counted by symbology, and how that is printed.
#ifndef BARCODE_READER_COUNTS_H
#define BARCODE_READER_COUNTS_H

#include <map>
#include <string>

using Counts = std::map<std::string, int>;

// A JSON object such as {"EAN_13": 2, "QR_CODE": 5}. Names of symbologies need
// no escapes.
inline std::string ToJson(const Counts &counts) {
  std::string json = "{";
  for (const auto &[name, count] : counts) {
    json += (json.size() > 1 ? ", \"" : "\"") + name + "\": " + std::to_string(count);
  }
  return json + "}";
}

#endif // BARCODE_READER_COUNTS_H
