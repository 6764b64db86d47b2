#include "test_server.hpp"

#include <chrono>
#include <cstdio>
#include <cstring>
#include <fstream>
#include <stdexcept>
#include <thread>

namespace openlts_test {
namespace {

// How long anything that must happen may take on a slow machine.
constexpr std::chrono::seconds patience{30};

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

int run(const std::vector<std::string> &arguments) {
  Process process;
  process.start(arguments);
  const std::string output = process.read_all();
  if (!output.empty()) std::fputs(output.c_str(), stderr);
  return process.wait();
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
  process_.terminate();
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
