// A barcode reader SDK, built the way a vendor would build one: it decodes
// images with ZXing, and every barcode it decodes is authorized and metered by
// OpenLTS.
//
//     char message[256];
//     DM_LTSConnectionParameters parameters;
//     CBarcodeReader::InitLTSConnectionParameters(&parameters);
//     parameters.mainServerURL = "https://lts.example.com";
//     parameters.handshakeCode = "100001-reader";
//     if (CBarcodeReader::InitLicenseFromLTS(&parameters, message, sizeof message) != DBR_OK) ...
//
//     CBarcodeReader reader;
//     if (reader.DecodeFile("label.png") == DBR_OK)
//       for (const TextResult &result : reader.GetTextResults()) use(result.format, result.text);
//
// The first part of this header is a C API which decodes only and records
// nothing: for SDKs in other languages that do their own metering. The second
// part is the C++ SDK.
#ifndef BARCODE_READER_H
#define BARCODE_READER_H

#include <stdint.h>

#include "openlts/openlts.h"

#if defined(_WIN32)
#define BR_API
#else
#define BR_API __attribute__((visibility("default")))
#endif

// Status codes. Those from -20000 on are OpenLTS's (LTS_StatusCode).
#define DBR_OK 0
#define DBRERR_UNKNOWN (-10000)                // the decoder failed
#define DBRERR_NO_MEMORY (-10001)              // the image does not fit into memory
#define DBRERR_NULL_POINTER (-10002)           // an argument is NULL or negative
#define DBRERR_FILE_NOT_FOUND (-10005)         // the file can't be opened
#define DBRERR_FILETYPE_NOT_SUPPORTED (-10006) // the file is neither PNG nor JPEG
#define DBRERR_IMAGE_READ_FAILED (-10012)      // the image is damaged or too large

#ifdef __cplusplus
extern "C" {
#endif

// The longest text of a barcode in bytes, without the NUL. No symbology that is
// decoded holds more, so that no text is ever cut.
#define BR_MAX_TEXT 8191

// One decoded barcode.
typedef struct BR_Result {
  int32_t operationType;      // the symbology, as LTS_OperationType
  char text[BR_MAX_TEXT + 1]; // UTF-8, NUL-terminated
} BR_Result;

// Decodes the barcodes in an image (PNG or JPEG). Needs no license and records
// nothing.
//
// path      the image file, UTF-8
// results   receives the barcodes; may be NULL if capacity is 0
// capacity  how many fit into results
// Returns how many barcodes there are, which may be more than capacity (then
// the first ones were stored), or a negative code (DBRERR_...).
// May be called from several threads. Never throws.
BR_API int32_t BR_DecodeFile(const char *path, BR_Result *results, int32_t capacity);

// The name of a symbology, such as "QR_CODE"; "" for a number that is not one.
// The names are those the server counts by. Static memory.
BR_API const char *BR_FormatName(int32_t operationType);

// The text of a DBRERR_ or LTS_ERR_ code for people. Static memory.
BR_API const char *BR_ErrorString(int32_t status);

#ifdef __cplusplus
}

#include <string>
#include <vector>

// How to reach the License Tracking Server, and what to ask of it.
typedef LTS_ConnectionParameters DM_LTSConnectionParameters;

// One decoded barcode.
struct TextResult {
  int32_t format;         // the symbology, as LTS_OperationType
  const char *formatName; // its name, such as "QR_CODE"; static memory
  std::string text;       // UTF-8
};

// Decodes barcodes. The license belongs to the process: initialize it once,
// then make as many readers as wanted. The static functions may be called from
// any thread; a reader object is for one thread at a time.
class BR_API CBarcodeReader {
 public:
  // Sets every field to its default: those of the library, and what the vendor
  // built in (the server's address and the data directory).
  // Returns DBR_OK or LTS_ERR_INVALID_ARGUMENT.
  static int InitLTSConnectionParameters(DM_LTSConnectionParameters *parameters);

  // Gets the process authorized; until then nothing is decoded. A second call
  // replaces the license (the one before is closed first, without using the
  // network; what it could not submit yet is submitted now).
  //
  // errorMsgBuffer  receives one line that says what happened and what to do;
  //                 may be NULL; 256 bytes are recommended
  // Blocks for parameters->initTimeoutMilliseconds at most.
  // Returns DBR_OK or a code of LTS_InitLicenseFromLTS.
  static int InitLicenseFromLTS(DM_LTSConnectionParameters *parameters,
                                char errorMsgBuffer[] = nullptr, const int errorMsgBufferLen = 0);

  // Tells what is known of the license; see LTS_GetLicenseInfo.
  static int GetLicenseInfo(LTS_LicenseInfo *info);

  // Submits what was recorded and gives the license back. Nothing is lost
  // whatever it returns: what can't be submitted in time is, at the next start.
  // Blocks for timeoutMilliseconds at most. Returns DBR_OK, LTS_ERR_NO_LICENSE
  // if there is none, or a code of LTS_CloseLicense.
  static int ReleaseLicense(int timeoutMilliseconds = 3000);

  // Decodes the barcodes in an image (PNG or JPEG) and records each of them.
  // Returns DBR_OK, also if there is no barcode; LTS_ERR_NO_LICENSE without an
  // initialized license; or DBRERR_...: then there are no results.
  int DecodeFile(const char *path);

  // The results of the latest DecodeFile.
  const std::vector<TextResult> &GetTextResults() const { return results_; }

  // The text of a status code for people. Static memory.
  static const char *GetErrorString(int status) { return BR_ErrorString(status); }

 private:
  std::vector<TextResult> results_;
};
#endif // __cplusplus

#endif // BARCODE_READER_H
