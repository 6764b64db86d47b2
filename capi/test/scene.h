/* Scenes: what a host of several ways to use the library plays, by the name it is given. */
#ifndef OPENLTS_TEST_SCENE_H
#define OPENLTS_TEST_SCENE_H

#include <stdio.h>
#include <string.h>

struct scene {
  const char *name;
  void (*play)(void);
};

/* Plays one of the scenes. Returns 0 if none has the name. */
static int play_scene(const struct scene *scenes, size_t count, const char *name) {
  for (size_t i = 0; i < count; i++) {
    if (strcmp(scenes[i].name, name) == 0) {
      scenes[i].play();
      return 1;
    }
  }
  fprintf(stderr, "there is no scene \"%s\"\n", name);
  return 0;
}

#endif /* OPENLTS_TEST_SCENE_H */
