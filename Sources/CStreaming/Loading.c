#include "Lines.h"

FOR_PROCESSORS("avx2", "sse4.1", "default")
void texalloc_stream_load(void *restrict to, const void *restrict from, size_t size) {
  uint8_t *into = to;
  const uint8_t *next = from;
  // Streaming loads may otherwise overtake the loads and stores before them.
  __sync_synchronize();
  size_t head = -(uintptr_t)from % line_size;
  if (head > size) head = size;
  memcpy(into, next, head);
  for (into += head, next += head, size -= head; size >= line_size; size -= line_size) {
    const bytes32 *line = (const bytes32 *)next;
    bytes32 halves[2] = {__builtin_nontemporal_load(line), __builtin_nontemporal_load(line + 1)};
    memcpy(into, halves, sizeof halves);
    into += line_size;
    next += line_size;
  }
  memcpy(into, next, size);
}
