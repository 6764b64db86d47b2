/* A process with a license is killed, and those it started live on.
 *
 * usage: orphan_host URL HANDSHAKE-CODE DATA-DIRECTORY workers|daemon|programs
 *
 * workers   It forked workers that record on. As long as one of them lives,
 *           nobody takes the tally over; then the next start counts all of it.
 * daemon    It turned itself into a daemon after it opened the license.
 * programs  It started other programs, in every way there is. They hold nobody
 *           up from taking the tally over.
 *
 * Prints its books, what was begun and recorded, by operation type; and what was
 * recorded in each slot. */
#define _GNU_SOURCE
#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>

#include "books.h"

extern char **environ;

/* A child that ends by exit() has none of its parent's other threads, so what
 * their stacks point to looks leaked to AddressSanitizer. */
const char *__asan_default_options(void);
const char *__asan_default_options(void) { return "detect_leaks=0"; }

/* The workers in the order in which they end. */
enum { EARLY, LATE, DAEMON, BARE, WORKERS, MASTER = WORKERS, STARTS, ACCOUNTS };

static const account accounts[ACCOUNTS] = {
    [EARLY] = {LTS_OT_QR_CODE, "QR_CODE"},    /* forked before anything was recorded */
    [LATE] = {LTS_OT_EAN_13, "EAN_13"},       /* forked after that; killed in the middle of it */
    [DAEMON] = {LTS_OT_PDF417, "PDF417"},     /* called daemon() */
    [BARE] = {LTS_OT_CODABAR, "CODABAR"},     /* closed all its file descriptors; killed */
    [MASTER] = {LTS_OT_AZTEC, "AZTEC"},       /* the process that opened the license */
    [STARTS] = {LTS_OT_MAXICODE, "MAXICODE"}, /* processes that open one later */
};

enum { ENOUGH = 100, STARTS_AT_A_TIME = 3 };

enum { SECONDS = 300 };

static struct shared {
  book books[ACCOUNTS];
  time_t began;
  /* Units that certainly lie in a slot, which is a second, by its distance from `began`. */
  atomic_llong in_slot[ACCOUNTS][SECONDS];
  atomic_int pids[WORKERS];
  atomic_int stop[WORKERS], stopped[WORKERS];
  atomic_int ready;
  char tally[4096]; /* of the master */
} *shared;

static const char *url, *code, *directory;
static char shared_fd[16], hold_fd[16];
static LTS_License license;

static void pause_briefly(void) {
  const struct timespec moment = {0, 200000};
  nanosleep(&moment, NULL);
}

static void wait_until_recorded(int who, long long units) {
  while (atomic_load(&shared->books[who].recorded) < units) {
    pause_briefly();
  }
}

static time_t now(void) {
  struct timespec precise;
  clock_gettime(CLOCK_REALTIME, &precise);
  return precise.tv_sec;
}

static void record_as(int who) {
  const time_t before = now();
  record_in(&shared->books[who], license, accounts[who].type);
  const time_t second = before - shared->began;
  if (before == now() && second >= 0 && second < SECONDS) {
    atomic_fetch_add(&shared->in_slot[who][second], 1);
  }
}

/* ------------------------------------------- the processes with the license */

static void work(int which) {
  if (which == DAEMON && daemon(1, 1) != 0) {
    _exit(1);
  }
  alarm(DEADLINE_SECONDS); /* no child inherits one */
  if (which == BARE && close_range(0, ~0U, 0) != 0) {
    _exit(1);
  }
  atomic_store(&shared->pids[which], getpid());
  while (!atomic_load(&shared->stop[which])) {
    record_as(which);
    pause_briefly();
  }
  atomic_store(&shared->stopped[which], 1);
  if (which == BARE) {
    for (;;) {
      pause(); /* until it is killed */
    }
  }
  if (which == EARLY) {
    exit(failures());
  }
  _exit(failures());
}

static void fork_worker(int which) {
  pid_t child = fork();
  if (child == 0) {
    work(which);
  }
  EXPECT(child > 0);
}

static void wait_to_be_killed(void) {
  atomic_store(&shared->ready, failures() ? -1 : 1);
  for (;;) {
    pause();
  }
}

static void be_master_of_workers(void) {
  fork_worker(EARLY);
  wait_until_recorded(EARLY, 1);
  record_as(MASTER);
  fork_worker(LATE);
  fork_worker(DAEMON);
  fork_worker(BARE);
  for (int which = 0; which < WORKERS; which++) {
    wait_until_recorded(which, ENOUGH);
    record_as(MASTER);
  }
  wait_to_be_killed();
}

/* The mistake of a daemon that opens its license too early: nobody is left who
 * could close it. What it records counts all the same. */
static void be_daemon(void) {
  for (int i = 0; i < ENOUGH; i++) {
    record_as(MASTER);
  }
  if (daemon(1, 1) != 0) {
    exit(1);
  }
  alarm(DEADLINE_SECONDS);
  for (int i = 0; i < ENOUGH; i++) {
    record_as(DAEMON);
  }
  EXPECT_IS(LTS_ERR_FORKED, LTS_CloseLicense(license, 1000));
  atomic_store(&shared->ready, failures() ? -1 : 1);
  exit(failures());
}

static void expect_no_file_is_inherited(void) {
  char line[4096];
  FILE *list = popen("ls -l /proc/self/fd", "r"); /* NOLINT: the programs of a real server */
  int lines = 0;
  while (list != NULL && fgets(line, sizeof line, list) != NULL) {
    EXPECT(strstr(line, directory) == NULL);
    lines++;
  }
  EXPECT(lines > 3);
  EXPECT_IS(0, pclose(list));
}

enum { PROGRAMS = 5 };

/* Starts programs which run until nobody holds the pipe any more. */
static void be_master_of_programs(void) {
  char command[64], in_background[128];
  pid_t child = 0;
  snprintf(command, sizeof command, "exec cat <&%s >/dev/null", hold_fd);
  snprintf(in_background, sizeof in_background, "(%s) &", command);
  char *const words[] = {"/bin/sh", "-c", command, NULL};
  record_as(MASTER);

  EXPECT_IS(0, posix_spawn(&child, words[0], NULL, NULL, words, environ));
  child = vfork();
  if (child == 0) {
    execv(words[0], words);
    _exit(127);
  }
  EXPECT(child > 0);
  child = fork();
  if (child == 0) {
    execv(words[0], words);
    _exit(127);
  }
  EXPECT(child > 0);
  EXPECT_IS(0, system(in_background));
  EXPECT(popen(command, "r") != NULL);

  expect_no_file_is_inherited();
  for (int i = 0; i < ENOUGH; i++) {
    record_as(MASTER);
  }
  EXPECT_IS(LTS_OK, LTS_SubmitReports(license, CLOSE_MILLISECONDS));
  record_as(MASTER); /* the tally has something new */
  wait_to_be_killed();
}

static void note_tally(void) {
  LTS_LicenseInfo info;
  memset(&info, 0, sizeof info);
  info.structSize = sizeof info;
  EXPECT_IS(LTS_OK, LTS_GetLicenseInfo(license, &info));
  snprintf(shared->tally, sizeof shared->tally, "%s/%s.tally", directory, info.runUUID);
  EXPECT_IS(0, access(shared->tally, F_OK));
}

/* A later start of some process. */
static int be_start(void) {
  LTS_LicenseInfo info;
  memset(&info, 0, sizeof info);
  info.structSize = sizeof info;
  record_as(STARTS);
  EXPECT_IS(LTS_OK, LTS_SubmitReports(license, CLOSE_MILLISECONDS));
  EXPECT_IS(LTS_OK, LTS_GetLicenseInfo(license, &info));
  EXPECT_IS(info.recorded, info.accepted + info.pending + info.lost);
  EXPECT_IS(0, info.lost);
  EXPECT_IS(LTS_OK, LTS_CloseLicense(license, CLOSE_MILLISECONDS));
  return failures();
}

/* ------------------------------------------------- the process that looks on */

static pid_t start(const char *role) {
  pid_t child = 0;
  char *const words[] = {"orphan_host", (char *)url, (char *)code, (char *)directory,
                         (char *)role,  shared_fd,   hold_fd,      NULL};
  EXPECT_IS(0, posix_spawn(&child, "/proc/self/exe", NULL, NULL, words, environ));
  return child;
}

static void expect_end(pid_t child, int number) {
  int status = 0;
  EXPECT_IS(child, waitpid(child, &status, 0));
  EXPECT_IS(number, WIFSIGNALED(status) ? WTERMSIG(status) : 0);
  EXPECT_IS(0, WEXITSTATUS(status));
}

/* Several processes at a time open licenses, and so look for what is left. */
static void start_some(void) {
  pid_t children[STARTS_AT_A_TIME];
  for (int i = 0; i < STARTS_AT_A_TIME; i++) {
    children[i] = start("start");
  }
  for (int i = 0; i < STARTS_AT_A_TIME; i++) {
    expect_end(children[i], 0);
  }
}

static void wait_until_ready(void) {
  while (atomic_load(&shared->ready) == 0) {
    pause_briefly();
  }
  EXPECT_IS(1, atomic_load(&shared->ready));
}

static void start_and_kill(const char *role) {
  pid_t master = start(role);
  wait_until_ready();
  EXPECT_IS(0, kill(master, SIGKILL));
  expect_end(master, SIGKILL);
}

static void workers(void) {
  start_and_kill("master of workers");
  /* So many slots later, none is left that the master prepared. */
  const time_t later = now() + 4;
  for (int which = 0; which < WORKERS; which++) {
    for (int other = which; other < WORKERS; other++) {
      wait_until_recorded(other, atomic_load(&shared->books[other].recorded) + ENOUGH);
    }
    start_some();
    EXPECT_IS(0, access(shared->tally, F_OK)); /* nobody took it over */
    while (which == BARE && now() < later) {
      pause_briefly();
    }
    if (which != LATE) {
      atomic_store(&shared->stop[which], 1);
      while (!atomic_load(&shared->stopped[which])) {
        pause_briefly();
      }
    }
    /* They are children of this process now. */
    pid_t pid = atomic_load(&shared->pids[which]);
    const int killed = which == LATE || which == BARE;
    EXPECT(!killed || kill(pid, SIGKILL) == 0);
    expect_end(pid, killed ? SIGKILL : 0);
  }
  start_some();
  EXPECT_IS(-1, access(shared->tally, F_OK));
}

static void a_daemon(void) {
  int status = 0;
  expect_end(start("daemon itself"), 0); /* the process that daemon() ends */
  wait_until_ready();
  EXPECT(wait(&status) > 0); /* the one that goes on */
  EXPECT(WIFEXITED(status) && WEXITSTATUS(status) == 0);
  start_some();
  EXPECT_IS(-1, access(shared->tally, F_OK));
}

static void programs(int hold) {
  int status = 0;
  start_and_kill("master of programs");
  start_some();
  EXPECT_IS(-1, access(shared->tally, F_OK)); /* it was taken over, */
  EXPECT_IS(0, waitpid(-1, NULL, WNOHANG));   /* although the programs still run */
  close(hold);
  for (int ended = 0; ended < PROGRAMS; ended++) {
    EXPECT(wait(&status) > 0);
    EXPECT(WIFEXITED(status) && WEXITSTATUS(status) == 0);
  }
  EXPECT_IS(-1, wait(NULL));
}

static int play(const char *role) {
  license = open_license(url, code, directory, 1);
  if (strcmp(role, "start") == 0) {
    return be_start();
  }
  note_tally();
  if (strcmp(role, "master of workers") == 0) {
    be_master_of_workers();
  } else if (strcmp(role, "master of programs") == 0) {
    be_master_of_programs();
  } else {
    be_daemon();
  }
  return 2;
}

/* Another line of JSON: what certainly lies in each slot, by type and slot. */
static void print_slots(void) {
  const char *before = "{";
  for (int who = 0; who < ACCOUNTS; who++) {
    printf("%s\"%s\": {", before, accounts[who].name);
    before = "";
    for (int second = 0; second < SECONDS; second++) {
      long long units = atomic_load(&shared->in_slot[who][second]);
      if (units > 0) {
        printf("%s\"%lld\": %lld", before, (long long)shared->began + second, units);
        before = ", ";
      }
    }
    before = "}, ";
  }
  printf("}}\n");
  fflush(stdout);
}

static int look_on(const char *scene) {
  int fd = 0, hold[2];
  shared = create_shared(&fd, sizeof *shared);
  shared->began = now();
  if (pipe(hold) != 0 || fcntl(hold[1], F_SETFD, FD_CLOEXEC) != 0 ||
      prctl(PR_SET_CHILD_SUBREAPER, 1) != 0) {
    return 2;
  }
  snprintf(shared_fd, sizeof shared_fd, "%d", fd);
  snprintf(hold_fd, sizeof hold_fd, "%d", hold[0]);
  if (strcmp(scene, "workers") == 0) {
    workers();
  } else if (strcmp(scene, "daemon") == 0) {
    a_daemon();
  } else if (strcmp(scene, "programs") == 0) {
    programs(hold[1]);
  } else {
    return 2;
  }
  print_books(accounts, shared->books, ACCOUNTS);
  print_slots();
  return failures();
}

int main(int argc, char **argv) {
  if (argc != 5 && argc != 7) {
    return 2;
  }
  alarm(DEADLINE_SECONDS);
  url = argv[1];
  code = argv[2];
  directory = argv[3];
  if (argc == 5) {
    return look_on(argv[4]);
  }
  snprintf(hold_fd, sizeof hold_fd, "%s", argv[6]);
  shared = map_shared((int)strtol(argv[5], NULL, 10), sizeof *shared);
  return play(argv[4]);
}
