// OpenLTS for C++: license authorization and usage metering for native SDKs.
//
// A thin layer over the C ABI (openlts.h, which documents every detail): an
// object that closes itself, std::string, std::chrono and exceptions. Header
// only, C++17 or newer; link the program with libopenlts.
//
//     openlts::ConnectionParameters parameters;
//     parameters.mainServerURL = "https://lts.example.com";
//     parameters.handshakeCode = "100001-reader";
//
//     auto license = openlts::License::from_lts(parameters);  // throws openlts::Error
//     license.record(LTS_OT_QR_CODE);                         // for each success
//     license.close(std::chrono::seconds{3});                 // or let it go out of scope
//
// RULES THAT HOLD FOR EVERYTHING HERE
//
// Errors       A function that returns a value throws Error, and has a second
//              form with a trailing Status & that never throws. A function that
//              returns only success or failure is noexcept and returns the
//              status code: LTS_OK, or a negative LTS_StatusCode. Programs
//              built with -fno-exceptions see only the forms that don't throw.
//              (Copying into your own std::string may run out of memory, as
//              always.)
// Threads      You may call everything from any thread at any time. As with
//              every C++ object, do not move a License from or to, or destroy
//              it, while another thread uses it.
// Blocking     Only the functions that say so block, and each has a deadline.
// Fork         A forked child may call record(), and what it records counts.
//              Everything else returns LTS_ERR_FORKED there, and its destructors
//              close and lose nothing.
// Enumerations Operation types, charge ways, state flags and so on are the
//              LTS_ constants of definitions.h, as plain integers.
#ifndef OPENLTS_OPENLTS_HPP
#define OPENLTS_OPENLTS_HPP

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstdint>
#include <cstdio>
#include <limits>
#include <optional>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include "openlts.h"

#if defined(__cpp_exceptions) || defined(_CPPUNWIND)
#define OPENLTS_HAS_EXCEPTIONS 1
#else
#define OPENLTS_HAS_EXCEPTIONS 0
#endif

namespace openlts {

// What is known about a license: LTS_LicenseInfo, with structSize set.
using LicenseInfo = LTS_LicenseInfo;

// Something that happened: LTS_Event, with structSize set.
using Event = LTS_Event;

// How long License::close and the destructor wait for the server by default.
inline constexpr std::chrono::milliseconds default_close_timeout{3000};

// The version of the loaded library, such as "0.1.0". Static memory.
inline const char *version() noexcept { return LTS_Version(); }

// Tells whether the loaded library has everything of the binary interface for which this header was
// written, as every newer library does. If not, licenses can't be opened (LTS_ERR_ABI_MISMATCH).
inline bool abi_matches() noexcept { return LTS_ABIVersion() >= LTS_ABI_VERSION; }

// The stable name of a status code, such as "LIMIT_EXCEEDED". Static memory.
inline const char *status_name(std::int32_t status) noexcept { return LTS_StatusName(status); }

// The text of a status code for people, in English. Static memory.
inline const char *status_message(std::int32_t status) noexcept {
  return LTS_StatusMessage(status);
}

// The result of a call, for the forms that do not throw. Allocates no memory.
class Status {
 public:
  // Success.
  Status() noexcept = default;

  // A status code and one line about it; nullptr or "" means the text of LTS_StatusMessage. The
  // line is cut to 255 bytes.
  explicit Status(std::int32_t code, const char *message = nullptr) noexcept : code_(code) {
    if (ok()) return;
    const bool given = message != nullptr && *message != '\0';
    std::snprintf(message_, sizeof message_, "%s", given ? message : LTS_StatusMessage(code));
  }

  // LTS_OK or a negative LTS_StatusCode.
  std::int32_t code() const noexcept { return code_; }

  // The code's stable name, such as "LIMIT_EXCEEDED"; "OK" for success.
  const char *name() const noexcept { return LTS_StatusName(code_); }

  // One line: what happened, to what, and what to do; "" for success.
  const char *message() const noexcept { return message_; }

  bool ok() const noexcept { return code_ == LTS_OK; }
  explicit operator bool() const noexcept { return ok(); }

#if OPENLTS_HAS_EXCEPTIONS
  // Throws Error unless this is a success. For functions that return a code:
  //     openlts::Status(license.submit(timeout)).or_throw();
  void or_throw() const;
#endif

 private:
  std::int32_t code_ = LTS_OK;
  char message_[256] = "";
};

// The exception of the forms that throw. what() is one line that says what happened, to what, and
// what to do.
class Error : public std::runtime_error {
 public:
  explicit Error(const Status &status)
      : std::runtime_error(status.message()), status_(status.code()) {}

  // The negative LTS_StatusCode. Compare this, not the text.
  std::int32_t status() const noexcept { return status_; }

  // The code's stable name, such as "LIMIT_EXCEEDED".
  const char *name() const noexcept { return LTS_StatusName(status_); }

 private:
  std::int32_t status_;
};

#if OPENLTS_HAS_EXCEPTIONS
inline void Status::or_throw() const {
  if (!ok()) throw Error(*this);
}
#endif

// How to reach the License Tracking Server (LTS), and what to ask for. The fields are those of
// LTS_ConnectionParameters, with the same names; a new object has the defaults. Texts are UTF-8
// without NUL characters.
class ConnectionParameters {
 public:
  // generated: fields
  // http(s)://host[:port][/path]; required
  std::string mainServerURL;
  // used if the main server can't be reached
  std::string standbyServerURL;
  // required, unless organizationID is set; both may be set
  std::string handshakeCode;
  // the session password of the code, if it has one
  std::string sessionPassword;
  // without handshakeCode: the organization's default code is used
  std::string organizationID;
  // where the SDK runs (LTS_DeploymentType); LTS_DT_DESKTOP by default
  std::int32_t deploymentType;
  // how usage is to be charged (LTS_ChargeWay); LTS_CW_AUTO by default
  std::int32_t chargeWay;
  // how the client UUID is made (LTS_UUIDGenerationMethod); LTS_UUIDGM_RANDOM by default
  std::int32_t UUIDGenerationMethod;
  // how many days an authorization may be used without the server; 0 to 6 count as 7; the license
  // may allow fewer; 7 by default
  std::int32_t maxBufferDays;
  // the modules to ask for (LTS_LicenseModule); empty: all
  std::vector<std::int32_t> limitedLicenseModules;
  // how many instances this machine will use at once, 1 to 1,000,000; matters only for licenses
  // charged by instances; 1 by default
  std::int32_t maxConcurrentInstanceCount;
  // may be combined (LTS_Product); LTS_PROD_ALL by default
  std::int32_t products;
  // when a report whose submission failed is tried again (LTS_Resubmit); LTS_RESUBMIT_NEXT_INIT by
  // default
  std::int32_t resubmit;
  // the version of the SDK, such as "10.2.1"
  std::string productVersion;
  // the edition of the SDK, such as "Python"
  std::string edition;
  // domain, application id or process name; the server may check it
  std::string validationField;
  // shown to administrators
  std::string deviceFriendlyName;
  // a client UUID of the host's own choice, for containers: 8-4-4-4-12 hex digits
  std::string deviceUUID;
  // the server's Ed25519 key in base64, as lts key show prints it: the library believes no other
  // server; if empty, it remembers the first key it sees
  std::string serverPublicKey;
  // PEM file with the root certificates to trust for HTTPS; if empty, those of the machine
  // (SSL_CERT_FILE is ignored)
  std::string caFile;
  // http(s)://[user:password@]host:port
  std::string proxyURL;
  // where usage and the identity of the device are kept; if empty, .openlts in the user's home
  // directory, or on Windows OpenLTS in the user's local application data. If nothing can be kept
  // there, as in a container without a volume, each start is a new device, which counts for a day
  // at most (set deviceUUID)
  std::string dataDirectory;
  // length of a time slot and of the reporting interval in seconds; must divide a day; 180 by
  // default
  std::int32_t slotSeconds;
  // for the whole initialization; 12000 by default
  std::chrono::milliseconds initTimeout;
  // for one request to a server; 5000 by default
  std::chrono::milliseconds requestTimeout;
  // generated: end

  // The defaults of the library.
  ConnectionParameters() noexcept {
    LTS_ConnectionParameters defaults{};
    LTS_InitLTSConnectionParameters(&defaults, sizeof defaults);
    // generated: defaults
    deploymentType = defaults.deploymentType;
    chargeWay = defaults.chargeWay;
    UUIDGenerationMethod = defaults.UUIDGenerationMethod;
    maxBufferDays = defaults.maxBufferDays;
    maxConcurrentInstanceCount = defaults.maxConcurrentInstanceCount;
    products = defaults.products;
    resubmit = defaults.resubmit;
    slotSeconds = defaults.slotSeconds;
    initTimeout = std::chrono::milliseconds{defaults.initTimeoutMilliseconds};
    requestTimeout = std::chrono::milliseconds{defaults.requestTimeoutMilliseconds};
    // generated: end
  }

 private:
  friend class License;
  friend std::string device_uuid(const ConnectionParameters &parameters, Status &status);

  // Fills *c, whose pointers lead into this object. Refuses a text that contains a NUL, where C
  // would silently cut it.
  Status to_c(LTS_ConnectionParameters *c) const noexcept;
};

// Milliseconds as the C ABI takes them. Values that do not fit become the nearest that does.
inline std::int32_t to_milliseconds(std::chrono::milliseconds timeout) noexcept {
  using limits = std::numeric_limits<std::int32_t>;
  constexpr std::chrono::milliseconds lowest{limits::min()}, highest{limits::max()};
  return static_cast<std::int32_t>(std::clamp(timeout, lowest, highest).count());
}

// A license in use. Closes itself when it goes out of scope. If the object has no license (made by
// the default constructor, or moved from), record() returns LTS_ERR_NO_LICENSE, and everything else
// LTS_ERR_INVALID_HANDLE.
class License {
 public:
  // No license.
  License() noexcept = default;

  // Takes ownership of a handle of the C ABI; 0 is none.
  explicit License(LTS_License handle) noexcept : handle_(handle), open_(handle != 0) {}

  License(License &&other) noexcept
      : handle_(std::exchange(other.handle_, 0)), open_(other.open_.exchange(false)) {}

  // Closes the license this object had, as the destructor does.
  License &operator=(License &&other) noexcept {
    if (this != &other) {
      close();
      handle_ = std::exchange(other.handle_, 0);
      open_ = other.open_.exchange(false);
    }
    return *this;
  }

  License(const License &) = delete;
  License &operator=(const License &) = delete;

  // Closes the license if close() was not called: blocks for
  // default_close_timeout at most.
  ~License() { close(); }

  // Asks the License Tracking Server for an authorization and starts metering.
  //
  // It asks the main server first, then the standby server, and then uses the authorization cached
  // in the data directory while it is valid (LTS_STATE_CACHE_USED in info().stateFlags: a flag, not
  // an error). A server's refusal is final. Each call opens a separate license; up to 64 may be
  // open at the same time.
  //
  // Blocks for parameters.initTimeout at most.
  // Errors: a server's refusal (-20100 to -20199), LTS_ERR_NO_LICENSE,
  // LTS_ERR_FAILED_TO_REACH_LTS, LTS_ERR_SERVER_KEY_MISMATCH,
  // LTS_ERR_SERVER_RESPONSE_INVALID, LTS_ERR_INVALID_ARGUMENT,
  // LTS_ERR_TOO_MANY, LTS_ERR_ABI_MISMATCH, LTS_ERR_FORKED, LTS_ERR_INTERNAL.
  [[nodiscard]] static License from_lts(const ConnectionParameters &parameters,
                                        Status &status) noexcept {
    return open(nullptr, parameters, status);
  }

  // The same with a license key ("LTS1..." or "DLS2..."), which `lts handshake key` prints. The
  // parameters apply to what the key does not contain.
  [[nodiscard]] static License from_key(const std::string &key,
                                        const ConnectionParameters &parameters,
                                        Status &status) noexcept {
    if (key.find('\0') != std::string::npos) {
      status = Status(LTS_ERR_INVALID_ARGUMENT, "The license key has a NUL in it.");
      return License{};
    }
    return open(key.c_str(), parameters, status);
  }

  // Records successful operations, done now. Made for the decode loop: it takes nanoseconds,
  // allocates nothing, takes no lock and makes no system call. Once it has returned LTS_OK, the
  // operations are counted exactly once, even if the process is killed in the next instant.
  //
  // type   LTS_OperationType, or one of define_operation_type
  // count  0 or more; 0 does nothing
  // Returns LTS_OK; LTS_ERR_NO_LICENSE, LTS_ERR_INVALID_HANDLE (closed),
  // LTS_ERR_UNKNOWN_OPERATION_TYPE, LTS_ERR_INVALID_ARGUMENT (negative count).
  // On an error nothing is counted. May be called in a forked process.
  std::int32_t record(std::int32_t type, std::int32_t count = 1) const noexcept {
    return LTS_RecordOperation(handle_, type, count);
  }

  // Records operations done at another time: at most 30 days ago, not in the future. They are
  // durable when it returns LTS_OK.
  //
  // Blocks for a write to the data directory.
  // Returns as record(), and LTS_ERR_TIME_OUT_OF_RANGE,
  // LTS_ERR_LICENSE_BUFFER_FAILED, LTS_ERR_FORKED, LTS_ERR_INTERNAL.
  [[nodiscard]] std::int32_t record_at(std::int32_t type, std::int32_t count,
                                       std::chrono::system_clock::time_point time) const noexcept {
    const auto seconds = std::chrono::floor<std::chrono::seconds>(time.time_since_epoch());
    return LTS_RecordOperationAt(handle_, type, count, seconds.count());
  }

  // Defines an operation type that LTS_OperationType does not list, and gives
  // its number: for this license, until it is closed. The same name gives the
  // same number; the name of a built-in type gives that type.
  //
  // name  1 to 64 characters out of A-Z, 0-9 and _, starting with a letter
  // Blocks for a write to the data directory.
  // Errors: LTS_ERR_INVALID_ARGUMENT, LTS_ERR_INVALID_HANDLE,
  // LTS_ERR_TOO_MANY (128 are defined), LTS_ERR_FORKED, LTS_ERR_INTERNAL. The
  // form with a Status gives -1 then, which is no type.
  [[nodiscard]] std::int32_t define_operation_type(const std::string &name,
                                                   Status &status) const noexcept {
    std::int32_t type = -1;
    const bool cut = name.find('\0') != std::string::npos;
    status = Status(cut ? static_cast<std::int32_t>(LTS_ERR_INVALID_ARGUMENT)
                        : LTS_DefineOperationType(handle_, name.c_str(), &type));
    return status ? type : -1;
  }

  // Submits everything recorded so far, including the current slot and reports that failed before.
  //
  // Blocks for timeout at most.
  // Returns LTS_OK if nothing is left; LTS_ERR_REPORTS_PENDING if some reports
  // could not be submitted (they are kept), LTS_ERR_FAILED_TO_REACH_LTS,
  // LTS_ERR_DEADLINE_EXCEEDED, LTS_ERR_INVALID_ARGUMENT (negative timeout),
  // LTS_ERR_INVALID_HANDLE, LTS_ERR_FORKED, LTS_ERR_INTERNAL.
  std::int32_t submit(std::chrono::milliseconds timeout) const noexcept {
    return LTS_SubmitReports(handle_, to_milliseconds(timeout));
  }

  // Waits for the next event. Up to 256 are kept; then the oldest are dropped.
  //
  // Blocks for timeout at most (0: not at all; at most one minute), and returns
  // early when the license is closed. Gives nothing if there is no event.
  // Errors: LTS_ERR_INVALID_ARGUMENT (negative timeout), LTS_ERR_INVALID_HANDLE,
  // LTS_ERR_FORKED, LTS_ERR_INTERNAL.
  [[nodiscard]] std::optional<Event> poll_event(std::chrono::milliseconds timeout,
                                                Status &status) const noexcept {
    Event event{};
    event.structSize = sizeof event;
    const std::int32_t result = LTS_PollEvent(handle_, &event, to_milliseconds(timeout));
    status = Status(result < 0 ? result : LTS_OK);
    if (result != 1) return std::nullopt;
    return event;
  }

  // Returns what is known about the license. Reads the data directory; does not use the network.
  // Errors: LTS_ERR_INVALID_HANDLE, LTS_ERR_FORKED, LTS_ERR_INTERNAL. The form with a Status gives
  // an info of zeros then.
  [[nodiscard]] LicenseInfo info(Status &status) const noexcept {
    LicenseInfo info{};
    info.structSize = sizeof info;
    status = Status(LTS_GetLicenseInfo(handle_, &info));
    return status ? info : LicenseInfo{};
  }

  // Ends metering: submits what was recorded, and closes the license. Nothing is lost, whatever it
  // returns: what can't be submitted in time stays in the data directory for the next start. A
  // second call does nothing and returns LTS_OK. Other threads that record get
  // LTS_ERR_INVALID_HANDLE.
  //
  // Blocks for timeout at most (0: does not use the network).
  // Returns LTS_OK; LTS_ERR_REPORTS_PENDING or LTS_ERR_DEADLINE_EXCEEDED
  // (closed, but some reports are left), LTS_ERR_INVALID_ARGUMENT (negative
  // timeout; not closed), LTS_ERR_FORKED, LTS_ERR_INTERNAL.
  std::int32_t close(std::chrono::milliseconds timeout = default_close_timeout) noexcept {
    if (timeout < std::chrono::milliseconds::zero()) return LTS_ERR_INVALID_ARGUMENT;
    if (!open_.exchange(false)) return LTS_OK;
    return LTS_CloseLicense(handle_, to_milliseconds(timeout));
  }

  // Tells whether there is a license and close() was not called.
  explicit operator bool() const noexcept { return open_; }

  // The handle of the C ABI; 0 if there is no license. This object keeps its ownership.
  LTS_License handle() const noexcept { return handle_; }

  // Gives up ownership of the handle: the caller has to close it.
  [[nodiscard]] LTS_License release() noexcept {
    open_ = false;
    return std::exchange(handle_, 0);
  }

#if OPENLTS_HAS_EXCEPTIONS
  // The forms that throw Error instead of reporting through a Status.

  [[nodiscard]] static License from_lts(const ConnectionParameters &parameters) {
    Status status;
    auto result = from_lts(parameters, status);
    status.or_throw();
    return result;
  }

  [[nodiscard]] static License from_key(const std::string &key,
                                        const ConnectionParameters &parameters = {}) {
    Status status;
    auto result = from_key(key, parameters, status);
    status.or_throw();
    return result;
  }

  [[nodiscard]] std::int32_t define_operation_type(const std::string &name) const {
    Status status;
    auto result = define_operation_type(name, status);
    status.or_throw();
    return result;
  }

  [[nodiscard]] std::optional<Event> poll_event(std::chrono::milliseconds timeout) const {
    Status status;
    auto result = poll_event(timeout, status);
    status.or_throw();
    return result;
  }

  [[nodiscard]] LicenseInfo info() const {
    Status status;
    auto result = info(status);
    status.or_throw();
    return result;
  }
#endif

 private:
  static License open(const char *key, const ConnectionParameters &parameters,
                      Status &status) noexcept {
    LTS_ConnectionParameters c{};
    status = parameters.to_c(&c);
    if (!status) return License{};
    char message[256] = "";
    if (!abi_matches()) {
      std::snprintf(message, sizeof message,
                    "The library libopenlts %s has the binary interface %d, but this program "
                    "needs %d or newer. Install the libopenlts it was built with.",
                    LTS_Version(), static_cast<int>(LTS_ABIVersion()), LTS_ABI_VERSION);
      status = Status(LTS_ERR_ABI_MISMATCH, message);
      return License{};
    }
    LTS_License handle = 0;
    const std::int32_t code = key == nullptr
                                  ? LTS_InitLicenseFromLTS(&c, &handle, message, sizeof message)
                                  : LTS_InitLicense(key, &c, &handle, message, sizeof message);
    status = Status(code, message);
    return License{handle};
  }

  LTS_License handle_ = 0;         // stays after close, so that its use is a distinct error
  std::atomic<bool> open_ = false; // whoever turns it false closes
};

inline Status ConnectionParameters::to_c(LTS_ConnectionParameters *c) const noexcept {
  Status status;
  const auto text = [&status](const char *name, const std::string &value) noexcept {
    if (status && value.find('\0') != std::string::npos) {
      char message[64];
      std::snprintf(message, sizeof message, "%s has a NUL in it.", name);
      status = Status(LTS_ERR_INVALID_ARGUMENT, message);
    }
    return value.c_str();
  };
  // The library refuses more values than an int can count.
  const auto count = [](std::size_t size) noexcept {
    constexpr std::size_t most = static_cast<std::size_t>(std::numeric_limits<std::int32_t>::max());
    return static_cast<std::int32_t>(std::min(size, most));
  };
  LTS_InitLTSConnectionParameters(c, sizeof *c);
  // generated: conversion
  c->mainServerURL = text("mainServerURL", mainServerURL);
  c->standbyServerURL = text("standbyServerURL", standbyServerURL);
  c->handshakeCode = text("handshakeCode", handshakeCode);
  c->sessionPassword = text("sessionPassword", sessionPassword);
  c->organizationID = text("organizationID", organizationID);
  c->productVersion = text("productVersion", productVersion);
  c->edition = text("edition", edition);
  c->validationField = text("validationField", validationField);
  c->deviceFriendlyName = text("deviceFriendlyName", deviceFriendlyName);
  c->deviceUUID = text("deviceUUID", deviceUUID);
  c->serverPublicKey = text("serverPublicKey", serverPublicKey);
  c->caFile = text("caFile", caFile);
  c->proxyURL = text("proxyURL", proxyURL);
  c->dataDirectory = text("dataDirectory", dataDirectory);
  c->deploymentType = deploymentType;
  c->chargeWay = chargeWay;
  c->UUIDGenerationMethod = UUIDGenerationMethod;
  c->maxBufferDays = maxBufferDays;
  c->maxConcurrentInstanceCount = maxConcurrentInstanceCount;
  c->products = products;
  c->resubmit = resubmit;
  c->slotSeconds = slotSeconds;
  c->initTimeoutMilliseconds = to_milliseconds(initTimeout);
  c->requestTimeoutMilliseconds = to_milliseconds(requestTimeout);
  c->limitedLicenseModules = limitedLicenseModules.data();
  c->limitedLicenseModulesCount = count(limitedLicenseModules.size());
  // generated: end
  return status;
}

// Returns the client UUID that the device uses with these parameters (36 characters), and creates
// it if there is none yet. Needs no license.
//
// Blocks for a write to the data directory.
// Errors: LTS_ERR_INVALID_ARGUMENT, LTS_ERR_LICENSE_BUFFER_FAILED (the data
// directory can't be used), LTS_ERR_FORKED, LTS_ERR_INTERNAL. The form with a
// Status gives "" then.
[[nodiscard]] inline std::string device_uuid(const ConnectionParameters &parameters,
                                             Status &status) {
  char uuid[37] = "";
  LTS_ConnectionParameters c{};
  status = parameters.to_c(&c);
  if (status) status = Status(LTS_GetDeviceUUID(&c, uuid, sizeof uuid));
  return status ? uuid : "";
}

#if OPENLTS_HAS_EXCEPTIONS
[[nodiscard]] inline std::string device_uuid(const ConnectionParameters &parameters = {}) {
  Status status;
  std::string uuid = device_uuid(parameters, status);
  status.or_throw();
  return uuid;
}
#endif

} // namespace openlts

#endif // OPENLTS_OPENLTS_HPP
