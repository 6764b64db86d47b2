/* What Go and SQLite take of a process, as measured (docs/hosts.md) and rounded up, and what is
 * said if it can't be had. */
#ifndef OPENLTS_CAPI_NEEDS_H
#define OPENLTS_CAPI_NEEDS_H

#define TEXT(number) DIGITS(number)
#define DIGITS(number) #number

#define DESCRIPTORS 12 /* 10 for the poller and a license */
#define THREADS 12     /* 9 to begin with, 10 under load */
#define FOR_ANOTHER 2  /* threads for each license more */
/* MB, of which Go reserves most at once and uses little. It must not be less: Go takes it for
 * granted that it gets all of it, and would go on at address 0. */
#define ADDRESS_SPACE 1280
#define DATA 128 /* MB of it that may be written to, besides the threads' stacks */

#define LACK_OF_DESCRIPTORS                    \
  "the process lacks file descriptors: " TEXT( \
      DESCRIPTORS) " more are needed; raise the limit (ulimit -n)"
#define LACK_OF_THREADS               \
  "the process lacks threads: " TEXT( \
      THREADS) " more are needed; raise the limit (ulimit -u, or that of the cgroup)"
#define LACK_OF_MORE_THREADS \
  "the process lacks threads: " TEXT( FOR_ANOTHER) " more are needed for another license; raise the limit (ulimit -u, or that of the cgroup)"
#define LACK_OF_SPACE                       \
  "the process lacks address space: " TEXT( \
      ADDRESS_SPACE) " MB more are needed; raise the limit (ulimit -v)"
#define LACK_OF_DATA                                                     \
  "the process lacks memory: " TEXT(DATA) " MB and the stacks of " TEXT( \
      THREADS) " threads are needed; raise the limit (ulimit -d)"

#endif /* OPENLTS_CAPI_NEEDS_H */
