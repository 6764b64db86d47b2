/* Starting Go: when the first function is called that needs it, in surroundings that
 * the host can't disturb, and only if the process has what Go takes for granted. */
#ifndef OPENLTS_CAPI_START_H
#define OPENLTS_CAPI_START_H

#include <stdint.h>

/* Starts Go unless that was done, waiting for it until that moment at most.
 *
 * Returns LTS_OK; LTS_ERR_FORKED in a fork of the process in which it was started;
 * LTS_ERR_HOST_RESOURCES if the process lacks something: nothing was started then,
 * and the next call tries again; LTS_ERR_DEADLINE_EXCEEDED. *why says more. */
int32_t openlts_start(int64_t until, const char **why);

/* Whether this is a fork of the process in which Go was started. */
int openlts_forked(void);

/* Called by Go when it is up. */
void openlts_started(void);

/* What the process lacks for one more license: a text, or NULL. Called by Go, whose
 * file descriptors are counted. */
const char *openlts_lack_of_descriptors(void);

/* The same of threads, if so many licenses are to be open. They are kept in reserve. */
const char *openlts_lack_of_threads(int licenses);

/* Lets another thread run. */
void openlts_let_others(void);

#endif /* OPENLTS_CAPI_START_H */
