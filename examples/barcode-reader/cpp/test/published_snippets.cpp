// Runs the two C++ snippets of the page "How trackable licenses work", as they
// stand there but for the URL and the handshake code, with the SDK built the way
// a vendor does it who has a server and a trial organization of its own.
//
// usage: published_snippets URL DATA-DIRECTORY
#include <cstdio>

#include "BarcodeReader.h"
#include "built_in.h"

static const char *server_url, *data_directory;

const char *ServerURL() { return server_url; }
const char *DataDirectory() { return data_directory; }

static int ConfigureLTS() {
#include "configure_lts.inc"
  if (iRet != DBR_OK) std::printf("%d %s\n", iRet, szErrorMsg);
  return iRet;
}

static int SpecifyHandshakeCode() {
#include "handshake_code.inc"
  return iRet;
}

int main(int argc, char **argv) {
  if (argc != 3) return 2;
  server_url = argv[1];
  data_directory = argv[2];
  if (ConfigureLTS() != DBR_OK || SpecifyHandshakeCode() != DBR_OK) return 1;

  LTS_LicenseInfo info{};
  info.structSize = sizeof info;
  if (CBarcodeReader::GetLicenseInfo(&info) != DBR_OK) return 1;
  std::printf("%s\n", info.handshakeCode);
  return CBarcodeReader::ReleaseLicense();
}
