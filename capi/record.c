/* The hot path: LTS_RecordOperation, and the table of open licenses it uses.
 *
 * Nothing here takes a lock, allocates memory, enters Go or calls the system, with one
 * exception: if the clock jumped out of every prepared slot, it wakes one of Go's
 * threads. */
#define _POSIX_C_SOURCE 200809L
#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>
#include <time.h>

#if defined(_WIN32)
#include <windows.h>
#elif defined(__ANDROID__)
#include <pthread.h>
#endif

#include "built_in_types.inc"
#include "capi.h"
#include "job.h"
#include "start.h"
#include "tally.h"

#define LIKELY(x) __builtin_expect(!!(x), 1)
/* Aligned to a cache line, because otherwise its speed depends on what is linked before
 * it. */
#define HOT __attribute__((aligned(64)))

/* A license in the table. A place never moves and is never freed, so a stale handle is an
 * error and not a read of freed memory. The memory to which it points stays mapped, so
 * closing a license in the middle of a call does no harm. */
typedef struct {
  /* The fields that the usual call reads, in one cache line. */
  _Alignas(64) atomic_llong license; /* the handle; the place's FREE_MARK if there is none */
  _Atomic(char *) frame;             /* the frame in which the current slot was last found */
  uint64_t sure_seconds; /* of a slot, in which the coarse clock can't be wrong: all but the last */
  uint32_t shard_mask;   /* for the offset of a shard in its frame */
  _Atomic uint64_t types[OPENLTS_TYPES / 64];

  char *memory;
  uint64_t frame_size;
  uint64_t slot_seconds;
  _Atomic int64_t asked_at; /* the second in which a frame was last asked for */
  atomic_int unprepared;    /* a frame was asked for, and no worker has noticed yet */
  int64_t generation;
} place;

/* What a free place has instead of a handle: the handle of another place. No handle of
 * this place equals it, so the usual call need not check whether a handle is valid at
 * all. */
#define FREE_MARK(index) ((index) == 0 ? (LTS_License)sizeof(place) : 0)

static place table[OPENLTS_MAX_LICENSES] = {{.license = FREE_MARK(0)}};

/* Guards opening. Places are used in turn, so that a place is not used again soon after
 * it became free. */
static atomic_flag opening = ATOMIC_FLAG_INIT;
static uint32_t next_place;

/* A handle contains the offset of its place in the table, because the number of the place
 * would have to be multiplied first. */
static place *place_of(LTS_License license) {
  return (place *)(void *)((char *)table + ((uint64_t)license & (sizeof table - sizeof(place))));
}

_Static_assert((sizeof(place) & (sizeof(place) - 1)) == 0, "place_of needs a power of two");

/* A shard's counters, in bytes. */
#define SHARD_SIZE ((uint32_t)OPENLTS_TYPES * 8)

/* A frame: its label, and OPENLTS_FRAME_HEADER bytes from there the counters. */
static char *frame_of(const place *p, uint32_t frame) {
  return p->memory + OPENLTS_FRAMES_OFFSET + frame * p->frame_size;
}

LTS_License openlts_table_open(void *memory, uint32_t shards, int64_t slot_seconds) {
  LTS_License license = 0;
  while (atomic_flag_test_and_set_explicit(&opening, memory_order_acquire)) {
  }
  for (uint32_t i = 0; i < OPENLTS_MAX_LICENSES && license == 0; i++) {
    uint32_t index = next_place++ & (OPENLTS_MAX_LICENSES - 1);
    place *p = &table[index];
    if (atomic_load_explicit(&p->license, memory_order_relaxed) != FREE_MARK(index)) {
      continue;
    }
    p->memory = memory;
    p->frame_size = OPENLTS_FRAME_HEADER + (uint64_t)shards * SHARD_SIZE;
    p->slot_seconds = (uint64_t)slot_seconds;
    p->sure_seconds = (uint64_t)slot_seconds - 1;
    p->shard_mask = (shards - 1) * SHARD_SIZE;
    atomic_store_explicit(&p->frame, frame_of(p, 0), memory_order_relaxed);
    atomic_store_explicit(&p->asked_at, INT64_MIN, memory_order_relaxed);
    atomic_store_explicit(&p->unprepared, 0, memory_order_relaxed);
    for (size_t word = 0; word < OPENLTS_TYPES / 64; word++) {
      atomic_store_explicit(&p->types[word], openlts_built_in_types[word], memory_order_relaxed);
    }
    /* The generation makes this handle differ from all earlier ones of the place. */
    license = (++p->generation << 16) | (int64_t)(index * sizeof(place));
    atomic_store_explicit(&p->license, license, memory_order_release);
  }
  atomic_flag_clear_explicit(&opening, memory_order_release);
  return license;
}

int openlts_table_close(LTS_License license) {
  long long expected = license;
  place *p = place_of(license);
  return license > 0 &&
         atomic_compare_exchange_strong(&p->license, &expected, FREE_MARK(p - table));
}

int openlts_table_holds(LTS_License license) {
  return license > 0 &&
         atomic_load_explicit(&place_of(license)->license, memory_order_acquire) == license;
}

void openlts_table_define(LTS_License license, int32_t operation_type) {
  if (openlts_table_holds(license) && operation_type >= 0 && operation_type < OPENLTS_TYPES) {
    atomic_fetch_or(&place_of(license)->types[operation_type / 64], UINT64_C(1)
                                                                        << (operation_type % 64));
  }
}

#ifdef OPENLTS_TESTKIT
static _Atomic int64_t shift;

void openlts_move_clock(int64_t seconds) { atomic_fetch_add(&shift, seconds); }

static int64_t shifted(int64_t seconds) { return seconds + atomic_load(&shift); }
#else
static int64_t shifted(int64_t seconds) { return seconds; }
#endif

#if defined(_WIN32)

/* FILETIME counts 100 ns since 1601. */
static int64_t seconds_of(FILETIME t) {
  const int64_t ticks = (int64_t)(((uint64_t)t.dwHighDateTime << 32) | t.dwLowDateTime);
  return shifted((ticks - INT64_C(116444736000000000)) / 10000000);
}

static int64_t precise_seconds(void) {
  FILETIME t;
  GetSystemTimePreciseAsFileTime(&t);
  return seconds_of(t);
}

/* A word of memory that the system writes at each tick: it is at most 16 ms behind the
 * precise clock, and never ahead of it. */
static int64_t coarse_seconds(void) {
  FILETIME t;
  GetSystemTimeAsFileTime(&t);
  return seconds_of(t);
}

static uint32_t shard_hint(void) { return GetCurrentProcessorNumber() * SHARD_SIZE; }

#else

static int64_t precise_seconds(void) {
  struct timespec t;
  clock_gettime(CLOCK_REALTIME, &t);
  return shifted(t.tv_sec);
}

/* The fastest clock: it takes half the time of CLOCK_REALTIME_COARSE, which shows the
 * same. It is at most a tick of the kernel, 10 ms, behind the precise clock, and never
 * ahead of it. */
extern time_t time(time_t *) __attribute__((noplt));
static int64_t coarse_seconds(void) { return shifted(time(NULL)); }

#if defined(__ANDROID__)

/* On Android, a thread-local variable is a function call, or impossible in a library that
 * is loaded later. pthread_self returns an address in the thread's own memory, which
 * differs between threads; its low bits are the same for all. */
static uint32_t shard_hint(void) {
  const uint64_t place = (uint64_t)pthread_self();
  return (uint32_t)((place >> 12) * UINT64_C(0x9E3779B97F4A7C15) >> 52) * SHARD_SIZE;
}

#else

/* Threads take shards in turn, so that they rarely share a cache line. Asking for the CPU
 * would take as long as the addition. The variable is an offset, which is never 0 once it
 * was chosen. It takes eight bytes of static TLS, like the Go runtime. */
static _Thread_local uint32_t shard_of_thread __attribute__((tls_model("initial-exec")));
static atomic_uint threads;

static __attribute__((noinline, cold)) uint32_t first_shard_hint(void) {
  uint32_t number = atomic_fetch_add_explicit(&threads, 1, memory_order_relaxed);
  shard_of_thread = (1 + number % 4096) * SHARD_SIZE;
  return shard_of_thread;
}

static uint32_t shard_hint(void) {
  return LIKELY(shard_of_thread != 0) ? shard_of_thread : first_shard_hint();
}

#endif
#endif

static int64_t label_of(const char *frame) {
  return atomic_load_explicit((const _Atomic int64_t *)(const void *)frame, memory_order_relaxed);
}

/* Whether a frame counts the slot that contains a time. Unsigned, so that a time before
 * the slot is far outside. */
static int counts(const place *p, const char *frame, int64_t seconds) {
  return (uint64_t)seconds - (uint64_t)label_of(frame) < p->slot_seconds;
}

/* The frame that counts the slot that contains a time; NULL if there is none. Remembers
 * the frame for the next call. */
static char *search_frame(place *p, int64_t seconds) {
  for (uint32_t i = 0; i < OPENLTS_FRAMES; i++) {
    char *frame = frame_of(p, i);
    if (counts(p, frame, seconds)) {
      atomic_store_explicit(&p->frame, frame, memory_order_relaxed);
      return frame;
    }
  }
  return NULL;
}

/* The same as givesWay in core/internal/tally/stray.go. */
static int gives_way(uint64_t found, uint64_t key) {
  return found == 0 || ((found & 1) == 0 && ((found ^ key) >> 1 & 0xff) == 0);
}

/* Counts in the slot of a time for which no frame has a label; see Strays in
 * core/internal/tally/layout.go. Returns 0 if all entries are taken. */
static int add_stray(const place *p, int64_t seconds, uint32_t type, int32_t count) {
  /* Rounds down, even before 1970. */
  int64_t length = (int64_t)p->slot_seconds;
  int64_t slot = seconds / length - (seconds % length < 0);
  uint64_t key = ((uint64_t)slot << 8 | type) << 1 | 1;
  uint32_t first = (uint32_t)(key * UINT64_C(0x9E3779B97F4A7C15) >> (64 - OPENLTS_STRAY_BITS));
  for (uint32_t i = 0; i < OPENLTS_STRAYS; i++) {
    char *entry = p->memory + OPENLTS_STRAYS_OFFSET +
                  (size_t)((first + i) & (OPENLTS_STRAYS - 1)) * OPENLTS_STRAY_SIZE;
    _Atomic uint64_t *owner = (_Atomic uint64_t *)(void *)entry;
    uint64_t found = atomic_load(owner);
    while (found == key || gives_way(found, key)) {
      if (found == key || atomic_compare_exchange_strong(owner, &found, key)) {
        atomic_fetch_add_explicit((_Atomic uint64_t *)(void *)(entry + 8), (uint64_t)count,
                                  memory_order_relaxed);
        return 1;
      }
    }
  }
  return 0;
}

/* The frame with the latest label. Operations count there if not even a stray can be
 * counted: a slot off is better than lost. */
static char *latest_frame(const place *p) {
  char *latest = frame_of(p, 0);
  for (uint32_t i = 1; i < OPENLTS_FRAMES; i++) {
    char *frame = frame_of(p, i);
    if (label_of(frame) > label_of(latest)) {
      latest = frame;
    }
  }
  return latest;
}

static inline __attribute__((always_inline)) void add(const place *p, char *frame, uint32_t type,
                                                      int32_t count) {
  char *counter = frame + OPENLTS_FRAME_HEADER + (shard_hint() & p->shard_mask) + (size_t)type * 8;
  atomic_fetch_add_explicit((_Atomic uint64_t *)(void *)counter, (uint64_t)count,
                            memory_order_relaxed);
}

LTS_License openlts_table_next_unprepared(void) {
  for (uint32_t i = 0; i < OPENLTS_MAX_LICENSES; i++) {
    if (atomic_exchange(&table[i].unprepared, 0)) {
      return atomic_load(&table[i].license);
    }
  }
  return 0;
}

/* Records if the frame used last is not, or may not be, that of the current slot: in the
 * first call in a slot, and close to its end. If no frame has the label of the current
 * slot, after a jump of the clock or a sleep of the machine, it asks Go to prepare one,
 * but does not wait for that. */
static __attribute__((noinline, cold)) int32_t record_slowly(place *p, uint32_t type,
                                                             int32_t count) {
  int64_t now = precise_seconds();
  char *frame = search_frame(p, now);
  /* If Go can't do it (the disk fails, and every frame has something new), don't ask
   * again in the same second. */
  if (frame == NULL && atomic_load_explicit(&p->asked_at, memory_order_relaxed) != now &&
      !openlts_forked()) {
    atomic_store_explicit(&p->asked_at, now, memory_order_relaxed);
    atomic_store(&p->unprepared, 1);
    openlts_ask_to_prepare();
  }
  if (frame != NULL) {
    add(p, frame, type, count);
  } else if (!add_stray(p, now, type, count)) {
    add(p, latest_frame(p), type, count);
  }
  return LTS_OK;
}

/* The reason why a call can't record. */
static __attribute__((noinline, cold)) int32_t refusal(LTS_License license, const place *p,
                                                       int32_t count) {
  if (license == 0) {
    return LTS_ERR_NO_LICENSE;
  }
  if (license < 0 || atomic_load_explicit(&p->license, memory_order_acquire) != license) {
    return LTS_ERR_INVALID_HANDLE;
  }
  return count < 0 ? LTS_ERR_INVALID_ARGUMENT : LTS_ERR_UNKNOWN_OPERATION_TYPE;
}

HOT int32_t LTS_CALL LTS_RecordOperation(LTS_License license, int32_t operationType,
                                         int32_t count) {
  /* First, so that few registers have to be saved across this only call. */
  uint64_t now = (uint64_t)coarse_seconds();
  place *p = place_of(license);
  /* Otherwise the compiler computes the address of each field separately. */
  __asm__("" : "+r"(p));
  uint32_t type = (uint32_t)operationType;
  if (!LIKELY(atomic_load_explicit(&p->license, memory_order_acquire) == license &&
              type < OPENLTS_TYPES && count >= 0 &&
              atomic_load_explicit(&p->types[type / 64], memory_order_relaxed) >> type % 64 & 1)) {
    return refusal(license, p, count);
  }
  char *frame = atomic_load_explicit(&p->frame, memory_order_relaxed);
  /* Not in the last second of a slot, where the precise clock has to decide. */
  if (!LIKELY(now - (uint64_t)label_of(frame) < p->sure_seconds)) {
    return record_slowly(p, type, count);
  }
  add(p, frame, type, count);
  return LTS_OK;
}
