/* Hosts that play one of several scenes.
 *
 * usage: HOST URL HANDSHAKE-CODE DATA-DIRECTORY SCENE */
#ifndef OPENLTS_TEST_SCENE_H
#define OPENLTS_TEST_SCENE_H

#include <stdio.h>
#include <string.h>

static const char *url, *code, *directory;

struct scene {
  const char *name;
  void (*play)(void);
};

/* Plays the scene that the arguments name. Returns 0 if there is none. */
static int play(int argc, char **argv, const struct scene *scenes, size_t count) {
  if (argc != 5) {
    fprintf(stderr, "usage: %s URL HANDSHAKE-CODE DATA-DIRECTORY SCENE\n", argv[0]);
    return 0;
  }
  url = argv[1];
  code = argv[2];
  directory = argv[3];
  for (size_t i = 0; i < count; i++) {
    if (strcmp(scenes[i].name, argv[4]) == 0) {
      scenes[i].play();
      return 1;
    }
  }
  fprintf(stderr, "there is no scene \"%s\"\n", argv[4]);
  return 0;
}

#endif /* OPENLTS_TEST_SCENE_H */
