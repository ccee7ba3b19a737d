#if defined(__x86_64__) && defined(__linux__)

#include "Instruction.h"

#include <cpuid.h>
#include <string.h>

enum {
  longest_instruction = 15,
  page_size = 4096,
  direction_flag = 0x400,
  /// Parts of a processor's state, by number: Intel SDM, volume 1, section 13.1.
  upper_halves = 2,
  opmasks = 5,
};

static ZydisDecoder decoder;
/// Where the state of the processor keeps those, in bytes from its start.
static size_t upper_halves_offset, opmasks_offset;

static size_t offset_of_part(unsigned part) {
  unsigned a, b, c, d;
  return __get_cpuid_count(0xD, part, &a, &b, &c, &d) ? b : 0;
}

void texalloc_instruction_prepare(void) {
  ZydisDecoderInit(&decoder, ZYDIS_MACHINE_MODE_LONG_64, ZYDIS_STACK_WIDTH_64);
  upper_halves_offset = offset_of_part(upper_halves);
  opmasks_offset = offset_of_part(opmasks);
}

bool texalloc_instruction_decode(struct instruction *instruction, uint64_t address) {
  // The next page may not be there; an instruction that needs it is.
  size_t in_page = page_size - address % page_size;
  size_t size = in_page < longest_instruction ? in_page : longest_instruction;
  ZyanStatus status = ZydisDecoderDecodeFull(
    &decoder, (const void *)address, size, &instruction->head, instruction->operands);
  if (status == ZYDIS_STATUS_NO_MORE_DATA)
    status = ZydisDecoderDecodeFull(
      &decoder, (const void *)address, longest_instruction, &instruction->head,
      instruction->operands);
  return ZYAN_SUCCESS(status);
}

bool texalloc_instruction_can_move(const struct instruction *instruction) {
  if (instruction->head.meta.branch_type != ZYDIS_BRANCH_TYPE_NONE) return false;
  for (size_t i = 0; i < instruction->head.operand_count; i++) {
    const ZydisDecodedOperand *operand = instruction->operands + i;
    if (operand->type == ZYDIS_OPERAND_TYPE_MEMORY && operand->mem.base == ZYDIS_REGISTER_RIP)
      return false;
  }
  return true;
}

int texalloc_register_number(ZydisRegister part) {
  static const int numbers[] = {
    REG_RAX, REG_RCX, REG_RDX, REG_RBX, REG_RSP, REG_RBP, REG_RSI, REG_RDI,
    REG_R8,  REG_R9,  REG_R10, REG_R11, REG_R12, REG_R13, REG_R14, REG_R15,
  };
  ZydisRegister whole = ZydisRegisterGetLargestEnclosing(ZYDIS_MACHINE_MODE_LONG_64, part);
  return is_whole(whole) ? numbers[whole - ZYDIS_REGISTER_RAX] : -1;
}

bool texalloc_operand_address(
  const struct instruction *instruction, const ZydisDecodedOperand *operand,
  const greg_t *registers, uint64_t *address) {
  if (operand->mem.segment == ZYDIS_REGISTER_FS || operand->mem.segment == ZYDIS_REGISTER_GS)
    return false;
  ZydisRegister base = operand->mem.base, index = operand->mem.index;
  *address = operand->mem.disp.has_displacement ? (uint64_t)operand->mem.disp.value : 0;
  if (base == ZYDIS_REGISTER_RIP)
    *address += (uint64_t)registers[REG_RIP] + instruction->head.length;
  else if (is_whole(base))
    *address += (uint64_t)registers[texalloc_register_number(base)];
  else if (base != ZYDIS_REGISTER_NONE)
    return false;
  if (index == ZYDIS_REGISTER_AL)  // of XLAT
    *address += (uint64_t)registers[REG_RAX] & 0xFF;
  else if (is_whole(index))
    *address += (uint64_t)registers[texalloc_register_number(index)] * operand->mem.scale;
  else if (index != ZYDIS_REGISTER_NONE)
    return false;
  return true;
}

static bool is_non_temporal(ZydisMnemonic mnemonic) {
  switch (mnemonic) {
    case ZYDIS_MNEMONIC_MOVNTI:
    case ZYDIS_MNEMONIC_MOVNTQ:
    case ZYDIS_MNEMONIC_MOVNTDQ:
    case ZYDIS_MNEMONIC_MOVNTPS:
    case ZYDIS_MNEMONIC_MOVNTPD:
    case ZYDIS_MNEMONIC_MOVNTSS:
    case ZYDIS_MNEMONIC_MOVNTSD:
    case ZYDIS_MNEMONIC_VMOVNTDQ:
    case ZYDIS_MNEMONIC_VMOVNTPS:
    case ZYDIS_MNEMONIC_VMOVNTPD:
    case ZYDIS_MNEMONIC_MASKMOVQ:
    case ZYDIS_MNEMONIC_MASKMOVDQU:
    case ZYDIS_MNEMONIC_VMASKMOVDQU:
    case ZYDIS_MNEMONIC_MOVDIRI:
    case ZYDIS_MNEMONIC_MOVDIR64B:
      return true;
    default:
      return false;
  }
}

/// Whether data goes through an operand in memory.
static bool is_access(const struct instruction *instruction, const ZydisDecodedOperand *operand) {
  switch (instruction->head.mnemonic) {
    case ZYDIS_MNEMONIC_CLFLUSH:
    case ZYDIS_MNEMONIC_CLFLUSHOPT:
    case ZYDIS_MNEMONIC_CLWB:
      return false;
    default:
      return operand->mem.type != ZYDIS_MEMOP_TYPE_AGEN;
  }
}

// --- Masks: a bit for each byte that an instruction really touches

/// A part of the state of the processor; NULL where it has none, or is as at the start: zero.
static const uint8_t *part_of_state(const ucontext_t *context, unsigned part, size_t offset) {
  const struct _xstate *state = (const struct _xstate *)context->uc_mcontext.fpregs;
  const struct _fpx_sw_bytes *software =
    (const struct _fpx_sw_bytes *)((const uint8_t *)state + 464);
  enum { magic = 0x46505853 };  // FP_XSTATE_MAGIC1
  if (offset == 0 || software->magic1 != magic || offset >= software->xstate_size) return NULL;
  return state->xstate_hdr.xstate_bv >> part & 1 ? (const uint8_t *)state + offset : NULL;
}

static uint64_t opmask(const ucontext_t *context, ZydisRegister name) {
  const uint8_t *masks = part_of_state(context, opmasks, opmasks_offset);
  uint64_t mask = 0;
  if (masks) memcpy(&mask, masks + 8 * (name - ZYDIS_REGISTER_K0), sizeof mask);
  return mask;
}

/// Bit by bit, the highest of every `size` bytes in a register of 16 or 32 bytes.
static uint64_t signs(const ucontext_t *context, ZydisRegister name, size_t size, size_t count) {
  uint8_t bytes[32] = {0};
  size_t number = (size_t)ZydisRegisterGetId(name);
  if (number >= 16) return ~0ull;
  memcpy(bytes, &context->uc_mcontext.fpregs->_xmm[number], 16);
  const uint8_t *halves = part_of_state(context, upper_halves, upper_halves_offset);
  if (halves) memcpy(bytes + 16, halves + 16 * number, 16);
  uint64_t mask = 0;
  for (size_t i = 0; i < count && (i + 1) * size <= sizeof bytes; i++)
    mask |= (uint64_t)(bytes[(i + 1) * size - 1] >> 7) << i;
  return mask;
}

/// The elements that count; all where there is no mask.
static uint64_t elements(
  const struct instruction *instruction, const ucontext_t *context, size_t *size, size_t count) {
  const ZydisDecodedOperand *operands = instruction->operands;
  switch (instruction->head.mnemonic) {
    case ZYDIS_MNEMONIC_VMASKMOVPS:
    case ZYDIS_MNEMONIC_VMASKMOVPD:
    case ZYDIS_MNEMONIC_VPMASKMOVD:
    case ZYDIS_MNEMONIC_VPMASKMOVQ:
      return signs(context, operands[1].reg.value, *size, count);
    case ZYDIS_MNEMONIC_MASKMOVDQU:
    case ZYDIS_MNEMONIC_VMASKMOVDQU:
      *size = 1;
      return signs(context, operands[2].reg.value, 1, 16);
    default: {
      ZydisRegister mask = instruction->head.avx.mask.reg;
      return mask > ZYDIS_REGISTER_K0 && mask <= ZYDIS_REGISTER_K7 ? opmask(context, mask) : ~0ull;
    }
  }
}

static uint64_t low_bits(size_t count) { return count >= 64 ? ~0ull : (1ull << count) - 1; }

static uint64_t touched_bytes(
  const struct instruction *instruction, const ZydisDecodedOperand *operand,
  const ucontext_t *context) {
  size_t bytes = operand->size / 8, size = operand->element_size / 8;
  if (size == 0 || bytes > 64) return ~0ull;
  uint64_t wanted = elements(instruction, context, &size, bytes / size);
  if (wanted == ~0ull) return low_bits(bytes);
  uint64_t mask = 0;
  for (size_t i = 0; i < bytes / size; i++)
    if (wanted >> i & 1) mask |= low_bits(size) << i * size;
  return mask;
}

struct access texalloc_operand_access(
  const struct instruction *instruction, const ZydisDecodedOperand *operand,
  const ucontext_t *context, texalloc_audit_region *region, uint64_t address) {
  bool is_vector_of_addresses = operand->mem.type == ZYDIS_MEMOP_TYPE_VSIB;
  // Of an instruction that gathers or scatters, what is known is the element that failed.
  size_t bits = is_vector_of_addresses ? operand->element_size : operand->size;
  uint64_t mask = is_vector_of_addresses ? ~0ull : touched_bytes(instruction, operand, context);
  uint64_t end = address + bits / 8;
  bool counts = is_access(instruction, operand) && mask;
  if (address < region->base) {
    mask = region->base - address < 64 ? mask >> (region->base - address) : 0;
    address = region->base;
  }
  if (end > region->base + region->size) end = region->base + region->size;
  return (struct access){
    .region = region,
    .offset = address - region->base,
    .size = end - address,
    .mask = mask & low_bits(end - address),
    .count = 1,
    .goes_down = is_string(instruction) && context->uc_mcontext.gregs[REG_EFL] & direction_flag,
    .loads = counts && operand->actions & ZYDIS_OPERAND_ACTION_MASK_READ,
    .stores = counts && operand->actions & ZYDIS_OPERAND_ACTION_MASK_WRITE,
    .is_non_temporal = is_non_temporal(instruction->head.mnemonic),
  };
}

#endif
