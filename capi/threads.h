/* Threads in reserve, and all others of this library, on Linux. See threads.c. */
#ifndef OPENLTS_CAPI_THREADS_H
#define OPENLTS_CAPI_THREADS_H

#if defined(__linux__)
#include <pthread.h>

/* Starts a thread that is detached, and blocks all signals. Returns an error number. */
int openlts_start_thread(pthread_t *thread, void *(*run)(void *), void *argument);

/* Reserves the threads with which Go begins. Returns NULL, or what the process lacks: then none
 * is left. */
const char *openlts_reserve_first_threads(void);

/* Ends those. Go has not started. */
void openlts_dismiss_threads(void);

/* Reserves what so many licenses need. Returns NULL, or what the process lacks. */
const char *openlts_reserve_threads(int licenses);

/* What the process lacks, if a thread can't be had right now. */
const char *openlts_lack_behind_thread(void);
#endif

#endif /* OPENLTS_CAPI_THREADS_H */
