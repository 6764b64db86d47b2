// Programs that run, and directories for them, on Windows.
#include <windows.h>

#include <stdexcept>
#include <system_error>

#include "test_server.hpp"

namespace openlts_test {
namespace {

std::system_error failed(const std::string &what) {
  return {static_cast<int>(GetLastError()), std::system_category(), what};
}

// Quotes a word so that a program's runtime reads it from its command line unchanged.
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
  HANDLE in[2];
  HANDLE out[2];
  if (!CreatePipe(&in[0], &in[1], &inherited, 0) || !CreatePipe(&out[0], &out[1], &inherited, 0)) {
    throw failed("can't make a pipe");
  }
  SetHandleInformation(in[1], HANDLE_FLAG_INHERIT, 0);
  SetHandleInformation(out[0], HANDLE_FLAG_INHERIT, 0);
  STARTUPINFOA startup{};
  startup.cb = sizeof startup;
  startup.dwFlags = STARTF_USESTDHANDLES;
  startup.hStdInput = in[0];
  startup.hStdOutput = out[1];
  startup.hStdError = GetStdHandle(STD_ERROR_HANDLE);
  std::string line;
  for (const std::string &argument : arguments)
    line += (line.empty() ? "" : " ") + quoted(argument);
  PROCESS_INFORMATION process{};
  const bool started = CreateProcessA(nullptr, line.data(), nullptr, nullptr, TRUE, 0, nullptr,
                                      nullptr, &startup, &process) != 0;
  CloseHandle(in[0]);
  CloseHandle(out[1]);
  input_ = reinterpret_cast<std::intptr_t>(in[1]);
  output_ = reinterpret_cast<std::intptr_t>(out[0]);
  if (!started) throw failed("can't start " + arguments[0]);
  CloseHandle(process.hThread);
  id_ = reinterpret_cast<std::intptr_t>(process.hProcess);
}

void Process::write_line(const std::string &line) const {
  const std::string whole = line + "\n";
  DWORD n = 0;
  if (!WriteFile(handle(input_), whole.data(), static_cast<DWORD>(whole.size()), &n, nullptr)) {
    throw failed("can't write a line");
  }
}

void Process::end_input() {
  if (input_ != -1) CloseHandle(handle(input_));
  input_ = -1;
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

int Process::wait() {
  DWORD code = 0;
  WaitForSingleObject(handle(id_), INFINITE);
  GetExitCodeProcess(handle(id_), &code);
  CloseHandle(handle(id_));
  end_input();
  CloseHandle(handle(output_));
  id_ = 0;
  output_ = -1;
  return static_cast<int>(code);
}

} // namespace openlts_test
