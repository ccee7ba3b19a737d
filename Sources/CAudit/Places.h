// Where in the program an access was made.
#pragma once

#include "CAudit.h"

#include <stdatomic.h>
#include <ucontext.h>

/// The first is for those that find no room.
enum { max_places = 4096 };

struct place_entry {
  /// 0 where the entry is free.
  _Atomic(uint64_t) hash;
  _Atomic(uint64_t) counts[texalloc_audit_offences];
  uintptr_t frames[texalloc_audit_frames];
  size_t depth;
};

/// Places by what was on the stack: what one thread remembers so as not to unwind again.
struct known_places {
  struct { uint64_t key; uint32_t place; } entries[64];
};

/// The number among `max_places` of the instruction of the context, which a signal interrupted on this
/// thread.
uint32_t texalloc_place(
  struct place_entry *places, struct known_places *known, ucontext_t *context);
void texalloc_places_prepare(void);
