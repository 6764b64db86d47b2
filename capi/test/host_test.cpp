// Programs in C that treat the library as the worst hosts do. Each runs against a real
// server, which must then have counted exactly what it did.
#include <gtest/gtest.h>

#include <map>
#include <random>
#include <string>
#include <vector>

#include "test_server.hpp"

namespace openlts_test {
namespace {

class Host : public testing::Test {
 protected:
  std::string device() const { return directory.path("device"); }

  // Runs a host that prints what lies in each slot (slots.h), and compares that
  // with what the server counted.
  void expect_slots(const std::vector<std::string> &arguments) {
    Process process;
    process.start(arguments);
    const std::string output = process.read_all();
    ASSERT_EQ(process.wait(), 0);
    const nlohmann::json noted = nlohmann::json::parse(output);
    EXPECT_EQ(server.total(), noted.at("total").get<long>());
    EXPECT_GE(noted.at("slots").size(), 4U);
    std::map<std::string, long> counted;
    const nlohmann::json statistics = server.command({"stats", "--by", "slot"});
    for (const auto &row : statistics.at("rows")) {
      counted[std::to_string(row.at("slot").get<long>())] = row.at("count");
    }
    for (const auto &[slot, units] : noted.at("slots").items()) {
      const long certain = units.at("certain"), possible = units.at("possible");
      EXPECT_GE(counted[slot], certain) << "in slot " << slot;
      EXPECT_LE(counted[slot], certain + possible) << "in slot " << slot;
    }
    for (const auto &[slot, units] : counted) {
      EXPECT_TRUE(noted.at("slots").contains(slot)) << units << " in slot " << slot;
    }
  }

  TestServer server;
  TemporaryDirectory directory;
};

TEST_F(Host, robustness) {
  EXPECT_EQ(run({OPENLTS_ROBUSTNESS, server.url(), "100001-reader", device()}), 0);
  EXPECT_EQ(server.total(), 1);
}

TEST_F(Host, fork) {
  EXPECT_EQ(run({OPENLTS_FORK_HOST, server.url(), "100001-reader", device()}), 0);
  EXPECT_EQ(server.total(), 31);
}

TEST_F(Host, signals) {
  EXPECT_EQ(run({OPENLTS_SIGNAL_HOST, OPENLTS_LIBRARY, server.url(), "100001-reader", device()}),
            0);
  EXPECT_EQ(server.total(), 3);
}

TEST_F(Host, testkit) {
  EXPECT_EQ(run({OPENLTS_TESTKIT_HOST, server.url(), "100001-reader", device()}), 0);
  EXPECT_EQ(server.total(), 59);
}

TEST_F(Host, slots_end_while_threads_record) {
  expect_slots({OPENLTS_BOUNDARY_HOST, server.url(), "100001-reader", device()});
}

TEST_F(Host, the_clock_is_moved) {
  const std::string seed = std::to_string(std::random_device()());
  SCOPED_TRACE("seed " + seed);
  expect_slots({OPENLTS_CLOCK_HOST, server.url(), "100001-reader", device(), seed});
}

TEST_F(Host, reload) {
  EXPECT_EQ(run({OPENLTS_RELOAD_HOST, OPENLTS_LIBRARY, server.url(), "100001-reader", device()}),
            0);
  EXPECT_EQ(server.total(), 3);
}

} // namespace
} // namespace openlts_test
