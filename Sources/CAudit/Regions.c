#if defined(__x86_64__) && defined(__linux__)

#include "Audit.h"

#include <errno.h>
#include <pthread.h>
#include <sched.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/stat.h>

enum { least_band = 256 << 10, line_size = texalloc_audit_line };

static struct texalloc_audit_region regions[max_regions];
/// No entry from here on was ever used.
static atomic_size_t regions_end;

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

static void *zeroed(size_t size) {
  void *memory = mmap(
    NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  return memory == MAP_FAILED ? NULL : memory;
}

static size_t size_of_threads(void) { return max_threads * sizeof(struct thread_model); }
static size_t size_of_places(void) { return max_places * sizeof(struct place_entry); }
static size_t size_of_bits(size_t size) { return (size / line_size + 63) / 64 * 8; }

texalloc_audit *texalloc_audit_begin(void) {
  texalloc_audit *audit = calloc(1, sizeof *audit);
  if (audit == NULL) return NULL;
  audit->threads = zeroed(size_of_threads());
  audit->places = zeroed(size_of_places());
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

/// Makes the memory of an entry ordinary again once no access to it is under way, and frees it.
static void vacate(texalloc_audit_region *region) {
  // A handler of the program that writes to audited memory would wait for what it interrupts.
  sigset_t all, before;
  sigfillset(&all);
  pthread_sigmask(SIG_BLOCK, &all, &before);
  atomic_store(&region->is_audited, false);
  while (atomic_load(&region->users) > 0) sched_yield();
  texalloc_region_open(region);
  texalloc_model_forget(region->audit, region);
  pthread_sigmask(SIG_SETMASK, &before, NULL);
  _Atomic(uint64_t) *left = region->left;
  region->left = NULL;
  munmap((void *)(region->base + region->distance), region->size);
  munmap(left, size_of_bits(region->size));
}

texalloc_audit_region *texalloc_audit_add(
  texalloc_audit *audit, void *base, size_t size, int descriptor, size_t limit) {
  struct stat status;
  if (fstat(descriptor, &status) < 0) return NULL;
  uintptr_t start = (uintptr_t)base;
  void *again = map_again(start, size, descriptor);
  if (again == MAP_FAILED) return NULL;
  uint64_t distance = (uintptr_t)again - start;
  _Atomic(uint64_t) *left = zeroed(size_of_bits(size));
  if (left == NULL) {
    munmap(again, size);
    errno = ENOMEM;
    return NULL;
  }

  pthread_mutex_lock(&setting_up);
  texalloc_audit_region *region = NULL;
  int error = ENOSPC;
  for (size_t i = 0; i < max_regions; i++) {
    texalloc_audit_region *entry = regions + i;
    if (atomic_load(&entry->is_audited)) {
      if (entry->base < start + size && start < entry->base + entry->size) {
        region = NULL;
        error = EBUSY;
        break;
      }
    } else if (region == NULL && entry->left == NULL) {
      region = entry;
    }
  }
  if (region == NULL) {
    munmap(again, size);
    munmap(left, size_of_bits(size));
  } else {
    region->base = start;
    region->size = size;
    region->distance = distance;
    // Huge pages are protected as a whole.
    region->band = status.st_blksize > least_band ? (size_t)status.st_blksize : least_band;
    region->stride = (size + limit - 1) / limit;
    region->left = left;
    region->audit = audit;
    atomic_store(&region->is_audited, true);
    size_t end = (size_t)(region - regions) + 1;
    if (atomic_load(&regions_end) < end) atomic_store(&regions_end, end);
    if (texalloc_region_protect(region) < 0) {
      error = errno;
      vacate(region);
      region = NULL;
    }
  }
  pthread_mutex_unlock(&setting_up);
  if (region == NULL) errno = error;
  return region;
}

bool texalloc_region_audits(const texalloc_audit_region *region, size_t offset) {
  return offset / region->band % region->stride == 0;
}

/// Bytes of the band that begins at this offset.
static size_t size_of_band(const texalloc_audit_region *region, size_t offset) {
  size_t rest = region->size - offset;
  return rest < region->band ? rest : region->band;
}

size_t texalloc_audit_extent(const texalloc_audit_region *region) {
  size_t extent = 0;
  for (size_t offset = 0; offset < region->size; offset += region->band * region->stride)
    extent += size_of_band(region, offset);
  return extent;
}

void texalloc_region_open(const texalloc_audit_region *region) {
  mprotect((void *)region->base, region->size, PROT_READ | PROT_WRITE);
}

int texalloc_region_protect(const texalloc_audit_region *region) {
  if (region->stride == 1) return mprotect((void *)region->base, region->size, PROT_NONE);
  for (size_t offset = 0; offset < region->size; offset += region->band * region->stride) {
    void *start = (void *)(region->base + offset);
    if (mprotect(start, size_of_band(region, offset), PROT_NONE) < 0) return -1;
  }
  return 0;
}

static bool overlaps(const texalloc_audit_region *region, uintptr_t address, size_t size) {
  return address < region->base + region->size && region->base < address + size;
}

texalloc_audit_region *texalloc_region_with(uintptr_t address, size_t size) {
  size_t end = atomic_load(&regions_end);
  for (size_t i = 0; i < end; i++) {
    texalloc_audit_region *region = regions + i;
    if (!atomic_load(&region->is_audited) || !overlaps(region, address, size)) continue;
    atomic_fetch_add(&region->users, 1);
    // It may have gone before it was in use.
    if (atomic_load(&region->is_audited) && overlaps(region, address, size)) return region;
    texalloc_region_release(region);
  }
  return NULL;
}

bool texalloc_region_is_going(uintptr_t address) {
  size_t end = atomic_load(&regions_end);
  for (size_t i = 0; i < end; i++)
    if (regions[i].left && !atomic_load(&regions[i].is_audited)
        && overlaps(regions + i, address, 1))
      return true;
  return false;
}

void texalloc_region_release(texalloc_audit_region *region) {
  atomic_fetch_sub(&region->users, 1);
}

void texalloc_audit_renew(texalloc_audit_region *region, size_t offset, size_t size) {
  for (size_t line = offset / line_size; line < (offset + size) / line_size; line++)
    atomic_fetch_and(region->left + line / 64, ~(1ull << line % 64));
}

void texalloc_audit_remove(texalloc_audit_region *region) {
  pthread_mutex_lock(&setting_up);
  vacate(region);
  pthread_mutex_unlock(&setting_up);
}

static bool has_regions(const texalloc_audit *audit) {
  for (size_t i = 0; i < max_regions; i++)
    if (regions[i].left && regions[i].audit == audit) return true;
  return false;
}

texalloc_audit_counts texalloc_audit_end(texalloc_audit *audit) {
  pthread_mutex_lock(&setting_up);
  while (has_regions(audit)) {
    pthread_mutex_unlock(&setting_up);
    sched_yield();
    pthread_mutex_lock(&setting_up);
  }
  if (--audits == 0) texalloc_signals_give_back();
  pthread_mutex_unlock(&setting_up);
  return texalloc_model_sum(audit);
}

#endif
