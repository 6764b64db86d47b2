// Programs in C that treat the library as hosts do, at their worst: each is run
// against a real server, which then must have counted exactly what they did.
#include <gtest/gtest.h>

#include "test_server.hpp"

namespace openlts_test {
namespace {

class Host : public testing::Test {
 protected:
  std::string device() const { return directory.path("device"); }

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
  EXPECT_EQ(server.total(), 27);
}

TEST_F(Host, reload) {
  EXPECT_EQ(run({OPENLTS_RELOAD_HOST, OPENLTS_LIBRARY, server.url(), "100001-reader", device()}),
            0);
  EXPECT_EQ(server.total(), 3);
}

} // namespace
} // namespace openlts_test
