#if defined(__x86_64__) && defined(__linux__)

#include "Model.h"
#include "Signals.h"

#include <errno.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/stat.h>

enum { least_band = 256 << 10 };

/// Guards beginnings and ends, which signal handlers know nothing of.
static pthread_mutex_t setting_up = PTHREAD_MUTEX_INITIALIZER;
static unsigned audits;

const char *texalloc_audit_obstacle(void) {
#if __has_feature(address_sanitizer)
  return "AddressSanitizer reads and writes memory of its own for every access";
#elif __has_feature(thread_sanitizer)
  return "ThreadSanitizer delays signals";
#else
  return NULL;
#endif
}

static size_t size_of_threads(void) { return max_threads * sizeof(struct thread_model); }
static size_t size_of_places(void) { return max_places * sizeof(struct place_entry); }

texalloc_audit *texalloc_audit_begin(void) {
  texalloc_audit *audit = calloc(1, sizeof *audit);
  if (audit == NULL) return NULL;
  audit->threads = texalloc_zeroed(size_of_threads());
  audit->places = texalloc_zeroed(size_of_places());
  int failed = audit->threads == NULL || audit->places == NULL;
  if (!failed) {
    pthread_mutex_lock(&setting_up);
    if (audits == 0) failed = texalloc_signals_take() < 0;
    if (!failed) audits++;
    pthread_mutex_unlock(&setting_up);
  }
  if (failed) {
    int error = errno;
    texalloc_audit_free(audit);
    errno = error;
    return NULL;
  }
  return audit;
}

void texalloc_audit_free(texalloc_audit *audit) {
  if (audit->threads) munmap(audit->threads, size_of_threads());
  if (audit->places) munmap(audit->places, size_of_places());
  free(audit);
}

/// The second mapping: away by a multiple of 4 GiB where it can be, so that whoever uses the lower
/// half of an address sees no difference.
static void *map_again(uintptr_t base, size_t size, int descriptor) {
  for (intptr_t steps = 1; steps <= 256; steps++) {
    for (int sign = -1; sign <= 1; sign += 2) {
      void *wanted = (void *)(base + (uintptr_t)(sign * steps << 32));
      void *found = mmap(
        wanted, size, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_FIXED_NOREPLACE, descriptor, 0);
      if (found == wanted) return found;
      if (found != MAP_FAILED) munmap(found, size);  // a kernel before 4.17
    }
  }
  return mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED, descriptor, 0);
}

/// Makes the memory of a region ordinary again.
static void end_region(texalloc_audit_region *region) {
  // A handler of the program that writes to audited memory would wait for what it interrupts.
  sigset_t all, before;
  sigfillset(&all);
  pthread_sigmask(SIG_BLOCK, &all, &before);
  texalloc_region_retire(region);
  texalloc_model_forget(region->audit, region);
  pthread_sigmask(SIG_SETMASK, &before, NULL);
  void *again = (void *)(region->base + region->distance);
  size_t size = region->size;
  texalloc_region_vacate(region);
  munmap(again, size);
}

texalloc_audit_region *texalloc_audit_add(
  texalloc_audit *audit, void *base, size_t size, int descriptor, size_t limit) {
  struct stat status;
  if (fstat(descriptor, &status) < 0) return NULL;
  uintptr_t start = (uintptr_t)base;
  void *again = map_again(start, size, descriptor);
  if (again == MAP_FAILED) return NULL;

  pthread_mutex_lock(&setting_up);
  texalloc_audit_region *region = texalloc_region_claim((texalloc_audit_region){
    .base = start,
    .size = size,
    .distance = (uintptr_t)again - start,
    // Huge pages are protected as a whole.
    .band = status.st_blksize > least_band ? (size_t)status.st_blksize : least_band,
    .stride = (size + limit - 1) / limit,
    .audit = audit,
  });
  int error = errno;
  if (region == NULL) {
    munmap(again, size);
  } else if (texalloc_region_protect(region) < 0) {
    error = errno;
    end_region(region);
    region = NULL;
  }
  pthread_mutex_unlock(&setting_up);
  if (region == NULL) errno = error;
  return region;
}

void texalloc_audit_remove(texalloc_audit_region *region) {
  pthread_mutex_lock(&setting_up);
  end_region(region);
  pthread_mutex_unlock(&setting_up);
}

texalloc_audit_counts texalloc_audit_end(texalloc_audit *audit) {
  pthread_mutex_lock(&setting_up);
  while (texalloc_region_any(audit)) {
    pthread_mutex_unlock(&setting_up);
    sched_yield();
    pthread_mutex_lock(&setting_up);
  }
  if (--audits == 0) texalloc_signals_give_back();
  pthread_mutex_unlock(&setting_up);
  return texalloc_model_sum(audit);
}

texalloc_audit_place texalloc_audit_place_at(texalloc_audit *audit, size_t index) {
  if (index >= max_places) return (texalloc_audit_place){0};
  const struct place_entry *entry = audit->places + index;
  for (size_t i = 0; i < texalloc_audit_offences; i++)
    audit->counts[i] = atomic_load(&entry->counts[i]);
  return (texalloc_audit_place){
    .counts = audit->counts, .frames = entry->frames, .depth = entry->depth};
}

#endif
