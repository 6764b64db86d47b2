/* A process that lacks what the library needs, or takes it away later.
 *
 * usage: scarce_host URL HANDSHAKE-CODE DATA-DIRECTORY SCENE
 * Records exactly 2 QR codes. */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <fenv.h>
#include <grp.h>
#include <limits.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <pthread.h>
#include <signal.h>
#include <stddef.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "expect.h"
#include "license.h"
#include "scene.h"

enum { DEADLINE_SECONDS = 300, CLOSE_MILLISECONDS = 30000 };

static void limit(int resource, rlim_t soft) {
  struct rlimit r;
  EXPECT_IS(0, getrlimit(resource, &r));
  r.rlim_cur = soft;
  EXPECT_IS(0, setrlimit(resource, &r));
}

static rlim_t limit_of(int resource) {
  struct rlimit r;
  EXPECT_IS(0, getrlimit(resource, &r));
  return r.rlim_cur;
}

/* Opening is refused, for the true reason, and leaves nothing behind. */
static void expect_lack(const char *of) {
  LTS_ConnectionParameters p;
  LTS_License license = 77;
  char message[256] = "", uuid[37];
  LTS_InitLTSConnectionParameters(&p, sizeof p);
  p.mainServerURL = url;
  p.handshakeCode = code;
  p.dataDirectory = directory;
  for (int i = 0; i < 3; i++) {
    EXPECT_IS(LTS_ERR_HOST_RESOURCES,
              LTS_InitLicenseFromLTS(&p, &license, message, sizeof message));
    EXPECT_IS(0, license);
    EXPECT(strstr(message, of) != NULL);
    EXPECT_IS(LTS_ERR_HOST_RESOURCES, LTS_GetDeviceUUID(&p, uuid, sizeof uuid));
  }
}

static void record(LTS_License license) {
  EXPECT_IS(LTS_OK, LTS_RecordOperation(license, LTS_OT_QR_CODE, 1));
  EXPECT_IS(LTS_OK, LTS_RecordOperationAt(license, LTS_OT_QR_CODE, 1, time(NULL)));
}

static void live(void) {
  LTS_License license = open_license(url, code, directory, 180);
  record(license);
  EXPECT_IS(LTS_OK, LTS_SubmitReports(license, CLOSE_MILLISECONDS));
  EXPECT_IS(LTS_OK, LTS_CloseLicense(license, CLOSE_MILLISECONDS));
}

/* The host holds all descriptors there are, at the first use and later. Where the
 * library has a table of its own, that is the host's business. */
static void no_descriptor(void) {
  limit(RLIMIT_NOFILE, 64);
  while (open("/dev/null", O_RDONLY | O_CLOEXEC) >= 0) {
  }
  EXPECT_IS(EMFILE, errno);
  live();
}

static void few_descriptors(void) {
  const rlim_t before = limit_of(RLIMIT_NOFILE);
  for (rlim_t n = 0; n < 14; n++) {
    limit(RLIMIT_NOFILE, n);
    expect_lack("file descriptors");
  }
  limit(RLIMIT_NOFILE, before);
  live();
}

/* From now on this thread, and those it starts, get an error instead of a system call. */
static void refuse(uint32_t call, uint32_t error) {
  struct sock_filter filter[] = {
      BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
      BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, call, 0, 1),
      BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | error),
      BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
  };
  const struct sock_fprog program = {sizeof filter / sizeof *filter, filter};
  EXPECT_IS(0, prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0));
  EXPECT_IS(0, prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program));
}

/* Refuses each system call that Go needs, in a child, because a filter can't be removed. */
static void refused_calls(void) {
  static const struct {
    uint32_t call;
    const char *said;
  } needed[] = {
      {SYS_epoll_create1, "epoll_create1"},   {SYS_eventfd2, "eventfd2"},
      {SYS_epoll_ctl, "epoll_ctl"},           {SYS_epoll_pwait, "epoll_pwait"},
      {SYS_getrandom, "getrandom"},           {SYS_sigaltstack, "sigaltstack"},
      {SYS_rt_sigprocmask, "rt_sigprocmask"},
  };
  for (size_t i = 0; i < sizeof needed / sizeof *needed; i++) {
    int status = -1;
    pid_t child = fork();
    if (child == 0) {
      refuse(needed[i].call, EPERM);
      expect_lack(needed[i].said);
      _exit(failures());
    }
    EXPECT(waitpid(child, &status, 0) == child);
    EXPECT_IS(0, status);
  }
  live();
}

/* A kernel or a sandbox in which the library can't have a table of its own. */
static void shared_descriptors(void) {
  int held[64], n = 0;
  refuse(SYS_close_range, ENOSYS);
  limit(RLIMIT_NOFILE, 64);
  while (n < 64 && (held[n] = open("/dev/null", O_RDONLY | O_CLOEXEC)) >= 0) {
    n++;
  }
  expect_lack("file descriptors");
  while (n > 0) {
    close(held[--n]);
  }
  live();
}

/* Closes all descriptors, as daemons do, and hosts that think all are theirs. */
static void descriptors_are_closed(void) {
  LTS_License license = open_license(url, code, directory, 180);
  for (int fd = 3; fd < 1000; fd++) {
    close(fd);
  }
  record(license);
  for (int i = 0; i < 100; i++) { /* numbers are taken again */
    EXPECT(open("/dev/null", O_RDWR | O_CLOEXEC) >= 0);
  }
  EXPECT_IS(LTS_OK, LTS_SubmitReports(license, CLOSE_MILLISECONDS));
  for (int fd = 0; fd < 1000; fd++) {
    if (fd != 2) {
      close(fd);
    }
  }
  EXPECT_IS(LTS_OK, LTS_CloseLicense(license, CLOSE_MILLISECONDS));
}

/* Root's threads are not counted. */
static void become_somebody(void) {
  if (geteuid() == 0) {
    const uid_t somebody = 1000000000U + (uid_t)getpid();
    EXPECT(mkdir(directory, 0700) == 0 || errno == EEXIST);
    EXPECT_IS(0, chown(directory, somebody, somebody));
    EXPECT_IS(0, setgroups(0, NULL));
    EXPECT_IS(0, setresgid(somebody, somebody, somebody));
    EXPECT_IS(0, setresuid(somebody, somebody, somebody));
  }
}

static void no_thread(void) {
  become_somebody();
  const rlim_t before = limit_of(RLIMIT_NPROC);
  const rlim_t most = geteuid() >= 1000000000U ? 9 : 1; /* alone: it knows how many */
  for (rlim_t n = 1; n <= most; n++) {
    limit(RLIMIT_NPROC, n);
    expect_lack("threads");
  }
  limit(RLIMIT_NPROC, before);
  live();
}

static void *submit_often(void *argument) {
  LTS_License license = *(LTS_License *)argument;
  for (int i = 0; i < 50; i++) {
    int32_t status = LTS_SubmitReports(license, 100);
    EXPECT(status == LTS_OK || status == LTS_ERR_REPORTS_PENDING ||
           status == LTS_ERR_DEADLINE_EXCEEDED);
    LTS_Event event;
    event.structSize = sizeof event;
    EXPECT(LTS_PollEvent(license, &event, 20) >= 0);
  }
  return argument;
}

/* Calls the library more often at a time than it has threads for, and it can't get more. */
static void no_thread_later(void) {
  enum { CALLERS = 24 };
  pthread_t threads[CALLERS];
  become_somebody();
  LTS_License license = open_license(url, code, directory, 180);
  for (int i = 0; i < CALLERS; i++) {
    EXPECT_IS(0, pthread_create(&threads[i], NULL, submit_often, &license));
  }
  limit(RLIMIT_NPROC, 1);
  for (int i = 0; i < CALLERS; i++) {
    EXPECT_IS(0, pthread_join(threads[i], NULL));
  }
  record(license);
  EXPECT_IS(LTS_OK, LTS_SubmitReports(license, CLOSE_MILLISECONDS));
  EXPECT_IS(LTS_OK, LTS_CloseLicense(license, CLOSE_MILLISECONDS));
}

/* Tries to open a license; says why not. */
static LTS_License try_to_open(char *message, int32_t length, int32_t *status) {
  LTS_ConnectionParameters p;
  LTS_License license = 0;
  LTS_InitLTSConnectionParameters(&p, sizeof p);
  p.mainServerURL = url;
  p.handshakeCode = code;
  p.dataDirectory = directory;
  *status = LTS_InitLicenseFromLTS(&p, &license, message, length);
  return license;
}

/* Many licenses are at work, and there are no more threads than when they were opened: there
 * are enough for all of them. */
static void no_thread_for_many(void) {
  enum { MANY = 16 };
  pthread_t threads[MANY];
  LTS_License licenses[MANY];
  become_somebody();
  for (int i = 0; i < MANY; i++) {
    licenses[i] = open_license(url, code, directory, 180);
    EXPECT_IS(0, pthread_create(&threads[i], NULL, submit_often, &licenses[i]));
  }
  limit(RLIMIT_NPROC, 1);
  for (int i = 0; i < MANY; i++) {
    EXPECT_IS(0, pthread_join(threads[i], NULL));
  }
  char message[256] = "";
  int32_t status = LTS_OK;
  EXPECT_IS(0, try_to_open(message, sizeof message, &status));
  EXPECT_IS(LTS_ERR_HOST_RESOURCES, status);
  EXPECT(strstr(message, "threads") != NULL);
  record(licenses[0]);
  for (int i = 0; i < MANY; i++) {
    EXPECT_IS(LTS_OK, LTS_SubmitReports(licenses[i], CLOSE_MILLISECONDS));
    EXPECT_IS(LTS_OK, LTS_CloseLicense(licenses[i], CLOSE_MILLISECONDS));
  }
}

/* Memory limits of up to so many megabytes are too low, and the library says so. */
static void expect_too_little(int resource, rlim_t from, rlim_t to, const char *said) {
  const rlim_t before = limit_of(resource);
  for (rlim_t megabytes = from; megabytes <= to; megabytes += 50) {
    char message[256] = "";
    int32_t status = LTS_OK;
    limit(resource, megabytes << 20);
    EXPECT_IS(0, try_to_open(message, sizeof message, &status));
    EXPECT_IS(LTS_ERR_HOST_RESOURCES, status);
    EXPECT(strstr(message, said) != NULL);
  }
  limit(resource, before);
  live();
}

/* What is enough to start is enough to go on. */
static void expect_just_enough(int resource, rlim_t megabytes) {
  LTS_License license = 0;
  char message[256] = "";
  int32_t status = LTS_ERR_HOST_RESOURCES;
  while (status == LTS_ERR_HOST_RESOURCES && megabytes < 3000) {
    megabytes += 5;
    limit(resource, megabytes << 20);
    license = try_to_open(message, sizeof message, &status);
  }
  EXPECT_IS(LTS_OK, status);
  for (int i = 0; i < 300; i++) {
    EXPECT_IS(LTS_OK, LTS_RecordOperationAt(license, LTS_OT_QR_CODE, 0, time(NULL)));
    LTS_LicenseInfo info;
    info.structSize = sizeof info;
    EXPECT_IS(LTS_OK, LTS_GetLicenseInfo(license, &info));
  }
  record(license);
  EXPECT_IS(LTS_OK, LTS_SubmitReports(license, CLOSE_MILLISECONDS));
  EXPECT_IS(LTS_OK, LTS_CloseLicense(license, CLOSE_MILLISECONDS));
}

static void little_address_space(void) { expect_too_little(RLIMIT_AS, 100, 900, "address space"); }
static void just_enough_address_space(void) { expect_just_enough(RLIMIT_AS, 900); }
static void little_data(void) { expect_too_little(RLIMIT_DATA, 1, 151, "ulimit -d"); }
static void just_enough_data(void) { expect_just_enough(RLIMIT_DATA, 20); }

/* Uses a license for a while, with everything it can do, while the process can't get more
 * than it has. */
static void live_on(LTS_License license) {
  for (int i = 0; i < 300; i++) {
    EXPECT_IS(LTS_OK, LTS_RecordOperationAt(license, LTS_OT_QR_CODE, 0, time(NULL)));
    LTS_LicenseInfo info;
    info.structSize = sizeof info;
    EXPECT_IS(LTS_OK, LTS_GetLicenseInfo(license, &info));
    EXPECT_IS(LTS_OK, LTS_SubmitReports(license, CLOSE_MILLISECONDS));
  }
  record(license);
  EXPECT_IS(LTS_OK, LTS_SubmitReports(license, CLOSE_MILLISECONDS));
  EXPECT_IS(LTS_OK, LTS_CloseLicense(license, CLOSE_MILLISECONDS));
}

/* What the process has of something, as the kernel tells it in kilobytes. */
static rlim_t has(const char *what) {
  char line[256];
  unsigned long kilobytes = 0;
  FILE *status = fopen("/proc/self/status", "r");
  EXPECT(status != NULL);
  while (status != NULL && kilobytes == 0 && fgets(line, sizeof line, status) != NULL) {
    if (strncmp(line, what, strlen(what)) == 0) {
      kilobytes = strtoul(line + strlen(what), NULL, 10);
    }
  }
  EXPECT(kilobytes > 0);
  EXPECT(status != NULL && fclose(status) == 0);
  return (rlim_t)kilobytes << 10;
}

/* The process may have no more than it has, except a little for the C library. */
enum { C_LIBRARY = 4 << 20 };

static void address_space_later(void) {
  LTS_License license = open_license(url, code, directory, 180);
  limit(RLIMIT_AS, 1 << 20);
  live_on(license);
}

static void data_later(void) {
  LTS_License license = open_license(url, code, directory, 180);
  limit(RLIMIT_DATA, has("VmData:") + C_LIBRARY);
  live_on(license);
}

/* Nothing may be written that would have to stay in memory. */
static void locked_memory_later(void) {
  LTS_License license = open_license(url, code, directory, 180);
  become_somebody();
  limit(RLIMIT_MEMLOCK, 1 << 16);
  EXPECT_IS(0, mlockall(MCL_FUTURE));
  live_on(license);
}

/* The process has as many mappings as it may. */
static void no_mapping_later(void) {
  LTS_License license = open_license(url, code, directory, 180);
  const size_t page = (size_t)sysconf(_SC_PAGESIZE);
  for (int i = 0; mmap(NULL, page, i % 2 ? PROT_READ : PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1,
                       0) != MAP_FAILED;
       i++) {
  }
  live_on(license);
}

/* From now on, no thread of the process may map or unmap memory. */
static void sandbox_later(void) {
  LTS_License license = open_license(url, code, directory, 180);
  struct sock_filter filter[] = {
      BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
      BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_mmap, 1, 0),
      BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_munmap, 0, 1),
      BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | EPERM),
      BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
  };
  const struct sock_fprog program = {sizeof filter / sizeof *filter, filter};
  EXPECT_IS(0, prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0));
  EXPECT_IS(0, syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, SECCOMP_FILTER_FLAG_TSYNC, &program));
  live_on(license);
}

/* Threads have small stacks, unless somebody says otherwise. */
static void small_stacks(void) {
  pthread_attr_t usual;
  EXPECT_IS(0, pthread_attr_init(&usual));
  EXPECT_IS(0, pthread_attr_setstacksize(&usual, (size_t)PTHREAD_STACK_MIN));
  EXPECT_IS(0, pthread_setattr_default_np(&usual));
  live();
}

/* The processor reports everything that goes wrong in a calculation, as in Fortran and
 * Pascal. */
static void calculations_are_watched(void) {
  (void)feenableexcept(FE_ALL_EXCEPT); /* not every processor can */
  live_on(open_license(url, code, directory, 180));
}

/* A file can't get larger: as on a full disk, and no signal ends the host. */
static void files_are_limited(void) {
  LTS_License license = open_license(url, code, directory, 180);
  record(license);
  for (rlim_t kilobytes = 256; kilobytes > 0; kilobytes /= 2) {
    limit(RLIMIT_FSIZE, kilobytes << 10);
    for (int i = 0; i < 50; i++) {
      int32_t status = LTS_RecordOperationAt(license, LTS_OT_QR_CODE, 0, time(NULL) - i * 180L);
      EXPECT(status == LTS_OK || status == LTS_ERR_LICENSE_BUFFER_FAILED);
    }
    char message[256] = "";
    int32_t status = LTS_OK;
    LTS_License another = try_to_open(message, sizeof message, &status);
    EXPECT(status == LTS_OK || status == LTS_ERR_LICENSE_BUFFER_FAILED);
    if (status == LTS_OK) {
      status = LTS_CloseLicense(another, CLOSE_MILLISECONDS);
      EXPECT(status == LTS_OK || status == LTS_ERR_LICENSE_BUFFER_FAILED ||
             status == LTS_ERR_REPORTS_PENDING);
    }
  }
  limit(RLIMIT_FSIZE, RLIM_INFINITY);
  EXPECT_IS(LTS_OK, LTS_SubmitReports(license, CLOSE_MILLISECONDS));
  EXPECT_IS(LTS_OK, LTS_CloseLicense(license, CLOSE_MILLISECONDS));
}

static const struct scene scenes[] = {
    {"no descriptor", no_descriptor},
    {"few descriptors", few_descriptors},
    {"shared descriptors", shared_descriptors},
    {"refused calls", refused_calls},
    {"descriptors are closed", descriptors_are_closed},
    {"no thread", no_thread},
    {"no thread later", no_thread_later},
    {"no thread for many", no_thread_for_many},
    {"little address space", little_address_space},
    {"just enough address space", just_enough_address_space},
    {"little data", little_data},
    {"just enough data", just_enough_data},
    {"address space later", address_space_later},
    {"data later", data_later},
    {"locked memory later", locked_memory_later},
    {"no mapping later", no_mapping_later},
    {"sandbox later", sandbox_later},
    {"small stacks", small_stacks},
    {"calculations are watched", calculations_are_watched},
    {"files are limited", files_are_limited},
};

int main(int argc, char **argv) {
  alarm(DEADLINE_SECONDS);
  return play(argc, argv, scenes, sizeof scenes / sizeof *scenes) ? failures() : 2;
}
