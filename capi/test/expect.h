/* Checks for the C programs of this folder: each says what failed, and main
 * returns failures(). */
#ifndef OPENLTS_TEST_EXPECT_H
#define OPENLTS_TEST_EXPECT_H

#include <stdio.h>

static int failed_checks;

static int failures(void) {
  if (failed_checks > 0) {
    fprintf(stderr, "%d checks failed\n", failed_checks);
  }
  return failed_checks > 0;
}

/* The condition holds. */
#define EXPECT(condition)                                                     \
  do {                                                                        \
    if (!(condition)) {                                                       \
      fprintf(stderr, "%s:%d: not so: %s\n", __FILE__, __LINE__, #condition); \
      failed_checks++;                                                        \
    }                                                                         \
  } while (0)

/* The integer expression has the value. */
#define EXPECT_IS(value, expression)                                                         \
  do {                                                                                       \
    long long wanted = (value), got = (expression);                                          \
    if (wanted != got) {                                                                     \
      fprintf(stderr, "%s:%d: %s is %lld, not %lld\n", __FILE__, __LINE__, #expression, got, \
              wanted);                                                                       \
      failed_checks++;                                                                       \
    }                                                                                        \
  } while (0)

#endif /* OPENLTS_TEST_EXPECT_H */
