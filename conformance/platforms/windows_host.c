/* What is Windows' own about the library: it can be unloaded until it is used, and not
 * after; it leaves the process's settings alone; two copies of it share a directory, whose
 * path is longer than programs of old can take, and not in ASCII.
 *
 * usage: windows_host URL HANDSHAKE-CODE DIRECTORY COPY
 * COPY is a copy of openlts.dll. Records 40000 operations. */
#include <openlts/openlts.h>
#include <stdio.h>
#include <string.h>
#include <windows.h>

#include "expect.h"

enum { COPIES = 2, THREADS = 2, EACH = 10000 };

typedef struct {
  HMODULE module;
  int32_t(LTS_CALL *init_parameters)(LTS_ConnectionParameters *, uint32_t);
  int32_t(LTS_CALL *open)(const LTS_ConnectionParameters *, LTS_License *, char *, int32_t);
  int32_t(LTS_CALL *record)(LTS_License, int32_t, int32_t);
  int32_t(LTS_CALL *submit)(LTS_License, int32_t);
  int32_t(LTS_CALL *info)(LTS_License, LTS_LicenseInfo *);
  int32_t(LTS_CALL *poll)(LTS_License, LTS_Event *, int32_t);
  int32_t(LTS_CALL *close)(LTS_License, int32_t);
  LTS_License license;
} copy;

static copy copies[COPIES];

static void *function(const copy *c, const char *name) {
  void *found = (void *)GetProcAddress(c->module, name);
  EXPECT(found != NULL);
  return found;
}

static void load(copy *c, const char *path) {
  c->module = LoadLibraryA(path);
  if (c->module == NULL) {
    fprintf(stderr, "%s can't be loaded: error %lu\n", path, GetLastError());
    exit(1);
  }
  *(void **)&c->init_parameters = function(c, "LTS_InitLTSConnectionParameters");
  *(void **)&c->open = function(c, "LTS_InitLicenseFromLTS");
  *(void **)&c->record = function(c, "LTS_RecordOperation");
  *(void **)&c->submit = function(c, "LTS_SubmitReports");
  *(void **)&c->info = function(c, "LTS_GetLicenseInfo");
  *(void **)&c->poll = function(c, "LTS_PollEvent");
  *(void **)&c->close = function(c, "LTS_CloseLicense");
}

static DWORD WINAPI record(void *with) {
  const copy *c = with;
  for (int i = 0; i < EACH; i++) {
    EXPECT_IS(LTS_OK, c->record(c->license, LTS_OT_QR_CODE, 1));
    if (i % (EACH / 4) == 0) {
      EXPECT_IS(LTS_OK, c->submit(c->license, 30000));
    }
  }
  return 0;
}

int main(int argc, char **argv) {
  if (argc != 5) {
    return 2;
  }
  HMODULE unused = LoadLibraryA("openlts.dll");
  EXPECT(unused != NULL);
  EXPECT(FreeLibrary(unused));
  EXPECT(GetModuleHandleA("openlts.dll") == NULL);

  char directory[2048];
  char name[201] = "";
  memset(name, 'l', sizeof name - 1);
  snprintf(directory, sizeof directory,
           "%s\\Gr\xc3\xbc\xc3\x9f"
           "e-\xe6\x97\xa5\xe6\x9c\xac x[1] 100%%\\%s\\%s",
           argv[3], name, name);
  SetErrorMode(SEM_NOALIGNMENTFAULTEXCEPT);
  load(&copies[0], "openlts.dll");
  load(&copies[1], argv[4]);
  EXPECT(copies[0].module != copies[1].module);
  for (int i = 0; i < COPIES; i++) {
    copy *c = &copies[i];
    LTS_ConnectionParameters p;
    char message[256];
    EXPECT_IS(LTS_OK, c->init_parameters(&p, sizeof p));
    p.mainServerURL = argv[1];
    p.handshakeCode = argv[2];
    p.dataDirectory = directory;
    p.initTimeoutMilliseconds = 30000;
    EXPECT_IS(LTS_OK, c->open(&p, &c->license, message, sizeof message));
    if (message[0] != '\0') {
      fprintf(stderr, "%s\n", message);
    }
  }
  HANDLE threads[COPIES * THREADS];
  for (int i = 0; i < COPIES * THREADS; i++) {
    threads[i] = CreateThread(NULL, 65536, record, &copies[i % COPIES], 0, NULL);
    EXPECT(threads[i] != NULL);
  }
  WaitForMultipleObjects(COPIES * THREADS, threads, TRUE, INFINITE);
  for (int i = 0; i < COPIES; i++) {
    const copy *c = &copies[i];
    EXPECT_IS(LTS_OK, c->submit(c->license, 30000));
    LTS_LicenseInfo info;
    memset(&info, 0, sizeof info);
    info.structSize = sizeof info;
    EXPECT_IS(LTS_OK, c->info(c->license, &info));
    EXPECT_IS(0, info.stateFlags & LTS_STATE_STORAGE_DEGRADED);
    EXPECT_IS(info.recorded, info.accepted + info.pending + info.lost);
    EXPECT_IS(0, info.lost);
    LTS_Event event;
    event.structSize = sizeof event;
    while (failed_checks > 0 && c->poll(c->license, &event, 0) == 1) {
      fprintf(stderr, "event %d: %d %s\n", event.kind, event.statusCode, event.message);
    }
    EXPECT_IS(LTS_OK, c->close(c->license, 30000));
    FreeLibrary(c->module);
    FreeLibrary(c->module);
  }
  EXPECT(GetModuleHandleA("openlts.dll") == copies[0].module);
  EXPECT_IS(SEM_NOALIGNMENTFAULTEXCEPT, GetErrorMode());
  return failures();
}
