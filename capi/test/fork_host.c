/* A host that forks with a license open.
 *
 * usage: fork_host URL HANDSHAKE-CODE DATA-DIRECTORY
 * Records exactly 1 + 2 + 4 + 8 + 16 QR codes, in parents and children. */
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "expect.h"
#include "openlts/openlts.h"

/* Whatever hangs is ended by a signal, which the parent sees. */
enum { DEADLINE_SECONDS = 300 };

/* Waits for a child and counts it as a failed check if it failed. */
static void wait_for(pid_t child) {
  int status = 0;
  EXPECT_IS(child, waitpid(child, &status, 0));
  EXPECT(!WIFSIGNALED(status));
  EXPECT_IS(0, WEXITSTATUS(status));
}

/* Everything but recording answers LTS_ERR_FORKED in a child, at once. */
static void expect_forked(const LTS_ConnectionParameters *p, LTS_License license) {
  LTS_License other = 77;
  LTS_LicenseInfo info;
  LTS_Event event;
  LTS_ConnectionParameters fresh;
  char text[256];
  int32_t type = 5;
  memset(&info, 0, sizeof info);
  memset(&event, 0, sizeof event);
  info.structSize = sizeof info;
  event.structSize = sizeof event;
  EXPECT_IS(LTS_ERR_FORKED, LTS_InitLicenseFromLTS(p, &other, text, sizeof text));
  EXPECT_IS(0, other);
  EXPECT(strlen(text) > 0);
  EXPECT_IS(LTS_ERR_FORKED, LTS_InitLicense("LTS1e30=", p, &other, text, sizeof text));
  EXPECT_IS(LTS_ERR_FORKED, LTS_DefineOperationType(license, "MRZ", &type));
  EXPECT_IS(LTS_ERR_FORKED, LTS_RecordOperationAt(license, LTS_OT_QR_CODE, 1, time(NULL)));
  EXPECT_IS(LTS_ERR_FORKED, LTS_SubmitReports(license, 1000));
  EXPECT_IS(LTS_ERR_FORKED, LTS_PollEvent(license, &event, 1000));
  EXPECT_IS(LTS_ERR_FORKED, LTS_GetLicenseInfo(license, &info));
  EXPECT_IS(LTS_ERR_FORKED, LTS_GetDeviceUUID(p, text, sizeof text));
  EXPECT_IS(LTS_ERR_FORKED, LTS_CloseLicense(license, 1000));
  EXPECT_IS(5, type);

  EXPECT_IS(LTS_OK, LTS_InitLTSConnectionParameters(&fresh, sizeof fresh));
  EXPECT_IS(LTS_ABI_VERSION, LTS_ABIVersion());
  EXPECT_IS(0, strcmp("OK", LTS_StatusName(LTS_OK)));
  EXPECT(strlen(LTS_StatusMessage(LTS_OK)) > 0);
}

int main(int argc, char **argv) {
  LTS_ConnectionParameters p;
  LTS_License license = 0;
  char message[256] = "";
  int go[2];
  char byte = 0;
  if (argc != 4 || pipe(go) != 0) {
    return 2;
  }
  alarm(DEADLINE_SECONDS);
  LTS_InitLTSConnectionParameters(&p, sizeof p);
  p.mainServerURL = argv[1];
  p.handshakeCode = argv[2];
  p.dataDirectory = argv[3];
  if (LTS_InitLicenseFromLTS(&p, &license, message, sizeof message) != LTS_OK) {
    fprintf(stderr, "%s\n", message);
    return 1;
  }
  EXPECT_IS(LTS_OK, LTS_RecordOperation(license, LTS_OT_QR_CODE, 1));

  pid_t child = fork();
  if (child == 0) {
    alarm(DEADLINE_SECONDS);
    EXPECT_IS(LTS_OK, LTS_RecordOperation(license, LTS_OT_QR_CODE, 2));
    EXPECT_IS(LTS_ERR_INVALID_HANDLE, LTS_RecordOperation(4711, LTS_OT_QR_CODE, 1));
    EXPECT_IS(LTS_ERR_NO_LICENSE, LTS_RecordOperation(0, LTS_OT_QR_CODE, 1));
    expect_forked(&p, license);
    pid_t grandchild = fork();
    if (grandchild == 0) {
      alarm(DEADLINE_SECONDS);
      EXPECT_IS(LTS_OK, LTS_RecordOperation(license, LTS_OT_QR_CODE, 4));
      expect_forked(&p, license);
      _exit(failures());
    }
    wait_for(grandchild);
    _exit(failures());
  }
  wait_for(child);

  /* The parent is not disturbed. */
  EXPECT_IS(LTS_OK, LTS_RecordOperation(license, LTS_OT_QR_CODE, 8));
  EXPECT_IS(LTS_OK, LTS_SubmitReports(license, 30000));

  /* A child that outlives its parent's license, as a daemon does: what it
   * records is found by the next start. */
  child = fork();
  if (child == 0) {
    alarm(DEADLINE_SECONDS);
    EXPECT_IS(1, read(go[0], &byte, 1));
    EXPECT_IS(LTS_OK, LTS_RecordOperation(license, LTS_OT_QR_CODE, 16));
    _exit(failures());
  }
  EXPECT_IS(LTS_OK, LTS_CloseLicense(license, 30000));
  EXPECT_IS(1, write(go[1], &byte, 1));
  wait_for(child);

  if (LTS_InitLicenseFromLTS(&p, &license, message, sizeof message) != LTS_OK) {
    fprintf(stderr, "%s\n", message);
    return 1;
  }
  EXPECT_IS(LTS_OK, LTS_CloseLicense(license, 30000));
  return failures();
}
