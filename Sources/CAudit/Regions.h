// The memory that is audited: a table that handlers read without a lock.
#pragma once

#include "CAudit.h"

#include <stdatomic.h>

enum {
  max_regions = 4096,
  line_size = texalloc_audit_line,
};

struct texalloc_audit_region {
  /// Whether accesses are led elsewhere; else the entry is free, or about to be.
  atomic_bool is_audited;
  texalloc_audit *audit;
  /// Steps under way.
  atomic_uint users;
  uintptr_t base;
  size_t size;
  /// What leads from an address to the same byte in the other mapping.
  uint64_t distance;
  /// Bytes of a band, and of how many one is audited.
  size_t band, stride;
  /// A bit for each line that has left for memory.
  _Atomic(uint64_t) *left;
};

/// Part of a step: what an instruction does to one region.
struct access {
  texalloc_audit_region *region;
  size_t offset, size;
  /// Of the first 64 bytes, a bit for each that is touched.
  uint64_t mask;
  /// How often, each time behind the last one, or before it.
  size_t count;
  bool goes_down;
  bool loads, stores, is_non_temporal;
};

/// The region that holds any of these bytes, kept from being removed until it is released; or NULL.
texalloc_audit_region *texalloc_region_with(uintptr_t address, size_t size);
void texalloc_region_release(texalloc_audit_region *region);
/// Whether the address is in one that is being removed, and will soon be open.
bool texalloc_region_is_going(uintptr_t address);
bool texalloc_region_audits(const texalloc_audit_region *region, size_t offset);
/// Opens all of a region to everyone, or protects what is audited of it.
void texalloc_region_open(const texalloc_audit_region *region);
int texalloc_region_protect(const texalloc_audit_region *region);

/// A free entry made the region of these bytes, audited from then on. Protects nothing yet. NULL with
/// errno: EBUSY where some of them are in one, ENOSPC.
texalloc_audit_region *texalloc_region_claim(texalloc_audit_region region);
/// Has no access led elsewhere from then on, waits for those that are, and opens the region.
void texalloc_region_retire(texalloc_audit_region *region);
/// Frees the entry of one that was retired.
void texalloc_region_vacate(texalloc_audit_region *region);
/// Whether the audit has any, be it retired.
bool texalloc_region_any(const texalloc_audit *audit);
/// Memory that is all zero; NULL with errno.
void *texalloc_zeroed(size_t size);
