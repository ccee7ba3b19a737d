#if defined(__x86_64__) && defined(__linux__)

#include "Audit.h"

#include <stdlib.h>
#include <string.h>
#include <sys/uio.h>
#include <unistd.h>
#include <unwind.h>

enum { max_depth = texalloc_audit_frames, page_size = 4096 };

/// A walk up the stack, from the handler of the signal to the bottom.
struct walk {
  /// The interrupted instruction: frames count from there.
  uintptr_t start;
  uintptr_t frames[max_depth];
  size_t depth;
  uintptr_t frame_pointer;
};

static _Unwind_Reason_Code take_frame(struct _Unwind_Context *context, void *argument) {
  struct walk *walk = argument;
  uintptr_t address = _Unwind_GetIP(context);
  if (walk->depth == 0 && address != walk->start) return _URC_NO_REASON;
  if (walk->depth == max_depth || address == 0) return _URC_END_OF_STACK;
  walk->frames[walk->depth++] = address;
  walk->frame_pointer = _Unwind_GetGR(context, 6);
  return _URC_NO_REASON;
}

/// Goes on where there is nothing that tells how to unwind, as in the assembler of libjpeg-turbo, by
/// what the frame pointer leads to. Addresses that are none are sorted out later.
static void follow_frame_pointers(struct walk *walk) {
  pid_t self = getpid();
  while (walk->frame_pointer && walk->depth < max_depth) {
    struct { uintptr_t next, address; } frame;
    struct iovec to = {&frame, sizeof frame}, from = {(void *)walk->frame_pointer, sizeof frame};
    if (process_vm_readv(self, &to, 1, &from, 1, 0) != sizeof frame) return;
    if (frame.address) walk->frames[walk->depth++] = frame.address;
    if (frame.next <= walk->frame_pointer) return;
    walk->frame_pointer = frame.next;
  }
}

static uint64_t hash(uint64_t hash, const uint64_t *words, size_t count) {
  for (size_t i = 0; i < count; i++) {
    hash = (hash ^ words[i]) * 0x9E3779B97F4A7C15;
    hash ^= hash >> 29;
  }
  return hash | 1;
}

/// What tells a place from others without unwinding: the registers, and the stack above; 0 where too
/// little of that is within the page, behind which there may be no more.
static uint64_t key_of(const greg_t *registers) {
  uint64_t stack = (uint64_t)registers[REG_RSP];
  size_t words = (page_size - stack % page_size) / sizeof(uint64_t);
  if (words < 16) return 0;
  uint64_t own[] = {
    (uint64_t)registers[REG_RIP], stack, (uint64_t)registers[REG_RBP]};
  return hash(hash(0, own, 3), (const uint64_t *)stack, words < 64 ? words : 64);
}

static uint32_t entry_for(texalloc_audit *audit, const struct walk *walk) {
  uint64_t wanted = hash(0, walk->frames, walk->depth);
  for (size_t i = 0; i < 64; i++) {
    uint32_t index = 1 + (uint32_t)((wanted >> 1) + i) % (max_places - 1);
    struct place_entry *entry = audit->places + index;
    uint64_t found = 0;
    if (atomic_compare_exchange_strong(&entry->hash, &found, wanted)) {
      memcpy(entry->frames, walk->frames, sizeof entry->frames);
      entry->depth = walk->depth;
      return index;
    }
    if (found == wanted) return index;
  }
  return 0;
}

uint32_t texalloc_place(
  texalloc_audit *audit, struct thread_model *thread, const ucontext_t *context) {
  const greg_t *registers = context->uc_mcontext.gregs;
  uint64_t key = key_of(registers);
  size_t index = key >> 20 & 63;
  if (key && thread->known[index].key == key) return thread->known[index].place;

  struct walk walk = {.start = (uintptr_t)registers[REG_RIP]};
  _Unwind_Backtrace(take_frame, &walk);
  if (walk.depth == 0) walk.frames[walk.depth++] = walk.start;
  follow_frame_pointers(&walk);
  uint32_t place = entry_for(audit, &walk);
  if (key) {
    thread->known[index].key = key;
    thread->known[index].place = place;
  }
  return place;
}

void texalloc_place_count(
  texalloc_audit *audit, uint32_t place, texalloc_audit_offence offence, int64_t count) {
  atomic_fetch_add(&audit->places[place].counts[offence], (uint64_t)count);
}

static _Unwind_Reason_Code pass_frame(struct _Unwind_Context *context, void *argument) {
  return _URC_NO_REASON;
}

/// The first call may load and allocate what later ones find.
void texalloc_places_prepare(void) { _Unwind_Backtrace(pass_frame, NULL); }

/// Whether a return address can be one: a call ends there.
static bool follows_call(uintptr_t address) {
  uint8_t code[7];
  struct iovec to = {code, sizeof code}, from = {(void *)(address - sizeof code), sizeof code};
  if (process_vm_readv(getpid(), &to, 1, &from, 1, 0) != sizeof code) return false;
  if (code[2] == 0xE8) return true;  // CALL with a distance
  static const size_t lengths[] = {2, 3, 4, 6, 7};  // CALL through a register or memory
  for (size_t i = 0; i < sizeof lengths / sizeof *lengths; i++) {
    const uint8_t *call = code + sizeof code - lengths[i];
    if (call[0] == 0xFF && (call[1] >> 3 & 7) == 2) return true;
  }
  return false;
}

texalloc_audit_place texalloc_audit_place_at(texalloc_audit *audit, size_t index) {
  if (index >= max_places) return (texalloc_audit_place){0};
  const struct place_entry *entry = audit->places + index;
  for (size_t i = 0; i < texalloc_audit_offences; i++)
    audit->counts[i] = atomic_load(&entry->counts[i]);
  size_t depth = 0;
  for (size_t i = 0; i < entry->depth; i++)
    if (i == 0 || follows_call(entry->frames[i])) audit->frames[depth++] = entry->frames[i];
  return (texalloc_audit_place){
    .counts = audit->counts, .frames = audit->frames, .depth = depth};
}

#endif
