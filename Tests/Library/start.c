/* How many milliseconds the library takes until it has answered its first call: start LIBRARY */
#include <dlfcn.h>
#include <stdio.h>
#include <time.h>

static double now(void) {
  struct timespec time;
  clock_gettime(CLOCK_MONOTONIC, &time);
  return (double)time.tv_sec * 1e3 + (double)time.tv_nsec / 1e6;
}

int main(int count, char **arguments) {
  double begin = now();
  void *library = count > 1 ? dlopen(arguments[1], RTLD_NOW) : NULL;
  void *symbol = library ? dlsym(library, "texalloc_pool_create") : NULL;
  if (!symbol) return fprintf(stderr, "start: %s\n", dlerror()), 1;
  int (*create)(void *device, const void *options, void **pool);
  *(void **)&create = symbol;
  void *pool;
  if (create(NULL, NULL, &pool)) return 1;
  printf("%.1f\n", now() - begin);
  return 0;
}
