/* Starting Go: in the first call of a function that needs it, isolated from the host, and
 * only if the process has the resources that Go takes for granted. */
#ifndef OPENLTS_CAPI_START_H
#define OPENLTS_CAPI_START_H

#include <stdint.h>

/* Starts Go unless it is started, and waits for it until that moment at most.
 *
 * Returns LTS_OK; LTS_ERR_FORKED in a child of the process in which it was started;
 * LTS_ERR_HOST_RESOURCES if the process lacks something (then nothing was started, and
 * the next call tries again); or LTS_ERR_DEADLINE_EXCEEDED. *why says more. */
int32_t openlts_start(int64_t until, const char **why);

/* Whether this is a forked child of the process in which Go was started. */
int openlts_forked(void);

/* Called by Go when it is up. */
void openlts_started(void);

/* What the process lacks for one more license: a text, or NULL. Go calls it, because the
 * file descriptors of its threads count. */
const char *openlts_lack_of_descriptors(void);

/* Lets another thread run. */
void openlts_let_others(void);

#endif /* OPENLTS_CAPI_START_H */
