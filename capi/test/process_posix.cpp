// Programs that run, and directories for them, on POSIX.
#include <fcntl.h>
#include <spawn.h>
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
  int in[2];
  int out[2];
  if (pipe2(in, O_CLOEXEC) != 0 || pipe2(out, O_CLOEXEC) != 0) throw failed("can't make a pipe");
  input_ = in[1];
  output_ = out[0];
  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  posix_spawn_file_actions_adddup2(&actions, in[0], STDIN_FILENO);
  posix_spawn_file_actions_adddup2(&actions, out[1], STDOUT_FILENO);
  std::vector<char *> words;
  for (const std::string &argument : arguments)
    words.push_back(const_cast<char *>(argument.c_str()));
  words.push_back(nullptr);
  pid_t id = 0;
  const int error = posix_spawn(&id, words[0], &actions, nullptr, words.data(), environ);
  posix_spawn_file_actions_destroy(&actions);
  ::close(in[0]);
  ::close(out[1]);
  if (error != 0) {
    throw std::system_error(error, std::generic_category(), "can't start " + arguments[0]);
  }
  id_ = id;
}

void Process::write_line(const std::string &line) const {
  const std::string whole = line + "\n";
  if (::write(static_cast<int>(input_), whole.data(), whole.size()) !=
      static_cast<ssize_t>(whole.size())) {
    throw failed("can't write a line");
  }
}

void Process::end_input() {
  if (input_ >= 0) ::close(static_cast<int>(input_));
  input_ = -1;
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

int Process::wait() {
  int status = 0;
  while (waitpid(static_cast<pid_t>(id_), &status, 0) < 0 && errno == EINTR) continue;
  id_ = 0;
  end_input();
  ::close(static_cast<int>(output_));
  output_ = -1;
  return WIFSIGNALED(status) ? -WTERMSIG(status) : WEXITSTATUS(status); // killed is -SIGKILL
}

} // namespace openlts_test
