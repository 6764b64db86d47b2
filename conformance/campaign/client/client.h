/* What the parts of a client of the fault campaign share. */
#ifndef OPENLTS_CAMPAIGN_CLIENT_H
#define OPENLTS_CAMPAIGN_CLIENT_H

#include <stdatomic.h>
#include <stdint.h>

#include "openlts/openlts.h"
#ifdef OPENLTS_TESTKIT
#include "openlts/testkit.h"
#endif

enum { TYPES = 3, LINES = 255 };

/* One line of the judge's books has one writer: a thread, or a forked child. */
typedef struct {
  _Atomic uint64_t started[TYPES];
  _Atomic uint64_t acked[TYPES];
  uint64_t reserved[2];
} line;

/* client.c */

extern int steps;       /* the clock is set, and not moved */
extern atomic_int over; /* the client ends: what works on its own stops */

const char *argument(char **arguments, const char *key, const char *otherwise);
long number(char **arguments, const char *key, long otherwise);
uint32_t chance(uint64_t *state, uint32_t below);
uint64_t seed_of(uint64_t seed, uint64_t stream);
void nap(uint32_t microseconds);
void start_thread(void *(*work)(void *), void *with);
void violation(const char *what, const char *detail, int32_t status);
int unreached(int32_t status);
int submitted(int32_t status);
int announced(int32_t status);
void check_info(int32_t status, const LTS_LicenseInfo *info);

/* habits.c: what hosts do besides recording. */

void begin_habits(char **arguments, uint64_t seed);
/* Around what is not to be done without free descriptors. */
void need_descriptors(void);
void have_descriptors(void);

/* copy.c: a second copy of the library in the process. */

void begin_copy(char **arguments, const LTS_ConnectionParameters *with, line *books, uint64_t seed);

#endif /* OPENLTS_CAMPAIGN_CLIENT_H */
