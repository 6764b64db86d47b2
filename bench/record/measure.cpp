#include "measure.hpp"

#include <pthread.h>

#include <algorithm>
#include <map>

namespace bench {
namespace {

int cpus() { return std::max(1, static_cast<int>(std::thread::hardware_concurrency())); }

void pin(std::thread &thread, int index) {
#if defined(__linux__)
  cpu_set_t set;
  CPU_ZERO(&set);
  CPU_SET(static_cast<unsigned>(index % cpus()), &set);
  pthread_setaffinity_np(thread.native_handle(), sizeof set, &set);
#else
  (void)thread;
  (void)index;
#endif
}

} // namespace

Crew::Crew(int threads) : spans_(static_cast<std::size_t>(threads)) {
  for (int i = 0; i < threads; i++) {
    workers_.push_back(std::make_unique<Worker>());
    workers_.back()->index = i;
  }
  for (int i = 0; i < threads; i++) {
    threads_.emplace_back([this, i] { serve(i); });
    pin(threads_.back(), i);
  }
}

Crew::~Crew() {
  {
    const std::lock_guard<std::mutex> lock(mutex_);
    over_ = true;
  }
  began_.notify_all();
  for (std::thread &thread : threads_) thread.join();
}

void Crew::serve(int index) {
  const auto place = static_cast<std::size_t>(index);
  unsigned long done = 0;
  std::unique_lock<std::mutex> lock(mutex_);
  for (;;) {
    began_.wait(lock, [&] { return over_ || (job_ != done && index < wanted_); });
    if (over_) return;
    done = job_;
    const Work &work = *work_;
    lock.unlock();
    const Span span = work(*workers_[place]);
    lock.lock();
    spans_[place] = span;
    if (--left_ == 0) ended_.notify_one();
  }
}

std::vector<Crew::Span> Crew::run(int threads, const Work &work) {
  std::unique_lock<std::mutex> lock(mutex_);
  work_ = &work;
  wanted_ = left_ = threads;
  job_++;
  began_.notify_all();
  ended_.wait(lock, [&] { return left_ == 0; });
  wanted_ = 0;
  return {spans_.begin(), spans_.begin() + threads};
}

double Crew::throughput(const Case &what, int threads, std::chrono::nanoseconds window) {
  what.reset();
  const auto deadline = Clock::now() + window * std::max(1, threads / cpus());
  const auto spans = run(threads, [&](Worker &worker) {
    Span span{Clock::now(), {}, 0};
    do {
      what.repeat(worker, what.row);
      span.operations += what.row;
      span.end = Clock::now();
    } while (span.end < deadline);
    return span;
  });
  auto start = spans.front().start;
  auto end = spans.front().end;
  std::uint64_t operations = 0;
  for (const Span &span : spans) {
    start = std::min(start, span.start);
    end = std::max(end, span.end);
    operations += span.operations;
  }
  return std::chrono::duration<double, std::nano>(end - start).count() /
         static_cast<double>(operations);
}

Histogram Crew::tail(const Case &what, int threads, std::chrono::nanoseconds window) {
  what.reset();
  Histogram all;
  std::mutex guard;
  const auto deadline = Clock::now() + window;
  run(threads, [&](Worker &worker) {
    Histogram own;
    const auto start = Clock::now();
    // The first calls find cold memory, that of the histogram included.
    what.time(worker, what.row, own);
    own.clear();
    do {
      what.time(worker, what.row, own);
    } while (Clock::now() < deadline);
    const std::lock_guard<std::mutex> lock(guard);
    all.add(own);
    return Span{start, Clock::now(), 0};
  });
  return all;
}

double ticks_per_nanosecond() {
  using Clock = std::chrono::steady_clock;
  const auto start = Clock::now();
  const std::uint64_t first = ticks_after();
  auto now = start;
  while (now - start < std::chrono::milliseconds{100}) now = Clock::now();
  const std::uint64_t last = ticks_after();
  return static_cast<double>(last - first) /
         std::chrono::duration<double, std::nano>(now - start).count();
}

std::uint64_t tick_step() {
  // The commonest difference between two different readings would be that of the
  // reading itself, where that takes longer than a step. So: the greatest common
  // divisor of all that are not rare.
  std::map<std::uint64_t, int> seen;
  std::uint64_t last = ticks_after();
  constexpr int readings = 200000;
  for (int i = 0; i < readings; i++) {
    const std::uint64_t now = ticks_after();
    seen[now - last]++;
    last = now;
  }
  std::uint64_t step = 0;
  for (const auto &[difference, times] : seen) {
    if (times < readings / 1000) continue;
    std::uint64_t a = difference;
    std::uint64_t b = step;
    while (b != 0) {
      a %= b;
      std::swap(a, b);
    }
    step = a;
  }
  return std::max<std::uint64_t>(step, 1);
}

} // namespace bench
