#include <openlts/openlts.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>

static LTS_License license;

static void *decode(void *unused) {
  for (int i = 0; i < 1000; i++) LTS_RecordOperation(license, LTS_OT_QR_CODE, 1);
  return unused;
}

int main(void) {
  char message[256];
  if (LTS_InitLicense(getenv("LTS_KEY"), NULL, &license, message, sizeof message) != LTS_OK) {
    fprintf(stderr, "%s\n", message);
    return 1;
  }
  pthread_t threads[4];
  for (int i = 0; i < 4; i++) pthread_create(&threads[i], NULL, decode, NULL);
  for (int i = 0; i < 500; i++) LTS_RecordOperation(license, LTS_OT_PAGE_SCANNED, 1);
  for (int i = 0; i < 4; i++) pthread_join(threads[i], NULL);
  puts("recorded");
  fflush(stdout);
  return LTS_CloseLicense(license, 3000) != LTS_OK;
}
