#if defined(__x86_64__) && defined(__linux__)

#include "Regions.h"

#include <errno.h>
#include <sched.h>
#include <sys/mman.h>

static struct texalloc_audit_region regions[max_regions];
/// No entry from here on was ever used.
static atomic_size_t regions_end;

void *texalloc_zeroed(size_t size) {
  void *memory = mmap(
    NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  return memory == MAP_FAILED ? NULL : memory;
}

static size_t size_of_bits(size_t size) { return (size / line_size + 63) / 64 * 8; }

texalloc_audit_region *texalloc_region_claim(texalloc_audit_region region) {
  texalloc_audit_region *vacant = NULL;
  for (size_t i = 0; i < max_regions; i++) {
    texalloc_audit_region *entry = regions + i;
    if (atomic_load(&entry->is_audited)) {
      if (entry->base < region.base + region.size && region.base < entry->base + entry->size) {
        errno = EBUSY;
        return NULL;
      }
    } else if (vacant == NULL && entry->left == NULL) {
      vacant = entry;
    }
  }
  if (vacant == NULL) {
    errno = ENOSPC;
    return NULL;
  }
  _Atomic(uint64_t) *left = texalloc_zeroed(size_of_bits(region.size));
  if (left == NULL) return NULL;
  vacant->base = region.base;
  vacant->size = region.size;
  vacant->distance = region.distance;
  vacant->band = region.band;
  vacant->stride = region.stride;
  vacant->audit = region.audit;
  vacant->left = left;
  atomic_store(&vacant->is_audited, true);
  size_t end = (size_t)(vacant - regions) + 1;
  if (atomic_load(&regions_end) < end) atomic_store(&regions_end, end);
  return vacant;
}

void texalloc_region_retire(texalloc_audit_region *region) {
  atomic_store(&region->is_audited, false);
  while (atomic_load(&region->users) > 0) sched_yield();
  texalloc_region_open(region);
}

void texalloc_region_vacate(texalloc_audit_region *region) {
  _Atomic(uint64_t) *left = region->left;
  region->left = NULL;
  munmap(left, size_of_bits(region->size));
}

bool texalloc_region_any(const texalloc_audit *audit) {
  for (size_t i = 0; i < max_regions; i++)
    if (regions[i].left && regions[i].audit == audit) return true;
  return false;
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

#endif
