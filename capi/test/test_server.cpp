#include "test_server.hpp"

#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <spawn.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <csignal>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <stdexcept>
#include <system_error>
#include <thread>

extern char **environ;

namespace openlts_test {
namespace {

// How long anything that must happen may take on a slow machine.
constexpr std::chrono::seconds patience{30};

std::system_error failed(const std::string &what) { return {errno, std::generic_category(), what}; }

std::string joined(const std::vector<std::string> &words) {
  std::string all;
  for (const std::string &word : words) all += (all.empty() ? "" : " ") + word;
  return all;
}

// The first line of a file; "" if there is no such file.
std::string first_line(const std::string &path) {
  std::ifstream file(path);
  std::string line;
  std::getline(file, line);
  return line;
}

} // namespace

TemporaryDirectory::TemporaryDirectory() {
  std::string pattern = (std::filesystem::temp_directory_path() / "openlts-test-XXXXXX").string();
  if (mkdtemp(pattern.data()) == nullptr) throw failed("can't make " + pattern);
  path_ = pattern;
}

TemporaryDirectory::~TemporaryDirectory() {
  std::error_code ignored;
  std::filesystem::remove_all(path_, ignored);
}

Process::~Process() {
  if (pid_ > 0) {
    ::kill(pid_, SIGKILL);
    wait();
  }
}

void Process::start(const std::vector<std::string> &arguments) {
  int ends[2];
  if (pipe2(ends, O_CLOEXEC) != 0) throw failed("can't make a pipe");
  output_ = ends[0];
  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  posix_spawn_file_actions_adddup2(&actions, ends[1], STDOUT_FILENO);
  std::vector<char *> words;
  for (const std::string &argument : arguments)
    words.push_back(const_cast<char *>(argument.c_str()));
  words.push_back(nullptr);
  const int error = posix_spawn(&pid_, words[0], &actions, nullptr, words.data(), environ);
  posix_spawn_file_actions_destroy(&actions);
  ::close(ends[1]);
  if (error != 0) {
    pid_ = 0;
    throw std::system_error(error, std::generic_category(), "can't start " + arguments[0]);
  }
}

std::string Process::read_line() {
  std::string line;
  char c = 0;
  while (::read(output_, &c, 1) == 1 && c != '\n') line += c;
  return line;
}

std::string Process::read_all() {
  std::string all;
  char part[4096];
  for (ssize_t n = 0; (n = ::read(output_, part, sizeof part)) > 0;) {
    all.append(part, static_cast<std::size_t>(n));
  }
  return all;
}

void Process::signal(int number) const { ::kill(pid_, number); }

int Process::wait() {
  int status = 0;
  while (waitpid(pid_, &status, 0) < 0 && errno == EINTR) continue;
  pid_ = 0;
  ::close(output_);
  output_ = -1;
  return WIFSIGNALED(status) ? -WTERMSIG(status) : WEXITSTATUS(status);
}

int run(const std::vector<std::string> &arguments) {
  Process process;
  process.start(arguments);
  const std::string output = process.read_all();
  if (!output.empty()) std::fputs(output.c_str(), stderr);
  return process.wait();
}

std::string unreachable_url() {
  // A bound socket that does not listen keeps the port from everybody else, for
  // as long as the test runs.
  const int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t length = sizeof address;
  if (fd < 0 || bind(fd, reinterpret_cast<sockaddr *>(&address), length) != 0 ||
      getsockname(fd, reinterpret_cast<sockaddr *>(&address), &length) != 0) {
    throw failed("can't find a port nobody listens on");
  }
  return "http://127.0.0.1:" + std::to_string(ntohs(address.sin_port));
}

TestServer::TestServer() {
  text({"org", "add", "Example", "--id", "100001"});
  text({"handshake", "add", "reader", "--org", "100001", "--default"});
  text({"handshake", "add", "locked", "--org", "100001", "--session-password", "s3cret"});
  text({"item", "add", "scans", "--id", "scans", "--org", "100001", "--charge-way", "scan",
        "--quota", "1000000", "--handshake", "100001-reader"});
  text({"item", "add", "locked-scans", "--id", "locked-scans", "--org", "100001", "--charge-way",
        "scan", "--quota", "1000000", "--handshake", "100001-locked"});
  start();
}

void TestServer::start() {
  const std::string file = directory_.path("url");
  std::filesystem::remove(file);
  process_.start({LTS_COMMAND, "serve", "--data", directory_.path("data"), "--listen", listen_,
                  "--url-file", file});
  const auto end = std::chrono::steady_clock::now() + patience;
  while ((url_ = first_line(file)).empty()) {
    if (std::chrono::steady_clock::now() > end) {
      throw std::runtime_error("lts serve did not get ready; see its log above");
    }
    std::this_thread::sleep_for(std::chrono::milliseconds{5});
  }
  listen_ = url_.substr(std::strlen("http://"));
}

void TestServer::stop() {
  process_.signal(SIGTERM);
  process_.wait();
}

std::string TestServer::text(std::vector<std::string> arguments) const {
  arguments.insert(arguments.begin(), LTS_COMMAND);
  arguments.insert(arguments.end(), {"--data", directory_.path("data")});
  Process process;
  process.start(arguments);
  std::string output = process.read_all();
  if (process.wait() != 0) throw std::runtime_error("failed: " + joined(arguments));
  return output;
}

nlohmann::json TestServer::command(std::vector<std::string> arguments) const {
  arguments.emplace_back("--json");
  return nlohmann::json::parse(text(std::move(arguments)));
}

long TestServer::total() const { return command({"stats"}).at("total"); }

long TestServer::count(const std::string &handshake, const std::string &item,
                       const std::string &type) const {
  long count = 0;
  const nlohmann::json statistics = command({"stats", "--by", "handshake,item,type"});
  for (const auto &row : statistics.at("rows")) {
    if (row.at("handshake") == handshake && row.at("item") == item && row.at("type") == type) {
      count += row.at("count").get<long>();
    }
  }
  return count;
}

} // namespace openlts_test
