/* Waits for a word in memory to change, with a deadline. It holds no lock, so a signal
 * handler may run meanwhile, and may wake others. */
#ifndef OPENLTS_CAPI_WAIT_H
#define OPENLTS_CAPI_WAIT_H

#include <stdatomic.h>
#include <stdint.h>

/* Milliseconds of a clock that nobody sets. */
int64_t openlts_milliseconds(void);

/* A moment that never comes. */
#define OPENLTS_NEVER INT64_MAX

/* Waits while *word is what was seen, until that moment at the latest. It may return for
 * no reason, so check again. Returns 0 after that moment. */
int openlts_wait(atomic_int *word, int seen, int64_t until);

/* Wakes one thread that waits for the word, or all. The word may have been freed by then. */
void openlts_wake(atomic_int *word);
void openlts_wake_all(atomic_int *word);

#endif /* OPENLTS_CAPI_WAIT_H */
