/* A host that looks at what the library does to it: nothing when it is loaded, and as little as
 * possible when it is first used.
 *
 * usage: start_host URL HANDSHAKE-CODE DATA-DIRECTORY
 * Records exactly 1 + 2 + 4 QR codes, in parents and children. */
#define _GNU_SOURCE
#include <dirent.h>
#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "expect.h"
#include "license.h"

enum { DEADLINE_SECONDS = 300, CLOSE_MILLISECONDS = 30000 };

static const char *url, *code, *directory;

/* Calls a function for each thread of the process but the one that asks. */
static int each_thread(void (*look)(const char *task)) {
  DIR *tasks = opendir("/proc/self/task");
  struct dirent *entry = NULL;
  int n = 0;
  if (tasks == NULL) {
    return -1; /* no test expects so many */
  }
  while ((entry = readdir(tasks)) != NULL) {
    if (entry->d_name[0] != '.' && strtol(entry->d_name, NULL, 10) != gettid()) {
      n++;
      if (look != NULL) {
        look(entry->d_name);
      }
    }
  }
  closedir(tasks);
  return n;
}

/* ------------------------------------------------------------------- handlers */

static struct sigaction before[NSIG];

static void handler(int number) { (void)number; }

/* Neither flag asks for the alternate stack. */
static void install_handlers(void) {
  struct sigaction action;
  memset(&action, 0, sizeof action);
  action.sa_handler = handler;
  const int own[] = {SIGUSR1, SIGUSR2, SIGPROF, SIGALRM, SIGCHLD, SIGURG, SIGRTMIN, SIGRTMIN + 1};
  for (size_t i = 0; i < sizeof own / sizeof *own; i++) {
    EXPECT_IS(0, sigaction(own[i], &action, NULL));
  }
  action.sa_handler = SIG_IGN;
  EXPECT_IS(0, sigaction(SIGPIPE, &action, NULL));
}

static void note_handlers(void) {
  for (int number = 1; number < NSIG; number++) {
    if (sigaction(number, NULL, &before[number]) != 0) {
      before[number].sa_handler = SIG_ERR;
    }
  }
}

/* The library has handlers for the faults of its own code; they pass on the host's. */
static void expect_handlers(int in_use) {
  for (int number = 1; number < NSIG; number++) {
    struct sigaction now;
    const int fault = number == SIGSEGV || number == SIGBUS || number == SIGFPE;
    if (sigaction(number, NULL, &now) == 0 && !(in_use && fault) &&
        (now.sa_handler != before[number].sa_handler || now.sa_flags != before[number].sa_flags)) {
      fprintf(stderr, "signal %d: flags 0x%x, not 0x%x\n", number, (unsigned)now.sa_flags,
              (unsigned)before[number].sa_flags);
      failed_checks++;
    }
  }
}

/* ------------------------------------------------- the threads of the library */

/* The signals that a thread of the library may take: those of its own faults, and two
 * of the C library's. */
static int may_take(int number) {
  switch (number) {
    case SIGILL:
    case SIGTRAP:
    case SIGBUS:
    case SIGFPE:
    case SIGSEGV:
    case SIGKILL:
    case SIGSTOP:
    case 32:
    case 33:
      return 1;
    default:
      return 0;
  }
}

static void expect_signals_blocked(const char *task) {
  char path[64], line[256];
  unsigned long long blocked = 0;
  snprintf(path, sizeof path, "/proc/self/task/%s/status", task);
  FILE *status = fopen(path, "r");
  if (status == NULL) {
    return; /* it has ended */
  }
  while (fgets(line, sizeof line, status) != NULL) {
    if (strncmp(line, "SigBlk:", 7) == 0) {
      blocked = strtoull(line + 7, NULL, 16);
    }
  }
  fclose(status);
  for (int number = 1; number < NSIG; number++) {
    if ((blocked >> (number - 1) & 1) == 0 && !may_take(number)) {
      fprintf(stderr, "thread %s of the library takes signal %d\n", task, number);
      failed_checks++;
    }
  }
}

/* A host that waits for its children in a thread of its own. */
static void wait_for_child_signals(void) {
  sigset_t children, blocked_before;
  sigemptyset(&children);
  sigaddset(&children, SIGCHLD);
  EXPECT_IS(0, pthread_sigmask(SIG_BLOCK, &children, &blocked_before));
  for (int i = 0; i < 50; i++) {
    const struct timespec patience = {10, 0};
    EXPECT_IS(0, kill(getpid(), SIGCHLD));
    EXPECT_IS(SIGCHLD, sigtimedwait(&children, NULL, &patience));
  }
  EXPECT_IS(0, pthread_sigmask(SIG_SETMASK, &blocked_before, NULL));
}

/* ------------------------------------------------------------------ the files */

static int count_descriptors(void) {
  DIR *descriptors = opendir("/proc/thread-self/fd");
  int n = 0;
  if (descriptors == NULL) {
    return -1; /* no test expects so many */
  }
  while (readdir(descriptors) != NULL) {
    n++;
  }
  closedir(descriptors);
  return n;
}

/* ------------------------------------------------------------------ the forks */

static void live(int32_t units) {
  LTS_License license = open_license(url, code, directory, 180);
  EXPECT_IS(LTS_OK, LTS_RecordOperation(license, LTS_OT_QR_CODE, units));
  EXPECT_IS(LTS_OK, LTS_CloseLicense(license, CLOSE_MILLISECONDS));
}

/* A child that was forked before the first use is as good as its parent. */
static void fork_before_first_use(void) {
  int status = 0;
  pid_t child = fork();
  if (child == 0) {
    alarm(DEADLINE_SECONDS);
    live(2);
    _exit(failures());
  }
  EXPECT_IS(child, waitpid(child, &status, 0));
  EXPECT_IS(0, status);
}

static void *use_first(void *nothing) {
  EXPECT_IS(LTS_OK, ask_for_uuid(directory));
  return nothing;
}

/* Forks while other threads use the library for the first time. The child is either a
 * fork of a process that had not used it yet, or is told that it can't. */
static void fork_in_first_use(void) {
  enum { AT_ONCE = 3, FORKS = 8 };
  pthread_t threads[AT_ONCE];
  pid_t children[FORKS];
  for (int i = 0; i < AT_ONCE; i++) {
    EXPECT_IS(0, pthread_create(&threads[i], NULL, use_first, NULL));
  }
  for (int i = 0; i < FORKS; i++) {
    children[i] = fork();
    if (children[i] == 0) {
      alarm(DEADLINE_SECONDS);
      int32_t status = ask_for_uuid(directory);
      EXPECT(status == LTS_OK || status == LTS_ERR_FORKED);
      _exit(failures());
    }
  }
  for (int i = 0; i < FORKS; i++) {
    int status = 0;
    while (waitpid(children[i], &status, 0) < 0 && errno == EINTR) {
    }
    EXPECT_IS(0, status);
  }
  for (int i = 0; i < AT_ONCE; i++) {
    EXPECT_IS(0, pthread_join(threads[i], NULL));
  }
}

int main(int argc, char **argv) {
  struct rlimit files, files_now;
  if (argc != 4) {
    return 2;
  }
  alarm(DEADLINE_SECONDS);
  url = argv[1];
  code = argv[2];
  directory = argv[3];

  /* It is loaded. */
  EXPECT_IS(0, each_thread(NULL));
  note_handlers();
  for (int number = 1; number < NSIG; number++) {
    EXPECT(before[number].sa_handler == SIG_DFL || before[number].sa_handler == SIG_IGN ||
           before[number].sa_handler == SIG_ERR);
  }
  fork_before_first_use();
  EXPECT_IS(0, each_thread(NULL));

  /* It is used. */
  install_handlers();
  note_handlers();
  EXPECT_IS(0, getrlimit(RLIMIT_NOFILE, &files));
  files.rlim_cur = files.rlim_max > 256 ? 256 : files.rlim_max;
  EXPECT_IS(0, setrlimit(RLIMIT_NOFILE, &files));
  int descriptors = count_descriptors();
  fork_in_first_use();
  live(1);
  LTS_License license = open_license(url, code, directory, 180);
  EXPECT_IS(LTS_OK, LTS_RecordOperation(license, LTS_OT_QR_CODE, 4));
  EXPECT_IS(0, getrlimit(RLIMIT_NOFILE, &files_now));
  EXPECT_IS(files.rlim_cur, files_now.rlim_cur);
  EXPECT_IS(files.rlim_max, files_now.rlim_max);
  EXPECT_IS(descriptors, count_descriptors());
  expect_handlers(1);
  EXPECT(each_thread(expect_signals_blocked) > 0);
  wait_for_child_signals();
  EXPECT_IS(LTS_OK, LTS_CloseLicense(license, CLOSE_MILLISECONDS));
  expect_handlers(1);
  return failures();
}
