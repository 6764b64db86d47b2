/* Memory in times of need. Go ends the process if it can't have some: a few bytes of C's, or
 * pages of the system's. The linker makes all of this library's calls lead here (--wrap), those
 * of Go and SQLite, too. The host's are left alone.
 *
 * Some is put aside when Go starts: address space (the ballast) and memory (the larder). The
 * larder serves when a limit is lowered later, when there may be no more mappings, when a
 * sandbox allows none, and when the C library has no memory. Go's heap has grown by then
 * (work.go), so what is wanted is little. */
#define _GNU_SOURCE
#include "memory.h"

#if defined(__linux__)

#include <errno.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>

#include "needs.h"
#include "start.h"

void *__wrap_malloc(size_t);
void *__real_malloc(size_t) __attribute__((weak));
void *__wrap_realloc(void *, size_t);
void *__real_realloc(void *, size_t) __attribute__((weak));
void __wrap_free(void *);
void __real_free(void *) __attribute__((weak));
void *__wrap_mmap(void *, size_t, int, int, int, off_t);
void *__real_mmap(void *, size_t, int, int, int, off_t) __attribute__((weak));
int __wrap_munmap(void *, size_t);
int __real_munmap(void *, size_t) __attribute__((weak));

/* The ballast of a life; that of the start is larger. */
enum { PIECE = 64 << 20, BALLAST = 3 * PIECE, BALLAST_DATA = 32 << 20, LARDER = 8 << 20 };

/* The larder is given away by shelves, each to be mapped, or for blocks of one size. */
enum { SHELF = 65536, SHELVES = LARDER / SHELF, SMALLEST = 6, SIZES = 11, TRIES = 200 };

/* Takes address space, and no memory. */
static void *reserve_space(size_t size) {
  void *space =
      __real_mmap(NULL, size, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  return space == MAP_FAILED ? NULL : space;
}

int openlts_look_for_memory(size_t size, size_t data) {
  void *space = reserve_space(size);
  if (space == NULL) {
    return OPENLTS_NO_SPACE;
  }
  const int found =
      mprotect(space, data, PROT_READ | PROT_WRITE) != 0 ? OPENLTS_NO_DATA : OPENLTS_ENOUGH;
  __real_munmap(space, size);
  return found;
}

const char *openlts_lack_of_memory(int found) {
  switch (found) {
    case OPENLTS_NO_SPACE:
      return LACK_OF_SPACE;
    case OPENLTS_NO_DATA:
      return LACK_OF_DATA;
    default:
      return NULL;
  }
}

static void lock(atomic_flag *flag) {
  while (atomic_flag_test_and_set_explicit(flag, memory_order_acquire)) {
    openlts_let_others();
  }
}

static void unlock(atomic_flag *flag) { atomic_flag_clear_explicit(flag, memory_order_release); }

/* --------------------------------------------------------------------- the ballast */

/* Address space is taken from everybody by everybody, such as the C library, for each thread.
 * What Go is sure to want is kept for it, and let go from the end. The beginning may be written
 * to, for which there is a limit of its own (RLIMIT_DATA). */
static char *ballast;
static size_t ballast_size;
static atomic_flag letting_go = ATOMIC_FLAG_INIT; /* guards both */

static int take_ballast(size_t size, size_t data) {
  char *space = reserve_space(size);
  if (space == NULL) {
    return OPENLTS_NO_SPACE;
  }
  if (mprotect(space, data, PROT_READ | PROT_WRITE) != 0) {
    __real_munmap(space, size);
    return OPENLTS_NO_DATA;
  }
  ballast = space;
  ballast_size = size;
  return OPENLTS_ENOUGH;
}

static void let_go_of(size_t size) {
  ballast_size -= size;
  __real_munmap(ballast + ballast_size, size);
}

/* Maps what could not be had, in the place of as much of the ballast as it takes; and takes
 * the next one, if it can. */
static void *map_in_place(void *address, size_t size, int protection, int flags) {
  void *got = MAP_FAILED;
  lock(&letting_go);
  const int had = ballast_size > 0;
  while (got == MAP_FAILED && ballast_size > 0) {
    let_go_of(PIECE);
    got = __real_mmap(address, size, protection, flags, -1, 0);
  }
  if (had && ballast_size == 0) {
    (void)take_ballast(BALLAST, BALLAST_DATA);
  }
  unlock(&letting_go);
  return got;
}

/* Go is up, and wants no more than little. */
void openlts_trim_memory(void) {
  static atomic_int done;
  if (atomic_exchange(&done, 1)) {
    return;
  }
  lock(&letting_go);
  if (ballast_size > BALLAST) {
    let_go_of(ballast_size - BALLAST);
    (void)mprotect(ballast + BALLAST_DATA, BALLAST - BALLAST_DATA, PROT_NONE);
  }
  unlock(&letting_go);
}

/* ---------------------------------------------------------------------- the larder */

static _Atomic(char *) larder;
static atomic_int shelves_taken;

/* Of the blocks on a shelf: the power of two that is their size, or 0. */
static atomic_uchar sizes[SHELVES];

/* Blocks that are free, by their size; the first word of each leads to the next. Only
 * threads of Go's get here. */
static void *free_blocks[SIZES];
static atomic_flag giving = ATOMIC_FLAG_INIT;

int openlts_keep_memory(size_t size, size_t data) {
  char *space = NULL;
  const int found = take_ballast(size, data);
  if (found != OPENLTS_ENOUGH) {
    return found;
  }
  if (atomic_load(&larder) == NULL && (space = reserve_space(LARDER)) != NULL &&
      mprotect(space, LARDER, PROT_READ | PROT_WRITE) == 0) {
    atomic_store(&larder, space);
  }
  return OPENLTS_ENOUGH;
}

/* So many shelves side by side, or NULL. They are not given back. */
static char *take_shelves(size_t count) {
  char *space = atomic_load(&larder);
  int taken = atomic_load(&shelves_taken);
  while (space != NULL && count <= (size_t)(SHELVES - taken)) {
    if (atomic_compare_exchange_weak(&shelves_taken, &taken, taken + (int)count)) {
      return space + (size_t)taken * SHELF;
    }
  }
  return NULL;
}

/* The shelf on which a block lies; -1: it is none of the larder's. */
static long shelf_of(const void *block) {
  const uintptr_t space = (uintptr_t)atomic_load(&larder);
  const uintptr_t offset = (uintptr_t)block - space;
  return space != 0 && offset < LARDER ? (long)(offset / SHELF) : -1;
}

static size_t size_on(long shelf) { return (size_t)1 << atomic_load(&sizes[shelf]); }

static void give_back(void *block, long shelf) {
  const int kind = atomic_load(&sizes[shelf]) - SMALLEST;
  lock(&giving);
  memcpy(block, &free_blocks[kind], sizeof(void *));
  free_blocks[kind] = block;
  unlock(&giving);
}

static void *take_block(size_t size) {
  int kind = 0;
  while ((size_t)1 << (SMALLEST + kind) < size) {
    kind++;
  }
  lock(&giving);
  void *block = free_blocks[kind];
  if (block != NULL) {
    memcpy(&free_blocks[kind], block, sizeof(void *));
  }
  unlock(&giving);
  char *shelf = NULL;
  if (block == NULL && (shelf = take_shelves(1)) != NULL) {
    const long number = shelf_of(shelf);
    atomic_store(&sizes[number], (unsigned char)(SMALLEST + kind));
    for (size_t at = size_on(number); at < SHELF; at += size_on(number)) {
      give_back(shelf + at, number);
    }
    block = shelf;
  }
  return block;
}

/* -------------------------------------------------------------------- C's functions */

static void pause_briefly(void) {
  const struct timespec moment = {0, 10000000};
  nanosleep(&moment, NULL);
}

/* Large blocks are SQLite's, which does without. */
void *__wrap_malloc(size_t size) {
  void *block = __real_malloc(size);
  for (int i = 0; block == NULL && size <= SHELF && i < TRIES; i++) {
    if (i > 0) {
      pause_briefly();
    }
    if ((block = take_block(size)) == NULL) {
      block = __real_malloc(size);
    }
  }
  return block;
}

void *__wrap_realloc(void *old, size_t size) {
  const long shelf = shelf_of(old);
  if (shelf < 0) {
    return __real_realloc(old, size);
  }
  if (size <= size_on(shelf)) {
    return old;
  }
  void *block = __wrap_malloc(size);
  if (block != NULL) {
    memcpy(block, old, size_on(shelf));
    give_back(old, shelf);
  }
  return block;
}

void __wrap_free(void *block) {
  const long shelf = shelf_of(block);
  if (shelf < 0) {
    __real_free(block);
  } else {
    give_back(block, shelf);
  }
}

/* --------------------------------------------------------------- the system's pages */

void *__wrap_mmap(void *address, size_t size, int protection, int flags, int fd, off_t offset) {
  void *got = __real_mmap(address, size, protection, flags, fd, offset);
  if (got != MAP_FAILED || (flags & MAP_ANONYMOUS) == 0) {
    return got;
  }
  const int error = errno;
  if (error == ENOMEM) {
    got = map_in_place(address, size, protection, flags);
  }
  if (got == MAP_FAILED && (flags & (MAP_FIXED | MAP_SHARED)) == 0 &&
      protection == (PROT_READ | PROT_WRITE)) {
    char *shelves = take_shelves(size / SHELF + (size % SHELF != 0));
    got = shelves != NULL ? shelves : MAP_FAILED;
  }
  errno = error;
  return got;
}

/* Go ends the process if memory can't be given back: in a sandbox, or where one mapping would
 * become two, and there may not be more. It is better kept. */
int __wrap_munmap(void *address, size_t size) {
  if (shelf_of(address) < 0) {
    (void)__real_munmap(address, size);
  }
  return 0;
}

#else

/* ISO C wants something in every file. */
typedef int openlts_no_memory;

#endif
