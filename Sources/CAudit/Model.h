// What threads did to memory, as write-combining memory would see it.
#pragma once

#include "Places.h"
#include "Regions.h"

/// Threads that can be told apart at a time.
enum { max_threads = 4096 };

/// A line that a thread has written to and that has not left for memory.
struct fill_buffer {
  /// NULL where the buffer is free.
  texalloc_audit_region *region;
  size_t line;
  /// A bit for each byte that was written.
  uint64_t written;
  uint64_t last_use;
  /// The last store.
  uint32_t place;
};

/// What one audit knows of one thread.
struct thread_model {
  /// Held by the thread itself but for a moment when a region goes.
  atomic_flag lock;
  texalloc_audit_counts counts;
  struct fill_buffer buffers[texalloc_audit_buffers];
  uint64_t clock;
  /// Where the last store went.
  texalloc_audit_region *last_region;
  size_t last_line;
  /// The last access, where it was a load that a store of the same bytes may follow.
  struct access last_load;
  uint32_t last_load_place;
  struct known_places known;
};

struct texalloc_audit {
  /// `max_threads` of them.
  struct thread_model *threads;
  /// No thread of a greater number was ever seen.
  atomic_size_t threads_end;
  /// `max_places` of them; the first is for those that found no room.
  struct place_entry *places;
  /// Of the place that was asked for.
  uint64_t counts[texalloc_audit_offences];
};

/// Lets a thread's model see an access by the instruction of the context.
void texalloc_model_see(
  texalloc_audit *audit, size_t thread, const struct access *access, ucontext_t *context);
/// Lets the open lines of a region leave. No handler of the program may run on this thread meanwhile.
void texalloc_model_forget(texalloc_audit *audit, const texalloc_audit_region *region);
texalloc_audit_counts texalloc_model_sum(const texalloc_audit *audit);
