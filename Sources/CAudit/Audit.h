// What the parts of the audit share.
#pragma once

#define _GNU_SOURCE
#include "CAudit.h"

#include <signal.h>
#include <stdatomic.h>
#include <ucontext.h>

enum {
  /// Threads that can be told apart at a time.
  max_threads = 4096,
  max_regions = 4096,
  max_places = 4096,
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
  /// Places by what was on the stack.
  struct { uint64_t key; uint32_t place; } known[64];
};

struct place_entry {
  /// 0 where the entry is free.
  _Atomic(uint64_t) hash;
  _Atomic(uint64_t) counts[texalloc_audit_offences];
  uintptr_t frames[texalloc_audit_frames];
  size_t depth;
};

struct texalloc_audit {
  /// `max_threads` of them.
  struct thread_model *threads;
  /// `max_places` of them; the first is for those that found no room.
  struct place_entry *places;
  /// Of the place that was asked for.
  uint64_t counts[texalloc_audit_offences];
};

// --- Regions.c

/// The region that holds any of these bytes, kept from being removed until it is released; or NULL.
texalloc_audit_region *texalloc_region_with(uintptr_t address, size_t size);
void texalloc_region_release(texalloc_audit_region *region);
/// Whether the address is in one that is being removed, and will soon be open.
bool texalloc_region_is_going(uintptr_t address);
bool texalloc_region_audits(const texalloc_audit_region *region, size_t offset);
/// Opens all of a region to everyone, or protects what is audited of it.
void texalloc_region_open(const texalloc_audit_region *region);
int texalloc_region_protect(const texalloc_audit_region *region);

// --- Model.c

/// Lets a thread's model see an access by the instruction of the context.
void texalloc_model_see(
  texalloc_audit *audit, size_t thread, const struct access *access, ucontext_t *context);
/// Lets the open lines of a region leave. No handler of the program may run on this thread meanwhile.
void texalloc_model_forget(texalloc_audit *audit, const texalloc_audit_region *region);
texalloc_audit_counts texalloc_model_sum(const texalloc_audit *audit);

// --- Places.c

/// The place of the instruction of the context, which a signal interrupted on this thread.
uint32_t texalloc_place(
  texalloc_audit *audit, struct thread_model *thread, ucontext_t *context);
void texalloc_place_count(
  texalloc_audit *audit, uint32_t place, texalloc_audit_offence offence, int64_t count);
void texalloc_places_prepare(void);

// --- Steps.c

enum {
  /// Bytes for an instruction that is moved.
  slot_size = 32,
  max_accesses = 4,
};

/// A register that was led to another mapping, and by how much.
struct shift {
  int number;
  uint64_t distance;
  /// Whether the instruction puts something else there.
  bool is_replaced;
};

/// What one thread is in the middle of.
struct step {
  bool is_under_way;
  /// The instruction, and what it found in the registers that unwinding begins with.
  greg_t instruction, stack_pointer, frame_pointer;
  uint8_t length;
  bool is_repeated;
  greg_t repeats_left;
  struct shift shifts[2];
  size_t shift_count;
  /// Where the instruction is executed, and how long it is there; NULL where that is its own place.
  const uint8_t *moved_to;
  size_t moved_length;
  /// The register that holds its address there, and what was in it; -1 where there is none.
  int scratch;
  greg_t scratch_value;
  /// What it does, each to a region that is in use, and the operands by which.
  struct access accesses[max_accesses];
  size_t access_count;
  uint8_t operands[max_accesses];
  size_t operand_count;
  /// Whether these regions are open to everyone meanwhile.
  bool is_exposed;
};

/// Sets a thread up for making the access that has just failed at `fault`, and no further one.
/// Answers whether it is one to a region.
///
/// - Parameter slot: Memory that an instruction can be moved to; NULL where there is none.
bool texalloc_step_begin(struct step *step, ucontext_t *context, uintptr_t fault, uint8_t *slot);
/// Whether a trap of this code is the one that ends the step.
bool texalloc_step_is_done(const struct step *step, const ucontext_t *context, int code);
/// Takes back what the beginning did to the registers, after the instruction or instead of it.
void texalloc_step_restore(struct step *step, ucontext_t *context);
/// Lets go of the regions, and forgets the step.
void texalloc_step_release(struct step *step);
void texalloc_steps_prepare(void);

// --- Signals.c

/// No thread of a greater number was ever seen.
size_t texalloc_threads_end(void);

/// Takes over the signals, or gives them back. 0, or -1 with errno.
int texalloc_signals_take(void);
void texalloc_signals_give_back(void);
