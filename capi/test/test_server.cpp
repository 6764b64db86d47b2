#include "test_server.hpp"

#include <cstdio>
#include <stdexcept>

namespace openlts_test {

int run(const std::vector<std::string> &arguments) {
  Process process;
  process.start(arguments);
  const std::string output = process.read_all();
  if (!output.empty()) std::fputs(output.c_str(), stderr);
  return process.wait();
}

TestServer::TestServer() {
  testbed_.start({TESTBED, LTS_COMMAND});
  number_ = ask({{"do", "make"}});
  start();
}

// Its end ends the server.
TestServer::~TestServer() {
  testbed_.end_input();
  testbed_.wait();
}

nlohmann::json TestServer::ask(nlohmann::json request) const {
  if (!number_.is_null()) request["server"] = number_;
  testbed_.write_line(request.dump());
  const nlohmann::json answer = nlohmann::json::parse(testbed_.read_line());
  if (answer.contains("error")) throw std::runtime_error(answer.at("error"));
  return answer.at("result");
}

void TestServer::start() { url_ = ask({{"do", "start"}}); }

void TestServer::stop() { ask({{"do", "stop"}}); }

std::string TestServer::unreachable_url() const { return ask({{"do", "unreachable"}}); }

std::string TestServer::text(std::vector<std::string> arguments) const {
  return ask({{"do", "run"}, {"arguments", std::move(arguments)}});
}

nlohmann::json TestServer::command(std::vector<std::string> arguments) const {
  arguments.emplace_back("--json");
  return nlohmann::json::parse(text(std::move(arguments)));
}

long TestServer::total() const { return ask({{"do", "total"}}); }

long TestServer::count(const std::string &handshake, const std::string &item,
                       const std::string &type) const {
  const nlohmann::json counts = ask({{"do", "counts"}, {"by", "handshake,item,type"}});
  return counts.value(handshake + " " + item + " " + type, 0L);
}

} // namespace openlts_test
