// libBlocksRuntime knows no objects, and so does not keep those that a block captured.
// (Apple's does.) What the compiler calls for each captured variable is defined here in
// its place.
#define _GNU_SOURCE
#import <Foundation/Foundation.h>

#include <dlfcn.h>

enum { IS_OBJECT = 3, KINDS = 0x1F };

void _Block_object_assign(void *to, const void *object, int flags) {
  if ((flags & KINDS) == IS_OBJECT) {
    *(id *)to = [(id)object retain];
    return;
  }
  void (*theirs)(void *, const void *, int) = dlsym(RTLD_NEXT, "_Block_object_assign");
  theirs(to, object, flags);
}

void _Block_object_dispose(const void *object, int flags) {
  if ((flags & KINDS) == IS_OBJECT) {
    [(id)object release];
    return;
  }
  void (*theirs)(const void *, int) = dlsym(RTLD_NEXT, "_Block_object_dispose");
  theirs(object, flags);
}
