/* The judge's books, in a file mapped into memory. */
#define _POSIX_C_SOURCE 200809L
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "client.h"

_Static_assert(sizeof(line) == 64 && sizeof(judge_books) == 16384, "books.go has another layout");

judge_books *kept;

void open_books(const char *path) {
  int file = open(path, O_RDWR | O_CREAT, 0600);
  if (file < 0 || ftruncate(file, sizeof(judge_books)) != 0) {
    fprintf(stderr, "client: %s: %s\n", path, strerror(errno));
    exit(1);
  }
  void *memory = mmap(NULL, sizeof(judge_books), PROT_READ | PROT_WRITE, MAP_SHARED, file, 0);
  if (memory == MAP_FAILED) {
    fprintf(stderr, "client: mapping %s: %s\n", path, strerror(errno));
    exit(1);
  }
  close(file);
  kept = memory;
}
