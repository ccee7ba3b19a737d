// Decodes a JPEG file as the library does, so that one program can be watched in two ways: says where
// the pixels will lie, or with --audit what an audit counts: loads, their bytes, stores, their bytes.
#define _GNU_SOURCE
#include <CAudit.h>
#include <CJPEG.h>
#include <CStreaming.h>

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

enum { capacity = 1 << 20 };

static void check(bool is_right, const char *what) {
  if (is_right) return;
  fprintf(stderr, "auditeddecode: %s\n", what);
  exit(1);
}

static void decode(
  texalloc_jpeg_reader *reader, const texalloc_jpeg_header *header, uint8_t *pixels, size_t pitch) {
  enum { group = 2 };
  for (uint32_t row = 0; row < header->height; row += group) {
    uint32_t left = header->height - row, count = left < group ? left : group;
    uint8_t *rows = pixels + row * pitch;
    check(texalloc_jpeg_read_rows(reader, rows, pitch, count) == texalloc_jpeg_done, "rows");
    for (uint32_t i = 0; i < count; i++)
      texalloc_stream_padding(rows + i * pitch, header->width * 4, pitch);
  }
  texalloc_store_fence();
}

int main(int count, char **arguments) {
  check(count > 1, "no file");
  FILE *file = fopen(arguments[1], "rb");
  check(file != NULL, arguments[1]);
  uint8_t *bytes = malloc(capacity);
  size_t size = fread(bytes, 1, capacity, file);
  texalloc_jpeg_reader *reader = texalloc_jpeg_open();
  check(reader != NULL, "reader");
  const texalloc_jpeg_input input = {.bytes = bytes, .size = size};
  const texalloc_jpeg_terms terms = {.time = 60000000000};
  texalloc_jpeg_header header;
  check(texalloc_jpeg_read_header(reader, &input, &terms, &header) == texalloc_jpeg_done, "header");
  check(texalloc_jpeg_start(reader, texalloc_jpeg_rgba) == texalloc_jpeg_done, "start");

  size_t pitch = (header.width * 4 + 63) / 64 * 64, plane = pitch * header.height;
  check(plane <= capacity, "too large");
  int memory = memfd_create("pixels", MFD_CLOEXEC);
  check(memory >= 0 && ftruncate(memory, capacity) == 0, "memory");
  uint8_t *pixels = mmap(NULL, capacity, PROT_READ | PROT_WRITE, MAP_SHARED, memory, 0);
  check(pixels != MAP_FAILED, "mapping");

  if (count > 2 && strcmp(arguments[2], "--audit") == 0) {
    texalloc_audit *audit = texalloc_audit_begin();
    check(audit != NULL, "audit");
    texalloc_audit_region *region =
      texalloc_audit_add(audit, pixels, capacity, memory, capacity);
    check(region != NULL, "region");
    decode(reader, &header, pixels, pitch);
    texalloc_audit_remove(region);
    texalloc_audit_counts counts = texalloc_audit_end(audit);
    printf("%" PRIu64 " %" PRIu64 " %" PRIu64 " %" PRIu64 "\n", counts.loads, counts.loaded_bytes,
           counts.stores, counts.stored_bytes);
    texalloc_audit_free(audit);
  } else {
    // As lackey writes addresses.
    printf("decoding into %08" PRIxPTR " %08" PRIxPTR "\n", (uintptr_t)pixels,
           (uintptr_t)pixels + plane);
    fflush(stdout);
    decode(reader, &header, pixels, pitch);
  }
  texalloc_jpeg_close(reader);
}
