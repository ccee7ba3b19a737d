// What an instruction does to memory, by Zydis.
#pragma once

#include "Regions.h"

#include <signal.h>

#include <Zydis/Zydis.h>

struct instruction {
  ZydisDecodedInstruction head;
  ZydisDecodedOperand operands[ZYDIS_MAX_OPERAND_COUNT];
};

/// False for what is none.
bool texalloc_instruction_decode(struct instruction *instruction, uint64_t address);
void texalloc_instruction_prepare(void);

/// Whether it moves its address registers on, and uses them for nothing else.
static inline bool is_string(const struct instruction *instruction) {
  return instruction->head.meta.category == ZYDIS_CATEGORY_STRINGOP;
}

/// Whether it repeats itself as often as RCX says.
static inline bool is_repeated(const struct instruction *instruction) {
  return is_string(instruction)
    && instruction->head.attributes
      & (ZYDIS_ATTRIB_HAS_REP | ZYDIS_ATTRIB_HAS_REPE | ZYDIS_ATTRIB_HAS_REPNE);
}

/// Whether it behaves the same in another place.
bool texalloc_instruction_can_move(const struct instruction *instruction);

/// The number in the context of a general register, whole or part; -1 for any other.
int texalloc_register_number(ZydisRegister part);

/// Whether a register is a general one of 64 bits.
static inline bool is_whole(ZydisRegister name) {
  return name >= ZYDIS_REGISTER_RAX && name <= ZYDIS_REGISTER_R15;
}

/// The address of an operand in memory; false where the registers do not tell.
bool texalloc_operand_address(
  const struct instruction *instruction, const ZydisDecodedOperand *operand,
  const greg_t *registers, uint64_t *address);

/// What an instruction does to a region through an operand, as far as it reaches into it.
struct access texalloc_operand_access(
  const struct instruction *instruction, const ZydisDecodedOperand *operand,
  const ucontext_t *context, texalloc_audit_region *region, uint64_t address);
