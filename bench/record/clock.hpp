// Time stamps for single calls, and how often each difference occurred.
#ifndef OPENLTS_BENCH_CLOCK_HPP
#define OPENLTS_BENCH_CLOCK_HPP

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <numeric>
#include <vector>

#if defined(__x86_64__)
#include <x86intrin.h>
#endif

namespace bench {

// Ticks before an operation: what comes later in the program begins later.
inline std::uint64_t ticks_before() {
#if defined(__x86_64__)
  _mm_lfence();
  const std::uint64_t ticks = __rdtsc();
  _mm_lfence();
  return ticks;
#else
  return static_cast<std::uint64_t>(std::chrono::steady_clock::now().time_since_epoch().count());
#endif
}

// Ticks after an operation: what came earlier in the program is over.
inline std::uint64_t ticks_after() {
#if defined(__x86_64__)
  unsigned processor;
  const std::uint64_t ticks = __rdtscp(&processor);
  _mm_lfence();
  return ticks;
#else
  return ticks_before();
#endif
}

// Exact up to 8191 ticks, within 2 % above.
class Histogram {
 public:
  Histogram() : counts_(exact + octaves * steps) {}

  void add(std::uint64_t ticks) {
    counts_[place(ticks)]++;
    largest_ = std::max(largest_, ticks);
  }

  void add(const Histogram &other) {
    for (std::size_t i = 0; i < counts_.size(); i++) counts_[i] += other.counts_[i];
    largest_ = std::max(largest_, other.largest_);
  }

  void clear() {
    std::fill(counts_.begin(), counts_.end(), 0);
    largest_ = 0;
  }

  std::uint64_t total() const {
    return std::accumulate(counts_.begin(), counts_.end(), std::uint64_t{0});
  }

  std::uint64_t largest() const { return largest_; }

  // How many calls took longer.
  std::uint64_t above(std::uint64_t ticks) const {
    const auto first = counts_.begin() + static_cast<std::ptrdiff_t>(place(ticks)) + 1;
    return std::accumulate(first, counts_.end(), std::uint64_t{0});
  }

  // The ticks which that part of all calls do not exceed.
  std::uint64_t quantile(double part) const {
    const double wanted = part * static_cast<double>(total());
    double seen = 0;
    for (std::size_t i = 0; i < counts_.size(); i++) {
      seen += static_cast<double>(counts_[i]);
      if (seen >= wanted) return std::min(limit(i), largest_);
    }
    return largest_;
  }

 private:
  static constexpr std::uint64_t exact = 8192;
  static constexpr int exactBits = 13;
  static constexpr std::size_t octaves = 64 - exactBits;
  static constexpr std::size_t steps = 64;

  static std::size_t place(std::uint64_t ticks) {
    if (ticks < exact) return ticks;
    const int octave = 63 - __builtin_clzll(ticks);
    return exact + static_cast<std::size_t>(octave - exactBits) * steps +
           ((ticks >> (octave - 6)) & (steps - 1));
  }

  // The largest value that has this place.
  static std::uint64_t limit(std::size_t place) {
    if (place < exact) return place;
    const std::size_t octave = (place - exact) / steps + exactBits;
    const std::uint64_t step = (place - exact) % steps;
    return ((steps + step + 1) << (octave - 6)) - 1;
  }

  std::vector<std::uint64_t> counts_;
  std::uint64_t largest_ = 0;
};

} // namespace bench

#endif // OPENLTS_BENCH_CLOCK_HPP
