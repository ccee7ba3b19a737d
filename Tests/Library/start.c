/*
 * What the library adds to the start of a program, until it has a pool: start TURNS LIBRARY. Starts itself in
 * turns, as a program that does nothing and as one that opens the library, and prints the median of what the
 * second took longer and that of the first, in milliseconds.
 */
#include <dlfcn.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <time.h>

static double now(void) {
  struct timespec time;
  clock_gettime(CLOCK_MONOTONIC, &time);
  return (double)time.tv_sec * 1e3 + (double)time.tv_nsec / 1e6;
}

static int make_pool(const char *path) {
  void *library = dlopen(path, RTLD_NOW);
  void *symbol = library ? dlsym(library, "texalloc_pool_create") : NULL;
  if (!symbol) return fprintf(stderr, "start: %s\n", dlerror()), 1;
  int (*create)(void *device, const void *options, void **pool);
  *(void **)&create = symbol;
  void *pool;
  return create(NULL, NULL, &pool);
}

/* From before it is started until it has ended. */
static double time_of(char **arguments) {
  static char *no_environment[] = {NULL};
  double begin = now();
  pid_t process;
  int status;
  if (posix_spawn(&process, arguments[0], NULL, NULL, arguments, no_environment)) exit(1);
  if (waitpid(process, &status, 0) != process || status) exit(1);
  return now() - begin;
}

static int by_size(const void *left, const void *right) {
  double a = *(const double *)left, b = *(const double *)right;
  return (a > b) - (a < b);
}

int main(int count, char **arguments) {
  if (count == 1) return 0;
  if (count == 2) return make_pool(arguments[1]);
  char *empty[] = {arguments[0], NULL}, *full[] = {arguments[0], arguments[2], NULL};
  int turns = atoi(arguments[1]);
  if (turns < 1) return 1;
  double *empties = calloc(2 * (size_t)turns, sizeof *empties), *more = empties + turns;
  if (!empties) return 1;
  for (int turn = 0; turn < turns; turn++) {
    empties[turn] = time_of(empty);
    more[turn] = time_of(full) - empties[turn];
  }
  qsort(empties, (size_t)turns, sizeof *empties, by_size);
  qsort(more, (size_t)turns, sizeof *more, by_size);
  printf("%.1f %.1f\n", more[turns / 2], empties[turns / 2]);
  free(empties);
  return 0;
}
