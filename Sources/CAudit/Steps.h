// One access, made by its own instruction but led to another mapping.
#pragma once

#include "Regions.h"

#include <ucontext.h>

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
