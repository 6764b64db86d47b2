// Compares LTS_RecordOperation with what else could count an operation, side by
// side in one run. build/bench starts it, with a server.
//
// Cases take turns within a round, and rounds follow each other, so that what
// disturbs the machine disturbs all of them. A ratio is taken inside each round;
// the median of the ratios is what counts.
//
// usage: record URL HANDSHAKE-CODE DIRECTORY JSON-FILE ROUNDS WINDOW-MS TAIL-ROUNDS TAIL-WINDOW-MS
#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <iomanip>
#include <map>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

#include "measure.hpp"

namespace bench {
namespace {

const std::vector<int> threadCounts{1, 2, 8};
constexpr int tailThreads = 8;
constexpr double slow = 300; // ns: of 10,000 calls, no more than one is to take longer
const std::vector<std::pair<const char *, double>> quantiles{
    {"p50", 0.5}, {"p99", 0.99}, {"p99.9", 0.999}, {"p99.99", 0.9999}};

// One figure a round.
using Series = std::vector<double>;

double median(Series values) {
  std::sort(values.begin(), values.end());
  const std::size_t middle = values.size() / 2;
  return values.size() % 2 == 1 ? values[middle] : (values[middle - 1] + values[middle]) / 2;
}

double smallest(const Series &values) { return *std::min_element(values.begin(), values.end()); }
double largest(const Series &values) { return *std::max_element(values.begin(), values.end()); }

// Round by round.
Series ratios(const Series &of, const Series &to) {
  Series all;
  for (std::size_t i = 0; i < of.size(); i++) all.push_back(of[i] / to[i]);
  return all;
}

struct Key {
  std::string name;
  int threads;
  bool operator<(const Key &other) const {
    return std::tie(name, threads) < std::tie(other.name, other.threads);
  }
};

struct Results {
  std::map<Key, Series> throughput; // ns per operation
  std::map<std::string, Histogram> tails;
  std::map<std::string, Series> tailRounds; // p99.99 in ns
  double ticksPerNanosecond = 1;
  double tickStep = 0; // ns
  Accounts accounts{};

  const Series &of(const std::string &name, int threads) const {
    return throughput.at({name, threads});
  }
  double nanoseconds(std::uint64_t ticks) const {
    return static_cast<double>(ticks) / ticksPerNanosecond;
  }
  // Slow calls, of 10,000.
  double slow_calls(const Histogram &tail) const {
    const std::uint64_t limit = static_cast<std::uint64_t>(slow * ticksPerNanosecond);
    return 1e4 * static_cast<double>(tail.above(limit)) / static_cast<double>(tail.total());
  }
};

void measure_throughput(Crew &crew, int rounds, std::chrono::milliseconds window,
                        Results &results) {
  // The first round warms up. Every other round takes the cases backwards, so
  // that none always follows the same one.
  for (int round = 0; round <= rounds; round++) {
    std::vector<Case> order = cases();
    if (round % 2 == 1) std::reverse(order.begin(), order.end());
    // Cases of one number of threads lie close together, so that they meet the
    // same disturbances.
    for (const int threads : threadCounts) {
      for (const Case &each : order) {
        const double nanoseconds = crew.throughput(each, threads, window);
        if (round > 0) results.throughput[{each.name, threads}].push_back(nanoseconds);
      }
    }
  }
}

void measure_tails(Crew &crew, int rounds, std::chrono::milliseconds window, Results &results) {
  for (int round = 0; round < rounds; round++) {
    for (const Case &each : cases()) {
      if (!each.tail) continue;
      const Histogram tail = crew.tail(each, tailThreads, window);
      results.tails[each.name].add(tail);
      results.tailRounds[each.name].push_back(results.nanoseconds(tail.quantile(0.9999)));
    }
  }
}

// ---------------------------------------------------------------- what matters

// The rounds in which the processor alone, on so many threads, was within a tenth
// of its best: nobody else had a part of it then. (A neighbour on the same core,
// whom a virtual machine does not see, makes a case that keeps the core busy much
// slower, and one that waits for its own results hardly.)
std::vector<std::size_t> undisturbed(const Results &results, const std::vector<int> &threads) {
  std::vector<std::size_t> rounds;
  for (std::size_t round = 0; round < results.of("compute", 1).size(); round++) {
    const bool calm = std::all_of(threads.begin(), threads.end(), [&](int count) {
      const Series &compute = results.of("compute", count);
      return compute[round] <= 1.1 * smallest(compute);
    });
    if (calm) rounds.push_back(round);
  }
  return rounds;
}

// The ratios by which the library is judged, over all rounds or the undisturbed.
std::vector<std::pair<std::string, double>> summary(const Results &results, bool onlyUndisturbed) {
  const auto ratio = [&](const Key &of, const Key &to) {
    const Series all = ratios(results.throughput.at(of), results.throughput.at(to));
    if (!onlyUndisturbed) return median(all);
    Series chosen;
    for (const std::size_t round : undisturbed(results, {of.threads, to.threads})) {
      chosen.push_back(all[round]);
    }
    // There may be no such round with all threads; there is one for each number.
    return median(chosen.empty() ? all : chosen);
  };
  return {{"ratio record/atomic_1t", ratio({"record", 1}, {"atomic", 1})},
          {"ratio record/floor_1t", ratio({"record", 1}, {"floor", 1})},
          {"ratio record/floor_call_1t", ratio({"record", 1}, {"floor_call", 1})},
          {"scaling_2t", ratio({"record", 1}, {"record", 2})},
          {"machine_scaling_2t", ratio({"compute", 1}, {"compute", 2})},
          {"ratio record/prometheus_cpp_1t", ratio({"record", 1}, {"prometheus_cpp", 1})},
          {"ratio record/prometheus_cpp_8t", ratio({"record", 8}, {"prometheus_cpp", 8})}};
}

// ---------------------------------------------------------------- for people

void print_tables(const Results &results) {
  std::printf(
      "Nanoseconds per operation of all threads together: min / median / max of %zu rounds;\n"
      "and in how many times LTS_RecordOperation's time that is, the median of the rounds\n%-46s",
      results.of("record", 1).size(), "");
  for (const int threads : threadCounts)
    std::printf(" %19d thread%-2s", threads, threads == 1 ? "" : "s");
  for (const int threads : threadCounts) std::printf(" %6d t", threads);
  std::printf("\n");
  for (const Case &each : cases()) {
    std::printf("%-46s", each.description);
    for (const int threads : threadCounts) {
      const Series &series = results.of(each.name, threads);
      std::printf(" %8.2f /%8.2f /%7.0f", smallest(series), median(series), largest(series));
    }
    for (const int threads : threadCounts) {
      std::printf(" %8.2f",
                  median(ratios(results.of(each.name, threads), results.of("record", threads))));
    }
    std::printf("\n");
  }

  std::printf(
      "\nNanoseconds of a single call, %d threads; time stamps have steps of %.1f ns, and all"
      " values\ninclude reading them, as the empty function shows\n%-46s",
      tailThreads, results.tickStep, "");
  for (const auto &quantile : quantiles) std::printf(" %10s", quantile.first);
  std::printf(" %10s %10s %12s %12s\n", "p99.99*", "slow**", "max", "calls");
  for (const Case &each : cases()) {
    if (!each.tail) continue;
    const Histogram &tail = results.tails.at(each.name);
    std::printf("%-46s", each.description);
    for (const auto &quantile : quantiles) {
      std::printf(" %10.0f", results.nanoseconds(tail.quantile(quantile.second)));
    }
    std::printf(" %10.0f %10.2f %12.0f %12llu\n", median(results.tailRounds.at(each.name)),
                results.slow_calls(tail), results.nanoseconds(tail.largest()),
                static_cast<unsigned long long>(tail.total()));
  }
  std::printf(
      "*  the median of %zu rounds; all else is of all calls together\n"
      "** of 10,000 calls, those that took longer than %.0f ns\n",
      results.tailRounds.at("record").size(), slow);
}

// ---------------------------------------------------------------- for programs

void write_series(std::ostream &out, const Series &series) {
  out << "{\"min\":" << smallest(series) << ",\"median\":" << median(series)
      << ",\"max\":" << largest(series) << ",\"rounds\":[";
  for (std::size_t i = 0; i < series.size(); i++) out << (i == 0 ? "" : ",") << series[i];
  out << "]}";
}

void write_summary(std::ostream &out, const std::vector<std::pair<std::string, double>> &summary) {
  const char *separator = "";
  for (const auto &[name, value] : summary) {
    out << separator << "\"" << name << "\":" << value;
    separator = ",";
  }
}

void write_json(const std::string &path, const Results &results) {
  std::ofstream out(path);
  out << std::setprecision(6) << "{\"unit\":\"nanoseconds\",\"cases\":[";
  const char *separator = "";
  for (const Case &each : cases()) {
    out << separator << "\n{\"name\":\"" << each.name << "\",\"description\":\"" << each.description
        << "\",\"throughput\":{";
    separator = "";
    for (const int threads : threadCounts) {
      out << separator << "\"" << threads << "\":";
      write_series(out, results.of(each.name, threads));
      separator = ",";
    }
    out << "},\"ratio_to_record\":{";
    separator = "";
    for (const int threads : threadCounts) {
      out << separator << "\"" << threads
          << "\":" << median(ratios(results.of(each.name, threads), results.of("record", threads)));
      separator = ",";
    }
    out << "}";
    if (each.tail) {
      const Histogram &tail = results.tails.at(each.name);
      out << ",\"single_call\":{\"threads\":" << tailThreads << ",\"calls\":" << tail.total();
      for (const auto &[name, part] : quantiles) {
        out << ",\"" << name << "\":" << results.nanoseconds(tail.quantile(part));
      }
      out << ",\"slow_of_10000\":" << results.slow_calls(tail);
      out << ",\"max\":" << results.nanoseconds(tail.largest()) << ",\"p99.99_of_rounds\":";
      write_series(out, results.tailRounds.at(each.name));
      out << "}";
    }
    out << "}";
    separator = ",";
  }
  out << "],\n\"tick_step\":" << results.tickStep
      << ",\n\"operations\":{\"called\":" << results.accounts.called
      << ",\"recorded\":" << results.accounts.recorded
      << ",\"accepted\":" << results.accounts.accepted
      << ",\"pending\":" << results.accounts.pending << ",\"lost\":" << results.accounts.lost
      << "},\n\"summary\":{";
  write_summary(out, summary(results, false));
  out << "},\n\"undisturbed\":{\"rounds_1t\":" << undisturbed(results, {1}).size() << ",";
  write_summary(out, summary(results, true));
  out << "}}\n";
  out.close();
  if (!out) {
    std::fprintf(stderr, "bench: can't write %s\n", path.c_str());
    std::exit(1);
  }
}

} // namespace
} // namespace bench

int main(int argc, char **argv) {
  using namespace bench;
  if (argc != 9) {
    std::fprintf(stderr,
                 "usage: record URL HANDSHAKE-CODE DIRECTORY JSON-FILE ROUNDS WINDOW-MS"
                 " TAIL-ROUNDS TAIL-WINDOW-MS\n");
    return 2;
  }
  open({argv[1], argv[2], argv[3]});

  Results results;
  results.ticksPerNanosecond = ticks_per_nanosecond();
  results.tickStep = results.nanoseconds(tick_step());
  {
    Crew crew(std::max(tailThreads, *std::max_element(threadCounts.begin(), threadCounts.end())));
    measure_throughput(crew, std::atoi(argv[5]), std::chrono::milliseconds{std::atoi(argv[6])},
                       results);
    measure_tails(crew, std::atoi(argv[7]), std::chrono::milliseconds{std::atoi(argv[8])}, results);
  }
  results.accounts = close();

  print_tables(results);
  std::printf(
      "\n%llu operations recorded, %lld accounted for: %lld accepted, %lld pending, %lld lost\n",
      static_cast<unsigned long long>(results.accounts.called),
      static_cast<long long>(results.accounts.recorded),
      static_cast<long long>(results.accounts.accepted),
      static_cast<long long>(results.accounts.pending),
      static_cast<long long>(results.accounts.lost));
  write_json(argv[4], results);
  if (static_cast<std::uint64_t>(results.accounts.recorded) != results.accounts.called) {
    std::fprintf(stderr, "bench: not every operation is accounted for\n");
    return 1;
  }
  return 0;
}
