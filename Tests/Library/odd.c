/*
 * What is odd, and has an answer: numbers at the end of their range, structs that are cut off within a member,
 * callbacks that call back in, handles that several threads release at once: odd PICTURE [FONT]
 */
#include <assert.h>
#include <math.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <texalloc.h>

static void expect(texalloc_status wanted, texalloc_status held, const char *call, int line) {
  if (wanted == held) return;
  fprintf(stderr, "odd.c:%d: %s: wanted %s, held %s: %s\n", line, call, texalloc_status_name(wanted),
          texalloc_status_name(held), texalloc_last_error());
  exit(1);
}
#define EXPECT(wanted, call) expect(TEXALLOC_##wanted, call, #call, __LINE__)

static texalloc_device *gpu;
static texalloc_pool *pool;
static const char *path;

static texalloc_buffer *allocate(uint32_t flags) {
  texalloc_image image = {.struct_size = sizeof image, .width = 16, .height = 16};
  texalloc_buffer *buffer;
  EXPECT(OK, texalloc_pool_allocate(pool, &image, flags, &buffer));
  return buffer;
}

static void pass_large_numbers(const char *font_path) {
  static char pixels[16 * 16 * 4];
  texalloc_buffer *buffer = allocate(TEXALLOC_FOR_TEXTURE | TEXALLOC_CPU_READ);
  EXPECT(OK, texalloc_buffer_write_rows(buffer, 0, 0, 16, pixels, 64));
  /* Rows that no memory has, though the first of them is there. */
  EXPECT(INVALID_ARGUMENT, texalloc_buffer_read(buffer, 0, true, pixels, (size_t)1 << 62));
  EXPECT(INVALID_ARGUMENT, texalloc_buffer_read(buffer, 0, true, pixels, SIZE_MAX));
  EXPECT(INVALID_ARGUMENT, texalloc_buffer_read(buffer, UINT32_MAX, true, pixels, 64));
  EXPECT(INVALID_ARGUMENT, texalloc_buffer_write_rows(buffer, 0, 0, 16, pixels, (size_t)1 << 62));
  EXPECT(INVALID_ARGUMENT, texalloc_buffer_write_rows(buffer, 0, 0, 2, pixels, SIZE_MAX));
  EXPECT(INVALID_ARGUMENT, texalloc_buffer_write_rows(buffer, 0, UINT32_MAX, UINT32_MAX, pixels, 64));
  EXPECT(INVALID_ARGUMENT, texalloc_buffer_write_rows(buffer, UINT32_MAX, 0, 1, pixels, 64));
  EXPECT(OK, texalloc_buffer_write_rows(buffer, 0, 0, 16, pixels, 64));
  texalloc_mapping mapping = {.struct_size = sizeof mapping};
  EXPECT(OK, texalloc_buffer_map(buffer, 0, TEXALLOC_MAP_ROWS, &mapping));
  EXPECT(INVALID_ARGUMENT, texalloc_buffer_write_rows(buffer, 0, 0, 16, pixels, (size_t)1 << 62));
  EXPECT(OK, texalloc_buffer_unmap(buffer, 0));
  EXPECT(OK, texalloc_buffer_release(buffer));

  texalloc_attributes any = {.struct_size = sizeof any, .name = "any"};
  const texalloc_attributes *participants[] = {&any};
  texalloc_merged merged = {.struct_size = sizeof merged};
  const uint32_t sizes[] = {0, 1, UINT32_MAX};
  for (int i = 0; i < 9; i++) texalloc_merge(participants, 1, sizes[i / 3], sizes[i % 3], &merged);
  any.max_size = any.min_size = any.min_pitch = UINT64_MAX, any.held_buffers = UINT32_MAX;
  any.offset_alignment = UINT32_MAX;
  EXPECT(INVALID_ATTRIBUTES, texalloc_merge(participants, 1, 16, 16, &merged));

  texalloc_image image = {.struct_size = sizeof image, .patience = UINT64_MAX, .width = UINT32_MAX, .height = UINT32_MAX};
  assert(texalloc_pool_allocate(pool, &image, TEXALLOC_FOR_TEXTURE, &buffer) != TEXALLOC_OK);
  image.width = 0;
  assert(texalloc_pool_allocate(pool, &image, TEXALLOC_FOR_TEXTURE, &buffer) != TEXALLOC_OK);

  texalloc_fence *fence;
  bool has_passed = false;
  EXPECT(OK, texalloc_device_make_fence(gpu, &fence));
  EXPECT(OK, texalloc_fence_wait(fence, UINT64_MAX, &has_passed));
  assert(has_passed);
  EXPECT(OK, texalloc_fence_release(fence));

  texalloc_glyphs *glyphs;
  texalloc_face *face;
  EXPECT(OK, texalloc_glyphs_create(NULL, pool, NULL, &glyphs));
  assert(texalloc_face_open_bytes(glyphs, pixels, 0, NULL, NULL, &face) != TEXALLOC_OK);
  EXPECT(INVALID_ARGUMENT, texalloc_face_open_bytes(glyphs, pixels, SIZE_MAX, NULL, NULL, &face));
  if (font_path) {
    texalloc_font *font;
    uint32_t count;
    EXPECT(OK, texalloc_face_open(glyphs, font_path, NULL, &face));
    const double bad[] = {NAN, INFINITY, -INFINITY, 1e300, -1, 0};
    for (int i = 0; i < 6; i++) {
      texalloc_font_options options = {.struct_size = sizeof options, .pixel_size = bad[i]};
      EXPECT(NO_SIZE, texalloc_font_create(glyphs, face, &options, &font));
      options.pixel_size = 16, options.slant = bad[i];
      if (i < 4) EXPECT(INVALID_ARGUMENT, texalloc_font_create(glyphs, face, &options, &font));
      options.slant = 0, options.embolden = bad[i];
      if (i < 4) EXPECT(INVALID_ARGUMENT, texalloc_font_create(glyphs, face, &options, &font));
      texalloc_axis axis = {"wght", bad[i]};
      texalloc_face_options axes = {.struct_size = sizeof axes, .axes = &axis, .axis_count = 1};
      texalloc_face *other;
      texalloc_status status = texalloc_face_open(glyphs, font_path, &axes, &other);
      if (status == TEXALLOC_OK && i > 0) EXPECT(OK, texalloc_face_release(other)); /* as far as it goes */
      else EXPECT(NO_AXIS, status);
    }
    texalloc_font_options options = {.struct_size = sizeof options, .pixel_size = 16};
    EXPECT(OK, texalloc_font_create(glyphs, face, &options, &font));
    for (int i = 0; i < 4; i++) {
      EXPECT(INVALID_ARGUMENT, texalloc_font_get_quads(font, "x", bad[i], 0, NULL, 0, &count));
      EXPECT(INVALID_ARGUMENT, texalloc_font_get_quads(font, "x", 0, bad[i], NULL, 0, &count));
    }
    EXPECT(OK, texalloc_font_get_quads(font, "\xFF\xC0 x\xF0", 0, 0, NULL, 0, &count)); /* of no encoding */
    EXPECT(OK, texalloc_font_release(font));
    EXPECT(OK, texalloc_face_release(face));
  }
  EXPECT(OK, texalloc_glyphs_release(glyphs));

  texalloc_picture *picture;
  EXPECT(INVALID_ARGUMENT, texalloc_picture_open_bytes(pixels, SIZE_MAX, NULL, NULL, &picture));
  EXPECT(EMPTY, texalloc_picture_open_bytes(pixels, 0, NULL, NULL, &picture));
  texalloc_picture_options options = {
      .struct_size = sizeof options, .fit = TEXALLOC_FIT_COVER, .fit_width = UINT32_MAX, .fit_height = UINT32_MAX,
      .pixels = UINT64_MAX, .working_bytes = UINT64_MAX, .time = UINT64_MAX};
  EXPECT(OK, texalloc_picture_open(path, &options, &picture));
  EXPECT(OK, texalloc_picture_release(picture));
  options.region_x = options.region_y = options.region_width = options.region_height = UINT32_MAX;
  EXPECT(BAD_REGION, texalloc_picture_open(path, &options, &picture));
}

/* A size within a member would leave half of an address. */
static void cut_structs(void) {
  texalloc_request request = {.path = "/nowhere.jpg"};
  texalloc_loader *loader;
  EXPECT(OK, texalloc_loader_create(gpu, pool, NULL, &loader));
  for (uint32_t size = 0; size < sizeof request; size++) {
    request.struct_size = size;
    if (size % sizeof(void *)) EXPECT(INVALID_ARGUMENT, texalloc_loader_submit(loader, &request, NULL));
  }
  EXPECT(OK, texalloc_loader_release(loader));
  char raw[4100] = {0};
  for (uint32_t size = 0; size <= sizeof raw; size += 4) {
    memset(raw, 7, sizeof raw);
    memcpy(raw, &size, sizeof size);
    texalloc_status status = texalloc_pool_get_info(pool, (texalloc_pool_info *)raw);
    assert((status == TEXALLOC_OK) == (size >= 8 && size <= 4096 && size % 8 == 0));
    for (uint32_t i = status == TEXALLOC_OK ? size : 4; i < sizeof raw; i++) assert(raw[i] == 7);
  }
}

/* Callbacks may call everything but texalloc_shutdown(). */
static texalloc_picture *decoding;
static texalloc_buffer *into;
static int calls;

static bool goes_on(void *user, double done) {
  texalloc_buffer *other;
  texalloc_picture_info info = {.struct_size = sizeof info};
  char pixels[4096];
  (void)user, (void)done;
  if (calls++) return true;
  EXPECT(BUSY, texalloc_picture_decode(decoding, into, NULL));
  EXPECT(BUSY, texalloc_buffer_read(into, 0, true, pixels, sizeof pixels));
  EXPECT(OK, texalloc_picture_get_info(decoding, &info));
  EXPECT(OK, texalloc_picture_allocate(decoding, pool, TEXALLOC_FOR_TEXTURE, &other));
  EXPECT(OK, texalloc_picture_decode(decoding, other, NULL)); /* one within the other */
  EXPECT(OK, texalloc_buffer_release(other));
  EXPECT(OK, texalloc_picture_release(decoding)); /* the decode keeps what it needs */
  EXPECT(OK, texalloc_buffer_release(into));
  return true;
}

static texalloc_loader *loader;
static int told;

static void ended(void *user, const texalloc_loaded *loaded) {
  texalloc_request again = {.struct_size = sizeof again, .path = "/nowhere.jpg", .ended = ended};
  texalloc_loader_info info = {.struct_size = sizeof info};
  texalloc_device_info about = {.struct_size = sizeof about};
  told++;
  EXPECT(OK, texalloc_texture_release(loaded->texture));
  EXPECT(OK, texalloc_device_get_info(gpu, &about));
  EXPECT(OK, texalloc_device_collect(gpu));
  if (user) {
    EXPECT(OK, texalloc_loader_get_info(loader, &info));
    EXPECT(OK, texalloc_loader_submit(loader, &again, NULL)); /* which the release ends */
    EXPECT(OK, texalloc_loader_release(loader));              /* in the midst of a poll of its */
  }
  EXPECT(INVALID_HANDLE, texalloc_loader_submit(loader, &again, NULL));
  EXPECT(INVALID_HANDLE, texalloc_loader_poll(loader, 0, NULL));
}

static void names_gone(void *user, const uint32_t *names, size_t count) {
  (void)user;
  assert(names && count);
  EXPECT(OK, texalloc_device_collect(gpu));
  calls++;
}

static void call_back(void) {
  texalloc_picture_options options = {.struct_size = sizeof options, .goes_on = goes_on};
  EXPECT(OK, texalloc_picture_open(path, &options, &decoding));
  EXPECT(OK, texalloc_picture_allocate(decoding, pool, TEXALLOC_FOR_TEXTURE | TEXALLOC_CPU_READ, &into));
  EXPECT(OK, texalloc_picture_decode(decoding, into, NULL));
  assert(calls > 0);
  EXPECT(INVALID_HANDLE, texalloc_buffer_release(into));

  EXPECT(OK, texalloc_loader_create(gpu, pool, NULL, &loader));
  texalloc_request request = {.struct_size = sizeof request, .path = path, .ended = ended, .user = &told};
  EXPECT(OK, texalloc_loader_submit(loader, &request, NULL));
  texalloc_status status;
  do status = texalloc_loader_poll(loader, 1000000, NULL);
  while (status == TEXALLOC_OK && !told);
  assert(told == 2 && (status == TEXALLOC_OK || status == TEXALLOC_CLOSED));

  calls = 0;
  texalloc_buffer *buffer = allocate(TEXALLOC_FOR_TEXTURE);
  texalloc_texture *texture;
  static char pixels[16 * 16 * 4];
  EXPECT(OK, texalloc_buffer_write_rows(buffer, 0, 0, 16, pixels, 64));
  EXPECT(OK, texalloc_texture_create(gpu, buffer, 0, &texture));
  EXPECT(OK, texalloc_texture_release(texture));
  EXPECT(OK, texalloc_buffer_release(buffer));
  EXPECT(OK, texalloc_device_collect(gpu));
  EXPECT(OK, texalloc_device_trim(gpu));
  EXPECT(OK, texalloc_device_collect(gpu));
}

/* Each is released once, whoever is first. */
enum { HANDLES = 2000, THREADS = 4 };
static texalloc_buffer *handles[HANDLES];
static int released;

static void *release_all(void *unused) {
  (void)unused;
  for (int i = 0; i < HANDLES; i++) {
    texalloc_buffer_info info = {.struct_size = sizeof info};
    texalloc_status status = texalloc_buffer_get_info(handles[i], &info);
    assert(status == TEXALLOC_OK || status == TEXALLOC_INVALID_HANDLE);
    status = texalloc_buffer_release(handles[i]);
    if (status == TEXALLOC_OK) __atomic_add_fetch(&released, 1, __ATOMIC_RELAXED);
    else assert(status == TEXALLOC_INVALID_HANDLE);
  }
  return NULL;
}

static void release_together(void) {
  pthread_t threads[THREADS];
  for (int i = 0; i < HANDLES; i++) handles[i] = allocate(0);
  for (int i = 0; i < THREADS; i++) pthread_create(&threads[i], NULL, release_all, NULL);
  for (int i = 0; i < THREADS; i++) pthread_join(threads[i], NULL);
  assert(released == HANDLES);
}

/* A shutdown ends loads. Whoever hears of that may begin others, which end as well. */
static texalloc_load *late;
static void begin_again(void *user, const texalloc_loaded *loaded) {
  texalloc_request again = {.struct_size = sizeof again, .path = path, .ended = begin_again};
  (void)user;
  EXPECT(OK, texalloc_texture_release(loaded->texture));
  if (told++) return;
  EXPECT(OK, texalloc_loader_create(gpu, pool, NULL, &loader));
  EXPECT(OK, texalloc_loader_submit(loader, &again, &late));
}

static void begin_while_shutting_down(void) {
  texalloc_request request = {.struct_size = sizeof request, .path = path, .ended = begin_again};
  told = 0;
  EXPECT(OK, texalloc_loader_create(gpu, pool, NULL, &loader));
  EXPECT(OK, texalloc_loader_submit(loader, &request, NULL));
  EXPECT(OK, texalloc_shutdown());
  assert(told == 2);
  EXPECT(INVALID_HANDLE, texalloc_load_release(late));
  EXPECT(INVALID_HANDLE, texalloc_loader_release(loader));
  EXPECT(INVALID_HANDLE, texalloc_pool_release(pool));
  EXPECT(INVALID_HANDLE, texalloc_device_close(gpu));
}

int main(int count, char **arguments) {
  assert(count > 1);
  path = arguments[1];
  texalloc_egl_options options = {.struct_size = sizeof options, .names_gone = names_gone};
  EXPECT(OK, texalloc_egl_surfaceless(&options, &gpu));
  EXPECT(OK, texalloc_pool_create(gpu, NULL, &pool));
  pass_large_numbers(count > 2 ? arguments[2] : NULL);
  cut_structs();
  call_back();
  release_together();
  begin_while_shutting_down();
  return 0;
}
