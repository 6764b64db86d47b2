// Several copies of the library on one data directory, in one process and in
// several, and hosts that read its files: what the server counted is what they
// recorded, in each slot, and no file is damaged.
#include <gtest/gtest.h>

#include <filesystem>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "test_server.hpp"

namespace openlts_test {
namespace {

class Copies : public testing::Test {
 protected:
  void SetUp() override { std::filesystem::copy_file(OPENLTS_LIBRARY, copy()); }

  std::string device() const { return directory.path("device"); }
  std::string copy() const { return directory.path("copy.so"); }

  std::vector<std::string> host(int slot_seconds, int milliseconds, int reader_microseconds) const {
    return {OPENLTS_COPIES_HOST,
            OPENLTS_LIBRARY,
            copy(),
            server.url(),
            "100001-reader",
            device(),
            std::to_string(slot_seconds),
            std::to_string(milliseconds),
            std::to_string(reader_microseconds)};
  }

  // Runs so many hosts at a time, and compares what they noted with what the
  // server counted.
  void play(int processes, int slot_seconds, int reader_microseconds) {
    std::vector<std::unique_ptr<Process>> hosts;
    for (int i = 0; i < processes; i++) {
      hosts.push_back(std::make_unique<Process>());
      hosts.back()->start(host(slot_seconds, 1000, reader_microseconds));
    }
    for (const auto &host : hosts) {
      const std::string output = host->read_all();
      ASSERT_EQ(host->wait(), 0);
      take(nlohmann::json::parse(output));
    }
    EXPECT_EQ(run(host(slot_seconds, 0, 0)), 0);
    EXPECT_EQ(server.total(), total);
    expect_slots();
    for (const auto &entry : std::filesystem::directory_iterator(device())) {
      EXPECT_EQ(entry.path().string().find(".damaged"), std::string::npos) << entry.path();
    }
  }

  TestServer server;

 private:
  void take(const nlohmann::json &noted) {
    total += noted.at("total").get<long>();
    for (const auto &[slot, units] : noted.at("slots").items()) {
      certain[slot] += units.at("certain").get<long>();
      possible[slot] += units.at("possible").get<long>();
    }
  }

  void expect_slots() const {
    std::map<std::string, long> counted;
    const nlohmann::json statistics = server.command({"stats", "--by", "slot"});
    for (const auto &row : statistics.at("rows")) {
      counted[std::to_string(row.at("slot").get<long>())] = row.at("count");
    }
    for (const auto &[slot, units] : certain) {
      EXPECT_GE(counted[slot], units) << "in slot " << slot;
      EXPECT_LE(counted[slot], units + possible.at(slot)) << "in slot " << slot;
    }
  }

  TemporaryDirectory directory;
  long total = 0;
  std::map<std::string, long> certain, possible;
};

TEST_F(Copies, two_in_one_process) { play(1, 2, 0); }
TEST_F(Copies, two_in_one_process_with_long_slots) { play(1, 180, 0); }
TEST_F(Copies, two_in_one_process_with_a_reader) { play(1, 2, 500); }
TEST_F(Copies, four_processes_that_read) { play(4, 2, 10000); }

} // namespace
} // namespace openlts_test
