// Hosts in which things go wrong: what the library needs is missing, signals and
// cancellation hit its callers anywhere, the disk hangs. It answers, in time and with
// the true reason; it never ends the host; and the server counts what was recorded.
#include <gtest/gtest.h>

#include <filesystem>
#include <string>

#include "test_server.hpp"

namespace openlts_test {
namespace {

class HostileHost : public testing::TestWithParam<const char *> {
 protected:
  // Runs a host that records as many operations as it prints.
  void play(const std::string &host, const std::string &argument) {
    Process process;
    process.start({host, server.url(), "100001-reader", device, argument});
    const std::string output = process.read_all();
    ASSERT_EQ(process.wait(), 0);
    EXPECT_EQ(server.total(), std::stol(output));
  }

  TestServer server;
  TemporaryDirectory directory;
  std::string device = directory.path("device");
};

std::string name_of(const testing::TestParamInfo<const char *> &info) {
  std::string name = info.param;
  for (char &c : name) {
    if (c == ' ') c = '_';
  }
  return name;
}

TEST_F(HostileHost, start) {
  EXPECT_EQ(run({OPENLTS_START_HOST, server.url(), "100001-reader", device}), 0);
  EXPECT_EQ(server.total(), 7);
}

class Scarce : public HostileHost {};
INSTANTIATE_TEST_SUITE_P(, Scarce,
                         testing::Values("no descriptor", "few descriptors", "shared descriptors",
                                         "descriptors are closed", "no thread", "no thread later",
                                         "no thread for many", "little address space",
                                         "just enough address space", "refused calls",
                                         "little data", "just enough data", "address space later",
                                         "data later", "locked memory later", "no mapping later",
                                         "sandbox later", "small stacks",
                                         "calculations are watched", "files are limited"),
                         name_of);
TEST_P(Scarce, host) {
  // The host may become another user, who has to reach it, too.
  std::filesystem::permissions(directory.path(""), std::filesystem::perms::all);
  EXPECT_EQ(run({OPENLTS_SCARCE_HOST, server.url(), "100001-reader", device, GetParam()}), 0);
  EXPECT_EQ(server.total(), 2);
}

class Memory : public HostileHost {};
INSTANTIATE_TEST_SUITE_P(, Memory, testing::Values("30", "100", "300"), name_of);
TEST_P(Memory, fails) { play(OPENLTS_MEMORY_HOST, GetParam()); }

class Interrupted : public HostileHost {};
INSTANTIATE_TEST_SUITE_P(, Interrupted,
                         testing::Values("profiler", "profiler first", "alarms", "large frames",
                                         "directed signals", "small stacks", "cancelled",
                                         "cancelled anywhere"),
                         name_of);
TEST_P(Interrupted, host) { play(OPENLTS_INTERRUPT_HOST, GetParam()); }

class Deadlines : public HostileHost {};
INSTANTIATE_TEST_SUITE_P(, Deadlines, testing::Values("held lock", "hung files"), name_of);
TEST_P(Deadlines, host) {
  EXPECT_EQ(run({OPENLTS_DEADLINE_HOST, server.url(), "100001-reader", device, GetParam()}), 0);
  EXPECT_EQ(server.count("100001-reader", "scans", "QR_CODE"), 3);
}

} // namespace
} // namespace openlts_test
