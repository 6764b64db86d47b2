// Programs that run, and directories for them, on Windows.
#include <winsock2.h>
/* After winsock2.h. */
#include <windows.h>

#include <cstdio>
#include <stdexcept>
#include <system_error>

#include "test_server.hpp"

namespace openlts_test {
namespace {

std::system_error failed(const std::string &what) {
  return {static_cast<int>(GetLastError()), std::system_category(), what};
}

// As a program's runtime takes its command line apart.
std::string quoted(const std::string &word) {
  std::string all = "\"";
  std::size_t backslashes = 0;
  for (const char c : word) {
    if (c == '"') all.append(backslashes + 1, '\\');
    backslashes = c == '\\' ? backslashes + 1 : 0;
    all += c;
  }
  return all.append(backslashes, '\\') + '"';
}

// Whether there is a console, whose Ctrl+Break ends programs that are asked to.
bool has_console() {
  static const bool there = [] {
    const bool found = GetConsoleCP() != 0 || AllocConsole() != 0;
    if (!found) std::fputs("no console: programs are killed, not asked to end\n", stderr);
    return found;
  }();
  return there;
}

HANDLE handle(std::intptr_t id) { return reinterpret_cast<HANDLE>(id); }

} // namespace

TemporaryDirectory::TemporaryDirectory() {
  static int number = 0;
  path_ = std::filesystem::temp_directory_path() /
          ("openlts-test-" + std::to_string(GetCurrentProcessId()) + "-" +
           std::to_string(GetTickCount64()) + "-" + std::to_string(++number));
  if (!std::filesystem::create_directory(path_)) {
    throw std::runtime_error("can't make " + path_.string());
  }
}

// What can't be removed stays: the library has the tally of a license open for as long as
// the process lives. (std::filesystem::remove_all of libstdc++ would try for ever.)
TemporaryDirectory::~TemporaryDirectory() {
  std::error_code ignored;
  std::vector<std::filesystem::path> found;
  for (const auto &entry : std::filesystem::recursive_directory_iterator(path_, ignored)) {
    found.push_back(entry.path());
  }
  for (; !found.empty(); found.pop_back()) std::filesystem::remove(found.back(), ignored);
  std::filesystem::remove(path_, ignored);
}

Process::~Process() {
  if (id_ != 0) {
    kill();
    wait();
  }
}

void Process::start(const std::vector<std::string> &arguments) {
  SECURITY_ATTRIBUTES inherited{sizeof inherited, nullptr, TRUE};
  HANDLE ends[2];
  if (!CreatePipe(&ends[0], &ends[1], &inherited, 0)) throw failed("can't make a pipe");
  SetHandleInformation(ends[0], HANDLE_FLAG_INHERIT, 0);
  STARTUPINFOA startup{};
  startup.cb = sizeof startup;
  startup.dwFlags = STARTF_USESTDHANDLES;
  startup.hStdInput = GetStdHandle(STD_INPUT_HANDLE);
  startup.hStdOutput = ends[1];
  startup.hStdError = GetStdHandle(STD_ERROR_HANDLE);
  has_console();
  std::string line;
  for (const std::string &argument : arguments)
    line += (line.empty() ? "" : " ") + quoted(argument);
  PROCESS_INFORMATION process{};
  // A group of its own, so that Ctrl+Break reaches nobody else.
  const bool started =
      CreateProcessA(nullptr, line.data(), nullptr, nullptr, TRUE, CREATE_NEW_PROCESS_GROUP,
                     nullptr, nullptr, &startup, &process) != 0;
  CloseHandle(ends[1]);
  output_ = reinterpret_cast<std::intptr_t>(ends[0]);
  if (!started) throw failed("can't start " + arguments[0]);
  CloseHandle(process.hThread);
  id_ = reinterpret_cast<std::intptr_t>(process.hProcess);
}

std::string Process::read_line() {
  std::string line;
  char c = 0;
  DWORD n = 0;
  while (ReadFile(handle(output_), &c, 1, &n, nullptr) && n == 1 && c != '\n') {
    if (c != '\r') line += c;
  }
  return line;
}

std::string Process::read_all() {
  std::string all;
  char part[4096];
  for (DWORD n = 0; ReadFile(handle(output_), part, sizeof part, &n, nullptr) && n > 0;) {
    all.append(part, n);
  }
  return all;
}

void Process::kill() const { TerminateProcess(handle(id_), static_cast<UINT>(killed)); }

void Process::terminate() const {
  if (!has_console() || !GenerateConsoleCtrlEvent(CTRL_BREAK_EVENT, GetProcessId(handle(id_)))) {
    kill();
  }
}

int Process::wait() {
  DWORD code = 0;
  WaitForSingleObject(handle(id_), INFINITE);
  GetExitCodeProcess(handle(id_), &code);
  CloseHandle(handle(id_));
  CloseHandle(handle(output_));
  id_ = 0;
  output_ = -1;
  return static_cast<int>(code);
}

std::string unreachable_url() {
  // A bound socket that does not listen keeps the port from everybody else, for
  // as long as the test runs.
  WSADATA data;
  WSAStartup(MAKEWORD(2, 2), &data);
  const SOCKET s = socket(AF_INET, SOCK_STREAM, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  int length = sizeof address;
  if (s == INVALID_SOCKET || bind(s, reinterpret_cast<sockaddr *>(&address), length) != 0 ||
      getsockname(s, reinterpret_cast<sockaddr *>(&address), &length) != 0) {
    throw std::runtime_error("can't find a port nobody listens on");
  }
  return "http://127.0.0.1:" + std::to_string(ntohs(address.sin_port));
}

} // namespace openlts_test
