#include <fcntl.h>
#include <openlts/openlts.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

/* What a daemon does to leave its parent: systemd's Type=forking. */
static void daemonize(const char *pid_file) {
  if (fork() != 0) _exit(0);
  setsid();
  if (fork() != 0) _exit(0);
  umask(0);
  FILE *file = fopen(pid_file, "w");
  if (file == NULL) _exit(1);
  fprintf(file, "%d\n", (int)getpid());
  fclose(file);
  if (chdir("/") != 0) _exit(1);
  int null = open("/dev/null", O_RDWR);
  for (int descriptor = 0; descriptor <= 2; descriptor++) dup2(null, descriptor);
}

int main(int count, char **arguments) {
  if (count != 2) return 2;
  daemonize(arguments[1]);
  LTS_License license;
  char message[256];
  if (LTS_InitLicense(getenv("LTS_KEY"), NULL, &license, message, sizeof message) != LTS_OK) {
    return 1;
  }
  for (int i = 0; i < 4000; i++) LTS_RecordOperation(license, LTS_OT_QR_CODE, 1);
  for (int i = 0; i < 500; i++) LTS_RecordOperation(license, LTS_OT_PAGE_SCANNED, 1);
  return LTS_CloseLicense(license, 3000) != LTS_OK;
}
