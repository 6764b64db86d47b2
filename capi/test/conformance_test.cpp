// The scenarios of conformance/scenarios.json, each by its id, for openlts.hpp
// and the C ABI under it, against a real server.
#include <gtest/gtest.h>

#include <chrono>
#include <fstream>
#include <string>
#include <thread>
#include <vector>

#include "openlts/openlts.hpp"
#include "test_server.hpp"

namespace openlts_test {
namespace {

using openlts::ConnectionParameters;
using openlts::License;
using openlts::LicenseInfo;
using openlts::Status;
using std::chrono::milliseconds;
using std::chrono::seconds;
using std::chrono::system_clock;

// How long the network and the disk may take. Nothing waits that long unless
// something is broken.
constexpr seconds patience{30};

class Conformance : public testing::Test {
 protected:
  // Parameters for the fixture's server and one of its codes, with a data
  // directory of the given name.
  ConnectionParameters parameters(const std::string &code = "100001-reader",
                                  const std::string &directory = "device") const {
    ConnectionParameters p;
    p.mainServerURL = server.url();
    p.handshakeCode = code;
    p.dataDirectory = directories.path(directory);
    p.initTimeout = patience;
    p.requestTimeout = patience;
    return p;
  }

  ConnectionParameters locked(const std::string &password) const {
    ConnectionParameters p = parameters("100001-locked");
    p.sessionPassword = password;
    return p;
  }

  // The next event of a kind; all others before it are passed over.
  static openlts::Event wait_for(const License &license, LTS_EventKind kind) {
    const auto end = std::chrono::steady_clock::now() + patience;
    while (std::chrono::steady_clock::now() < end) {
      const auto event = license.poll_event(seconds{1});
      if (event && event->kind == kind) return *event;
    }
    ADD_FAILURE() << "no event of kind " << kind;
    return {};
  }

  static void expect_invariant(const LicenseInfo &info) {
    EXPECT_EQ(info.recorded, info.accepted + info.pending + info.lost);
    EXPECT_EQ(info.lost, info.lostExpired + info.lostRefused + info.lostStorage);
  }

  TestServer server;
  TemporaryDirectory directories;
};

// Runs a statement that must throw an openlts::Error, and gives the error.
template <typename Function>
openlts::Error error_of(Function function) {
  try {
    function();
  } catch (const openlts::Error &error) {
    return error;
  }
  ADD_FAILURE() << "no error";
  return openlts::Error(Status{});
}

TEST_F(Conformance, version) {
  EXPECT_TRUE(openlts::abi_matches());
  EXPECT_EQ(LTS_ABIVersion(), LTS_ABI_VERSION);
  EXPECT_STREQ(openlts::version(), LTS_VERSION);
  EXPECT_STRNE(openlts::version(), "");
}

TEST_F(Conformance, status_texts) {
  const auto definitions = nlohmann::json::parse(std::ifstream(OPENLTS_DEFINITIONS));
  ASSERT_FALSE(definitions.at("statusCodes").empty());
  for (const auto &code : definitions.at("statusCodes")) {
    const std::int32_t value = code.at("value");
    EXPECT_EQ(code.at("name"), openlts::status_name(value));
    EXPECT_EQ(code.at("message"), openlts::status_message(value));
  }
  EXPECT_STREQ(openlts::status_name(-1), "UNKNOWN");
  EXPECT_STREQ(openlts::status_name(12345), "UNKNOWN");
  EXPECT_STRNE(openlts::status_message(-1), "");
}

TEST_F(Conformance, defaults) {
  const ConnectionParameters p;
  EXPECT_EQ(p.maxBufferDays, 7);
  EXPECT_EQ(p.deploymentType, LTS_DT_DESKTOP);
  EXPECT_EQ(p.chargeWay, LTS_CW_AUTO);
  EXPECT_EQ(p.UUIDGenerationMethod, LTS_UUIDGM_RANDOM);
  EXPECT_EQ(p.maxConcurrentInstanceCount, 1);
  EXPECT_EQ(p.products, LTS_PROD_ALL);
  EXPECT_EQ(p.resubmit, LTS_RESUBMIT_NEXT_INIT);
  EXPECT_EQ(p.slotSeconds, 180);
  EXPECT_EQ(p.initTimeout, milliseconds{12000});
  EXPECT_EQ(p.requestTimeout, milliseconds{5000});
  EXPECT_TRUE(p.limitedLicenseModules.empty());
  for (const std::string &text :
       {p.mainServerURL, p.standbyServerURL, p.handshakeCode, p.sessionPassword, p.organizationID,
        p.productVersion, p.edition, p.validationField, p.deviceFriendlyName, p.deviceUUID,
        p.serverPublicKey, p.caFile, p.proxyURL, p.dataDirectory}) {
    EXPECT_EQ(text, "");
  }
}

TEST_F(Conformance, authorize_by_code) {
  const License license = License::from_lts(parameters());
  EXPECT_TRUE(license);
  EXPECT_NE(license.handle(), 0);
  const LicenseInfo info = license.info();
  EXPECT_STREQ(info.handshakeCode, "100001-reader");
  EXPECT_STREQ(info.organizationID, "100001");
  EXPECT_STREQ(info.itemID, "scans");
  EXPECT_EQ(info.stateFlags, 0u);
  EXPECT_EQ(info.statusCode, LTS_OK);
  EXPECT_EQ(info.chargeWay, LTS_CW_SCAN_COUNT);
  EXPECT_EQ(info.quotaLimit, 1000000);
  EXPECT_GT(info.validUntil, info.authorizedAt);
}

TEST_F(Conformance, authorize_by_organization) {
  ConnectionParameters p = parameters("");
  p.organizationID = "100001";
  EXPECT_STREQ(License::from_lts(p).info().handshakeCode, "100001-reader");
}

TEST_F(Conformance, authorize_by_license_key) {
  std::string key = server.text({"handshake", "key", "100001-reader", "--server", server.url()});
  while (!key.empty() && key.back() == '\n') key.pop_back();
  ConnectionParameters rest;
  rest.dataDirectory = directories.path("device");
  EXPECT_STREQ(License::from_key(key, rest).info().handshakeCode, "100001-reader");
}

TEST_F(Conformance, refuse_unknown_code) {
  const auto error = error_of([&] { (void)License::from_lts(parameters("100001-nobody")); });
  EXPECT_EQ(error.status(), LTS_ERR_HANDSHAKE_CODE_NOT_FOUND);
  EXPECT_STREQ(error.name(), "HANDSHAKE_CODE_NOT_FOUND");
  EXPECT_NE(
      std::string(error.what())
          .find("The handshake code you are using does not exist on the License Tracking Server."),
      std::string::npos)
      << error.what();

  Status status;
  const License none = License::from_lts(parameters("100001-nobody"), status);
  EXPECT_EQ(status.code(), LTS_ERR_HANDSHAKE_CODE_NOT_FOUND);
  EXPECT_FALSE(none);
  EXPECT_EQ(none.handle(), 0);
}

TEST_F(Conformance, refuse_session_password) {
  const auto error = error_of([&] { (void)License::from_lts(locked("wrong")); });
  EXPECT_EQ(error.status(), LTS_ERR_SESSION_PASSWORD_INCORRECT);
  EXPECT_TRUE(License::from_lts(locked("s3cret")));
}

TEST_F(Conformance, refuse_charge_way) {
  ConnectionParameters p = parameters();
  p.chargeWay = LTS_CW_DEVICE_COUNT;
  const auto error = error_of([&] { (void)License::from_lts(p); });
  EXPECT_EQ(error.status(), LTS_ERR_CHARGE_WAY_MISMATCH);
  EXPECT_STREQ(error.what(), "ChargeWay for licenseItem is not matched.");
}

TEST_F(Conformance, no_server) {
  ConnectionParameters p = parameters();
  p.mainServerURL = server.unreachable_url();
  const auto error = error_of([&] { (void)License::from_lts(p); });
  EXPECT_EQ(error.status(), LTS_ERR_FAILED_TO_REACH_LTS);
  const std::string address = p.mainServerURL.substr(p.mainServerURL.find("127"));
  EXPECT_NE(std::string(error.what()).find(address), std::string::npos) << error.what();
}

TEST_F(Conformance, no_code) {
  const auto error = error_of([&] { (void)License::from_lts(parameters("")); });
  EXPECT_EQ(error.status(), LTS_ERR_NO_LICENSE);
}

TEST_F(Conformance, standby) {
  ConnectionParameters p = parameters();
  p.mainServerURL = server.unreachable_url();
  p.standbyServerURL = server.url();
  EXPECT_NE(License::from_lts(p).info().stateFlags & LTS_STATE_STANDBY_USED, 0u);
}

TEST_F(Conformance, cache) {
  License::from_lts(parameters()).close(patience);
  server.stop();
  const LicenseInfo info = License::from_lts(parameters()).info();
  EXPECT_NE(info.stateFlags & LTS_STATE_CACHE_USED, 0u);
  EXPECT_EQ(info.statusCode, LTS_ERR_LICENSE_CACHE_USED);
  EXPECT_STREQ(info.itemID, "scans");
}

TEST_F(Conformance, record) {
  License license = License::from_lts(parameters());
  EXPECT_EQ(license.record(LTS_OT_QR_CODE, 3), LTS_OK);
  EXPECT_EQ(license.record(LTS_OT_EAN_13), LTS_OK);
  EXPECT_EQ(license.record(LTS_OT_EAN_13), LTS_OK);
  EXPECT_EQ(license.record(LTS_OT_CODE_39, 0), LTS_OK);
  EXPECT_EQ(license.close(patience), LTS_OK);
  EXPECT_EQ(server.count("100001-reader", "scans", "QR_CODE"), 3);
  EXPECT_EQ(server.count("100001-reader", "scans", "EAN_13"), 2);
  EXPECT_EQ(server.total(), 5);
}

TEST_F(Conformance, record_threads) {
  License license = License::from_lts(parameters());
  std::vector<std::thread> threads;
  for (int i = 0; i < 4; i++) {
    threads.emplace_back([&license] {
      for (int n = 0; n < 10000; n++) EXPECT_EQ(license.record(LTS_OT_QR_CODE), LTS_OK);
    });
  }
  for (std::thread &thread : threads) thread.join();
  EXPECT_EQ(license.close(patience), LTS_OK);
  EXPECT_EQ(server.total(), 40000);
}

TEST_F(Conformance, record_errors) {
  EXPECT_EQ(License{}.record(LTS_OT_QR_CODE), LTS_ERR_NO_LICENSE);
  License license = License::from_lts(parameters());
  EXPECT_EQ(license.record(LTS_OT_QR_CODE, -1), LTS_ERR_INVALID_ARGUMENT);
  for (const std::int32_t undefined : {41, 63, 69, 127, 128, 255, 256, 100000, -1}) {
    EXPECT_EQ(license.record(undefined), LTS_ERR_UNKNOWN_OPERATION_TYPE) << undefined;
  }
  EXPECT_EQ(license.close(patience), LTS_OK);
  EXPECT_EQ(license.record(LTS_OT_QR_CODE), LTS_ERR_INVALID_HANDLE);
  EXPECT_EQ(server.total(), 0);
}

TEST_F(Conformance, host_type) {
  License license = License::from_lts(parameters());
  const std::int32_t mrz = license.define_operation_type("MRZ");
  EXPECT_GE(mrz, 128);
  EXPECT_EQ(license.define_operation_type("MRZ"), mrz);
  EXPECT_EQ(license.define_operation_type("QR_CODE"), LTS_OT_QR_CODE);
  EXPECT_EQ(error_of([&] { (void)license.define_operation_type("no such name"); }).status(),
            LTS_ERR_INVALID_ARGUMENT);
  EXPECT_EQ(license.record(mrz, 4), LTS_OK);
  EXPECT_EQ(license.close(patience), LTS_OK);
  EXPECT_EQ(server.count("100001-reader", "scans", "MRZ"), 4);
}

TEST_F(Conformance, record_at) {
  License license = License::from_lts(parameters());
  const auto now = system_clock::now();
  const auto then = now - std::chrono::hours{1};
  EXPECT_EQ(license.record_at(LTS_OT_QR_CODE, 6, then), LTS_OK);
  EXPECT_EQ(license.record_at(LTS_OT_QR_CODE, 1, now + std::chrono::hours{1}),
            LTS_ERR_TIME_OUT_OF_RANGE);
  EXPECT_EQ(license.record_at(LTS_OT_QR_CODE, 1, now - std::chrono::hours{31 * 24}),
            LTS_ERR_TIME_OUT_OF_RANGE);
  EXPECT_EQ(license.close(patience), LTS_OK);
  const auto rows = server.command({"stats", "--by", "slot,type"}).at("rows");
  ASSERT_EQ(rows.size(), 1u) << rows;
  EXPECT_EQ(rows[0].at("slot"), system_clock::to_time_t(then) / 180 * 180);
  EXPECT_EQ(rows[0].at("count"), 6);
}

TEST_F(Conformance, submit) {
  const License license = License::from_lts(parameters());
  EXPECT_EQ(license.record(LTS_OT_QR_CODE, 7), LTS_OK);
  EXPECT_EQ(license.submit(patience), LTS_OK);
  EXPECT_EQ(server.total(), 7);
  EXPECT_EQ(license.info().pending, 0);
  EXPECT_EQ(license.info().accepted, 7);
}

TEST_F(Conformance, events) {
  const License license = License::from_lts(parameters());
  EXPECT_EQ(license.record(LTS_OT_QR_CODE, 8), LTS_OK);
  EXPECT_EQ(license.submit(patience), LTS_OK);
  EXPECT_EQ(wait_for(license, LTS_EVENT_SUBMITTED).units, 8);

  server.stop();
  EXPECT_EQ(license.record(LTS_OT_QR_CODE), LTS_OK);
  EXPECT_LT(license.submit(patience), LTS_OK);
  const openlts::Event failure = wait_for(license, LTS_EVENT_SUBMIT_FAILED);
  EXPECT_LT(failure.statusCode, LTS_OK);
  EXPECT_STRNE(failure.message, "");
}

TEST_F(Conformance, invariant) {
  const License license = License::from_lts(parameters());
  EXPECT_EQ(license.record(LTS_OT_QR_CODE, 9), LTS_OK);
  const LicenseInfo before = license.info();
  expect_invariant(before);
  EXPECT_EQ(before.recorded, 9);
  EXPECT_EQ(before.pending, 9);
  EXPECT_EQ(license.submit(patience), LTS_OK);
  const LicenseInfo after = license.info();
  expect_invariant(after);
  EXPECT_EQ(after.recorded, 9);
  EXPECT_EQ(after.accepted, 9);
}

TEST_F(Conformance, double_close) {
  License license = License::from_lts(parameters());
  const LTS_License handle = license.handle();
  EXPECT_EQ(license.close(patience), LTS_OK);
  EXPECT_EQ(LTS_CloseLicense(handle, 1000), LTS_ERR_INVALID_HANDLE);
  EXPECT_EQ(license.close(patience), LTS_OK);
  EXPECT_FALSE(license);
}

TEST_F(Conformance, outage) {
  License license = License::from_lts(parameters());
  server.stop();
  EXPECT_EQ(license.record(LTS_OT_QR_CODE, 11), LTS_OK);
  EXPECT_EQ(license.close(patience), LTS_ERR_REPORTS_PENDING);

  server.start();
  const License next = License::from_lts(parameters());
  EXPECT_EQ(wait_for(next, LTS_EVENT_SUBMITTED).units, 11);
  EXPECT_EQ(server.total(), 11);
  EXPECT_EQ(next.info().pending, 0);
}

TEST_F(Conformance, kill) {
  const ConnectionParameters p = parameters();
  Process recorder;
  recorder.start({OPENLTS_RECORDER, p.mainServerURL, p.handshakeCode, p.dataDirectory, "12345"});
  ASSERT_EQ(recorder.read_line(), "recorded");
  recorder.kill();
  EXPECT_EQ(recorder.wait(), Process::killed);

  const License next = License::from_lts(p);
  EXPECT_EQ(next.submit(patience), LTS_OK);
  EXPECT_EQ(server.total(), 12345);
  expect_invariant(next.info());
}

TEST_F(Conformance, device_uuid) {
  const std::string uuid = License::from_lts(parameters()).info().deviceUUID;
  EXPECT_EQ(uuid.size(), 36u);
  EXPECT_EQ(License::from_lts(parameters()).info().deviceUUID, uuid);
  EXPECT_EQ(openlts::device_uuid(parameters()), uuid);
  EXPECT_NE(License::from_lts(parameters("100001-reader", "other")).info().deviceUUID, uuid);
}

TEST_F(Conformance, bad_directory) {
  std::ofstream(directories.path("file")) << "not a directory";
  License license = License::from_lts(parameters("100001-reader", "file/below"));
  EXPECT_NE(license.info().stateFlags & LTS_STATE_STORAGE_DEGRADED, 0u);
  EXPECT_EQ(license.record(LTS_OT_QR_CODE, 13), LTS_OK);
  EXPECT_EQ(license.close(patience), LTS_OK);
  EXPECT_EQ(server.total(), 13);
}

TEST_F(Conformance, two_licenses) {
  License reader = License::from_lts(parameters());
  License other = License::from_lts(locked("s3cret"));
  EXPECT_NE(reader.handle(), other.handle());
  EXPECT_EQ(reader.record(LTS_OT_QR_CODE, 2), LTS_OK);
  EXPECT_EQ(other.record(LTS_OT_QR_CODE, 5), LTS_OK);
  EXPECT_EQ(reader.close(patience), LTS_OK);
  EXPECT_EQ(other.close(patience), LTS_OK);
  EXPECT_EQ(server.count("100001-reader", "scans", "QR_CODE"), 2);
  EXPECT_EQ(server.count("100001-locked", "locked-scans", "QR_CODE"), 5);
}

} // namespace
} // namespace openlts_test
