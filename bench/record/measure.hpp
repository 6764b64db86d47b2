// Runs a case on several threads at once, and says how long it took.
#ifndef OPENLTS_BENCH_MEASURE_HPP
#define OPENLTS_BENCH_MEASURE_HPP

#include <chrono>
#include <condition_variable>
#include <functional>
#include <memory>
#include <mutex>
#include <thread>
#include <vector>

#include "cases.hpp"
#include "clock.hpp"

namespace bench {

// Threads that wait for work: number i is pinned to CPU i mod their number, and
// stays the same thread from one measurement to the next.
class Crew {
 public:
  explicit Crew(int threads);
  ~Crew();
  Crew(const Crew &) = delete;
  Crew &operator=(const Crew &) = delete;

  // Nanoseconds per operation: the time from the first thread's start to the
  // last one's end, divided by all operations of all threads. The window is what
  // each thread gets: it is longer where threads share a CPU.
  double throughput(const Case &what, int threads, std::chrono::nanoseconds window);

  // The ticks of each single call.
  Histogram tail(const Case &what, int threads, std::chrono::nanoseconds window);

 private:
  using Clock = std::chrono::steady_clock;
  struct Span {
    Clock::time_point start, end;
    std::uint64_t operations;
  };
  using Work = std::function<Span(Worker &)>;

  void serve(int index);
  std::vector<Span> run(int threads, const Work &work);

  std::mutex mutex_;
  std::condition_variable began_, ended_;
  const Work *work_ = nullptr;
  int wanted_ = 0;        // threads that are to do the work
  int left_ = 0;          // threads that still do
  unsigned long job_ = 0; // counts the jobs, so that none is done twice
  bool over_ = false;
  std::vector<Span> spans_;
  std::vector<std::unique_ptr<Worker>> workers_;
  std::vector<std::thread> threads_;
};

// How many ticks of clock.hpp a nanosecond has.
double ticks_per_nanosecond();

// The smallest step by which the ticks advance.
std::uint64_t tick_step();

} // namespace bench

#endif // OPENLTS_BENCH_MEASURE_HPP
