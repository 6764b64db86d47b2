// What openlts.hpp adds to the C ABI: ownership, the two ways to report errors,
// and texts that C could not hold. What needs no server is tested without one.
#include <gtest/gtest.h>

#include <string>
#include <type_traits>
#include <utility>

#include "openlts/openlts.hpp"
#include "test_server.hpp"

namespace openlts_test {
namespace {

using namespace std::chrono_literals;
using openlts::ConnectionParameters;
using openlts::License;
using openlts::Status;

static_assert(!std::is_copy_constructible_v<License> && !std::is_copy_assignable_v<License>);
static_assert(std::is_nothrow_move_constructible_v<License>);
static_assert(std::is_nothrow_move_assignable_v<License>);
static_assert(noexcept(std::declval<const License &>().record(LTS_OT_QR_CODE)));
static_assert(std::is_base_of_v<std::runtime_error, openlts::Error>);

TEST(Object, status) {
  EXPECT_TRUE(Status{}.ok());
  EXPECT_STREQ(Status{}.name(), "OK");
  EXPECT_STREQ(Status{}.message(), "");
  EXPECT_NO_THROW(Status{}.or_throw());

  const Status known(LTS_ERR_LIMIT_EXCEEDED);
  EXPECT_FALSE(known);
  EXPECT_STREQ(known.name(), "LIMIT_EXCEEDED");
  EXPECT_STREQ(known.message(), "License has exceeded its limit.");

  const Status told(LTS_ERR_LIMIT_EXCEEDED, std::string(1000, 'x').c_str());
  EXPECT_EQ(std::string(told.message()), std::string(255, 'x'));
  try {
    told.or_throw();
    FAIL() << "nothing was thrown";
  } catch (const std::runtime_error &error) {
    EXPECT_STREQ(error.what(), told.message());
  }
}

TEST(Object, no_license) {
  License none;
  EXPECT_FALSE(none);
  EXPECT_EQ(none.handle(), 0);
  EXPECT_EQ(none.record(LTS_OT_QR_CODE), LTS_ERR_NO_LICENSE);
  EXPECT_EQ(none.submit(1s), LTS_ERR_INVALID_HANDLE);
  EXPECT_EQ(none.record_at(LTS_OT_QR_CODE, 1, std::chrono::system_clock::now()),
            LTS_ERR_NO_LICENSE);
  EXPECT_EQ(none.close(), LTS_OK);

  Status status;
  EXPECT_EQ(none.define_operation_type("MRZ", status), -1);
  EXPECT_EQ(status.code(), LTS_ERR_INVALID_HANDLE);
  EXPECT_FALSE(none.poll_event(1s, status));
  EXPECT_EQ(status.code(), LTS_ERR_INVALID_HANDLE);
  EXPECT_EQ(none.info(status).structSize, 0u);
  EXPECT_EQ(status.code(), LTS_ERR_INVALID_HANDLE);
  EXPECT_THROW((void)none.info(), openlts::Error);
  EXPECT_THROW((void)none.poll_event(0s), openlts::Error);
  EXPECT_THROW((void)none.define_operation_type("MRZ"), openlts::Error);
}

TEST(Object, text_with_nul) {
  const std::string cut("100001-reader\0x", 15);
  ConnectionParameters p;
  p.mainServerURL = "http://127.0.0.1:1";
  p.handshakeCode = cut;
  Status status;
  EXPECT_FALSE(License::from_lts(p, status));
  EXPECT_EQ(status.code(), LTS_ERR_INVALID_ARGUMENT);
  EXPECT_STREQ(status.message(), "handshakeCode has a NUL in it.");
  EXPECT_EQ(openlts::device_uuid(p, status), "");
  EXPECT_EQ(status.code(), LTS_ERR_INVALID_ARGUMENT);
  EXPECT_FALSE(License::from_key(cut, {}, status));
  EXPECT_EQ(status.code(), LTS_ERR_INVALID_ARGUMENT);
}

TEST(Object, timeouts_are_cut) {
  EXPECT_EQ(openlts::to_milliseconds(3s), 3000);
  EXPECT_EQ(openlts::to_milliseconds(std::chrono::hours{24 * 365}),
            std::numeric_limits<std::int32_t>::max());
  EXPECT_EQ(openlts::to_milliseconds(-std::chrono::hours{24 * 365}),
            std::numeric_limits<std::int32_t>::min());
}

TEST(Object, ownership) {
  TestServer server;
  TemporaryDirectory directory;
  ConnectionParameters p;
  p.mainServerURL = server.url();
  p.handshakeCode = "100001-reader";
  p.dataDirectory = directory.path("device");

  License first = License::from_lts(p);
  const LTS_License handle = first.handle();
  License second = std::move(first);
  EXPECT_FALSE(first); // NOLINT(bugprone-use-after-move): what is left is promised
  EXPECT_EQ(first.record(LTS_OT_QR_CODE), LTS_ERR_NO_LICENSE);
  EXPECT_EQ(second.handle(), handle);
  EXPECT_EQ(second.record(LTS_OT_QR_CODE), LTS_OK);

  // What can't be closed for a bad argument is still open.
  EXPECT_EQ(second.close(-1ms), LTS_ERR_INVALID_ARGUMENT);
  EXPECT_TRUE(second);

  // Assignment closes what was there.
  second = License::from_lts(p);
  EXPECT_EQ(LTS_RecordOperation(handle, LTS_OT_QR_CODE, 1), LTS_ERR_INVALID_HANDLE);
  EXPECT_EQ(second.record(LTS_OT_QR_CODE), LTS_OK);

  // A handle can be given away and taken over.
  const LTS_License given = second.release();
  EXPECT_FALSE(second);
  {
    const License third(given);
    EXPECT_EQ(third.record(LTS_OT_QR_CODE), LTS_OK);
  }
  EXPECT_EQ(LTS_CloseLicense(given, 0), LTS_ERR_INVALID_HANDLE);
  EXPECT_EQ(server.total(), 3);
}

} // namespace
} // namespace openlts_test
