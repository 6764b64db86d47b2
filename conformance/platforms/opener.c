/* Opens a library by its path, as programs do that were not linked with it, and bindings. It
 * prints the library's version, or why the loader refuses.
 *
 * usage: opener PATH */
#include <dlfcn.h>
#include <stdio.h>
#include <string.h>

int main(int argc, char **argv) {
  void *library, *found;
  const char *(*version)(void);
  if (argc != 2) {
    return 2;
  }
  library = dlopen(argv[1], RTLD_NOW);
  found = library != NULL ? dlsym(library, "LTS_Version") : NULL;
  if (found == NULL) {
    puts(dlerror());
    return 1;
  }
  /* ISO C converts no pointer to an object into one to a function. */
  memcpy(&version, &found, sizeof version);
  puts(version());
  return 0;
}
