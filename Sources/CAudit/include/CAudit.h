// Every load and store that the threads of this process make to some of its memory, natively: pages
// that nobody may touch, and a second mapping of the same memory that the one instruction is led to.
// x86-64 Linux only; what happens in signal handlers allocates nothing, and waits for nothing but
// the last lines of a region that goes.
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/// What is wrong with an access, where memory is write-combining.
typedef enum __attribute__((enum_extensibility(closed))) {
  texalloc_audit_load,
  /// A load and a store of the same bytes, by one instruction or by two.
  texalloc_audit_read_modify_write,
  /// A line left for memory before all of it was written. Its last store is to blame.
  texalloc_audit_partial_line,
  /// A whole line left for memory that had left before. Its last store is to blame.
  texalloc_audit_line_again,
  /// A store to a line before that of the thread's last one.
  texalloc_audit_jump_backward,
} texalloc_audit_offence;

enum {
  texalloc_audit_offences = 5,
  /// Return addresses that are kept of a call stack.
  texalloc_audit_frames = 40,
  /// Bytes of a line, and how many a thread can have open.
  texalloc_audit_line = 64,
  texalloc_audit_buffers = 10,
};

/// What all threads did.
typedef struct {
  uint64_t loads, loaded_bytes;
  uint64_t stores, stored_bytes, non_temporal_stores;
  /// Lines that left for memory, with all of their bytes and with some.
  uint64_t full_lines, partial_lines;
  /// Lines that left at least once.
  uint64_t touched_lines;
  uint64_t jumps_backward;
  /// Accesses that could not be led elsewhere: while each was made, the memory was open to all
  /// threads, so what others did then is missing.
  uint64_t exposures;
} texalloc_audit_counts;

/// Where in the program something is wrong.
typedef struct {
  /// How often, by offence.
  const uint64_t *counts;
  /// The address of the instruction, then return addresses, innermost first. None where there were
  /// too many places to tell apart.
  const uintptr_t *frames;
  size_t depth;
} texalloc_audit_place;

typedef struct texalloc_audit texalloc_audit;

/// Memory that is being audited.
typedef struct texalloc_audit_region texalloc_audit_region;

/// Why nothing can be audited in this build; NULL where it can.
const char *texalloc_audit_obstacle(void);

/// Begins an audit of nothing yet; the first one takes over SIGSEGV and SIGTRAP, and passes on what
/// is not its own. NULL with errno.
texalloc_audit *texalloc_audit_begin(void);

/// Audits a shared mapping of `descriptor` from its start, whole pages. Of more than `limit` bytes,
/// which are more than 0, every n-th band of pages is audited. NULL with errno: EBUSY where it is
/// being audited already.
texalloc_audit_region *texalloc_audit_add(
  texalloc_audit *audit, void *base, size_t size, int descriptor, size_t limit);

/// Bytes of the region that are audited.
size_t texalloc_audit_extent(const texalloc_audit_region *region);

/// Lets lines be written as if they never had been: somebody else has them now.
void texalloc_audit_renew(texalloc_audit_region *region, size_t offset, size_t size);

/// Makes the memory ordinary again. Waits for accesses that are being made.
void texalloc_audit_remove(texalloc_audit_region *region);

/// Ends an audit whose regions are removed, or are being removed by others, for whom it waits. The
/// last one gives the signals back.
texalloc_audit_counts texalloc_audit_end(texalloc_audit *audit);

/// The place of this number, from 0; no counts behind the last. After the end, and valid until asked
/// for another.
texalloc_audit_place texalloc_audit_place_at(texalloc_audit *audit, size_t index);

void texalloc_audit_free(texalloc_audit *audit);

/// Audits every pool that the process makes, and writes the report to `path` when it exits: called
/// before `main` where secure_getenv(3) finds `TEXALLOC_AUDIT`, and in Swift.
void texalloc_audit_process(const char *path);

/// Of the Swift runtime: what a mangled name stands for, to be freed; NULL where it is none of Swift's.
char *swift_demangle(
  const char *name, size_t length, char *output, size_t *output_size, uint32_t flags);
