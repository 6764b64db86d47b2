#include "BarcodeReader.h"

#include <algorithm>
#include <atomic>
#include <cstring>
#include <exception>
#include <mutex>
#include <new>

#include "Decoder.h"
#include "Image.h"
#include "openlts/openlts.hpp"

// What a vendor builds in, and an application may leave out: the address of the
// vendor's own License Tracking Server; the folder in which the vendor's
// products keep usage (empty: .openlts in the home directory); and the
// organization that pays for trials of those who name neither a handshake code
// nor an organization (empty: none).
#ifndef BARCODE_READER_SERVER_URL
#define BARCODE_READER_SERVER_URL ""
#endif
#ifndef BARCODE_READER_DATA_DIRECTORY
#define BARCODE_READER_DATA_DIRECTORY ""
#endif
#ifndef BARCODE_READER_TRIAL_ORGANIZATION
#define BARCODE_READER_TRIAL_ORGANIZATION ""
#endif

namespace {

// The license of the process.
std::mutex license_mutex; // guards license
openlts::License license;
// Its handle, for the readers: they need no lock, because a handle that was
// closed in the meantime is an error and nothing worse.
std::atomic<LTS_License> license_handle{0};

bool IsEmpty(const char *text) { return text == nullptr || *text == '\0'; }

// Decodes a file; whatever goes wrong is a code.
int DecodeImageFile(const char *path, std::vector<Barcode> *barcodes) noexcept {
  if (path == nullptr) return DBRERR_NULL_POINTER;
  try {
    Image image;
    const int status = ReadImage(path, &image);
    if (status == DBR_OK) *barcodes = Decode(image);
    return status;
  } catch (const std::bad_alloc &) {
    return DBRERR_NO_MEMORY;
  } catch (const std::exception &) {
    return DBRERR_UNKNOWN;
  }
}

} // namespace

int CBarcodeReader::InitLTSConnectionParameters(DM_LTSConnectionParameters *parameters) {
  const int status = LTS_InitLTSConnectionParameters(parameters, sizeof *parameters);
  if (status == LTS_OK) {
    parameters->mainServerURL = BARCODE_READER_SERVER_URL;
    parameters->dataDirectory = BARCODE_READER_DATA_DIRECTORY;
    parameters->productVersion = LTS_VERSION;
    parameters->edition = "C++";
  }
  return status;
}

int CBarcodeReader::InitLicenseFromLTS(DM_LTSConnectionParameters *parameters,
                                       char errorMsgBuffer[], const int errorMsgBufferLen) {
  const std::lock_guard<std::mutex> lock(license_mutex);
  license_handle = 0;
  license.close(std::chrono::milliseconds{0});

  DM_LTSConnectionParameters chosen{};
  if (parameters != nullptr) {
    chosen = *parameters;
    if (IsEmpty(chosen.handshakeCode) && IsEmpty(chosen.organizationID)) {
      chosen.organizationID = BARCODE_READER_TRIAL_ORGANIZATION;
    }
  }
  LTS_License handle = 0;
  const int status = LTS_InitLicenseFromLTS(parameters == nullptr ? nullptr : &chosen, &handle,
                                            errorMsgBuffer, errorMsgBufferLen);
  license = openlts::License(handle);
  license_handle = handle;
  return status;
}

int CBarcodeReader::GetLicenseInfo(LTS_LicenseInfo *info) {
  const LTS_License handle = license_handle;
  return handle == 0 ? LTS_ERR_NO_LICENSE : LTS_GetLicenseInfo(handle, info);
}

int CBarcodeReader::ReleaseLicense(int timeoutMilliseconds) {
  if (timeoutMilliseconds < 0) return LTS_ERR_INVALID_ARGUMENT;
  const std::lock_guard<std::mutex> lock(license_mutex);
  license_handle = 0;
  return license ? license.close(std::chrono::milliseconds{timeoutMilliseconds})
                 : static_cast<int>(LTS_ERR_NO_LICENSE);
}

int CBarcodeReader::DecodeFile(const char *path) {
  results_.clear();
  const LTS_License handle = license_handle;
  if (handle == 0) return LTS_ERR_NO_LICENSE;

  std::vector<Barcode> barcodes;
  const int status = DecodeImageFile(path, &barcodes);
  for (Barcode &barcode : barcodes) {
    // Each successful decoding is an operation. Who gets the result is counted.
    const int recorded = LTS_RecordOperation(handle, barcode.type, 1);
    if (recorded != LTS_OK) return recorded;
    results_.push_back({barcode.type, SymbologyName(barcode.type), std::move(barcode.text)});
  }
  return status;
}

int32_t BR_DecodeFile(const char *path, BR_Result *results, int32_t capacity) {
  if (capacity < 0 || (results == nullptr && capacity > 0)) return DBRERR_NULL_POINTER;
  std::vector<Barcode> barcodes;
  const int status = DecodeImageFile(path, &barcodes);
  if (status != DBR_OK) return status;
  const std::size_t stored = std::min(barcodes.size(), static_cast<std::size_t>(capacity));
  for (std::size_t i = 0; i < stored; i++) {
    BR_Result *result = &results[i];
    result->operationType = barcodes[i].type;
    const std::size_t length = std::min<std::size_t>(barcodes[i].text.size(), BR_MAX_TEXT);
    std::memcpy(result->text, barcodes[i].text.data(), length);
    result->text[length] = '\0';
  }
  return static_cast<int32_t>(barcodes.size());
}

const char *BR_FormatName(int32_t operationType) { return SymbologyName(operationType); }

const char *BR_ErrorString(int32_t status) {
  switch (status) {
    case DBRERR_UNKNOWN:
      return "The decoder failed.";
    case DBRERR_NO_MEMORY:
      return "There is not enough memory for the image.";
    case DBRERR_NULL_POINTER:
      return "An argument is NULL or negative.";
    case DBRERR_FILE_NOT_FOUND:
      return "The file can't be opened.";
    case DBRERR_FILETYPE_NOT_SUPPORTED:
      return "The file is neither a PNG nor a JPEG image.";
    case DBRERR_IMAGE_READ_FAILED:
      return "The image is damaged or too large.";
    default:
      return LTS_StatusMessage(status);
  }
}
