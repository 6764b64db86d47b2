#include <openlts/openlts.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

int main(void) {
  LTS_License license;
  char message[256];
  if (LTS_InitLicense(getenv("LTS_KEY"), NULL, &license, message, sizeof message) != LTS_OK) {
    fprintf(stderr, "%s\n", message);
    return 1;
  }
  for (int worker = 0; worker < 4; worker++) {
    if (fork() == 0) {
      for (int i = 0; i < 1000; i++) LTS_RecordOperation(license, LTS_OT_QR_CODE, 1);
      if (worker == 0) kill(getpid(), SIGKILL);
      return 0;
    }
  }
  for (int i = 0; i < 500; i++) LTS_RecordOperation(license, LTS_OT_PAGE_SCANNED, 1);
  while (wait(NULL) > 0) continue;
  puts("recorded");
  fflush(stdout);
  return LTS_CloseLicense(license, 3000) != LTS_OK;
}
