/* Two copies of the library in one process, on one data directory, as when two
 * SDKs carry a copy each: in each of them two threads record, one of them also
 * with time stamps of its own. Another thread may open, read and close all files of
 * the directory meanwhile, as a backup or a scanner in the process does. Prints
 * what lies in each slot; see slots.h.
 *
 * usage: copies_host LIBRARY COPY SERVER_URL HANDSHAKE_CODE DATA_DIRECTORY
 *                    SLOT_SECONDS MILLISECONDS READER_MICROSECONDS
 * The paths of the two copies are not the same. READER_MICROSECONDS is the pause
 * between two readings; 0: nobody reads. With 0 MILLISECONDS nothing is recorded:
 * what others left is submitted. */
#define _POSIX_C_SOURCE 200809L
#include <dirent.h>
#include <dlfcn.h>
#include <fcntl.h>
#include <openlts/openlts.h>
#include <pthread.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#include "expect.h"
#include "slots.h"

enum { COPIES = 2, THREADS = 2, PAST_SLOTS = 100, CLOSE_MILLISECONDS = 60000 };

typedef struct {
  void *library;
  LTS_License license;
} copy;

/* A function of a copy by its name, with the type the header gives it. */
#define FUNCTION(of, name) ((__typeof__(&name))dlsym((of)->library, #name))

static copy copies[COPIES];
static int64_t slot_seconds;
static const char *directory;
static long read_pause; /* microseconds */
static atomic_int stopping;

static int64_t now(void) {
  struct timespec precise;
  clock_gettime(CLOCK_REALTIME, &precise);
  return precise.tv_sec;
}

static void pause_for(long microseconds) {
  const struct timespec moment = {microseconds / 1000000, microseconds % 1000000 * 1000};
  nanosleep(&moment, NULL);
}

static void open_copy(copy *c, const char *path, char **arguments) {
  LTS_ConnectionParameters p;
  char message[256] = "";
  c->library = dlopen(path, RTLD_NOW | RTLD_LOCAL);
  if (c->library == NULL) {
    fprintf(stderr, "%s\n", dlerror());
    exit(1);
  }
  FUNCTION(c, LTS_InitLTSConnectionParameters)(&p, sizeof p);
  p.mainServerURL = arguments[3];
  p.handshakeCode = arguments[4];
  p.dataDirectory = directory;
  p.slotSeconds = (int32_t)slot_seconds;
  if (FUNCTION(c, LTS_InitLicenseFromLTS)(&p, &c->license, message, sizeof message) != LTS_OK) {
    fprintf(stderr, "%s\n", message);
    exit(1);
  }
}

static void *record(void *of) {
  copy *c = of;
  while (!atomic_load(&stopping)) {
    int64_t before = now();
    EXPECT_IS(LTS_OK, FUNCTION(c, LTS_RecordOperation)(c->license, LTS_OT_QR_CODE, 1));
    note_slot(before, now(), slot_seconds, 1);
    pause_for(200);
  }
  return NULL;
}

static void *record_the_past(void *of) {
  copy *c = of;
  for (int64_t slot = 0; !atomic_load(&stopping); slot = (slot + 1) % PAST_SLOTS) {
    int64_t moment = now() - slot * slot_seconds;
    EXPECT_IS(LTS_OK, FUNCTION(c, LTS_RecordOperationAt)(c->license, LTS_OT_QR_CODE, 3, moment));
    note_slot(moment, moment, slot_seconds, 3);
    pause_for(2000);
  }
  return NULL;
}

static void read_file(int in, const char *name) {
  static char text[1 << 16];
  int file = openat(in, name, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
  while (file >= 0 && read(file, text, sizeof text) > 0) {
  }
  if (file >= 0) {
    close(file);
  }
}

static void *read_all_files(void *unused) {
  (void)unused;
  while (!atomic_load(&stopping)) {
    DIR *open = opendir(directory);
    EXPECT(open != NULL);
    for (struct dirent *entry; open != NULL && (entry = readdir(open)) != NULL;) {
      read_file(dirfd(open), entry->d_name);
    }
    if (open != NULL) {
      closedir(open);
    }
    pause_for(read_pause);
  }
  return NULL;
}

static void start(pthread_t *thread, void *(*work)(void *), void *with) {
  if (pthread_create(thread, NULL, work, with) != 0) {
    fputs("a thread can't be started\n", stderr);
    exit(1);
  }
}

/* What a copy says of the device, which is the same for both. */
static void expect_nothing_lost(copy *c) {
  LTS_LicenseInfo info;
  info.structSize = sizeof info;
  EXPECT_IS(LTS_OK, FUNCTION(c, LTS_GetLicenseInfo)(c->license, &info));
  EXPECT_IS(info.recorded, info.accepted + info.pending);
  EXPECT_IS(0, info.lost);
  EXPECT_IS(0, info.stateFlags & (LTS_STATE_STORAGE_DEGRADED | LTS_STATE_STORAGE_RECOVERED));
}

/* Closes a license. If the other copy or another process has not submitted everything yet,
 * reports are left, and the function says so. */
static void close_copy(copy *c) {
  int32_t status = FUNCTION(c, LTS_CloseLicense)(c->license, CLOSE_MILLISECONDS);
  EXPECT(status == LTS_OK || status == LTS_ERR_REPORTS_PENDING);
}

static void settle(copy *c, char **arguments) {
  open_copy(c, arguments[1], arguments);
  EXPECT_IS(LTS_OK, FUNCTION(c, LTS_SubmitReports)(c->license, CLOSE_MILLISECONDS));
  expect_nothing_lost(c);
  EXPECT_IS(LTS_OK, FUNCTION(c, LTS_CloseLicense)(c->license, CLOSE_MILLISECONDS));
}

int main(int count, char **arguments) {
  pthread_t threads[COPIES * THREADS + 1];
  int running = 0;

  if (count != 9) {
    return 1;
  }
  directory = arguments[5];
  slot_seconds = strtol(arguments[6], NULL, 10);
  read_pause = strtol(arguments[8], NULL, 10);
  if (strtol(arguments[7], NULL, 10) == 0) {
    settle(&copies[0], arguments);
    return failures();
  }
  for (int i = 0; i < COPIES; i++) {
    open_copy(&copies[i], arguments[1 + i], arguments);
  }
  EXPECT(FUNCTION(&copies[0], LTS_RecordOperation) != FUNCTION(&copies[1], LTS_RecordOperation));
  for (int i = 0; i < COPIES; i++) {
    start(&threads[running++], record, &copies[i]);
    start(&threads[running++], record_the_past, &copies[i]);
  }
  if (read_pause > 0) {
    start(&threads[running++], read_all_files, NULL);
  }
  pause_for(1000 * strtol(arguments[7], NULL, 10));
  atomic_store(&stopping, 1);
  while (running > 0) {
    EXPECT(pthread_join(threads[--running], NULL) == 0);
  }
  for (int i = 0; i < COPIES; i++) {
    expect_nothing_lost(&copies[i]);
  }
  for (int i = 0; i < COPIES; i++) {
    close_copy(&copies[i]);
  }
  print_slots();
  return failures();
}
