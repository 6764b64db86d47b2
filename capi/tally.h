/* The layout of a tally, as core/internal/tally/layout.go states it, for the hot path in
 * record.c. layout.go in this folder asserts, when it is built, that the two
 * agree. */
#ifndef OPENLTS_CAPI_TALLY_H
#define OPENLTS_CAPI_TALLY_H

#include <stdint.h>

enum {
  OPENLTS_FRAMES = 4,
  OPENLTS_TYPES = 256,
  OPENLTS_FRAME_HEADER = 64,
  OPENLTS_STRAYS = 1024,
  OPENLTS_STRAY_BITS = 10,
  OPENLTS_STRAY_SIZE = 16,
  OPENLTS_STRAYS_OFFSET = 4096 +
      (OPENLTS_FRAMES + OPENLTS_STRAYS / OPENLTS_TYPES) * OPENLTS_TYPES * 8,
  OPENLTS_FRAMES_OFFSET = OPENLTS_STRAYS_OFFSET + OPENLTS_STRAYS * OPENLTS_STRAY_SIZE
};

#endif /* OPENLTS_CAPI_TALLY_H */
