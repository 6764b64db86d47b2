/* A pre-forking server: a master with a license, workers that it forks and that
 * record, threads of its own that record meanwhile, and clients.
 *
 * usage: prefork_host URL HANDSHAKE-CODE DATA-DIRECTORY SEED
 *
 * Workers are killed at random, end on request, crash and become other programs;
 * the master forks new ones, until it gets SIGTERM. It prints its books: what
 * was begun, recorded, and acknowledged to clients, by operation type. */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>

#include "books.h"

enum {
  WORKERS = 4, /* the first one is spared, so that its books are exact */
  WORKER_THREADS = 3,
  MASTER_THREADS = 2,
  CLIENT_THREADS = 4,
  KILLS = 25,
  SLOTS = 3, /* that pass at least */
};

enum { SPARED, KILLED, MASTER, PROGRAM, ACCOUNTS };

static const account accounts[ACCOUNTS] = {
    [SPARED] = {LTS_OT_QR_CODE, "QR_CODE"},
    [KILLED] = {LTS_OT_EAN_13, "EAN_13"},
    [MASTER] = {LTS_OT_DATAMATRIX, "DATAMATRIX"},
    [PROGRAM] = {LTS_OT_AZTEC, "AZTEC"},
};

/* What a client asks for: so many operations, and how the worker ends after the
 * answer. Anything but GO_ON ends it, unless it is the spared one. */
enum { GO_ON, EXIT, EXIT_AT_ONCE, EXECUTE, CRASH, BROKEN_PIPE };

typedef struct {
  unsigned char operations, then;
} request;

typedef struct {
  unsigned char operations, account;
} answer;

static struct shared {
  book books[ACCOUNTS];
  atomic_int kills;
} *shared;

static struct {
  const char *url, *code, *directory;
  char program[4096], shared_fd[16];
} self;

static LTS_License license;
static int listener;
static struct sockaddr_in address; /* of the listener */

/* xorshift: each thread draws from its own sequence. */
static unsigned draw(unsigned *state, unsigned below) {
  *state ^= *state << 13;
  *state ^= *state >> 17;
  *state ^= *state << 5;
  return *state % below;
}

static unsigned seed_for(unsigned seed, unsigned who) {
  unsigned state = seed * 2654435761U + who * 40503U;
  return state == 0 ? 1 : state;
}

static void pause_briefly(void) {
  const struct timespec moment = {0, 100000};
  nanosleep(&moment, NULL);
}

/* Tries again if the system is short of something for the moment, and says so. */
static int start_thread(pthread_t *thread, void *(*run)(void *), void *argument) {
  int error = 0;
  while ((error = pthread_create(thread, NULL, run, argument)) == EAGAIN) {
    fprintf(stderr, "process %d: no thread for now, trying again\n", (int)getpid());
    pause_briefly();
  }
  EXPECT_IS(0, error);
  return error == 0;
}

/* ---------------------------------------------------------------- a worker */

static int stop_pipe[2]; /* closed at one end when the worker is to end */
static int my_account;

static _Noreturn void execute_program(void) {
  execl(self.program, self.program, self.url, self.code, self.directory, "program", self.shared_fd,
        (char *)NULL);
  _exit(127);
}

/* One thread ends the worker, whoever is first. */
static atomic_flag ending = ATOMIC_FLAG_INIT;

static void end_worker(int how) {
  int unread[2];
  if (atomic_flag_test_and_set(&ending)) {
    return;
  }
  switch (how) {
    case EXIT:
      exit(failures());
    case EXIT_AT_ONCE:
      _exit(failures());
    case EXECUTE:
      signal(SIGTERM, SIG_IGN); /* the program finishes in any case */
      execute_program();
    case CRASH:
      raise(SIGSEGV);
      _exit(126);
    default:
      EXPECT_IS(0, pipe(unread));
      close(unread[0]);
      EXPECT_IS(-1, write(unread[1], "", 1)); /* SIGPIPE */
      _exit(125);
  }
}

/* Serves a connection until the client ends it, or this worker is to end. */
static void serve(int connection) {
  struct pollfd wait_for[] = {{connection, POLLIN, 0}, {stop_pipe[0], POLLIN, 0}};
  request asked;
  while (poll(wait_for, 2, -1) > 0 && wait_for[1].revents == 0 &&
         read(connection, &asked, sizeof asked) == (ssize_t)sizeof asked) {
    for (int i = 0; i < asked.operations; i++) {
      record_in(&shared->books[my_account], license, accounts[my_account].type);
    }
    const answer done = {asked.operations, (unsigned char)my_account};
    if (send(connection, &done, sizeof done, MSG_NOSIGNAL) != (ssize_t)sizeof done) {
      return;
    }
    if (asked.then != GO_ON && my_account != SPARED) {
      end_worker(asked.then);
    }
  }
}

static void *accept_connections(void *nothing) {
  struct pollfd wait_for[] = {{listener, POLLIN, 0}, {stop_pipe[0], POLLIN, 0}};
  while (poll(wait_for, 2, -1) >= 0 && wait_for[1].revents == 0) {
    /* Another worker may have been faster. */
    int connection = accept4(listener, NULL, NULL, SOCK_CLOEXEC);
    if (connection >= 0) {
      serve(connection);
      close(connection);
    }
  }
  return nothing;
}

/* The life of a worker, in the one thread that is there after a fork. SIGTERM is
 * blocked, and so waits for it here. */
static void work(int which) {
  pthread_t threads[WORKER_THREADS];
  sigset_t terminate;
  int number = 0;
  failed_checks = 0; /* its own from now on */
  alarm(DEADLINE_SECONDS);
  signal(SIGPIPE, SIG_DFL);
  my_account = which == 0 ? SPARED : KILLED;
  EXPECT_IS(0, pipe2(stop_pipe, O_CLOEXEC));
  /* Go can't be entered, and says so. */
  EXPECT_IS(LTS_ERR_FORKED, LTS_SubmitReports(license, 1000));
  for (int i = 0; i < WORKER_THREADS; i++) {
    if (!start_thread(&threads[i], accept_connections, NULL)) {
      _exit(failures());
    }
  }
  sigemptyset(&terminate);
  sigaddset(&terminate, SIGTERM);
  EXPECT_IS(0, sigwait(&terminate, &number));
  close(stop_pipe[1]);
  for (int i = 0; i < WORKER_THREADS; i++) {
    EXPECT_IS(0, pthread_join(threads[i], NULL));
  }
  end_worker(which % 2 == 0 ? EXIT : EXIT_AT_ONCE);
  _exit(failures());
}

/* What a worker may become: a program with a license of its own on the same data
 * directory. */
static int be_program(void) {
  license = open_license(self.url, self.code, self.directory, 1);
  record_in(&shared->books[PROGRAM], license, accounts[PROGRAM].type);
  EXPECT_IS(LTS_OK, LTS_CloseLicense(license, CLOSE_MILLISECONDS));
  return failures();
}

/* --------------------------------------------------------------- the client */

/* Asks until nobody listens any more. Workers may die meanwhile. */
static void *ask(void *state) {
  unsigned *random = state;
  for (;;) {
    int connection = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (connect(connection, (struct sockaddr *)&address, sizeof address) != 0) {
      close(connection);
      return NULL;
    }
    for (unsigned left = 1 + draw(random, 20); left > 0; left--) {
      const unsigned then = draw(random, 800);
      const request asked = {(unsigned char)(1 + draw(random, 8)),
                             (unsigned char)(then <= BROKEN_PIPE ? then : GO_ON)};
      answer done;
      if (send(connection, &asked, sizeof asked, MSG_NOSIGNAL) != (ssize_t)sizeof asked ||
          read(connection, &done, sizeof done) != (ssize_t)sizeof done) {
        break;
      }
      EXPECT_IS(asked.operations, done.operations);
      atomic_fetch_add(&shared->books[done.account].acknowledged, done.operations);
    }
    close(connection);
  }
}

/* The clients, in a process of their own. When enough has happened, it tells the
 * master to end, and goes on asking. */
static void be_client(unsigned seed) {
  pthread_t threads[CLIENT_THREADS];
  unsigned random[CLIENT_THREADS];
  const pid_t master = getppid();
  const time_t begin = time(NULL);
  alarm(DEADLINE_SECONDS);
  close(listener);
  for (unsigned i = 0; i < CLIENT_THREADS; i++) {
    random[i] = seed_for(seed, 1 + i);
    if (!start_thread(&threads[i], ask, &random[i])) {
      _exit(failures());
    }
  }
  while (atomic_load(&shared->kills) < KILLS || time(NULL) <= begin + SLOTS ||
         atomic_load(&shared->books[PROGRAM].recorded) == 0) {
    pause_briefly();
  }
  EXPECT_IS(0, kill(master, SIGTERM));
  for (int i = 0; i < CLIENT_THREADS; i++) {
    EXPECT_IS(0, pthread_join(threads[i], NULL));
  }
  _exit(failures());
}

/* --------------------------------------------------------------- the master */

static atomic_int terminated;

static void terminate(int number) {
  (void)number;
  atomic_store(&terminated, 1);
}

static pid_t workers[WORKERS]; /* 0: none */
static atomic_int killed[WORKERS];

/* Forks a worker from the thread that calls it, whichever that is. */
static pid_t fork_worker(int which) {
  sigset_t all, before;
  sigfillset(&all);
  pthread_sigmask(SIG_BLOCK, &all, &before);
  pid_t child = fork();
  if (child == 0) {
    sigset_t terminate_only;
    sigemptyset(&terminate_only);
    sigaddset(&terminate_only, SIGTERM);
    pthread_sigmask(SIG_SETMASK, &terminate_only, NULL);
    work(which);
  }
  pthread_sigmask(SIG_SETMASK, &before, NULL);
  EXPECT(child > 0);
  return child;
}

/* A fork that a recording thread is asked for: one more than the worker's number;
 * 0 when it is done. */
static atomic_int fork_wanted;
static atomic_int stop_recording;

static void *record_and_fork(void *nothing) {
  while (!atomic_load(&stop_recording)) {
    record_in(&shared->books[MASTER], license, accounts[MASTER].type);
    int wanted = atomic_load(&fork_wanted);
    /* A negative number says that one of the threads is doing it. */
    if (wanted > 0 && atomic_compare_exchange_strong(&fork_wanted, &wanted, -wanted)) {
      workers[wanted - 1] = fork_worker(wanted - 1);
      atomic_store(&fork_wanted, 0);
    }
    pause_briefly();
  }
  return nothing;
}

static void *only_fork(void *which) {
  workers[*(int *)which] = fork_worker(*(int *)which);
  return NULL;
}

/* Forks a worker from a thread that records, or from one that never does. */
static void replace_worker(int which, int from_recording_thread) {
  pthread_t thread;
  atomic_store(&killed[which], 0);
  if (from_recording_thread) {
    atomic_store(&fork_wanted, which + 1);
    while (atomic_load(&fork_wanted) != 0) {
      pause_briefly();
    }
  } else if (start_thread(&thread, only_fork, &which)) {
    EXPECT_IS(0, pthread_join(thread, NULL));
  }
}

static void check_end(int which, int status) {
  const int number = WIFSIGNALED(status) ? WTERMSIG(status) : 0;
  if (number != 0) {
    EXPECT((number == SIGKILL && atomic_load(&killed[which])) || number == SIGSEGV ||
           number == SIGPIPE);
    EXPECT(which != 0);
  } else {
    EXPECT_IS(0, WEXITSTATUS(status));
  }
  workers[which] = 0;
}

static long long recorded_by_workers(void) {
  return atomic_load(&shared->books[SPARED].recorded) +
         atomic_load(&shared->books[KILLED].recorded);
}

/* Keeps the workers going and kills one now and then, until SIGTERM comes. */
static void supervise(unsigned seed) {
  unsigned random = seed_for(seed, 0);
  long long next_kill = 0;
  while (!atomic_load(&terminated)) {
    for (int which = 0; which < WORKERS; which++) {
      int status = 0;
      if (waitpid(workers[which], &status, WNOHANG) == workers[which]) {
        check_end(which, status);
        replace_worker(which, (int)draw(&random, 2));
      }
    }
    if (recorded_by_workers() >= next_kill) {
      int which = 1 + (int)draw(&random, WORKERS - 1);
      atomic_store(&killed[which], 1);
      EXPECT_IS(0, kill(workers[which], SIGKILL));
      atomic_fetch_add(&shared->kills, 1);
      next_kill = recorded_by_workers() + draw(&random, 1000);
    }
    pause_briefly();
  }
}

static void stop_workers(void) {
  for (int which = 0; which < WORKERS; which++) {
    EXPECT_IS(0, kill(workers[which], SIGTERM));
  }
  for (int which = 0; which < WORKERS; which++) {
    int status = 0;
    EXPECT_IS(workers[which], waitpid(workers[which], &status, 0));
    check_end(which, status);
  }
}

static void listen_on_loopback(void) {
  socklen_t length = sizeof address;
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
  EXPECT_IS(0, bind(listener, (struct sockaddr *)&address, length));
  EXPECT_IS(0, getsockname(listener, (struct sockaddr *)&address, &length));
  EXPECT_IS(0, listen(listener, 64));
}

static int be_master(unsigned seed) {
  pthread_t threads[MASTER_THREADS];
  struct sigaction action;
  int status = 0;
  listen_on_loopback();
  pid_t client = fork();
  if (client == 0) {
    be_client(seed);
  }
  alarm(DEADLINE_SECONDS);
  memset(&action, 0, sizeof action);
  action.sa_handler = terminate;
  action.sa_flags = SA_RESTART | SA_ONSTACK; /* it may run on a thread of Go's */
  EXPECT_IS(0, sigaction(SIGTERM, &action, NULL));
  license = open_license(self.url, self.code, self.directory, 1);

  /* Half of the first workers before anything was recorded, half after. */
  workers[0] = fork_worker(0);
  workers[1] = fork_worker(1);
  for (int i = 0; i < MASTER_THREADS; i++) {
    if (!start_thread(&threads[i], record_and_fork, NULL)) {
      return failures();
    }
  }
  replace_worker(2, 1);
  record_in(&shared->books[MASTER], license, accounts[MASTER].type);
  workers[3] = fork_worker(3);

  supervise(seed);
  stop_workers();
  close(listener);
  EXPECT_IS(client, waitpid(client, &status, 0));
  EXPECT(WIFEXITED(status) && WEXITSTATUS(status) == 0);
  atomic_store(&stop_recording, 1);
  for (int i = 0; i < MASTER_THREADS; i++) {
    EXPECT_IS(0, pthread_join(threads[i], NULL));
  }
  EXPECT_IS(LTS_OK, LTS_CloseLicense(license, CLOSE_MILLISECONDS));

  /* The next start finds what the killed programs left. */
  pid_t last = fork();
  if (last == 0) {
    execute_program();
  }
  EXPECT_IS(last, waitpid(last, &status, 0));
  EXPECT(WIFEXITED(status) && WEXITSTATUS(status) == 0);
  print_books(accounts, shared->books, ACCOUNTS);
  return failures();
}

int main(int argc, char **argv) {
  int fd = 0;
  if (argc < 5) {
    return 2;
  }
  self.url = argv[1];
  self.code = argv[2];
  self.directory = argv[3];
  if (argc == 6) {
    shared = map_shared((int)strtol(argv[5], NULL, 10), sizeof *shared);
    return be_program();
  }
  if (readlink("/proc/self/exe", self.program, sizeof self.program - 1) < 0) {
    return 2;
  }
  shared = create_shared(&fd, sizeof *shared);
  snprintf(self.shared_fd, sizeof self.shared_fd, "%d", fd);
  fprintf(stderr, "seed %s\n", argv[4]);
  return be_master((unsigned)strtoul(argv[4], NULL, 10));
}
