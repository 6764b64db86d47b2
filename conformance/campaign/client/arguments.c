/* The arguments KEY=VALUE, and what is drawn by chance from a seed. */
#include <stdlib.h>
#include <string.h>

#include "client.h"

const char *argument(char **arguments, const char *key, const char *otherwise) {
  size_t length = strlen(key);
  for (; *arguments != NULL; arguments++) {
    if (strncmp(*arguments, key, length) == 0 && (*arguments)[length] == '=') {
      return *arguments + length + 1;
    }
  }
  return otherwise;
}

long number(char **arguments, const char *key, long otherwise) {
  const char *text = argument(arguments, key, NULL);
  return text == NULL ? otherwise : strtol(text, NULL, 10);
}

/* xorshift64*, a state for each thread. */
uint32_t chance(uint64_t *state, uint32_t below) {
  *state ^= *state >> 12;
  *state ^= *state << 25;
  *state ^= *state >> 27;
  return (uint32_t)((*state * UINT64_C(2685821657736338717)) >> 33) % below;
}

uint64_t seed_of(uint64_t seed, uint64_t stream) {
  uint64_t state = (seed + stream * UINT64_C(0x9E3779B97F4A7C15)) | 1;
  chance(&state, 2);
  return state;
}
