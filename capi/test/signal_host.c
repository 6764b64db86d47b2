/* A host with signal handlers of its own, which loads the library by dlopen
 * after it installed them: they must go on working, also for a fault.
 *
 * usage: signal_host LIBRARY URL HANDSHAKE-CODE DATA-DIRECTORY
 * Records exactly 3 QR codes. */
#include <dlfcn.h>
#include <pthread.h>
#include <setjmp.h>
#include <signal.h>
#include <string.h>
#include <unistd.h>

#include "expect.h"
#include "openlts/openlts.h"

static volatile sig_atomic_t seen[NSIG];
static sigjmp_buf after_fault;
static int *volatile nowhere; /* NULL, which the compiler does not know */

static void count(int number) { seen[number]++; }

static void survive(int number) {
  seen[number]++;
  siglongjmp(after_fault, 1);
}

static void handle(int number, void (*handler)(int)) {
  struct sigaction action;
  memset(&action, 0, sizeof action);
  action.sa_handler = handler;
  sigemptyset(&action.sa_mask);
  EXPECT_IS(0, sigaction(number, &action, NULL));
}

/* A function of the library by its name, with the type the header gives it. */
#define FUNCTION(name) ((__typeof__(&name))function(#name))

static void *library;

static void *function(const char *name) {
  void *address = dlsym(library, name);
  EXPECT(address != NULL);
  return address;
}

static void fault_and_survive(void) {
  int before = seen[SIGSEGV];
  if (sigsetjmp(after_fault, 1) == 0) {
    *nowhere = 1;
  }
  EXPECT_IS(before + 1, seen[SIGSEGV]);
}

static void *in_a_thread(void *nothing) {
  fault_and_survive();
  return nothing;
}

static void all_signals(void) {
  const int numbers[] = {SIGUSR1, SIGUSR2, SIGINT, SIGTERM, SIGHUP, SIGCHLD, SIGALRM};
  for (size_t i = 0; i < sizeof numbers / sizeof *numbers; i++) {
    int before = seen[numbers[i]];
    handle(numbers[i], count);
    EXPECT_IS(0, raise(numbers[i]));
    EXPECT_IS(0, kill(getpid(), numbers[i]));
    for (int spins = 0; seen[numbers[i]] < before + 2 && spins < 10000; spins++) {
      usleep(1000); /* another thread may get the second one */
    }
    EXPECT_IS(before + 2, seen[numbers[i]]);
  }
}

/* A host that takes its signals in a thread of its own, as servers do. */
static void wait_for_signals(void) {
  const int numbers[] = {SIGTERM, SIGUSR1, SIGHUP, SIGINT};
  sigset_t blocked, before;
  sigemptyset(&blocked);
  for (size_t i = 0; i < sizeof numbers / sizeof *numbers; i++) {
    handle(numbers[i], SIG_DFL);
    sigaddset(&blocked, numbers[i]);
  }
  EXPECT_IS(0, pthread_sigmask(SIG_BLOCK, &blocked, &before));
  for (size_t i = 0; i < sizeof numbers / sizeof *numbers; i++) {
    int number = 0;
    EXPECT_IS(0, kill(getpid(), numbers[i]));
    EXPECT_IS(0, sigwait(&blocked, &number));
    EXPECT_IS(numbers[i], number);
  }
  EXPECT_IS(0, pthread_sigmask(SIG_SETMASK, &before, NULL));
}

int main(int argc, char **argv) {
  LTS_ConnectionParameters p;
  LTS_License license = 0;
  char message[256] = "";
  pthread_t thread;
  if (argc != 5) {
    return 2;
  }
  const int own[] = {SIGUSR1, SIGINT};
  for (size_t i = 0; i < sizeof own / sizeof *own; i++) {
    handle(own[i], count);
  }
  handle(SIGSEGV, survive);
  fault_and_survive();

  sigset_t before, after;
  EXPECT_IS(0, pthread_sigmask(SIG_SETMASK, NULL, &before));
  library = dlopen(argv[1], RTLD_NOW | RTLD_LOCAL);
  EXPECT_IS(0, pthread_sigmask(SIG_SETMASK, NULL, &after));
  for (int number = 1; number < NSIG; number++) {
    EXPECT_IS(sigismember(&before, number), sigismember(&after, number));
  }
  if (library == NULL) {
    fprintf(stderr, "%s\n", dlerror());
    return 1;
  }
  FUNCTION(LTS_InitLTSConnectionParameters)(&p, sizeof p);
  p.mainServerURL = argv[2];
  p.handshakeCode = argv[3];
  p.dataDirectory = argv[4];
  if (FUNCTION(LTS_InitLicenseFromLTS)(&p, &license, message, sizeof message) != LTS_OK) {
    fprintf(stderr, "%s\n", message);
    return 1;
  }
  EXPECT_IS(LTS_OK, FUNCTION(LTS_RecordOperation)(license, LTS_OT_QR_CODE, 1));

  /* The handlers installed before, as they are now. */
  for (size_t i = 0; i < sizeof own / sizeof *own; i++) {
    EXPECT_IS(0, raise(own[i]));
    EXPECT_IS(1, seen[own[i]]);
  }
  fault_and_survive();
  EXPECT_IS(0, pthread_create(&thread, NULL, in_a_thread, NULL));
  EXPECT_IS(0, pthread_join(thread, NULL));

  /* Handlers installed afterwards. */
  all_signals();

  wait_for_signals();

  EXPECT_IS(LTS_OK, FUNCTION(LTS_RecordOperation)(license, LTS_OT_QR_CODE, 2));
  EXPECT_IS(LTS_OK, FUNCTION(LTS_CloseLicense)(license, 30000));
  fault_and_survive();
  return failures();
}
