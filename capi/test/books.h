/* What processes that fork, and are killed, record: in memory that they share
 * and that outlives each of them. */
#ifndef OPENLTS_TEST_BOOKS_H
#define OPENLTS_TEST_BOOKS_H

#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#include "expect.h"
#include "license.h"

/* The processes that record, each under an operation type of its own, so that the server's
 * counts tell them apart. */
typedef struct {
  int32_t type;
  const char *name;
} account;

/* The units of an account: raised before the call, after it returned LTS_OK, and
 * by the client of a server when it got the answer. */
typedef struct {
  atomic_llong begun, recorded, acknowledged;
} book;

static void record_in(book *b, LTS_License license, int32_t type) {
  atomic_fetch_add(&b->begun, 1);
  int32_t status = LTS_RecordOperation(license, type, 1);
  EXPECT_IS(LTS_OK, status);
  if (status == LTS_OK) {
    atomic_fetch_add(&b->recorded, 1);
  }
}

/* One line of JSON, which the test compares with the server's counts. */
static void print_books(const account *accounts, book *books, int count) {
  for (int i = 0; i < count; i++) {
    printf("%s\"%s\": {\"begun\": %lld, \"recorded\": %lld, \"acknowledged\": %lld}",
           i == 0 ? "{" : ", ", accounts[i].name, atomic_load(&books[i].begun),
           atomic_load(&books[i].recorded), atomic_load(&books[i].acknowledged));
  }
  printf("}\n");
  fflush(stdout);
}

/* Maps shared memory of a file descriptor that memfd_create gave. */
static void *map_shared(int fd, size_t size) {
  void *memory = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
  if (memory == MAP_FAILED) {
    perror("mmap");
    exit(1);
  }
  return memory;
}

static void *create_shared(int *fd, size_t size) {
  *fd = memfd_create("books", 0); /* inherited by programs */
  if (*fd < 0 || ftruncate(*fd, (off_t)size) != 0) {
    perror("memfd_create");
    exit(1);
  }
  return map_shared(*fd, size);
}

/* Ends a process that hangs by a signal, which its parent sees. */
enum { DEADLINE_SECONDS = 300, CLOSE_MILLISECONDS = 30000 };

#endif /* OPENLTS_TEST_BOOKS_H */
