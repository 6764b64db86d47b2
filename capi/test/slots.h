/* What a host knows of the slots that its operations lie in. It looks at the clock
 * before and after each call: if both moments lie in one slot, so does the
 * operation; else it lies in one of the two. Any number of threads may note. */
#ifndef OPENLTS_TEST_SLOTS_H
#define OPENLTS_TEST_SLOTS_H

#include <inttypes.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

enum { SLOT_ENTRIES = 1 << 14 };

typedef struct {
  _Atomic int64_t slot;  /* its start; 0 if the entry is free */
  atomic_llong certain;  /* units that lie in it */
  atomic_llong possible; /* units that lie in it or in another one */
} slot_entry;

static slot_entry slot_entries[SLOT_ENTRIES];
static atomic_llong slot_total;

static slot_entry *entry_of(int64_t slot) {
  uint64_t first = (uint64_t)slot * UINT64_C(0x9E3779B97F4A7C15) >> 40;
  for (uint64_t i = 0; i < SLOT_ENTRIES; i++) {
    slot_entry *entry = &slot_entries[(first + i) % SLOT_ENTRIES];
    int64_t found = 0;
    if (atomic_compare_exchange_strong(&entry->slot, &found, slot) || found == slot) {
      return entry;
    }
  }
  fputs("too many slots\n", stderr);
  exit(1);
}

/* Notes units of an operation that was recorded between two moments. */
static void note_slot(int64_t before, int64_t after, int64_t slot_seconds, long long units) {
  int64_t first = before - before % slot_seconds;
  int64_t last = after - after % slot_seconds;
  atomic_fetch_add(&slot_total, units);
  if (first == last) {
    atomic_fetch_add(&entry_of(first)->certain, units);
  } else {
    atomic_fetch_add(&entry_of(first)->possible, units);
    atomic_fetch_add(&entry_of(last)->possible, units);
  }
}

/* One line of JSON, which the test compares with the server's counts. */
static void print_slots(void) {
  printf("{\"total\": %lld, \"slots\": {", atomic_load(&slot_total));
  const char *comma = "";
  for (int i = 0; i < SLOT_ENTRIES; i++) {
    slot_entry *entry = &slot_entries[i];
    if (atomic_load(&entry->slot) != 0) {
      printf("%s\"%" PRId64 "\": {\"certain\": %lld, \"possible\": %lld}", comma,
             atomic_load(&entry->slot), atomic_load(&entry->certain),
             atomic_load(&entry->possible));
      comma = ", ";
    }
  }
  printf("}}\n");
  fflush(stdout);
}

#endif /* OPENLTS_TEST_SLOTS_H */
