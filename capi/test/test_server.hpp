// Servers for tests, by conformance/testbed, which says what it does.
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

  // Starts a program; the first argument is its path. Its standard input can be
  // written with write_line, its standard output read with read_line and read_all;
  // standard error is that of the test.
  void start(const std::vector<std::string> &arguments);

  // Writes a line to its standard input.
  void write_line(const std::string &line) const;

  // Ends its standard input.
  void end_input();

  // One line of its standard output, without the line feed; "" at the end.
  std::string read_line();

  // The rest of its standard output.
  std::string read_all();

  // Ends it on the spot (SIGKILL, TerminateProcess).
  void kill() const;

  // Waits for the end and gives the exit code; `killed` if it was killed.
  int wait();

  static constexpr int killed = -9;

 private:
  // As the system has them.
  std::intptr_t id_ = 0;
  std::intptr_t input_ = -1;
  std::intptr_t output_ = -1;
};

// Runs a program to its end and gives its exit code (see Process::wait).
int run(const std::vector<std::string> &arguments);

// A server with the fixture `standard` of conformance/scenarios.json. It runs as long
// as the object lives, which has a testbed of its own.
class TestServer {
 public:
  // Starts it.
  TestServer();

  ~TestServer();
  TestServer(const TestServer &) = delete;
  TestServer &operator=(const TestServer &) = delete;

  // http://127.0.0.1:PORT, the same after stop() and start().
  const std::string &url() const { return url_; }

  void start();
  void stop();

  // The URL of a port on 127.0.0.1 that nothing listens on while the object lives.
  std::string unreachable_url() const;

  // Runs `lts ... --json` on the server's data and parses what it prints.
  nlohmann::json command(std::vector<std::string> arguments) const;

  // Runs `lts ...` on the server's data and gives what it prints.
  std::string text(std::vector<std::string> arguments) const;

  // Units counted in all, by `lts stats`.
  long total() const;

  // Units counted for an operation type under a handshake code and an item.
  long count(const std::string &handshake, const std::string &item, const std::string &type) const;

 private:
  // The result of a request to the testbed.
  nlohmann::json ask(nlohmann::json request) const;

  mutable Process testbed_;
  nlohmann::json number_; // of the server
  std::string url_;
};

} // namespace openlts_test

#endif // OPENLTS_TEST_SERVER_HPP
