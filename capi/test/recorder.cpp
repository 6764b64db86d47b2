// Records operations, says so, and waits to be killed: what a host is that
// never gets to close its license.
//
// usage: recorder URL HANDSHAKE-CODE DATA-DIRECTORY COUNT
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <thread>

#include "openlts/openlts.hpp"

int main(int argc, char **argv) {
  if (argc != 5) return 2;
  openlts::ConnectionParameters parameters;
  parameters.mainServerURL = argv[1];
  parameters.handshakeCode = argv[2];
  parameters.dataDirectory = argv[3];
  openlts::Status status;
  const auto license = openlts::License::from_lts(parameters, status);
  for (int left = std::atoi(argv[4]); status && left > 0; left--) {
    status = openlts::Status(license.record(LTS_OT_QR_CODE));
  }
  std::puts(status ? "recorded" : status.message());
  std::fflush(stdout);
  for (;;) std::this_thread::sleep_for(std::chrono::hours{1});
}
