#if defined(__x86_64__) && defined(__linux__)

#include "Places.h"

#include <stdlib.h>
#include <string.h>
#include <sys/uio.h>
#include <unistd.h>
#include <unwind.h>

enum { max_depth = texalloc_audit_frames, page_size = 4096 };

/// A walk up the stack.
struct walk {
  /// Where it begins: what comes before are the frames of the handler.
  uintptr_t start;
  bool has_begun;
  uintptr_t frames[max_depth];
  size_t depth;
  /// Of the last frame.
  uintptr_t stack_pointer, frame_pointer;
};

static _Unwind_Reason_Code take_frame(struct _Unwind_Context *context, void *argument) {
  struct walk *walk = argument;
  uintptr_t address = _Unwind_GetIP(context);
  walk->has_begun |= address == walk->start;
  if (!walk->has_begun) return _URC_NO_REASON;
  if (walk->depth == max_depth || address == 0) return _URC_END_OF_STACK;
  walk->frames[walk->depth++] = address;
  walk->stack_pointer = _Unwind_GetCFA(context);
  walk->frame_pointer = _Unwind_GetGR(context, 6);
  return _URC_NO_REASON;
}

static bool read_memory(uintptr_t address, void *to, size_t size) {
  struct iovec local = {to, size}, remote = {(void *)address, size};
  return process_vm_readv(getpid(), &local, 1, &remote, 1, 0) == (ssize_t)size;
}

/// Whether an address can be one to return to: a call ends there.
static bool follows_call(uintptr_t address) {
  uint8_t code[7];
  if (!read_memory(address - sizeof code, code, sizeof code)) return false;
  if (code[2] == 0xE8) return true;  // CALL with a distance
  static const size_t lengths[] = {2, 3, 4, 6, 7};  // CALL through a register or memory
  for (size_t i = 0; i < sizeof lengths / sizeof *lengths; i++) {
    const uint8_t *call = code + sizeof code - lengths[i];
    if (call[0] == 0xFF && (call[1] >> 3 & 7) == 2) return true;
  }
  return false;
}

/// Goes up by the frame pointer from where nothing tells how to unwind. The assembler of libjpeg-turbo
/// keeps there the address of a frame.
static bool leave_frame(const struct walk *walk, greg_t *registers) {
  uintptr_t stack = walk->stack_pointer, pointer = walk->frame_pointer;
  for (int hops = 0; hops < 2 && pointer >= stack && pointer - stack < 1 << 20; hops++) {
    struct {
      uintptr_t frame_pointer, address;
    } frame;
    if (!read_memory(pointer, &frame, sizeof frame)) return false;
    if (follows_call(frame.address)) {
      registers[REG_RIP] = (greg_t)frame.address;
      registers[REG_RSP] = (greg_t)(pointer + sizeof frame);
      registers[REG_RBP] = (greg_t)frame.frame_pointer;
      return true;
    }
    pointer = frame.frame_pointer;
  }
  return false;
}

static void walk_up(struct walk *walk, ucontext_t *context) {
  greg_t *registers = context->uc_mcontext.gregs;
  greg_t first[] = {registers[REG_RIP], registers[REG_RSP], registers[REG_RBP]};
  // The unwinder finds the registers in the context, and goes on from whatever is there.
  do {
    walk->start = (uintptr_t)registers[REG_RIP];
    walk->has_begun = false;
    _Unwind_Backtrace(take_frame, walk);
  } while (walk->has_begun && walk->depth < max_depth && leave_frame(walk, registers));
  if (walk->depth == 0) walk->frames[walk->depth++] = (uintptr_t)first[0];
  registers[REG_RIP] = first[0];
  registers[REG_RSP] = first[1];
  registers[REG_RBP] = first[2];
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

static uint32_t entry_for(struct place_entry *places, const struct walk *walk) {
  uint64_t wanted = hash(0, walk->frames, walk->depth);
  for (size_t i = 0; i < 64; i++) {
    uint32_t index = 1 + (uint32_t)((wanted >> 1) + i) % (max_places - 1);
    struct place_entry *entry = places + index;
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
  struct place_entry *places, struct known_places *known, ucontext_t *context) {
  const greg_t *registers = context->uc_mcontext.gregs;
  uint64_t key = key_of(registers);
  size_t index = key >> 20 & 63;
  if (key && known->entries[index].key == key) return known->entries[index].place;

  struct walk walk = {0};
  walk_up(&walk, context);
  uint32_t place = entry_for(places, &walk);
  if (key) {
    known->entries[index].key = key;
    known->entries[index].place = place;
  }
  return place;
}

static _Unwind_Reason_Code pass_frame(struct _Unwind_Context *context, void *argument) {
  return _URC_NO_REASON;
}

/// The first call may load and allocate what later ones find.
void texalloc_places_prepare(void) { _Unwind_Backtrace(pass_frame, NULL); }

#endif
