// Programs that run, and directories for them, on POSIX.
#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <spawn.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <cstdlib>
#include <system_error>

#include "test_server.hpp"

extern char **environ;

namespace openlts_test {
namespace {

std::system_error failed(const std::string &what) { return {errno, std::generic_category(), what}; }

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
  if (id_ > 0) {
    kill();
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
  pid_t id = 0;
  const int error = posix_spawn(&id, words[0], &actions, nullptr, words.data(), environ);
  posix_spawn_file_actions_destroy(&actions);
  ::close(ends[1]);
  if (error != 0) {
    throw std::system_error(error, std::generic_category(), "can't start " + arguments[0]);
  }
  id_ = id;
}

std::string Process::read_line() {
  std::string line;
  char c = 0;
  while (::read(static_cast<int>(output_), &c, 1) == 1 && c != '\n') line += c;
  return line;
}

std::string Process::read_all() {
  std::string all;
  char part[4096];
  for (ssize_t n = 0; (n = ::read(static_cast<int>(output_), part, sizeof part)) > 0;) {
    all.append(part, static_cast<std::size_t>(n));
  }
  return all;
}

void Process::kill() const { ::kill(static_cast<pid_t>(id_), SIGKILL); }

void Process::terminate() const { ::kill(static_cast<pid_t>(id_), SIGTERM); }

int Process::wait() {
  int status = 0;
  while (waitpid(static_cast<pid_t>(id_), &status, 0) < 0 && errno == EINTR) continue;
  id_ = 0;
  ::close(static_cast<int>(output_));
  output_ = -1;
  return WIFSIGNALED(status) ? -WTERMSIG(status) : WEXITSTATUS(status); // killed is -SIGKILL
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

} // namespace openlts_test
