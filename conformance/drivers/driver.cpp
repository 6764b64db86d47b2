// Drives the library for `lts conformance client`: does what standard input says
// (docs/judging.md).
#include <openlts/openlts.h>

#include <cstdint>
#include <cstring>
#include <iostream>
#include <map>
#include <sstream>
#include <string>

namespace {

// The built-in types that the scenarios record.
const std::map<std::string, std::int32_t> types{{"QR_CODE", LTS_OT_QR_CODE},
                                                {"EAN_13", LTS_OT_EAN_13}};

std::int32_t open_license(std::istringstream &words, LTS_License &license) {
  std::string main_server, standby, code, directory;
  words >> main_server >> standby >> code >> std::ws;
  std::getline(words, directory);
  LTS_ConnectionParameters parameters;
  LTS_InitLTSConnectionParameters(&parameters, sizeof parameters);
  parameters.mainServerURL = main_server.c_str();
  parameters.standbyServerURL = standby == "-" ? nullptr : standby.c_str();
  parameters.handshakeCode = code.c_str();
  parameters.dataDirectory = directory.c_str();
  char message[256];
  return LTS_InitLicenseFromLTS(&parameters, &license, message, sizeof message);
}

} // namespace

int main() {
  constexpr std::int32_t patience = 20000; // ms
  LTS_License license = 0;
  for (std::string line; std::getline(std::cin, line);) {
    std::istringstream words(line);
    std::string command, type;
    std::uint32_t count = 0;
    std::int32_t status = LTS_ERR_INVALID_ARGUMENT;
    words >> command;
    if (command == "open") {
      status = open_license(words, license);
    } else if (command == "record" && words >> type >> count && types.count(type) != 0) {
      status = LTS_RecordOperation(license, types.at(type), static_cast<std::int32_t>(count));
    } else if (command == "submit") {
      status = LTS_SubmitReports(license, patience);
    } else if (command == "close") {
      status = LTS_CloseLicense(license, patience);
    }
    if (status >= LTS_OK) {
      std::cout << "ok" << std::endl;
    } else {
      std::cout << "error " << status << " " << LTS_StatusName(status) << std::endl;
    }
  }
  return 0;
}
