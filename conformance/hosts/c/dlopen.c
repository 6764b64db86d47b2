#include <dlfcn.h>
#include <openlts/openlts.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>

static LTS_License license;
static int32_t (*record)(LTS_License license, int32_t type, int32_t count);

static void *decode(void *unused) {
  for (int i = 0; i < 1000; i++) record(license, LTS_OT_QR_CODE, 1);
  return unused;
}

int main(void) {
  void *library = dlopen("libopenlts.so.0", RTLD_NOW | RTLD_LOCAL);
  if (library == NULL) {
    fprintf(stderr, "%s\n", dlerror());
    return 1;
  }
  int32_t (*init)(const char *, const LTS_ConnectionParameters *, LTS_License *, char *, int32_t);
  int32_t (*close)(LTS_License license, int32_t timeoutMilliseconds);
  *(void **)&init = dlsym(library, "LTS_InitLicense");
  *(void **)&record = dlsym(library, "LTS_RecordOperation");
  *(void **)&close = dlsym(library, "LTS_CloseLicense");

  char message[256];
  if (init(getenv("LTS_KEY"), NULL, &license, message, sizeof message) != LTS_OK) {
    fprintf(stderr, "%s\n", message);
    return 1;
  }
  pthread_t threads[4];
  for (int i = 0; i < 4; i++) pthread_create(&threads[i], NULL, decode, NULL);
  for (int i = 0; i < 500; i++) record(license, LTS_OT_PAGE_SCANNED, 1);
  for (int i = 0; i < 4; i++) pthread_join(threads[i], NULL);
  puts("recorded");
  fflush(stdout);
  dlclose(library); /* does nothing: the library stays */
  return close(license, 3000) != LTS_OK;
}
