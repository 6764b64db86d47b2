/* What the library costs a process that loads it.
 *
 *   load probe LIBRARY URL HANDSHAKE-CODE DATA-DIRECTORY
 *     Loads the library, makes its first calls, opens a license, records,
 *     closes; prints after each step what it took and what the process holds.
 *   load brief LIBRARY URL HANDSHAKE-CODE DATA-DIRECTORY
 *     A short-lived process: opens a license, records one operation, ends
 *     without closing it.
 *   load nothing
 *     Ends at once: what a process costs that does nothing.
 *   load times COUNT ARGUMENT...
 *     Runs itself with these arguments, COUNT times, one after the other; prints
 *     how long each took from its start to its end, and the processor time.
 *
 * Prints JSON. Times are in microseconds, memory in KiB. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "openlts/openlts.h"

extern char **environ;

static double now(void) {
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return (double)t.tv_sec * 1e6 + (double)t.tv_nsec / 1e3;
}

__attribute__((noreturn)) static void fail(const char *what, const char *reason) {
  fprintf(stderr, "load: %s: %s\n", what, reason);
  exit(1);
}

/* The library's functions, found by name, so that loading it can be measured. */
typedef struct {
  int32_t (*defaults)(LTS_ConnectionParameters *, uint32_t);
  int32_t (*open)(const LTS_ConnectionParameters *, LTS_License *, char *, int32_t);
  int32_t (*open_by_key)(const char *, const LTS_ConnectionParameters *, LTS_License *, char *,
                         int32_t);
  int32_t (*record)(LTS_License, int32_t, int32_t);
  int32_t (*submit)(LTS_License, int32_t);
  int32_t (*close)(LTS_License, int32_t);
} Library;

static void find(void *library, const char *name, void *function) {
  void *found = dlsym(library, name);
  if (found == NULL) {
    fail(name, dlerror());
  }
  memcpy(function, &found, sizeof found);
}

static Library load(const char *path) {
  void *library = dlopen(path, RTLD_NOW | RTLD_LOCAL);
  if (library == NULL) {
    fail(path, dlerror());
  }
  Library l;
  find(library, "LTS_InitLTSConnectionParameters", &l.defaults);
  find(library, "LTS_InitLicenseFromLTS", &l.open);
  find(library, "LTS_InitLicense", &l.open_by_key);
  find(library, "LTS_RecordOperation", &l.record);
  find(library, "LTS_SubmitReports", &l.submit);
  find(library, "LTS_CloseLicense", &l.close);
  return l;
}

static LTS_License opened(const Library *l, char **arguments) {
  LTS_ConnectionParameters parameters;
  LTS_License license;
  char message[256];
  l->defaults(&parameters, sizeof parameters);
  parameters.mainServerURL = arguments[0];
  parameters.handshakeCode = arguments[1];
  parameters.dataDirectory = arguments[2];
  if (l->open(&parameters, &license, message, sizeof message) != LTS_OK) {
    fail("no license", message);
  }
  return license;
}

/* ---------------------------------------------------------------- probe */

/* A number out of a file of lines such as "VmRSS:  1234 kB". */
static long number_in(const char *path, const char *name) {
  FILE *file = fopen(path, "r");
  char line[256];
  long number = -1;
  while (file != NULL && fgets(line, sizeof line, file) != NULL) {
    if (strncmp(line, name, strlen(name)) == 0 && line[strlen(name)] == ':') {
      number = strtol(line + strlen(name) + 1, NULL, 10);
    }
  }
  if (file != NULL) {
    fclose(file);
  }
  return number;
}

static void print_step(const char *step, double microseconds) {
  const char *smaps = "/proc/self/smaps_rollup";
  printf("%s{\"step\":\"%s\",\"us\":%.1f,\"rss\":%ld,\"private_dirty\":%ld,\"threads\":%ld}",
         strcmp(step, "start") == 0 ? "" : ",\n", step, microseconds, number_in(smaps, "Rss"),
         number_in(smaps, "Private_Dirty"), number_in("/proc/self/status", "Threads"));
}

static void probe(char **arguments) {
  printf("[");
  print_step("start", 0);

  double before = now();
  const Library l = load(arguments[0]);
  double after = now();
  print_step("dlopen", after - before);

  LTS_ConnectionParameters parameters;
  before = now();
  l.defaults(&parameters, sizeof parameters);
  after = now();
  print_step("first call, answered in C", after - before);

  LTS_License license;
  before = now();
  l.open_by_key("", NULL, &license, NULL, 0);
  after = now();
  print_step("first call into Go", after - before);

  before = now();
  license = opened(&l, arguments + 1);
  after = now();
  print_step("open a license", after - before);

  before = now();
  if (l.record(license, LTS_OT_QR_CODE, 1) != LTS_OK) {
    fail("LTS_RecordOperation", "refused");
  }
  after = now();
  print_step("first operation", after - before);

  before = now();
  if (l.close(license, 10000) != LTS_OK) {
    fail("LTS_CloseLicense", "reports are left");
  }
  after = now();
  print_step("close, submitting", after - before);
  printf("]\n");
}

/* ---------------------------------------------------------------- brief */

static void brief(char **arguments) {
  const Library l = load(arguments[0]);
  if (l.record(opened(&l, arguments + 1), LTS_OT_QR_CODE, 1) != LTS_OK) {
    fail("LTS_RecordOperation", "refused");
  }
}

/* ---------------------------------------------------------------- times */

static double microseconds(struct timeval t) { return (double)t.tv_sec * 1e6 + (double)t.tv_usec; }

static void times(long count, char *self, char **arguments) {
  arguments[-1] = self; /* in the place of COUNT */
  printf("[");
  for (long i = 0; i < count; i++) {
    pid_t child;
    int status;
    struct rusage usage;
    const double before = now();
    const int error = posix_spawn(&child, "/proc/self/exe", NULL, NULL, arguments - 1, environ);
    if (error != 0) {
      fail("posix_spawn", strerror(error));
    }
    while (wait4(child, &status, 0, &usage) < 0 && errno == EINTR) {
    }
    const double after = now();
    if (status != 0) {
      fail(arguments[0], "the process failed");
    }
    printf("%s{\"us\":%.1f,\"cpu_us\":%.1f}", i == 0 ? "" : ",", after - before,
           microseconds(usage.ru_utime) + microseconds(usage.ru_stime));
  }
  printf("]\n");
}

int main(int argc, char **argv) {
  if (argc == 6 && strcmp(argv[1], "probe") == 0) {
    probe(argv + 2);
  } else if (argc == 6 && strcmp(argv[1], "brief") == 0) {
    brief(argv + 2);
  } else if (argc >= 4 && strcmp(argv[1], "times") == 0) {
    times(strtol(argv[2], NULL, 10), argv[0], argv + 3);
  } else if (argc != 2 || strcmp(argv[1], "nothing") != 0) {
    fprintf(stderr,
            "usage: load probe|brief LIBRARY URL HANDSHAKE-CODE DATA-DIRECTORY | nothing |"
            " times COUNT ARGUMENT...\n");
    return 2;
  }
  return 0;
}
