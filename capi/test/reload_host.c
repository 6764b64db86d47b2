/* A host that loads the library, "unloads" it and loads it again, as plug-in
 * hosts do: harmless, because it stays loaded.
 *
 * usage: reload_host LIBRARY URL HANDSHAKE-CODE DATA-DIRECTORY
 * Records exactly 3 QR codes. */
#include <dlfcn.h>

#include "expect.h"
#include "openlts/openlts.h"

/* A function of the library by its name, with the type the header gives it. */
#define FUNCTION(name) ((__typeof__(&name))dlsym(library, #name))

int main(int argc, char **argv) {
  LTS_ConnectionParameters p;
  LTS_License kept = 0;
  char message[256] = "";
  if (argc != 5) {
    return 2;
  }
  for (int round = 0; round < 3; round++) {
    void *library = dlopen(argv[1], RTLD_NOW | RTLD_LOCAL);
    if (library == NULL) {
      fprintf(stderr, "%s\n", dlerror());
      return 1;
    }
    EXPECT_IS(LTS_ABI_VERSION, FUNCTION(LTS_ABIVersion)());
    FUNCTION(LTS_InitLTSConnectionParameters)(&p, sizeof p);
    p.mainServerURL = argv[2];
    p.handshakeCode = argv[3];
    p.dataDirectory = argv[4];
    /* A license opened before dlclose is still there after it. */
    if (kept == 0 &&
        FUNCTION(LTS_InitLicenseFromLTS)(&p, &kept, message, sizeof message) != LTS_OK) {
      fprintf(stderr, "%s\n", message);
      return 1;
    }
    EXPECT_IS(LTS_OK, FUNCTION(LTS_RecordOperation)(kept, LTS_OT_QR_CODE, 1));
    if (round == 2) {
      EXPECT_IS(LTS_OK, FUNCTION(LTS_CloseLicense)(kept, 30000));
    }
    EXPECT_IS(0, dlclose(library));
  }
  return failures();
}
