// A strict reader of what comes before the coded data.
#include "Reader.h"

#include <stdlib.h>
#include <string.h>

enum marker {
  start_of_image = 0xD8,
  baseline = 0xC0,
  extended_sequential = 0xC1,
  define_codes = 0xC4,
  define_quantization = 0xDB,
  define_interval = 0xDD,
  start_of_scan = 0xDA,
  first_application = 0xE0,
  adobe = 0xEE,
  last_application = 0xEF,
  comment = 0xFE,
};

/// What of a file is known before its scan.
typedef struct {
  texalloc_huffman_header *header;
  uint16_t quantization[4][64];
  bool has_quantization[4];
  uint8_t names[3], quantization_of[3];
  bool has_frame, is_jfif, is_adobe;
  uint8_t adobe_transform;
  uint32_t interval;
} known_header;

/// A part of the file that is being read.
typedef struct {
  const uint8_t *next, *end;
} segment;

static size_t left(const segment *s) { return (size_t)(s->end - s->next); }
static uint32_t byte(segment *s) { return *s->next++; }
static uint32_t pair(segment *s) {
  uint32_t upper = byte(s);
  return upper << 8 | byte(s);
}

texalloc_huffman_reader *texalloc_huffman_open(void) {
  return calloc(1, sizeof(texalloc_huffman_reader));
}

void texalloc_huffman_close(texalloc_huffman_reader *reader) { free(reader); }

const char *texalloc_huffman_oddity(const texalloc_huffman_reader *reader) {
  return reader->oddity;
}

/// - Returns: What is odd, or NULL; so do the others.
static const char *read_quantization(known_header *known, segment s) {
  while (left(&s) > 0) {
    uint32_t kind = byte(&s), size = (kind >> 4) + 1, name = kind & 15;
    if (size > 2 || name > 3 || left(&s) < 64 * size) return "a quantisation table";
    for (int i = 0; i < 64; i++)
      known->quantization[name][i] = (uint16_t)(size == 2 ? pair(&s) : byte(&s));
    known->has_quantization[name] = true;
  }
  return NULL;
}

static const char *read_codes(texalloc_huffman_reader *reader, segment s) {
  while (left(&s) > 0) {
    uint32_t kind = byte(&s), name = kind & 15;
    if (kind >> 4 > 1 || name > 3 || left(&s) < 16) return "a Huffman table";
    code_definition definition;
    memset(&definition, 0, sizeof definition);
    size_t count = 0;
    for (int i = 0; i < 16; i++) count += definition.counts[i] = (uint8_t)byte(&s);
    if (count > 256 || left(&s) < count) return "a Huffman table";
    for (size_t i = 0; i < count; i++) {
      definition.symbols[i] = (uint8_t)byte(&s);
      if (kind >> 4 == 0 && definition.symbols[i] > 11) return "a Huffman table";
    }
    code_table *table = kind >> 4 == 0 ? &reader->firsts[name].codes : &reader->rests[name].codes;
    table->is_defined = true;
    if (memcmp(&definition, &table->definition, sizeof definition) == 0) continue;
    table->definition = definition;
    table->is_built = false;
  }
  return NULL;
}

static const char *read_frame(known_header *known, segment s) {
  texalloc_huffman_header *header = known->header;
  if (known->has_frame || left(&s) < 6) return "a frame header";
  if (byte(&s) != 8) return "samples of other than 8 bits";
  header->height = pair(&s);
  header->width = pair(&s);
  header->component_count = byte(&s);
  if (header->width == 0 || header->height == 0) return "a size that is told later";
  if (header->component_count != 1 && header->component_count != 3) return "its colours";
  if (left(&s) != 3 * header->component_count) return "a frame header";
  for (uint32_t i = 0; i < header->component_count; i++) {
    texalloc_huffman_component *component = &header->components[i];
    known->names[i] = (uint8_t)byte(&s);
    for (uint32_t j = 0; j < i; j++)
      if (known->names[j] == known->names[i]) return "two components of one name";
    uint32_t factors = byte(&s);
    component->across = (uint8_t)(factors >> 4);
    component->down = (uint8_t)(factors & 15);
    known->quantization_of[i] = (uint8_t)byte(&s);
    bool is_right = component->across >= 1 && component->across <= 4 && component->down >= 1
        && component->down <= 4 && known->quantization_of[i] < 4;
    if (!is_right) return "a frame header";
  }
  known->has_frame = true;
  return NULL;
}

/// As jdapimin.c of libjpeg guesses.
static texalloc_huffman_colours colours(const known_header *known) {
  const uint8_t *names = known->names;
  if (known->header->component_count == 1) return texalloc_huffman_grey;
  if (known->is_jfif) return texalloc_huffman_ycc;
  if (known->is_adobe)
    return known->adobe_transform == 0 ? texalloc_huffman_rgb : texalloc_huffman_ycc;
  bool is_rgb = names[0] == 'R' && names[1] == 'G' && names[2] == 'B';
  return is_rgb ? texalloc_huffman_rgb : texalloc_huffman_ycc;
}

/// Lays out the units of a scan of all components.
static const char *lay_out(texalloc_huffman_reader *reader, texalloc_huffman_header *header) {
  uint32_t most_across = 1, most_down = 1, blocks = 0;
  if (header->component_count == 1) header->components[0].across = header->components[0].down = 1;
  for (uint32_t i = 0; i < header->component_count; i++) {
    const texalloc_huffman_component *component = &header->components[i];
    if (component->across > most_across) most_across = component->across;
    if (component->down > most_down) most_down = component->down;
    uint32_t count = (uint32_t)component->across * component->down;
    if (blocks + count > max_blocks_per_unit) return "more than ten blocks in a unit";
    memset(reader->sequence + blocks, (int)i, count);
    blocks += count;
  }
  header->blocks_per_unit = reader->blocks_per_unit = blocks;
  header->units_across = (header->width + 8 * most_across - 1) / (8 * most_across);
  header->units_down = (header->height + 8 * most_down - 1) / (8 * most_down);
  reader->unit_count = header->units_across * header->units_down;
  // What counts blocks and entries has 32 bits.
  if ((uint64_t)reader->unit_count * blocks > UINT32_MAX / 64) return "its size";
  return NULL;
}

void texalloc_huffman_set_quantization(component_reader *component, const uint16_t *factors) {
  memcpy(component->quantization, factors, sizeof component->quantization);
  component->largest[0] = 0;
  for (int i = 1; i < 64; i++) {
    uint16_t before = component->largest[i - 1];
    component->largest[i] = factors[i] > before ? factors[i] : before;
  }
}

texalloc_huffman_result texalloc_huffman_begin_units(
    texalloc_huffman_reader *reader, texalloc_huffman_header *header) {
  const char *oddity = lay_out(reader, header);
  if (oddity != NULL) return odd(reader, oddity);
  if (reader->interval == 0) reader->interval = reader->unit_count;
  const texalloc_huffman_part all = {
      .first = 0, .end = reader->unit_count, .start = (size_t)(reader->data - reader->bytes)};
  texalloc_huffman_begin_part(reader, &all);
  return texalloc_huffman_done;
}

static const char *read_scan(
    texalloc_huffman_reader *reader, const known_header *known, segment s) {
  texalloc_huffman_header *header = known->header;
  if (!known->has_frame || left(&s) != 4 + 2 * header->component_count) return "its scans";
  if (byte(&s) != header->component_count) return "several scans";
  for (uint32_t i = 0; i < header->component_count; i++) {
    if (byte(&s) != known->names[i]) return "the order of its components";
    uint32_t codes = byte(&s), name = known->quantization_of[i];
    if (codes >> 4 > 3 || (codes & 15) > 3) return "a scan header";
    component_reader *component = &reader->components[i];
    component->first = &reader->firsts[codes >> 4];
    component->rest = &reader->rests[codes & 15];
    if (!component->first->codes.is_defined || !component->rest->codes.is_defined
        || !known->has_quantization[name])
      return "a table that is missing";
    if (!texalloc_huffman_build_first(component->first)
        || !texalloc_huffman_build_rest(component->rest))
      return "a Huffman table";
    texalloc_huffman_set_quantization(component, known->quantization[name]);
    memcpy(header->components[i].quantization, component->quantization,
        sizeof component->quantization);
  }
  if (byte(&s) != 0 || byte(&s) != 63 || byte(&s) != 0) return "a scan of some coefficients only";
  return NULL;
}

static void read_application(known_header *known, uint32_t kind, segment s) {
  size_t size = left(&s);
  if (kind == first_application && size >= 14 && memcmp(s.next, "JFIF\0", 5) == 0)
    known->is_jfif = true;
  if (kind == adobe && size >= 12 && memcmp(s.next, "Adobe", 5) == 0) {
    known->is_adobe = true;
    known->adobe_transform = s.next[11];
  }
}

static const char *read_segments(texalloc_huffman_reader *reader, known_header *known) {
  segment file = {reader->next, reader->end};
  if (left(&file) < 2 || pair(&file) != (0xFF00 | start_of_image)) return "its start";
  for (;;) {
    if (left(&file) < 4 || byte(&file) != 0xFF) return "bytes between its markers";
    uint32_t kind = byte(&file), length = pair(&file);
    if (length < 2 || left(&file) < length - 2) return "a marker's length";
    segment s = {file.next, file.next + length - 2};
    file.next = s.end;
    const char *oddity = NULL;
    switch (kind) {
      case define_quantization: oddity = read_quantization(known, s); break;
      case define_codes: oddity = read_codes(reader, s); break;
      case baseline:
      case extended_sequential: oddity = read_frame(known, s); break;
      case define_interval:
        if (left(&s) != 2) return "a restart interval";
        known->interval = pair(&s);
        break;
      case start_of_scan:
        reader->data = s.end;
        return read_scan(reader, known, s);
      case comment: break;
      default:
        // Progressive, lossless and arithmetic coding, and what nobody writes.
        if (kind < first_application || kind > last_application) return "its coding";
        read_application(known, kind, s);
    }
    if (oddity != NULL) return oddity;
  }
}

texalloc_huffman_result texalloc_huffman_read_header(
    texalloc_huffman_reader *reader, const uint8_t *bytes, size_t size,
    texalloc_huffman_header *header) {
  known_header known = {.header = header};
  memset(header, 0, sizeof *header);
  reader->oddity = NULL;
  reader->bytes = reader->data = reader->next = bytes;
  reader->end = bytes + size;
  for (int i = 0; i < 4; i++)
    reader->firsts[i].codes.is_defined = reader->rests[i].codes.is_defined = false;
  const char *oddity = read_segments(reader, &known);
  if (oddity != NULL) return odd(reader, oddity);
  header->colours = colours(&known);
  reader->interval = known.interval;
  return texalloc_huffman_begin_units(reader, header);
}
