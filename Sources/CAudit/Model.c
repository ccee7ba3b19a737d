#if defined(__x86_64__) && defined(__linux__)

#include "Model.h"

enum { buffer_count = texalloc_audit_buffers };

static void blame(
  texalloc_audit *audit, uint32_t place, texalloc_audit_offence offence, int64_t count) {
  atomic_fetch_add(&audit->places[place].counts[offence], (uint64_t)count);
}

/// A line leaves for memory.
static void leave(
  texalloc_audit *audit, struct thread_model *thread, struct fill_buffer *buffer) {
  uint64_t bit = 1ull << buffer->line % 64;
  bool left_before = atomic_fetch_or(buffer->region->left + buffer->line / 64, bit) & bit;
  if (!left_before) thread->counts.touched_lines++;
  if (~buffer->written) {
    thread->counts.partial_lines++;
    blame(audit, buffer->place, texalloc_audit_partial_line, 1);
  } else {
    thread->counts.full_lines++;
    if (left_before) blame(audit, buffer->place, texalloc_audit_line_again, 1);
  }
  buffer->region = NULL;
}

/// The buffer of a line: the one that it has, a free one, or the one that was used longest ago.
static struct fill_buffer *buffer_for(
  texalloc_audit *audit, struct thread_model *thread, texalloc_audit_region *region, size_t line) {
  struct fill_buffer *buffers = thread->buffers, *oldest = buffers;
  for (struct fill_buffer *buffer = buffers; buffer < buffers + buffer_count; buffer++) {
    if (buffer->region == region && buffer->line == line) return buffer;
    if (oldest->region && (buffer->region == NULL || buffer->last_use < oldest->last_use))
      oldest = buffer;
  }
  if (oldest->region) leave(audit, thread, oldest);
  *oldest = (struct fill_buffer){.region = region, .line = line};
  return oldest;
}

/// Bytes that are really touched.
static size_t size_of(const struct access *access) {
  size_t beyond = access->size > 64 ? access->size - 64 : 0;
  return (size_t)__builtin_popcountll(access->mask) + beyond;
}

static void load(
  texalloc_audit *audit, struct thread_model *thread, const struct access *access,
  ucontext_t *context) {
  thread->counts.loads++;
  thread->counts.loaded_bytes += size_of(access);
  for (size_t i = 0; i < buffer_count; i++)
    if (thread->buffers[i].region) leave(audit, thread, thread->buffers + i);
  uint32_t place = texalloc_place(audit->places, &thread->known, context);
  if (access->stores) {
    blame(audit, place, texalloc_audit_read_modify_write, 1);
  } else {
    blame(audit, place, texalloc_audit_load, 1);
    thread->last_load = *access;
    thread->last_load_place = place;
  }
}

/// What was taken for a mere load turns out to be half of a read-modify-write.
static void join_last_load(
  texalloc_audit *audit, struct thread_model *thread, const struct access *access) {
  const struct access *last = &thread->last_load;
  if (last->region != access->region || last->offset != access->offset
      || last->size != access->size)
    return;
  blame(audit, thread->last_load_place, texalloc_audit_load, -1);
  blame(audit, thread->last_load_place, texalloc_audit_read_modify_write, 1);
}

/// Some bytes of a line are written.
static void fill(
  texalloc_audit *audit, struct thread_model *thread, texalloc_audit_region *region, size_t line,
  uint64_t bytes, ucontext_t *context) {
  if (bytes == 0 || !texalloc_region_audits(region, line * line_size)) return;
  struct fill_buffer *buffer = buffer_for(audit, thread, region, line);
  buffer->written |= bytes;
  buffer->last_use = ++thread->clock;
  // Whether anybody will ask for the place of a store is known where it makes its line whole.
  bool is_whole = buffer->written == ~0ull;
  bool left_before = atomic_load(region->left + line / 64) >> line % 64 & 1;
  if (!is_whole || left_before) buffer->place = texalloc_place(audit->places, &thread->known, context);
  if (is_whole) leave(audit, thread, buffer);
}

static void store(
  texalloc_audit *audit, struct thread_model *thread, const struct access *access,
  ucontext_t *context) {
  thread->counts.stores++;
  thread->counts.stored_bytes += size_of(access);
  thread->counts.non_temporal_stores += access->is_non_temporal;
  join_last_load(audit, thread, access);
  thread->last_load.region = NULL;

  size_t first = access->offset / line_size;
  if (thread->last_region == access->region && first < thread->last_line) {
    thread->counts.jumps_backward++;
    uint32_t place = texalloc_place(audit->places, &thread->known, context);
    blame(audit, place, texalloc_audit_jump_backward, 1);
  }
  thread->last_region = access->region;
  thread->last_line = first;
  for (size_t done = 0; done < access->size; done += 64) {
    size_t offset = access->offset + done, shift = offset % line_size;
    size_t rest = access->size - done;
    uint64_t bytes = done == 0 ? access->mask : rest < 64 ? (1ull << rest) - 1 : ~0ull;
    fill(audit, thread, access->region, offset / line_size, bytes << shift, context);
    if (shift)
      fill(
        audit, thread, access->region, offset / line_size + 1, bytes >> (line_size - shift), context);
  }
}

static void lock(struct thread_model *thread) {
  while (atomic_flag_test_and_set_explicit(&thread->lock, memory_order_acquire)) {}
}

static void unlock(struct thread_model *thread) {
  atomic_flag_clear_explicit(&thread->lock, memory_order_release);
}

void texalloc_model_see(
  texalloc_audit *audit, size_t index, const struct access *access, ucontext_t *context) {
  size_t end = atomic_load(&audit->threads_end);
  while (end <= index
         && !atomic_compare_exchange_weak(&audit->threads_end, &end, index + 1)) {}
  struct thread_model *thread = audit->threads + index;
  struct access once = *access;
  lock(thread);
  for (size_t i = 0; i < access->count; i++) {
    if (texalloc_region_audits(once.region, once.offset)
        || texalloc_region_audits(once.region, once.offset + once.size - 1)) {
      if (once.loads) load(audit, thread, &once, context);
      if (once.stores) store(audit, thread, &once, context);
    }
    once.offset += once.goes_down ? -once.size : once.size;
  }
  unlock(thread);
}

void texalloc_model_forget(texalloc_audit *audit, const texalloc_audit_region *region) {
  for (size_t index = 0; index < atomic_load(&audit->threads_end); index++) {
    struct thread_model *thread = audit->threads + index;
    lock(thread);
    for (size_t i = 0; i < buffer_count; i++)
      if (thread->buffers[i].region == region) leave(audit, thread, thread->buffers + i);
    if (thread->last_region == region) thread->last_region = NULL;
    if (thread->last_load.region == region) thread->last_load.region = NULL;
    unlock(thread);
  }
}

texalloc_audit_counts texalloc_model_sum(const texalloc_audit *audit) {
  texalloc_audit_counts sum = {0};
  for (size_t index = 0; index < atomic_load(&audit->threads_end); index++) {
    const texalloc_audit_counts *counts = &audit->threads[index].counts;
    sum.loads += counts->loads;
    sum.loaded_bytes += counts->loaded_bytes;
    sum.stores += counts->stores;
    sum.stored_bytes += counts->stored_bytes;
    sum.non_temporal_stores += counts->non_temporal_stores;
    sum.full_lines += counts->full_lines;
    sum.partial_lines += counts->partial_lines;
    sum.touched_lines += counts->touched_lines;
    sum.jumps_backward += counts->jumps_backward;
    sum.exposures += counts->exposures;
  }
  return sum;
}

#endif
