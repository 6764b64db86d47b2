/* A host whose disk hangs, or whose data directory another process holds up: every
 * function comes back within the time that openlts.h names.
 *
 * usage: deadline_host URL HANDSHAKE-CODE DATA-DIRECTORY SCENE
 * Records exactly 3 QR codes. */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "expect.h"
#include "license.h"
#include "scene.h"

enum {
  DEADLINE_SECONDS = 300,
  CLOSE_MILLISECONDS = 30000,
  USUAL = 2000,
  SLACK = 500,
  LICENSES = 64
};

static LTS_License license;

/* How long this thread wanted to run and had no processor, if the system tells. */
static long long milliseconds_in_line(void) {
  long long ran = 0, in_line = 0;
  FILE *file = fopen("/proc/thread-self/schedstat", "r");
  if (file != NULL) {
    if (fscanf(file, "%lld %lld", &ran, &in_line) != 2) {
      in_line = 0;
    }
    fclose(file);
  }
  return in_line / 1000000;
}

/* The time, but for what this thread spent in the line for a processor: no function can
 * help it if the machine is busy. */
static long long milliseconds(void) {
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return (long long)t.tv_sec * 1000 + t.tv_nsec / 1000000 - milliseconds_in_line();
}

/* ------------------------------------------------- all functions that may block */

static char message[256];

static LTS_ConnectionParameters parameters_in(const char *where) {
  LTS_ConnectionParameters p;
  LTS_InitLTSConnectionParameters(&p, sizeof p);
  p.mainServerURL = url;
  p.handshakeCode = code;
  p.dataDirectory = where;
  p.initTimeoutMilliseconds = 1000;
  return p;
}

static int32_t open_in(const char *where, const char *roots, LTS_License *opened) {
  LTS_ConnectionParameters p = parameters_in(where);
  p.caFile = roots;
  return LTS_InitLicenseFromLTS(&p, opened, message, sizeof message);
}

static int32_t opened_or_not(int32_t status, LTS_License another) {
  EXPECT_IS(status == LTS_OK, another != 0);
  EXPECT(status == LTS_OK || message[0] != '\0');
  /* The server is there. */
  EXPECT(status != LTS_ERR_FAILED_TO_REACH_LTS);
  return status == LTS_OK ? LTS_CloseLicense(another, 0) : status;
}

static int32_t init(void) {
  LTS_License another = 0;
  int32_t status = open_in(directory, NULL, &another);
  return opened_or_not(status, another);
}

/* The key says nothing: what it leaves out, the parameters say. */
static int32_t init_with_key(void) {
  LTS_License another = 0;
  LTS_ConnectionParameters p = parameters_in(directory);
  int32_t status = LTS_InitLicense("LTS1e30=", &p, &another, message, sizeof message);
  return opened_or_not(status, another);
}

static int32_t define(void) {
  int32_t type = 0;
  return LTS_DefineOperationType(license, "MRZ", &type);
}

static int32_t record(void) { return LTS_RecordOperation(license, LTS_OT_QR_CODE, 0); }

static int32_t record_at(void) {
  return LTS_RecordOperationAt(license, LTS_OT_AZTEC, 1, time(NULL));
}

static int32_t submit(void) { return LTS_SubmitReports(license, 1000); }

static int32_t submit_at_once(void) { return LTS_SubmitReports(license, 0); }

static int32_t poll_event(void) {
  LTS_Event event;
  event.structSize = sizeof event;
  int32_t status = LTS_PollEvent(license, &event, 300);
  return status == 1 ? LTS_OK : status;
}

static int32_t get_info(void) {
  LTS_LicenseInfo info;
  memset(&info, 0, sizeof info);
  info.structSize = sizeof info;
  int32_t status = LTS_GetLicenseInfo(license, &info);
  EXPECT(status != LTS_OK || info.recorded == info.accepted + info.pending + info.lost);
  return status;
}

static int32_t get_uuid(void) {
  LTS_ConnectionParameters p;
  char uuid[37];
  LTS_InitLTSConnectionParameters(&p, sizeof p);
  p.dataDirectory = directory;
  return LTS_GetDeviceUUID(&p, uuid, sizeof uuid);
}

static int32_t close_at_once(void) { return LTS_CloseLicense(license, 0); }

static const struct function {
  const char *name;
  int32_t (*call)(void);
  long long deadline;
} functions[] = {
    {"LTS_InitLicenseFromLTS, LTS_CloseLicense", init, 1000},
    {"LTS_InitLicense, LTS_CloseLicense", init_with_key, 1000},
    {"LTS_DefineOperationType", define, USUAL},
    {"LTS_RecordOperation", record, 0},
    {"LTS_RecordOperationAt", record_at, USUAL},
    {"LTS_SubmitReports(1000)", submit, 1000},
    {"LTS_SubmitReports(0)", submit_at_once, 0},
    {"LTS_PollEvent(300)", poll_event, 300},
    {"LTS_GetLicenseInfo", get_info, USUAL},
    {"LTS_GetDeviceUUID", get_uuid, USUAL},
    {"LTS_CloseLicense(0)", close_at_once, 0},
};

/* Nothing is broken when others hold the lock. */
static int only_held;

static void call_in_time(const struct function *f) {
  const long long before = milliseconds();
  int32_t status = f->call();
  const long long took = milliseconds() - before;
  if (took > f->deadline + SLACK || status == LTS_ERR_INTERNAL ||
      (only_held && status == LTS_ERR_LICENSE_BUFFER_FAILED)) {
    fprintf(stderr, "%s: %s after %lld ms\n", f->name, LTS_StatusName(status), took);
    failed_checks++;
  }
}

static void call_all_in_time(void) {
  for (size_t i = 0; i < sizeof functions / sizeof *functions; i++) {
    call_in_time(&functions[i]);
  }
}

/* --------------------------------------------- a process that holds a lock, stopped */

static const char *in_directory(const char *name) {
  static char path[8192];
  snprintf(path, sizeof path, "%s/%s", directory, name);
  return path;
}

/* The locks of the ledger, whatever kind they are of: that of an open file, and those
 * that SQLite takes to write (bytes it names in its documentation of the file format). */
static void hold_locks(void) {
  const struct {
    const char *name;
    off_t first, bytes;
  } files[] = {{"ledger.lock", 0, 1}, {"ledger.db", 0x40000000, 2}, {"ledger.db-shm", 120, 1}};
  for (size_t i = 0; i < sizeof files / sizeof *files; i++) {
    struct flock some;
    int fd = open(in_directory(files[i].name), O_RDWR | (i == 0 ? O_CREAT : 0), 0600);
    if (fd < 0) {
      continue;
    }
    memset(&some, 0, sizeof some);
    some.l_type = F_WRLCK;
    some.l_start = files[i].first;
    some.l_len = files[i].bytes;
    while (flock(fd, LOCK_EX) != 0 || fcntl(fd, F_SETLKW, &some) != 0) {
    }
  }
}

static pid_t start_stopped_holder(void) {
  int status = 0;
  pid_t holder = fork();
  if (holder == 0) {
    hold_locks();
    raise(SIGSTOP);
    _exit(0);
  }
  EXPECT_IS(holder, waitpid(holder, &status, WUNTRACED));
  EXPECT(WIFSTOPPED(status));
  return holder;
}

static void end_holder(pid_t holder) {
  EXPECT_IS(0, kill(holder, SIGKILL));
  EXPECT_IS(holder, waitpid(holder, NULL, 0));
}

/* Opens as many licenses as there may be, or none. */
static int32_t open_all(LTS_License *licenses) {
  for (int i = 0; i < LICENSES; i++) {
    int32_t status = open_in(directory, NULL, &licenses[i]);
    if (status != LTS_OK) {
      while (--i >= 0) {
        (void)LTS_CloseLicense(licenses[i], 0);
      }
      return status;
    }
  }
  return LTS_OK;
}

static void held_lock(void) {
  license = open_license(url, code, directory, 180);
  EXPECT_IS(LTS_OK, LTS_RecordOperation(license, LTS_OT_QR_CODE, 2));
  pid_t holder = start_stopped_holder();
  only_held = 1;
  call_all_in_time();
  only_held = 0;
  end_holder(holder);

  /* What was left to itself comes to an end: all places are free, and all is well. */
  LTS_License licenses[LICENSES];
  while (open_all(licenses) != LTS_OK) {
    sleep(1); /* the alarm ends this */
  }
  license = licenses[0];
  EXPECT_IS(LTS_OK, LTS_RecordOperationAt(license, LTS_OT_QR_CODE, 1, time(NULL)));
  for (int i = 1; i < LICENSES; i++) {
    EXPECT_IS(LTS_OK, LTS_CloseLicense(licenses[i], CLOSE_MILLISECONDS));
  }
  EXPECT_IS(LTS_OK, LTS_SubmitReports(license, CLOSE_MILLISECONDS));
  EXPECT_IS(LTS_OK, LTS_CloseLicense(license, CLOSE_MILLISECONDS));
}

/* ----------------------------------------------------------- files that never answer */

static void hung_files(void) {
  const char *names[] = {"device.json", "ledger.db", "ledger.lock", "ledger.account"};
  license = open_license(url, code, directory, 180);
  EXPECT_IS(LTS_OK, LTS_RecordOperation(license, LTS_OT_QR_CODE, 3));
  /* Opening a FIFO that nobody writes to lasts for ever. */
  EXPECT_IS(0, mkfifo(in_directory("roots.pem"), 0600));
  for (int i = 0; i < 3; i++) {
    LTS_License another = 77;
    const long long before = milliseconds();
    int32_t status = open_in(directory, in_directory("roots.pem"), &another);
    EXPECT(milliseconds() - before < 1000 + SLACK);
    EXPECT(status != LTS_OK && status != LTS_ERR_FAILED_TO_REACH_LTS);
    EXPECT_IS(0, another);
    EXPECT(message[0] != '\0');
  }
  EXPECT_IS(LTS_OK, LTS_SubmitReports(license, CLOSE_MILLISECONDS));
  EXPECT_IS(LTS_OK, LTS_CloseLicense(license, CLOSE_MILLISECONDS));

  for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
    char path[4096];
    const char *home = directory;
    snprintf(path, sizeof path, "%s-%s", home, names[i]);
    directory = path;
    EXPECT_IS(0, mkdir(path, 0700));
    EXPECT_IS(0, mkfifo(in_directory(names[i]), 0600));
    LTS_License another = 0;
    const long long before = milliseconds();
    int32_t status = open_in(path, NULL, &another);
    EXPECT(milliseconds() - before < 1000 + SLACK);
    EXPECT(status != LTS_ERR_FAILED_TO_REACH_LTS && status != LTS_ERR_INTERNAL);
    const struct function uuid = {"LTS_GetDeviceUUID", get_uuid, USUAL};
    call_in_time(&uuid);
    if (status == LTS_OK) {
      license = another;
      call_all_in_time();
    }
    directory = home;
  }
}

static const struct scene scenes[] = {
    {"held lock", held_lock},
    {"hung files", hung_files},
};

int main(int argc, char **argv) {
  alarm(DEADLINE_SECONDS);
  return play(argc, argv, scenes, sizeof scenes / sizeof *scenes) ? failures() : 2;
}
