// The cases: one operation each, called by several threads.
#ifndef OPENLTS_BENCH_CASES_HPP
#define OPENLTS_BENCH_CASES_HPP

#include <atomic>
#include <cstdint>
#include <string>
#include <vector>

namespace bench {

// Of a thread. Its counter has a cache line for itself (two, since the hardware
// fetches them in pairs).
struct alignas(128) Worker {
  std::atomic<std::uint64_t> counter{0};
  int index = 0;
};

class Histogram; // clock.hpp

struct Case {
  const char *name;        // in the JSON
  const char *description; // in the table
  // Does the operation so many times.
  void (*repeat)(Worker &worker, std::uint64_t times);
  // The same, and notes how long each took.
  void (*time)(Worker &worker, std::uint64_t times, Histogram &histogram);
  // So many in a row take some microseconds: how often a thread looks at the clock.
  std::uint64_t row;
  // Empties what grows; called before each measurement, on no measured thread.
  void (*reset)();
  bool tail; // the time of single calls is measured, too
};

// What the cases need: a license against a server, and a directory for files.
struct Setting {
  std::string server;
  std::string handshakeCode;
  std::string directory;
};

// Opens everything. What goes wrong, here and later, ends the program with a
// message on stderr.
void open(const Setting &setting);

// What the library says it recorded, after all is over and submitted.
struct Accounts {
  std::uint64_t called; // calls of LTS_RecordOperation
  std::int64_t recorded, accepted, pending, lost;
};
Accounts close();

const std::vector<Case> &cases();

} // namespace bench

#endif // OPENLTS_BENCH_CASES_HPP
