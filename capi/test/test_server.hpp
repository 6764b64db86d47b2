// A real License Tracking Server for tests: `lts serve` on a free port with a
// data directory of its own, set up with the standard fixture of
// conformance/scenarios.json.
#ifndef OPENLTS_TEST_SERVER_HPP
#define OPENLTS_TEST_SERVER_HPP

#include <cstdint>
#include <filesystem>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

namespace openlts_test {

// A directory that is removed with everything in it when the object goes.
class TemporaryDirectory {
 public:
  TemporaryDirectory();
  ~TemporaryDirectory();
  TemporaryDirectory(const TemporaryDirectory &) = delete;
  TemporaryDirectory &operator=(const TemporaryDirectory &) = delete;

  // The path of something in it.
  std::string path(const std::string &name) const { return (path_ / name).string(); }

 private:
  std::filesystem::path path_;
};

// A program that runs. It is killed with the object at the latest.
class Process {
 public:
  Process() = default;
  ~Process();
  Process(const Process &) = delete;
  Process &operator=(const Process &) = delete;

  // Starts a program; the first argument is its path. Its standard output can
  // be read with read_line and read_all; standard error is that of the test.
  void start(const std::vector<std::string> &arguments);

  // One line of its standard output, without the line feed; "" at the end.
  std::string read_line();

  // The rest of its standard output.
  std::string read_all();

  // Ends it on the spot (SIGKILL, TerminateProcess).
  void kill() const;

  // Asks it to end (SIGTERM, Ctrl+Break).
  void terminate() const;

  // Waits for the end and gives the exit code; `killed` if it was killed.
  int wait();

  static constexpr int killed = -9;

 private:
  // As the system has them.
  std::intptr_t id_ = 0;
  std::intptr_t output_ = -1;
};

// Runs a program to its end and gives its exit code (see Process::wait).
int run(const std::vector<std::string> &arguments);

// The URL of a port on 127.0.0.1 that nothing listens on.
std::string unreachable_url();

class TestServer {
 public:
  // Makes the standard fixture and starts to serve.
  TestServer();

  // http://127.0.0.1:PORT, the same after stop() and start().
  const std::string &url() const { return url_; }

  void start();
  void stop();

  // Runs `lts ... --json` on the server's data and parses what it prints.
  nlohmann::json command(std::vector<std::string> arguments) const;

  // Runs `lts ...` on the server's data and gives what it prints.
  std::string text(std::vector<std::string> arguments) const;

  // Units counted in all, by `lts stats`.
  long total() const;

  // Units counted for an operation type under a handshake code and an item.
  long count(const std::string &handshake, const std::string &item, const std::string &type) const;

 private:
  TemporaryDirectory directory_;
  Process process_;
  std::string listen_ = "127.0.0.1:0"; // after the first start: with the port
  std::string url_;
};

} // namespace openlts_test

#endif // OPENLTS_TEST_SERVER_HPP
