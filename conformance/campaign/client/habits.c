/* What hosts do besides recording, and the library has to live with: a thread
 * reads the data directory, as a backup or a scanner in the process does; another
 * one takes all descriptors that are left, now and then. */
#define _POSIX_C_SOURCE 200809L
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include "client.h"

/* ------------------------------------------------------------ a reader */

static const char *read_directory;
static uint32_t read_pause; /* microseconds */

static void read_file(int directory, const char *name) {
  static char text[1 << 16];
  int file = openat(directory, name, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
  while (file >= 0 && read(file, text, sizeof text) > 0) {
  }
  if (file >= 0) {
    close(file);
  }
}

/* Opens, reads and closes every file, again and again. */
static void *read_all_the_time(void *unused) {
  (void)unused;
  while (!atomic_load(&over)) {
    DIR *directory = opendir(read_directory);
    struct dirent *entry;
    while (directory != NULL && (entry = readdir(directory)) != NULL) {
      read_file(dirfd(directory), entry->d_name);
    }
    if (directory != NULL) {
      closedir(directory);
    }
    nap(read_pause);
  }
  return NULL;
}

/* ------------------------------------------------------------ few descriptors */

static pthread_mutex_t descriptors = PTHREAD_MUTEX_INITIALIZER;
static uint64_t filler_random;

void need_descriptors(void) { pthread_mutex_lock(&descriptors); }
void have_descriptors(void) { pthread_mutex_unlock(&descriptors); }

/* Takes all descriptors that are left, for a moment, again and again. */
static void *fill_all_the_time(void *unused) {
  enum { MOST = 1024 };
  static int taken[MOST];
  (void)unused;
  while (!atomic_load(&over)) {
    nap(chance(&filler_random, 200000));
    need_descriptors();
    int count = 0;
    while (count < MOST && (taken[count] = open("/dev/null", O_RDONLY | O_CLOEXEC)) >= 0) {
      count++;
    }
    nap(chance(&filler_random, 60000));
    while (count > 0) {
      close(taken[--count]);
    }
    have_descriptors();
  }
  return NULL;
}

/* ------------------------------------------------------------ beginning */

void begin_habits(char **arguments, uint64_t seed) {
  read_pause = (uint32_t)number(arguments, "reader", 0);
  if (read_pause > 0) {
    read_directory = argument(arguments, "data", NULL);
    start_thread(read_all_the_time, NULL);
  }
  long limit = number(arguments, "descriptors", 0);
  if (limit > 0) {
    struct rlimit few = {(rlim_t)limit, (rlim_t)limit};
    if (setrlimit(RLIMIT_NOFILE, &few) != 0) {
      fprintf(stderr, "client: limiting descriptors to %ld: %s\n", limit, strerror(errno));
      exit(1);
    }
    filler_random = seed_of(seed, 2000);
    start_thread(fill_all_the_time, NULL);
  }
}
