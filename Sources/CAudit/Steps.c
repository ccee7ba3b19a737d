#include "Audit.h"

#if defined(__x86_64__) && defined(__linux__)

#include <Zydis/Zydis.h>
#include <string.h>

enum { longest_instruction = 15, page_size = 4096 };

static ZydisDecoder decoder;

struct instruction {
  ZydisDecodedInstruction head;
  ZydisDecodedOperand operands[ZYDIS_MAX_OPERAND_COUNT];
};

static bool decode(uint64_t address, struct instruction *instruction) {
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

// --- Registers

/// The number in the context of a general register, whole or part; -1 for any other.
static int number_of(ZydisRegister part) {
  static const int numbers[] = {
    REG_RAX, REG_RCX, REG_RDX, REG_RBX, REG_RSP, REG_RBP, REG_RSI, REG_RDI,
    REG_R8,  REG_R9,  REG_R10, REG_R11, REG_R12, REG_R13, REG_R14, REG_R15,
  };
  ZydisRegister whole = ZydisRegisterGetLargestEnclosing(ZYDIS_MACHINE_MODE_LONG_64, part);
  if (whole < ZYDIS_REGISTER_RAX || whole > ZYDIS_REGISTER_R15) return -1;
  return numbers[whole - ZYDIS_REGISTER_RAX];
}

static bool is_whole(ZydisRegister name) {
  return name >= ZYDIS_REGISTER_RAX && name <= ZYDIS_REGISTER_R15;
}

/// The address of an operand in memory; false where the context does not tell.
static bool address_of(
  const struct instruction *instruction, const ZydisDecodedOperand *operand,
  const greg_t *registers, uint64_t *address) {
  if (operand->mem.segment == ZYDIS_REGISTER_FS || operand->mem.segment == ZYDIS_REGISTER_GS)
    return false;
  ZydisRegister base = operand->mem.base, index = operand->mem.index;
  *address = operand->mem.disp.has_displacement ? (uint64_t)operand->mem.disp.value : 0;
  if (base == ZYDIS_REGISTER_RIP)
    *address += (uint64_t)registers[REG_RIP] + instruction->head.length;
  else if (is_whole(base))
    *address += (uint64_t)registers[number_of(base)];
  else if (base != ZYDIS_REGISTER_NONE)
    return false;
  if (index == ZYDIS_REGISTER_AL)  // of XLAT
    *address += (uint64_t)registers[REG_RAX] & 0xFF;
  else if (is_whole(index))
    *address += (uint64_t)registers[number_of(index)] * operand->mem.scale;
  else if (index != ZYDIS_REGISTER_NONE)
    return false;
  return true;
}

// --- What an instruction does

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

/// Whether an operand in memory is one that data goes through.
static bool is_access(const struct instruction *instruction, const ZydisDecodedOperand *operand) {
  if (operand->type != ZYDIS_OPERAND_TYPE_MEMORY || operand->mem.type == ZYDIS_MEMOP_TYPE_AGEN)
    return false;
  switch (instruction->head.mnemonic) {
    case ZYDIS_MNEMONIC_CLFLUSH:
    case ZYDIS_MNEMONIC_CLFLUSHOPT:
    case ZYDIS_MNEMONIC_CLWB:
      return false;
    default:
      return true;
  }
}

static struct access access_of(
  const struct instruction *instruction, const ZydisDecodedOperand *operand,
  texalloc_audit_region *region, uint64_t address) {
  // Of an instruction that gathers or scatters, what is known is the element that failed.
  size_t size = operand->mem.type == ZYDIS_MEMOP_TYPE_VSIB ? operand->element_size : operand->size;
  uint64_t end = address + size / 8;
  if (address < region->base) address = region->base;
  if (end > region->base + region->size) end = region->base + region->size;
  bool counts = is_access(instruction, operand);
  return (struct access){
    .region = region,
    .offset = address - region->base,
    .size = end - address,
    .loads = counts && operand->actions & ZYDIS_OPERAND_ACTION_MASK_READ,
    .stores = counts && operand->actions & ZYDIS_OPERAND_ACTION_MASK_WRITE,
    .is_non_temporal = is_non_temporal(instruction->head.mnemonic),
  };
}

// --- Leading it elsewhere

/// Whether an instruction behaves as ever, and the register can be led back, when `distance` is added
/// to a register that is part of the address of `operand`.
static bool can_shift(
  const struct instruction *instruction, const ZydisDecodedOperand *operand, int number,
  uint64_t distance) {
  if (number < 0 || number == REG_RSP) return false;
  // These move their registers on, and use them for nothing else.
  if (instruction->head.meta.category == ZYDIS_CATEGORY_STRINGOP) return true;
  // The lower halves of addresses are the same in both mappings, where there was room.
  bool is_lower_half_same = (uint32_t)distance == 0;
  for (size_t i = 0; i < instruction->head.operand_count; i++) {
    const ZydisDecodedOperand *other = instruction->operands + i;
    if (other->type == ZYDIS_OPERAND_TYPE_MEMORY) {
      bool is_base = number_of(other->mem.base) == number;
      bool is_index = number_of(other->mem.index) == number;
      if (other == operand ? is_base && is_index : is_base || is_index) return false;
    } else if (other->type == ZYDIS_OPERAND_TYPE_REGISTER
               && number_of(other->reg.value) == number) {
      bool is_read = other->actions & ZYDIS_OPERAND_ACTION_MASK_READ;
      bool may_stay = other->actions & ZYDIS_OPERAND_ACTION_CONDWRITE;
      if (may_stay) return false;
      if ((is_read || other->size < 32) && !(is_lower_half_same && other->size <= 32)) return false;
    }
  }
  return true;
}

/// Whether the instruction replaces all of a register, so that nothing is to be led back.
static bool is_replaced(const struct instruction *instruction, int number) {
  if (instruction->head.meta.category == ZYDIS_CATEGORY_STRINGOP) return false;
  for (size_t i = 0; i < instruction->head.operand_count; i++) {
    const ZydisDecodedOperand *operand = instruction->operands + i;
    if (operand->type == ZYDIS_OPERAND_TYPE_REGISTER && operand->size >= 32
        && operand->actions & ZYDIS_OPERAND_ACTION_MASK_WRITE
        && number_of(operand->reg.value) == number)
      return true;
  }
  return false;
}

/// Adds to a register of the address so that it reaches the other mapping.
static bool shift(
  struct step *step, const struct instruction *instruction, const ZydisDecodedOperand *operand,
  greg_t *registers, uint64_t distance) {
  int number = is_whole(operand->mem.base) ? number_of(operand->mem.base) : -1;
  if (!can_shift(instruction, operand, number, distance)) {
    // Mappings are pages apart, hence a multiple of every scale.
    if (!is_whole(operand->mem.index)) return false;
    number = number_of(operand->mem.index);
    distance = (uint64_t)((int64_t)distance / operand->mem.scale);
    if (!can_shift(instruction, operand, number, distance)) return false;
  }
  registers[number] += (greg_t)distance;
  step->shifts[step->shift_count].number = number;
  step->shifts[step->shift_count].distance = is_replaced(instruction, number) ? 0 : distance;
  step->shift_count++;
  return true;
}

static bool uses(const struct instruction *instruction, int number) {
  for (size_t i = 0; i < instruction->head.operand_count; i++) {
    const ZydisDecodedOperand *operand = instruction->operands + i;
    if (operand->type == ZYDIS_OPERAND_TYPE_REGISTER && number_of(operand->reg.value) == number)
      return true;
    if (operand->type == ZYDIS_OPERAND_TYPE_MEMORY
        && (number_of(operand->mem.base) == number || number_of(operand->mem.index) == number))
      return true;
  }
  return false;
}

/// Writes the same instruction elsewhere, with its address in a register that it does not use.
static bool move(
  struct step *step, const struct instruction *instruction, size_t index, greg_t *registers,
  uint64_t address, uint8_t *slot) {
  const ZydisDecodedOperand *operand = instruction->operands + index;
  if (slot == NULL || operand->encoding != ZYDIS_OPERAND_ENCODING_MODRM_RM
      || operand->mem.type != ZYDIS_MEMOP_TYPE_MEM
      || instruction->head.meta.branch_type != ZYDIS_BRANCH_TYPE_NONE)
    return false;
  ZydisEncoderRequest request;
  ZyanStatus status = ZydisEncoderDecodedInstructionToEncoderRequest(
    &instruction->head, instruction->operands, instruction->head.operand_count_visible, &request);
  if (!ZYAN_SUCCESS(status)) return false;
  // The lower ones first: some instructions cannot name the others.
  for (ZydisRegister scratch = ZYDIS_REGISTER_RAX; scratch <= ZYDIS_REGISTER_R15; scratch++) {
    int number = number_of(scratch);
    if (number == REG_RSP || uses(instruction, number)) continue;
    request.operands[index].mem.base = scratch;
    request.operands[index].mem.index = ZYDIS_REGISTER_NONE;
    request.operands[index].mem.scale = 0;
    request.operands[index].mem.displacement = 0;
    ZyanUSize length = slot_size;
    if (!ZYAN_SUCCESS(ZydisEncoderEncodeInstruction(&request, slot, &length))) continue;
    step->moved_to = slot;
    step->moved_length = length;
    step->scratch = number;
    step->scratch_value = registers[number];
    registers[number] = (greg_t)address;
    registers[REG_RIP] = (greg_t)slot;
    return true;
  }
  return false;
}

static bool lies_within(const struct access *access, const ZydisDecodedOperand *operand) {
  return access->size * 8 == operand->size || operand->mem.type == ZYDIS_MEMOP_TYPE_VSIB;
}

static void expose(struct step *step) {
  step->is_exposed = true;
  for (size_t i = 0; i < step->access_count; i++)
    texalloc_region_open(step->accesses[i].region);
}

bool texalloc_step_begin(struct step *step, ucontext_t *context, uintptr_t fault, uint8_t *slot) {
  greg_t *registers = context->uc_mcontext.gregs;
  // Where everything had to be open, that comes true one region at a time.
  bool goes_on = step->is_exposed && step->instruction == registers[REG_RIP];
  if (!goes_on) texalloc_step_release(step);
  size_t kept = step->access_count;
  step->instruction = registers[REG_RIP];
  step->stack_pointer = registers[REG_RSP];
  step->frame_pointer = registers[REG_RBP];

  struct instruction instruction;
  bool is_known = decode((uint64_t)step->instruction, &instruction);
  step->length = is_known ? instruction.head.length : 0;
  bool looks = is_known && !goes_on, is_led = looks;
  for (size_t i = 0; looks && i < instruction.head.operand_count; i++) {
    const ZydisDecodedOperand *operand = instruction.operands + i;
    if (operand->type != ZYDIS_OPERAND_TYPE_MEMORY) continue;
    uint64_t address = fault, size = 1;
    if (operand->mem.type != ZYDIS_MEMOP_TYPE_VSIB) {
      if (!address_of(&instruction, operand, registers, &address)) continue;
      size = operand->size / 8;
    }
    texalloc_audit_region *region = texalloc_region_with(address, size);
    if (region == NULL) continue;
    struct access access = access_of(&instruction, operand, region, address);
    step->accesses[step->access_count++] = access;
    is_led = is_led && step->moved_to == NULL && lies_within(&access, operand)
        && (shift(step, &instruction, operand, registers, region->distance)
            || (step->shift_count == 0
                && move(step, &instruction, i, registers, address + region->distance, slot)));
  }
  if (step->access_count == kept) {
    // Not an address that the operands tell, but it failed there.
    texalloc_audit_region *region = texalloc_region_with(fault, 1);
    if (region == NULL || kept == max_accesses) {
      if (region) texalloc_region_release(region);
      texalloc_step_release(step);
      return false;
    }
    bool stores = registers[REG_ERR] & 2;
    step->accesses[step->access_count++] = (struct access){
      .region = region, .offset = fault - region->base, .size = 1, .loads = !stores,
      .stores = stores};
    is_led = false;
  }
  if (!is_led) {
    texalloc_step_restore(step, context);
    expose(step);
  }
  step->is_under_way = true;
  return true;
}

void texalloc_step_restore(struct step *step, ucontext_t *context) {
  greg_t *registers = context->uc_mcontext.gregs;
  for (size_t i = 0; i < step->shift_count; i++)
    registers[step->shifts[i].number] -= (greg_t)step->shifts[i].distance;
  step->shift_count = 0;
  if (step->moved_to) {
    bool is_done = registers[REG_RIP] == (greg_t)(step->moved_to + step->moved_length);
    registers[step->scratch] = step->scratch_value;
    registers[REG_RIP] = step->instruction + (is_done ? step->length : 0);
    step->moved_to = NULL;
  }
}

void texalloc_step_release(struct step *step) {
  for (size_t i = 0; i < step->access_count; i++) {
    texalloc_audit_region *region = step->accesses[i].region;
    if (step->is_exposed && atomic_load(&region->audit)) texalloc_region_protect(region);
    texalloc_region_release(region);
  }
  step->access_count = 0;
  step->shift_count = 0;
  step->moved_to = NULL;
  step->is_exposed = false;
  step->is_under_way = false;
}

/// Calls what the handlers call, so that the loader has bound it before.
void texalloc_steps_prepare(void) {
  ZydisDecoderInit(&decoder, ZYDIS_MACHINE_MODE_LONG_64, ZYDIS_STACK_WIDTH_64);
  static const uint8_t store[] = {0x48, 0x89, 0x00};  // mov [rax], rax
  uint8_t slot[slot_size];
  greg_t registers[NGREG] = {0};
  struct step step = {0};
  struct instruction instruction;
  if (decode((uint64_t)store, &instruction)) move(&step, &instruction, 0, registers, 0, slot);
}

#endif
