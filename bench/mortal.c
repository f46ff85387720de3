/* Preloaded, it kills its process before the write to a database's log (FILE-wal) whose number stands in $DIES_AT:
   what SQLite has stored changes at those writes and nowhere else. SIGUSR1 first, for whoever wants to say where it
   was. Where the process ends otherwise, $WRITES_TO is the file that tells how many such writes there were. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/types.h>
#include <unistd.h>

static atomic_long writes;

static int is_log(int file) {
  char link[64], path[4096];
  snprintf(link, sizeof link, "/proc/self/fd/%d", file);
  ssize_t length = readlink(link, path, sizeof path - 1);
  return length > 4 && !memcmp(path + length - 4, "-wal", 4);
}

static void count(int file) {
  if (!is_log(file)) return;
  const char *last = getenv("DIES_AT");
  if (atomic_fetch_add(&writes, 1) + 1 == (last ? atol(last) : -1)) {
    raise(SIGUSR1);
    raise(SIGKILL);
  }
}

ssize_t pwrite64(int file, const void *bytes, size_t length, off64_t place) {
  static ssize_t (*next)(int, const void *, size_t, off64_t);
  if (!next) next = dlsym(RTLD_NEXT, "pwrite64");
  count(file);
  return next(file, bytes, length, place);
}

ssize_t pwrite(int file, const void *bytes, size_t length, off_t place) {
  static ssize_t (*next)(int, const void *, size_t, off_t);
  if (!next) next = dlsym(RTLD_NEXT, "pwrite");
  count(file);
  return next(file, bytes, length, place);
}

__attribute__((destructor)) static void tell(void) {
  const char *path = getenv("WRITES_TO");
  FILE *told = path && writes ? fopen(path, "w") : NULL;
  if (told) {
    fprintf(told, "%ld\n", (long)writes);
    fclose(told);
  }
}
