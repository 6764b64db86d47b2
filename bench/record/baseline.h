/* What a record is compared with, each in a shared library as LTS_RecordOperation
 * is, and with its arguments. */
#ifndef OPENLTS_BENCH_BASELINE_H
#define OPENLTS_BENCH_BASELINE_H

#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/* Does nothing: the price of a call. */
int32_t baseline_empty(int64_t license, int32_t operationType, int32_t count);

/* Adds to the counter at that address, atomically. */
int32_t baseline_atomic_add(int64_t counter, int32_t operationType, int32_t count);

/* The same, having asked for the wall-clock time as cheaply as there is. */
int32_t baseline_floor(int64_t counter, int32_t operationType, int32_t count);

#ifdef __cplusplus
}
#endif

#endif /* OPENLTS_BENCH_BASELINE_H */
