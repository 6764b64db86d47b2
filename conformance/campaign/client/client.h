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

/* books.c: what is recorded, for the judge. ../books.go has the layout. */

typedef struct {
  _Atomic uint64_t opened;      /* licenses opened */
  _Atomic uint64_t forks;       /* children forked */
  _Atomic uint64_t state_flags; /* all LTS_StateFlag ever seen, combined */
  _Atomic uint64_t announced;   /* errors told of, in events or as a status, after damage */
  uint64_t reserved[4];
  line lines[LINES];
} judge_books;

extern judge_books *kept;

void open_books(const char *path);

/* arguments.c */

const char *argument(char **arguments, const char *key, const char *otherwise);
long number(char **arguments, const char *key, long otherwise);
uint32_t chance(uint64_t *state, uint32_t below);
uint64_t seed_of(uint64_t seed, uint64_t stream);

/* clock.c */

extern int steps;       /* the clock is set, and not moved */
extern atomic_int over; /* the client ends: what works on its own stops */

int64_t milliseconds(void);
/* Since 1970, by the clock of the library. */
int64_t seconds(void);
void nap(uint32_t microseconds);
void start_thread(void *(*work)(void *), void *with);
/* Sets the clock as a file says, and goes on following the file. */
void follow(const char *clock_file);

/* checks.c: what the library must not do ends the client with code 3. */

void begin_checks(char **arguments);
void violation(const char *what, const char *detail, int32_t status);
int unreached(int32_t status);
int submitted(int32_t status);
int announced(int32_t status);
void check_info(int32_t status, const LTS_LicenseInfo *info);
void check(LTS_License license);
void check_events(LTS_License license);

/* habits.c: what hosts do besides recording. */

void begin_habits(char **arguments, uint64_t seed);
/* Around what is not to be done without free descriptors. */
void need_descriptors(void);
void have_descriptors(void);

/* copy.c: a second copy of the library in the process. */

void begin_copy(char **arguments, const LTS_ConnectionParameters *with, line *books, uint64_t seed);

#endif /* OPENLTS_CAMPAIGN_CLIENT_H */
