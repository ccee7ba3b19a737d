#if defined(__x86_64__) && defined(__linux__)

#include "Instruction.h"
#include "Steps.h"

#include <signal.h>
#include <string.h>

enum { interrupt = 0xCC };  // INT3

/// Whether an instruction behaves as ever, and the register can be led back, when `distance` is added
/// to a register that is part of the address of `operand`.
static bool can_shift(
  const struct instruction *instruction, const ZydisDecodedOperand *operand, int number,
  uint64_t distance) {
  if (number < 0 || number == REG_RSP) return false;
  if (is_string(instruction)) return true;
  // The lower halves of addresses are the same in both mappings, where there was room.
  bool is_lower_half_same = (uint32_t)distance == 0;
  for (size_t i = 0; i < instruction->head.operand_count; i++) {
    const ZydisDecodedOperand *other = instruction->operands + i;
    if (other->type == ZYDIS_OPERAND_TYPE_MEMORY) {
      bool is_base = texalloc_register_number(other->mem.base) == number;
      bool is_index = texalloc_register_number(other->mem.index) == number;
      if (other == operand ? is_base && is_index : is_base || is_index) return false;
    } else if (other->type == ZYDIS_OPERAND_TYPE_REGISTER
               && texalloc_register_number(other->reg.value) == number) {
      if (other->actions & ZYDIS_OPERAND_ACTION_CONDWRITE) return false;
      bool is_part = other->size < 32 || other->actions & ZYDIS_OPERAND_ACTION_MASK_READ;
      if (is_part && !(is_lower_half_same && other->size <= 32)) return false;
    }
  }
  return true;
}

/// Whether the instruction replaces all of a register, so that nothing is to be led back.
static bool is_replaced(const struct instruction *instruction, int number) {
  for (size_t i = 0; !is_string(instruction) && i < instruction->head.operand_count; i++) {
    const ZydisDecodedOperand *operand = instruction->operands + i;
    if (operand->type == ZYDIS_OPERAND_TYPE_REGISTER && operand->size >= 32
        && operand->actions & ZYDIS_OPERAND_ACTION_MASK_WRITE
        && texalloc_register_number(operand->reg.value) == number)
      return true;
  }
  return false;
}

/// Adds to a register of an address so that it reaches the other mapping.
static bool shift(
  struct step *step, const struct instruction *instruction, const ZydisDecodedOperand *operand,
  greg_t *registers, uint64_t distance) {
  ZydisRegister base = operand->mem.base, index = operand->mem.index;
  int number = is_whole(base) ? texalloc_register_number(base) : -1;
  if (!can_shift(instruction, operand, number, distance)) {
    if (!is_whole(index)) return false;
    number = texalloc_register_number(index);
    // Mappings are pages apart, a multiple of every scale.
    distance = (uint64_t)((int64_t)distance / operand->mem.scale);
    if (!can_shift(instruction, operand, number, distance)) return false;
  }
  registers[number] += (greg_t)distance;
  struct shift *shift = step->shifts + step->shift_count++;
  *shift = (struct shift){number, distance, is_replaced(instruction, number)};
  return true;
}

static bool uses(const struct instruction *instruction, int number) {
  for (size_t i = 0; i < instruction->head.operand_count; i++) {
    const ZydisDecodedOperand *operand = instruction->operands + i;
    if (operand->type == ZYDIS_OPERAND_TYPE_REGISTER
        && texalloc_register_number(operand->reg.value) == number)
      return true;
    if (operand->type == ZYDIS_OPERAND_TYPE_MEMORY
        && (texalloc_register_number(operand->mem.base) == number
            || texalloc_register_number(operand->mem.index) == number))
      return true;
  }
  return false;
}

/// Encodes the instruction again, its address in a register that it does not use. Answers its length,
/// 0 where that cannot be.
static size_t rewrite(
  struct step *step, const struct instruction *instruction, size_t index, uint8_t *code) {
  const ZydisDecodedOperand *operand = instruction->operands + index;
  if (operand->encoding != ZYDIS_OPERAND_ENCODING_MODRM_RM
      || operand->mem.type != ZYDIS_MEMOP_TYPE_MEM)
    return 0;
  ZydisEncoderRequest request;
  ZyanStatus status = ZydisEncoderDecodedInstructionToEncoderRequest(
    &instruction->head, instruction->operands, instruction->head.operand_count_visible, &request);
  if (!ZYAN_SUCCESS(status)) return 0;
  // The lower ones first: some instructions cannot name the others.
  for (ZydisRegister scratch = ZYDIS_REGISTER_RAX; scratch <= ZYDIS_REGISTER_R15; scratch++) {
    int number = texalloc_register_number(scratch);
    if (number == REG_RSP || uses(instruction, number)) continue;
    request.operands[index].mem.base = scratch;
    request.operands[index].mem.index = ZYDIS_REGISTER_NONE;
    request.operands[index].mem.scale = 0;
    request.operands[index].mem.displacement = 0;
    ZyanUSize length = slot_size - 1;
    if (!ZYAN_SUCCESS(ZydisEncoderEncodeInstruction(&request, code, &length))) continue;
    step->scratch = number;
    return length;
  }
  return 0;
}

/// Has the instruction executed in the slot, from where an interrupt leads back. This takes a quarter
/// of the time that the trap flag takes where a hypervisor looks at that.
static void move(
  struct step *step, const uint8_t *code, size_t length, greg_t *registers, uint8_t *slot) {
  // What is written there already is not written again: the processor would start over.
  if (memcmp(slot, code, length) || slot[length] != interrupt) {
    memcpy(slot, code, length);
    slot[length] = interrupt;
  }
  step->moved_to = slot;
  step->moved_length = length;
  registers[REG_RIP] = (greg_t)slot;
}

/// Leads all operands that reach into regions to the other mappings.
static bool lead(
  struct step *step, const struct instruction *instruction, greg_t *registers, uint8_t *slot) {
  bool can_move = slot && texalloc_instruction_can_move(instruction);
  uint8_t code[slot_size];
  size_t length = instruction->head.length;
  memcpy(code, (const void *)step->instruction, length);
  for (size_t i = 0; i < step->operand_count; i++) {
    size_t index = step->operands[i];
    const ZydisDecodedOperand *operand = instruction->operands + index;
    const struct access *access = step->accesses + i;
    // Of an instruction that gathers or scatters, nobody knows where the other elements lie.
    bool lies_within =
      operand->mem.type != ZYDIS_MEMOP_TYPE_VSIB && access->size * 8 == operand->size;
    if (!lies_within) return false;
    if (shift(step, instruction, operand, registers, access->region->distance)) continue;
    if (!can_move || step->operand_count > 1) return false;
    length = rewrite(step, instruction, index, code);
    if (length == 0) return false;
    step->scratch_value = registers[step->scratch];
    registers[step->scratch] =
      (greg_t)(access->region->base + access->offset + access->region->distance);
  }
  if (can_move) move(step, code, length, registers, slot);
  return true;
}

static bool has(const struct step *step, const texalloc_audit_region *region) {
  for (size_t i = 0; i < step->access_count; i++)
    if (step->accesses[i].region == region) return true;
  return false;
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
  bool is_known = texalloc_instruction_decode(&instruction, (uint64_t)step->instruction);
  step->length = is_known ? instruction.head.length : 0;
  step->is_repeated = is_known && is_repeated(&instruction);
  step->repeats_left = registers[REG_RCX];
  for (size_t i = 0; is_known && !goes_on && i < instruction.head.operand_count; i++) {
    const ZydisDecodedOperand *operand = instruction.operands + i;
    if (operand->type != ZYDIS_OPERAND_TYPE_MEMORY) continue;
    uint64_t address = fault, size = 1;
    if (operand->mem.type != ZYDIS_MEMOP_TYPE_VSIB) {
      if (!texalloc_operand_address(&instruction, operand, registers, &address)) continue;
      size = operand->size / 8;
    }
    texalloc_audit_region *region = texalloc_region_with(address, size);
    if (region == NULL) continue;
    step->operands[step->operand_count++] = (uint8_t)i;
    step->accesses[step->access_count++] =
      texalloc_operand_access(&instruction, operand, context, region, address);
    if (step->access_count == max_accesses) break;
  }
  if (step->access_count == kept) {
    // Not an address that the operands tell, but it failed there.
    texalloc_audit_region *region = texalloc_region_with(fault, 1);
    if (region && has(step, region)) {
      // Another thread's step has ended meanwhile, and protected it.
      texalloc_region_release(region);
    } else if (region == NULL || kept == max_accesses) {
      if (region) texalloc_region_release(region);
      texalloc_step_release(step);
      return false;
    } else {
      bool stores = registers[REG_ERR] & 2;
      step->accesses[step->access_count++] = (struct access){
        .region = region, .offset = fault - region->base, .size = 1, .mask = 1, .count = 1,
        .loads = !stores, .stores = stores};
    }
  }
  bool is_led = !goes_on && step->operand_count == step->access_count
    && lead(step, &instruction, registers, slot);
  if (!is_led) {
    texalloc_step_restore(step, context);
    expose(step);
  }
  step->is_under_way = true;
  return true;
}

bool texalloc_step_is_done(const struct step *step, const ucontext_t *context, int code) {
  if (!step->is_under_way) return false;
  if (step->moved_to == NULL) return code == TRAP_TRACE;
  return context->uc_mcontext.gregs[REG_RIP] == (greg_t)(step->moved_to + step->moved_length + 1);
}

void texalloc_step_restore(struct step *step, ucontext_t *context) {
  greg_t *registers = context->uc_mcontext.gregs;
  bool is_done = true;
  if (step->moved_to) {
    is_done = registers[REG_RIP] != (greg_t)step->moved_to;
    registers[REG_RIP] = step->instruction + (is_done ? step->length : 0);
  } else {
    is_done = registers[REG_RIP] != step->instruction;
  }
  for (size_t i = 0; i < step->shift_count; i++) {
    const struct shift *shift = step->shifts + i;
    if (!(is_done && shift->is_replaced)) registers[shift->number] -= (greg_t)shift->distance;
  }
  if (step->scratch >= 0) registers[step->scratch] = step->scratch_value;
  if (step->is_repeated)
    for (size_t i = 0; i < step->access_count; i++)
      step->accesses[i].count = (size_t)(step->repeats_left - registers[REG_RCX]);
  step->shift_count = 0;
  step->moved_to = NULL;
  step->scratch = -1;
}

void texalloc_step_release(struct step *step) {
  for (size_t i = 0; i < step->access_count; i++) {
    texalloc_audit_region *region = step->accesses[i].region;
    if (step->is_exposed && atomic_load(&region->is_audited)) texalloc_region_protect(region);
    texalloc_region_release(region);
  }
  *step = (struct step){.scratch = -1};
}

/// Decodes and encodes an instruction once, so that the loader has bound what handlers do so with.
void texalloc_steps_prepare(void) {
  texalloc_instruction_prepare();
  static const uint8_t store[] = {0x48, 0x89, 0x00};  // mov [rax], rax
  struct instruction instruction;
  if (!texalloc_instruction_decode(&instruction, (uint64_t)store)) return;
  struct step step = {0};
  uint8_t code[slot_size];
  rewrite(&step, &instruction, 0, code);
}

#endif
