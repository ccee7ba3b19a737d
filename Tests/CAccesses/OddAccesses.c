#define _GNU_SOURCE
#include "CAccesses.h"

#if defined(__x86_64__)

#include <immintrin.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

static uint64_t word(const uint8_t *bytes) {
  uint64_t word;
  memcpy(&word, bytes, sizeof word);
  return word;
}

// Reading back what was stored is itself an access: each of these is counted.

static bool store_own_address(uint8_t *bytes) {
  uint8_t *address = bytes;
  __asm__ volatile("movq %0, (%0)" : "+r"(address) : : "memory");
  return address == bytes && word(bytes) == (uintptr_t)bytes;
}

static bool store_half_of_own_address(uint8_t *bytes) {
  uint8_t *address = bytes;
  __asm__ volatile("movl %k0, (%0)" : "+r"(address) : : "memory");
  return address == bytes && word(bytes) == (uint32_t)(uintptr_t)bytes;
}

static bool load_into_address(uint8_t *bytes) {
  uint64_t address = (uintptr_t)bytes;
  __asm__ volatile("movq (%0), %0" : "+r"(address));
  return address == 0;
}

static bool load_into_low_byte_of_address(uint8_t *bytes) {
  uint64_t address = (uintptr_t)bytes + 1;
  __asm__ volatile("movb (%0), %b0" : "+q"(address));
  return address == (uintptr_t)bytes;
}

static bool load_into_address_if(uint8_t *bytes) {
  uint64_t address = (uintptr_t)bytes;
  __asm__ volatile("cmpq %0, %0\n\tcmovneq (%0), %0" : "+r"(address) : : "cc");
  return address == (uintptr_t)bytes;
}

static bool add_own_address(uint8_t *bytes) {
  uint8_t *address = bytes;
  __asm__ volatile("addq %0, (%0)" : "+r"(address) : : "memory", "cc");
  return address == bytes && word(bytes) == (uintptr_t)bytes;
}

static bool exchange_with_own_address(uint8_t *bytes) {
  uint64_t address = (uintptr_t)bytes;
  __asm__ volatile("xchgq %0, (%0)" : "+r"(address) : : "memory");
  return address == 0 && word(bytes) == (uintptr_t)bytes;
}

static bool compare_and_exchange(uint8_t *bytes) {
  uint64_t expected = 0;
  __asm__ volatile("lock cmpxchgq %2, (%1)"
                   : "+a"(expected) : "r"(bytes), "r"(bytes) : "memory", "cc");
  return expected == 0 && word(bytes) == (uintptr_t)bytes;
}

static bool store_high_byte(uint8_t *bytes) {
  uint64_t address = (uintptr_t)bytes;
  __asm__ volatile("movb %%bh, (%%rbx)" : "+b"(address) : : "memory");
  return address == (uintptr_t)bytes && word(bytes) == ((uintptr_t)bytes >> 8 & 0xFF);
}

static bool store_by_index(uint8_t *bytes) {
  uint64_t index = (uintptr_t)bytes / 8;
  __asm__ volatile("movl $7, (,%0,8)" : "+r"(index) : : "memory");
  return index == (uintptr_t)bytes / 8 && word(bytes) == 7;
}

static bool store_by_twice_half_the_address(uint8_t *bytes) {
  uint64_t half = (uintptr_t)bytes / 2;
  __asm__ volatile("movl $7, (%0,%0)" : "+r"(half) : : "memory");
  return half == (uintptr_t)bytes / 2 && word(bytes) == 7;
}

static bool fill_by_string(uint8_t *bytes) {
  uint8_t *to = bytes;
  uint64_t count = 100;
  __asm__ volatile("rep stosb" : "+D"(to), "+c"(count) : "a"(1) : "memory");
  return to == bytes + 100 && count == 0;
}

static bool copy_within_by_string(uint8_t *bytes) {
  uint8_t *to = bytes + 64, *from = bytes;
  uint64_t count = 4;
  __asm__ volatile("rep movsq" : "+D"(to), "+S"(from), "+c"(count) : : "memory");
  return to == bytes + 96 && from == bytes + 32 && count == 0;
}

static bool copy_downward_by_string(uint8_t *bytes) {
  static const uint8_t source[16] = {1, 2, 3};
  uint8_t *to = bytes + 15;
  const uint8_t *from = source + 15;
  uint64_t count = 16;
  __asm__ volatile("std\n\trep movsb\n\tcld" : "+D"(to), "+S"(from), "+c"(count) : : "memory", "cc");
  return to == bytes - 1 && count == 0 && word(bytes) == 0x030201;
}

static bool find_by_string(uint8_t *bytes) {
  uint8_t *at = bytes;
  uint64_t count = 100;
  __asm__ volatile("repne scasb" : "+D"(at), "+c"(count) : "a"(0) : "cc");
  return at == bytes + 1 && count == 99;
}

static bool push_and_pop(uint8_t *bytes) {
  // Below the 128 bytes that the compiler may use under the stack pointer.
  __asm__ volatile("subq $128, %%rsp\n\tpushq (%0)\n\tpopq 8(%0)\n\taddq $128, %%rsp"
                   : : "r"(bytes) : "memory", "cc");
  return true;
}

static int called;
static void callee(void) { called++; }

static bool call_through(uint8_t *bytes) {
  void (*function)(void) = callee;
  called = 0;
  __asm__ volatile("subq $128, %%rsp\n\tmovq %1, (%0)\n\tcall *(%0)\n\taddq $128, %%rsp"
                   : : "b"(bytes), "r"(function)
                   : "memory", "cc", "rax", "rcx", "rdx", "rsi", "rdi", "r8", "r9", "r10", "r11");
  return called == 1;
}

static bool store_past_the_caches(uint8_t *bytes) {
  __asm__ volatile("movnti %1, (%0)" : : "r"(bytes), "r"(0x0102030405060708) : "memory");
  return true;
}

static bool store_bytes_of_a_mask(uint8_t *bytes) {
  static const uint8_t mask[16] = {[3] = 0x80, [4] = 0xFF};
  __asm__ volatile("movdqu (%1), %%xmm0\n\tpcmpeqb %%xmm1, %%xmm1\n\tmaskmovdqu %%xmm0, %%xmm1"
                   : : "D"(bytes), "r"(mask) : "memory", "xmm0", "xmm1");
  return word(bytes) == 0xFFFF000000;
}

static bool has_avx2(void) { return __builtin_cpu_supports("avx2"); }

__attribute__((target("avx2"))) static bool store_words_of_a_mask(uint8_t *bytes) {
  static const int32_t mask[8] = {[1] = -1, [7] = -1};
  __asm__ volatile("vmovdqu (%1), %%ymm0\n\tvpcmpeqb %%ymm1, %%ymm1, %%ymm1\n\t"
                   "vpmaskmovd %%ymm1, %%ymm0, (%0)\n\tvzeroupper"
                   : : "r"(bytes), "r"(mask) : "memory", "xmm0", "xmm1");
  return word(bytes) == 0xFFFFFFFF00000000;
}

static bool has_avx512bw(void) { return __builtin_cpu_supports("avx512bw"); }

__attribute__((target("avx512bw"))) static bool store_bytes_of_an_opmask(uint8_t *bytes) {
  __asm__ volatile("movl $0x1C, %%eax\n\tkmovd %%eax, %%k1\n\t"
                   "vpternlogd $0xFF, %%zmm0, %%zmm0, %%zmm0\n\t"
                   "vmovdqu8 %%zmm0, (%0)%{%%k1%}\n\tvzeroupper"
                   : : "r"(bytes) : "memory", "rax", "xmm0", "k1");
  return word(bytes) == 0xFFFFFF0000;
}

static const odd_access accesses[] = {
  {"stores its own address", store_own_address, 1, 8, 1, 8},
  {"stores half of its own address", store_half_of_own_address, 1, 8, 1, 4},
  {"loads into its address", load_into_address, 1, 8, 0, 0},
  {"loads into the low byte of its address", load_into_low_byte_of_address, 1, 1, 0, 0},
  {"loads into its address on a condition", load_into_address_if, 1, 8, 0, 0},
  {"adds its own address", add_own_address, 2, 16, 1, 8},
  {"exchanges its own address", exchange_with_own_address, 2, 16, 1, 8},
  {"compares and exchanges its own address", compare_and_exchange, 2, 16, 1, 8},
  {"stores the second byte of its own address", store_high_byte, 1, 8, 1, 1},
  {"has its address in an index", store_by_index, 1, 8, 1, 4},
  {"has its address in one register twice", store_by_twice_half_the_address, 1, 8, 1, 4},
  {"fills by a string instruction", fill_by_string, 0, 0, 100, 100},
  {"copies within by a string instruction", copy_within_by_string, 4, 32, 4, 32},
  {"copies downward by a string instruction", copy_downward_by_string, 1, 8, 16, 16},
  {"finds by a string instruction", find_by_string, 1, 1, 0, 0},
  {"pushes and pops", push_and_pop, 1, 8, 1, 8},
  {"calls through it", call_through, 1, 8, 1, 8},
  {"stores past the caches", store_past_the_caches, 0, 0, 1, 8},
  {"stores bytes of a mask", store_bytes_of_a_mask, 1, 8, 1, 2},
  {"stores words of a mask", store_words_of_a_mask, 1, 8, 1, 8, has_avx2},
  {"stores bytes of an opmask", store_bytes_of_an_opmask, 1, 8, 1, 3, has_avx512bw},
};

const odd_access *odd_access_at(size_t index) {
  return index < sizeof accesses / sizeof *accesses ? accesses + index : NULL;
}

void store_by_segment(uint8_t *to, uint8_t byte) {
  uint64_t base;  // which the ABI keeps there, too
  __asm__ volatile("movq %%fs:0, %0" : "=r"(base));
  __asm__ volatile("movb %1, %%fs:(%0)" : : "r"((uint64_t)to - base), "q"(byte) : "memory");
}

bool can_gather(void) { return has_avx2(); }

__attribute__((target("avx2"))) bool gather_from_both(const uint8_t *bytes) {
  static const uint64_t others[] = {5, 6};
  long long distance = (const uint8_t *)others - bytes;
  uint64_t words[4];
  __m256i found = _mm256_i64gather_epi64(
    (const long long *)bytes, _mm256_setr_epi64x(0, distance, 8, distance + 8), 1);
  memcpy(words, &found, sizeof words);
  return words[0] == 0 && words[1] == 5 && words[2] == 0 && words[3] == 6;
}

bool can_scatter(void) { return __builtin_cpu_supports("avx512f"); }

__attribute__((target("avx512f"))) bool scatter_to_both(uint8_t *bytes) {
  static uint64_t others[4];
  memset(others, 0, sizeof others);
  long long distance = (uint8_t *)others - bytes;
  __m512i places = _mm512_setr_epi64(
    0, distance, 8, distance + 8, 16, distance + 16, 24, distance + 24);
  _mm512_i64scatter_epi64(bytes, places, _mm512_setr_epi64(1, 2, 3, 4, 5, 6, 7, 8), 1);
  return others[0] == 2 && others[1] == 4 && others[2] == 6 && others[3] == 8;
}

uint8_t *map_behind_page(int *descriptor) {
  enum { page = 4096 };
  *descriptor = memfd_create("edge", MFD_CLOEXEC);
  if (*descriptor < 0 || ftruncate(*descriptor, page) < 0) return NULL;
  uint8_t *both = mmap(
    NULL, 2 * page, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (both == MAP_FAILED) return NULL;
  void *second = mmap(
    both + page, page, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_FIXED, *descriptor, 0);
  return second == MAP_FAILED ? NULL : second;
}

bool store_across_edge(uint8_t *to) {
  __asm__ volatile("movq %1, -4(%0)" : : "r"(to), "r"(0x0101010101010101) : "memory");
  return to[-5] == 0 && to[-4] == 1 && to[-1] == 1;
}

#endif
