/* Memory for Go, which ends the process if it can't have some. See memory.c. */
#ifndef OPENLTS_CAPI_MEMORY_H
#define OPENLTS_CAPI_MEMORY_H

#include <stddef.h>

enum { OPENLTS_ENOUGH, OPENLTS_NO_SPACE, OPENLTS_NO_DATA };

/* Whether the process can have so much address space, the beginning of which may be written
 * to: for that there is a limit of its own (RLIMIT_DATA). */
int openlts_look_for_memory(size_t size, size_t data);

/* The same for what Go takes when it starts: it is kept for Go. size is in pieces of 64 MB. */
int openlts_keep_memory(size_t size, size_t data);

/* What the process lacks, by what was found; NULL: nothing. */
const char *openlts_lack_of_memory(int found);

/* Go has what it takes when it starts: only some is kept for times of need. */
void openlts_trim_memory(void);

#endif /* OPENLTS_CAPI_MEMORY_H */
