// Servers that fork: real masters and workers, killed at random, and what the
// server counted must be what they recorded.
#include <gtest/gtest.h>

#include <map>
#include <random>
#include <string>

#include "test_server.hpp"

namespace openlts_test {
namespace {

class Prefork : public testing::Test {
 protected:
  // Runs a host and takes its books from what it prints.
  void play(const std::string &host, const std::string &argument) {
    Process process;
    process.start({host, server.url(), "100001-reader", device, argument});
    const std::string output = process.read_all();
    ASSERT_EQ(process.wait(), 0) << output;
    const std::size_t line = output.find('\n') + 1;
    books = nlohmann::json::parse(output.substr(0, line));
    if (line < output.size()) slots = nlohmann::json::parse(output.substr(line));
    long total = 0;
    for (const auto &[type, book] : books.items()) {
      SCOPED_TRACE(type + ": " + book.dump());
      EXPECT_LE(book.at("acknowledged"), book.at("recorded"));
      if (type != forgotten) {
        EXPECT_LE(book.at("recorded"), counted(type));
      }
      EXPECT_LE(counted(type), book.at("begun"));
      total += counted(type);
    }
    EXPECT_EQ(server.total(), total);
  }

  long counted(const std::string &type) const {
    return server.count("100001-reader", "scans", type);
  }

  // Each operation counts in the slot of its own time stamp, also those of forks
  // whose parent is gone, for whom nobody prepares slots. A few were recorded on the
  // edge between two.
  void expect_slots() {
    std::map<std::string, std::map<std::string, long>> counts;
    const nlohmann::json statistics = server.command({"stats", "--by", "slot,type"});
    for (const auto &row : statistics.at("rows")) {
      counts[row.at("type")][std::to_string(row.at("slot").get<long>())] = row.at("count");
    }
    for (const auto &[type, ofType] : slots.items()) {
      long certain = 0;
      for (const auto &[slot, units] : ofType.items()) {
        EXPECT_LE(units.get<long>(), counts[type][slot]) << type << " in slot " << slot;
        certain += units.get<long>();
      }
      long elsewhere = 0;
      for (const auto &[slot, units] : counts[type]) {
        if (!ofType.contains(slot)) elsewhere += units;
      }
      EXPECT_LE(elsewhere, books.at(type).at("begun").get<long>() - certain) << type;
    }
  }

  // No process that records under this type was killed in the middle of it.
  void expect_exact(const std::string &type) const {
    SCOPED_TRACE(type);
    EXPECT_GT(counted(type), 0);
    EXPECT_EQ(books.at(type).at("recorded"), counted(type));
    EXPECT_EQ(books.at(type).at("begun"), counted(type));
  }

  TestServer server;
  TemporaryDirectory directory;
  std::string device = directory.path("device");
  std::string forgotten; // a type whose units may die with the process that recorded them
  nlohmann::json books, slots;
};

TEST_F(Prefork, workers_are_killed_and_forked_again) {
  play(OPENLTS_PREFORK_HOST, std::to_string(std::random_device()()));
  expect_exact("QR_CODE");    // of the worker that was spared
  expect_exact("DATAMATRIX"); // of the master
  EXPECT_EQ(books.at("QR_CODE").at("acknowledged"), counted("QR_CODE"));
  EXPECT_GT(counted("EAN_13"), 0);
  EXPECT_GT(counted("AZTEC"), 0);
  EXPECT_GE(server.command({"stats", "--by", "slot"}).at("rows").size(), 3U);
}

// Nothing can be kept, so the counters are in memory, which workers share, too.
TEST_F(Prefork, workers_share_memory_without_a_directory) {
  device = "/dev/null/device";
  forgotten = "AZTEC"; // of programs that are killed
  play(OPENLTS_PREFORK_HOST, std::to_string(std::random_device()()));
  expect_exact("QR_CODE");
  expect_exact("DATAMATRIX");
}

TEST_F(Prefork, workers_outlive_their_master) {
  play(OPENLTS_ORPHAN_HOST, "workers");
  for (const char *type : {"QR_CODE", "PDF417", "CODABAR", "AZTEC", "MAXICODE"}) {
    expect_exact(type);
  }
  EXPECT_GT(counted("EAN_13"), 0);
  EXPECT_GE(slots.at("CODABAR").size(), 3U);
  expect_slots();
}

TEST_F(Prefork, daemon) {
  play(OPENLTS_ORPHAN_HOST, "daemon");
  for (const char *type : {"AZTEC", "PDF417", "MAXICODE"}) {
    expect_exact(type);
  }
}

TEST_F(Prefork, programs_do_not_inherit_the_tally) {
  play(OPENLTS_ORPHAN_HOST, "programs");
  expect_exact("AZTEC");
  expect_exact("MAXICODE");
}

} // namespace
} // namespace openlts_test
