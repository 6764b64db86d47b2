/* What the C part and the Go part of this folder share.
 *
 * Every function that openlts.h declares is defined in C (abi.c, record.c). What needs Go
 * becomes a job (job.h), which a worker in Go takes (work.go): C never calls Go. C starts
 * Go (start.h). */
#ifndef OPENLTS_CAPI_CAPI_H
#define OPENLTS_CAPI_CAPI_H

#include "../include/openlts/openlts.h"

/* Licenses that can be open at a time; a power of two. */
#define OPENLTS_MAX_LICENSES 64

/* Gives a license a place in the table of the hot path.
 *
 * memory       a mapped tally, which stays mapped as long as the process lives
 * shards       of a frame; a power of two
 * Returns the handle; 0 if all places are taken. */
LTS_License openlts_table_open(void *memory, uint32_t shards, int64_t slot_seconds);

/* Frees the place, so that the handle is invalid from now on. Returns 1 to only one
 * caller, 0 to all others and for a handle that is not open. */
int openlts_table_close(LTS_License license);

/* Whether a handle is open. */
int openlts_table_holds(LTS_License license);

/* Lets a license record an operation type that the host defined. */
void openlts_table_define(LTS_License license, int32_t operation_type);

/* A license that needs a frame, or a handle that is not open any more; 0 if there is no
 * further one. */
LTS_License openlts_table_next_unprepared(void);

#ifdef OPENLTS_TESTKIT
/* Shifts the clock of the hot path. */
void openlts_move_clock(int64_t seconds);
#endif

#endif /* OPENLTS_CAPI_CAPI_H */
