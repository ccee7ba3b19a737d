// Accesses that a compiler hardly makes by itself, to memory that a test audits.
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#if defined(__x86_64__)

/// Each does what it says at `bytes`, 4096 of them, all zero, and answers whether registers and
/// memory are afterwards as they should be.
typedef struct {
  const char *name;
  bool (*make)(uint8_t *bytes);
  /// What an audit should count.
  uint64_t loads, loaded_bytes, stores, stored_bytes;
  /// Whether this processor can; NULL where every one can.
  bool (*is_possible)(void);
} odd_access;

/// The access of this number, from 0; NULL behind the last.
const odd_access *odd_access_at(size_t index);

/// Stores a byte at an address relative to FS.
void store_by_segment(uint8_t *to, uint8_t byte);
/// Gathers words from there and from elsewhere by one instruction; whether they are the right ones.
bool gather_from_both(const uint8_t *bytes);
bool can_gather(void);
/// Scatters words to there and to elsewhere.
bool scatter_to_both(uint8_t *bytes);
bool can_scatter(void);
/// Maps a page of memory of its own descriptor, behind an ordinary page; NULL where that fails.
uint8_t *map_behind_page(int *descriptor);
/// Stores 8 bytes, half of them on the page before.
bool store_across_edge(uint8_t *to);

#endif

/// Takes over a signal such that whoever had it before is called for what is not its own: accesses
/// to a page that it opens then. Answers how often it was called.
void take_faults(void);
size_t faults_taken(void);
/// Whether the handler is the one that `take_faults` set.
bool has_faults(void);
/// Gives the signal back.
void give_faults_back(void);
/// Writes to a page that nobody may write to.
void cause_fault(void);

/// Has the kernel write a byte; what the call returns, or the negative errno.
int write_by_system_call(uint8_t *to);
