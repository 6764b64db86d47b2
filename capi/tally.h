/* The layout of a tally for the hot path in record.c. It must equal
 * core/internal/tally/layout.go; parameters.go in this folder fails to compile if it does
 * not. */
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
