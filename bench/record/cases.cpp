#include "cases.hpp"

#include <fcntl.h>
#include <prometheus/counter.h>
#include <prometheus/registry.h>
#include <sqlite3.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstring>
#include <ctime>
#include <mutex>

#include "baseline.h"
#include "clock.hpp"
#include "libgoexport.h"
#include "openlts/openlts.h"

namespace bench {
namespace {

// ---------------------------------------------------------------- what is used

LTS_License license;
std::atomic<std::uint64_t> recordCalls{0};

prometheus::Registry registry;
prometheus::Counter *counter;

int journal = -1;

sqlite3 *database;
sqlite3_stmt *insertion;
std::mutex databaseMutex;

std::int64_t address(Worker &worker) { return reinterpret_cast<std::int64_t>(&worker.counter); }

// A case that fails measures nothing: there is no point in going on, on whatever
// thread that is.
[[noreturn]] void fail(const std::string &what) {
  std::fprintf(stderr, "bench: %s\n", what.c_str());
  _exit(1);
}

void sql(const char *statement) {
  if (sqlite3_exec(database, statement, nullptr, nullptr, nullptr) != SQLITE_OK) {
    fail(std::string(statement) + ": " + sqlite3_errmsg(database));
  }
}

// ---------------------------------------------------------------- the operations

// Eight steps, each of which needs the one before: nothing but the processor.
void compute(Worker &worker) {
  std::uint64_t x = static_cast<std::uint64_t>(worker.index) + 1;
  for (int i = 0; i < 8; i++) {
    x = x * 6364136223846793005u + 1442695040888963407u;
    asm volatile("" : "+r"(x));
  }
}

void call_empty(Worker &) { baseline_empty(license, LTS_OT_QR_CODE, 1); }

void atomic_add(Worker &worker) { worker.counter.fetch_add(1, std::memory_order_relaxed); }

void atomic_add_and_time(Worker &worker) {
  if (std::time(nullptr) >= 0) worker.counter.fetch_add(1, std::memory_order_relaxed);
}

void call_atomic_add(Worker &worker) { baseline_atomic_add(address(worker), LTS_OT_QR_CODE, 1); }

void call_floor(Worker &worker) { baseline_floor(address(worker), LTS_OT_QR_CODE, 1); }

void record(Worker &) {
  if (LTS_RecordOperation(license, LTS_OT_QR_CODE, 1) != LTS_OK) fail("an operation was refused");
}

void go_empty(Worker &) { GoEmpty(license, LTS_OT_QR_CODE, 1); }
void go_prometheus(Worker &) { GoPrometheusAdd(license, LTS_OT_QR_CODE, 1); }
void go_opentelemetry(Worker &) { GoOpenTelemetryAdd(license, LTS_OT_QR_CODE, 1); }

void prometheus_cpp(Worker &) { counter->Increment(); }

void write_journal(Worker &) {
  char entry[32] = "QR_CODE 1";
  if (write(journal, entry, sizeof entry) != sizeof entry) fail(std::strerror(errno));
}

void insert_row(Worker &) {
  const std::lock_guard<std::mutex> guard(databaseMutex);
  sqlite3_bind_int64(insertion, 1, std::time(nullptr));
  const int done = sqlite3_step(insertion);
  sqlite3_reset(insertion);
  if (done != SQLITE_DONE) fail(sqlite3_errmsg(database));
}

// ---------------------------------------------------------------- the loops

template <void (*Operation)(Worker &)>
void repeat(Worker &worker, std::uint64_t times) {
  for (std::uint64_t i = 0; i < times; i++) Operation(worker);
}

void repeat_record(Worker &worker, std::uint64_t times) {
  repeat<record>(worker, times);
  recordCalls.fetch_add(times, std::memory_order_relaxed);
}

template <void (*Operation)(Worker &)>
void time(Worker &worker, std::uint64_t times, Histogram &histogram) {
  for (std::uint64_t i = 0; i < times; i++) {
    const std::uint64_t before = ticks_before();
    Operation(worker);
    histogram.add(ticks_after() - before);
  }
}

void time_record(Worker &worker, std::uint64_t times, Histogram &histogram) {
  time<record>(worker, times, histogram);
  recordCalls.fetch_add(times, std::memory_order_relaxed);
}

void nothing() {}

void empty_journal() {
  if (ftruncate(journal, 0) != 0) fail(std::strerror(errno));
}

void empty_database() { sql("DELETE FROM operations; PRAGMA wal_checkpoint(TRUNCATE)"); }

} // namespace

const std::vector<Case> &cases() {
  static const std::vector<Case> all{
      {"compute", "the processor alone (8 multiplications)", repeat<compute>, time<compute>, 2000,
       nothing, false},
      {"empty", "empty C function of a shared library", repeat<call_empty>, time<call_empty>, 5000,
       nothing, true},
      {"atomic", "atomic add, a cache line per thread, inline", repeat<atomic_add>,
       time<atomic_add>, 5000, nothing, false},
      {"atomic_call", "the same in a function of a shared library", repeat<call_atomic_add>,
       time<call_atomic_add>, 5000, nothing, false},
      {"floor", "atomic add and time(), inline: the floor", repeat<atomic_add_and_time>,
       time<atomic_add_and_time>, 5000, nothing, false},
      {"floor_call", "the same in a function of a shared library", repeat<call_floor>,
       time<call_floor>, 5000, nothing, true},
      {"record", "LTS_RecordOperation", repeat_record, time_record, 5000, nothing, true},
      {"prometheus_cpp", "prometheus-cpp Counter::Increment", repeat<prometheus_cpp>,
       time<prometheus_cpp>, 1000, nothing, true},
      {"go_empty", "empty Go function", repeat<go_empty>, time<go_empty>, 200, nothing, true},
      {"go_prometheus", "client_golang Counter.Add, called from C", repeat<go_prometheus>,
       time<go_prometheus>, 200, nothing, true},
      {"go_opentelemetry", "OpenTelemetry Go Add, called from C", repeat<go_opentelemetry>,
       time<go_opentelemetry>, 100, nothing, true},
      {"write", "write() of 32 bytes to a journal (O_APPEND)", repeat<write_journal>,
       time<write_journal>, 50, empty_journal, true},
      {"sqlite", "SQLite INSERT (WAL, synchronous=NORMAL)", repeat<insert_row>, time<insert_row>, 5,
       empty_database, true},
  };
  return all;
}

void open(const Setting &setting) {
  LTS_ConnectionParameters parameters;
  LTS_InitLTSConnectionParameters(&parameters, sizeof parameters);
  const std::string device = setting.directory + "/device";
  parameters.mainServerURL = setting.server.c_str();
  parameters.handshakeCode = setting.handshakeCode.c_str();
  parameters.dataDirectory = device.c_str();
  char message[256];
  if (LTS_InitLicenseFromLTS(&parameters, &license, message, sizeof message) != LTS_OK) {
    fail(std::string("no license: ") + message);
  }

  counter = &prometheus::BuildCounter()
                 .Name("operations_total")
                 .Help("Operations.")
                 .Register(registry)
                 .Add({{"type", "QR_CODE"}});

  const std::string path = setting.directory + "/journal";
  journal = ::open(path.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
  if (journal < 0) fail(path + ": " + std::strerror(errno));

  const std::string file = setting.directory + "/operations.sqlite";
  if (sqlite3_open_v2(file.c_str(), &database,
                      SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_NOMUTEX,
                      nullptr) != SQLITE_OK) {
    fail(file + ": " + sqlite3_errmsg(database));
  }
  sql("PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL;"
      "CREATE TABLE operations (id INTEGER PRIMARY KEY, time INTEGER, type TEXT, count INTEGER)");
  if (sqlite3_prepare_v2(database,
                         "INSERT INTO operations (time, type, count) VALUES (?, 'QR_CODE', 1)", -1,
                         &insertion, nullptr) != SQLITE_OK) {
    fail(sqlite3_errmsg(database));
  }
}

Accounts close() {
  sqlite3_finalize(insertion);
  sqlite3_close(database);
  ::close(journal);

  LTS_SubmitReports(license, 10000);
  LTS_LicenseInfo info;
  info.structSize = sizeof info;
  const int32_t status = LTS_GetLicenseInfo(license, &info);
  if (status != LTS_OK) fail(LTS_StatusMessage(status));
  LTS_CloseLicense(license, 3000);
  return {recordCalls.load(), info.recorded, info.accepted, info.pending, info.lost};
}

} // namespace bench
