#include "baseline.h"

#include <stdatomic.h>
#include <time.h>

int32_t baseline_empty(int64_t license, int32_t operationType, int32_t count) {
  (void)license;
  (void)operationType;
  (void)count;
  return 0;
}

static int32_t add(int64_t counter, int32_t count) {
  atomic_fetch_add_explicit((_Atomic uint64_t *)(uintptr_t)counter, (uint64_t)count,
                            memory_order_relaxed);
  return 0;
}

int32_t baseline_atomic_add(int64_t counter, int32_t operationType, int32_t count) {
  (void)operationType;
  return add(counter, count);
}

int32_t baseline_floor(int64_t counter, int32_t operationType, int32_t count) {
  (void)operationType;
  /* Refusing a time before 1970 keeps the compiler from dropping the question. */
  return time(NULL) < 0 ? -1 : add(counter, count);
}
