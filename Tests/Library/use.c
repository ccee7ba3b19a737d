/*
 * Uses the library on a GPU as a toolkit does, and looks at every pixel: rows, memory, files, textures, a
 * loader, and what is refused on the wrong thread or after a close.
 */
#include <assert.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <texalloc.h>
#include <unistd.h>

#include <EGL/egl.h>
#include <GLES3/gl3.h>

static void expect(texalloc_status wanted, texalloc_status held, const char *call, int line) {
  if (wanted == held) return;
  fprintf(stderr, "use.c:%d: %s: wanted %s, held %s: %s\n", line, call, texalloc_status_name(wanted),
          texalloc_status_name(held), texalloc_last_error());
  exit(1);
}
#define EXPECT(wanted, call) expect(TEXALLOC_##wanted, call, #call, __LINE__)

enum { WIDTH = 61, HEIGHT = 40 };

static texalloc_device *gpu;
static texalloc_pool *pool;

static uint32_t pixel(int x, int y, uint32_t seed) { return (uint32_t)(x * 4 + y * 1000) * seed | 0xFF000000u; }

static void fill(uint32_t *pixels, uint32_t seed) {
  for (int y = 0; y < HEIGHT; y++)
    for (int x = 0; x < WIDTH; x++) pixels[y * WIDTH + x] = pixel(x, y, seed);
}

/* What the GPU has of a texture. */
static void expect_pixels(texalloc_texture *texture, const uint32_t *wanted, int width, int height) {
  texalloc_texture_info info = {.struct_size = sizeof info};
  EXPECT(OK, texalloc_texture_get_info(texture, &info));
  assert(info.plane_count == 1 && (int)info.width == width && (int)info.height == height);
  GLuint framebuffer;
  glGenFramebuffers(1, &framebuffer);
  glBindFramebuffer(GL_FRAMEBUFFER, framebuffer);
  glFramebufferTexture2D(GL_FRAMEBUFFER, GL_COLOR_ATTACHMENT0, info.planes[0].target, info.planes[0].name, 0);
  assert(glCheckFramebufferStatus(GL_FRAMEBUFFER) == GL_FRAMEBUFFER_COMPLETE);
  uint32_t *held = malloc((size_t)(width * height) * 4);
  glReadPixels(0, 0, width, height, GL_RGBA, GL_UNSIGNED_BYTE, held);
  assert(!memcmp(held, wanted, (size_t)(width * height) * 4));
  glDeleteFramebuffers(1, &framebuffer);
  free(held);
}

static texalloc_buffer *allocate(uint32_t flags, bool is_painted) {
  texalloc_image image = {
      .struct_size = sizeof image, .width = WIDTH, .height = HEIGHT, .is_painted = is_painted, .name = "drawn"};
  texalloc_buffer *buffer;
  EXPECT(OK, texalloc_pool_allocate(pool, &image, flags, &buffer));
  return buffer;
}

static void write_rows(void) {
  static uint32_t pixels[WIDTH * HEIGHT], held[WIDTH * HEIGHT];
  texalloc_buffer *buffer = allocate(TEXALLOC_FOR_TEXTURE | TEXALLOC_CPU_READ | TEXALLOC_REWRITTEN, false);
  fill(pixels, 1);
  EXPECT(OK, texalloc_buffer_write_rows(buffer, 0, 0, HEIGHT, pixels, WIDTH * 4));
  EXPECT(OK, texalloc_buffer_read(buffer, 0, true, held, WIDTH * 4));
  assert(!memcmp(pixels, held, sizeof held));
  texalloc_texture *texture, *again;
  EXPECT(OK, texalloc_texture_create(gpu, buffer, 0, &texture));
  expect_pixels(texture, pixels, WIDTH, HEIGHT);

  fill(pixels, 3); /* row by row, within a mapping */
  texalloc_mapping mapping = {.struct_size = sizeof mapping};
  EXPECT(OK, texalloc_buffer_map(buffer, 0, TEXALLOC_MAP_ROWS, &mapping));
  assert(!mapping.bytes && mapping.row_count == HEIGHT && mapping.row_size == WIDTH * 4);
  texalloc_mapping before = mapping;
  EXPECT(BUSY, texalloc_buffer_map(buffer, 0, TEXALLOC_MAP_ROWS, &mapping));
  assert(!memcmp(&before, &mapping, sizeof mapping));
  EXPECT(BUSY, texalloc_buffer_read(buffer, 0, true, held, WIDTH * 4));
  for (uint32_t y = 0; y < HEIGHT; y++)
    EXPECT(OK, texalloc_buffer_write_rows(buffer, 0, y, 1, pixels + y * WIDTH, WIDTH * 4));
  EXPECT(OK, texalloc_buffer_unmap(buffer, 0));
  EXPECT(INVALID_ARGUMENT, texalloc_texture_contents_changed(texture, 1, HEIGHT));
  EXPECT(OK, texalloc_texture_contents_changed(texture, 0, 0));
  expect_pixels(texture, pixels, WIDTH, HEIGHT);

  EXPECT(OK, texalloc_texture_create(gpu, buffer, 0, &again));
  assert(again != texture); /* each its own handle, of one texture */
  texalloc_texture_info one = {.struct_size = sizeof one}, other = {.struct_size = sizeof other};
  EXPECT(OK, texalloc_texture_get_info(texture, &one));
  EXPECT(OK, texalloc_texture_get_info(again, &other));
  assert(one.planes[0].name == other.planes[0].name && one.route != TEXALLOC_ROUTE_ANY);
  EXPECT(OK, texalloc_texture_release(again));
  EXPECT(OK, texalloc_buffer_release(buffer)); /* the texture keeps it */
  EXPECT(OK, texalloc_texture_get_buffer(texture, &buffer));
  EXPECT(OK, texalloc_buffer_discard(buffer, "it was only a try"));
  EXPECT(DISCARDED, texalloc_buffer_read(buffer, 0, true, held, WIDTH * 4));
  assert(strstr(texalloc_last_error(), "it was only a try"));
  EXPECT(OK, texalloc_buffer_release(buffer));
  EXPECT(OK, texalloc_texture_release(texture));
}

static void paint(texalloc_map_mode mode, bool is_painted) {
  static uint32_t pixels[WIDTH * HEIGHT];
  texalloc_buffer *buffer = allocate(TEXALLOC_FOR_TEXTURE, is_painted);
  texalloc_mapping mapping = {.struct_size = sizeof mapping};
  if (!is_painted) {
    EXPECT(NOT_FOR_THAT, texalloc_buffer_map(buffer, 0, TEXALLOC_MAP_MEMORY, &mapping));
    assert(strstr(texalloc_last_error(), "is_painted") && strstr(texalloc_last_error(), "TEXALLOC_MAP_STAGED"));
  }
  EXPECT(OK, texalloc_buffer_map(buffer, 0, mode, &mapping));
  assert(mapping.bytes && mapping.is_staged == !is_painted && mapping.pitch % 64 == 0);
  fill(pixels, 5);
  for (int y = 0; y < HEIGHT; y++)
    memcpy((char *)mapping.bytes + (size_t)y * mapping.pitch, pixels + y * WIDTH, WIDTH * 4);
  EXPECT(OK, texalloc_buffer_unmap(buffer, 0));
  EXPECT(BUSY, texalloc_buffer_unmap(buffer, 0));
  texalloc_texture *texture;
  EXPECT(OK, texalloc_texture_create(gpu, buffer, 0, &texture));
  expect_pixels(texture, pixels, WIDTH, HEIGHT);
  EXPECT(OK, texalloc_buffer_release(buffer));
  EXPECT(OK, texalloc_texture_release(texture));
}

/* A heap as of another driver: its memory is shared memory, which the software device imports. */
static int lend(void *user, size_t size, int *descriptor) {
  char name[64];
  snprintf(name, sizeof name, "/texalloc-use-%ld-%d", (long)getpid(), ++*(int *)user);
  *descriptor = shm_open(name, O_RDWR | O_CREAT | O_EXCL, 0600);
  assert(*descriptor >= 0 && !shm_unlink(name) && !ftruncate(*descriptor, (off_t)size));
  return 0;
}

static void import_lent(void) {
  texalloc_device_info about = {.struct_size = sizeof about};
  EXPECT(OK, texalloc_device_get_info(gpu, &about));
  if (!about.is_software || about.import_obstacle) return;
  static int calls;
  static uint32_t pixels[WIDTH * HEIGHT];
  texalloc_heap heap = {.struct_size = sizeof heap, .is_dma_buf = true, .allocate = lend, .user = &calls,
                        .json = "{\"name\": \"lent\", \"heaps\": [\"lent\"], \"caching\": [\"cached\"]}"};
  texalloc_pool_options options = {
      .struct_size = sizeof options, .heaps = (const texalloc_heap *[]){&heap}, .heap_count = 1};
  texalloc_image image = {.struct_size = sizeof image, .width = WIDTH, .height = HEIGHT};
  texalloc_pool *lent;
  texalloc_buffer *buffer;
  texalloc_texture *texture;
  EXPECT(OK, texalloc_pool_create(gpu, &options, &lent));
  EXPECT(OK, texalloc_pool_allocate(lent, &image, TEXALLOC_FOR_TEXTURE, &buffer));
  fill(pixels, 7);
  EXPECT(OK, texalloc_buffer_write_rows(buffer, 0, 0, HEIGHT, pixels, WIDTH * 4));
  EXPECT(OK, texalloc_texture_create(gpu, buffer, TEXALLOC_NEVER_UPLOADED, &texture));
  texalloc_texture_info info = {.struct_size = sizeof info};
  EXPECT(OK, texalloc_texture_get_info(texture, &info));
  assert(calls > 0 && info.route == TEXALLOC_ROUTE_IMPORTED);
  expect_pixels(texture, pixels, WIDTH, HEIGHT);
  EXPECT(OK, texalloc_texture_release(texture));
  EXPECT(OK, texalloc_buffer_release(buffer));
  EXPECT(OK, texalloc_pool_release(lent));
}

/* Opens a file by a name that is of no encoding. */
static void open_oddly(const char *path, void (*open_named)(const char *name)) {
  char name[] = "/tmp/texalloc-XXXXXX/\xFF", target[64];
  const size_t folder = strlen(name) - strlen("/\xFF");
  name[folder] = 0;
  int file = open(path, O_RDONLY);
  sprintf(target, "/proc/self/fd/%d", file);
  assert(file >= 0 && mkdtemp(name));
  name[folder] = '/';
  assert(!symlink(target, name));
  open_named(name);
  close(file);
  unlink(name);
  name[folder] = 0;
  rmdir(name);
}

static void open_picture(const char *name) {
  texalloc_picture *picture;
  EXPECT(OK, texalloc_picture_open(name, NULL, &picture));
  EXPECT(OK, texalloc_picture_release(picture));
}

static void open_face(const char *name) {
  texalloc_glyphs *glyphs;
  texalloc_face *face;
  EXPECT(OK, texalloc_glyphs_create(NULL, pool, NULL, &glyphs));
  EXPECT(OK, texalloc_face_open(glyphs, name, NULL, &face));
  EXPECT(OK, texalloc_face_release(face));
  EXPECT(OK, texalloc_glyphs_release(glyphs));
}

/* A buffer that the GPU has taken. */
static void decode_again(const char *path) {
  texalloc_picture *picture;
  EXPECT(OK, texalloc_picture_open(path, NULL, &picture));
  texalloc_buffer *buffer;
  texalloc_texture *texture;
  texalloc_buffer_info info = {.struct_size = sizeof info};
  EXPECT(OK, texalloc_picture_allocate(picture, pool, TEXALLOC_FOR_TEXTURE, &buffer));
  EXPECT(OK, texalloc_picture_decode(picture, buffer, NULL));
  EXPECT(OK, texalloc_texture_create(gpu, buffer, 0, &texture));
  EXPECT(OK, texalloc_buffer_get_info(buffer, &info));
  if (info.is_spent) EXPECT(SPENT, texalloc_picture_decode(picture, buffer, NULL));
  EXPECT(OK, texalloc_texture_release(texture));
  EXPECT(OK, texalloc_buffer_release(buffer));
  EXPECT(OK, texalloc_picture_release(picture));
}

static bool end(void *user, double done) { return *(double *)user = done, false; }

static void decode(const char *path) {
  texalloc_picture *picture;
  texalloc_picture_info header = {.struct_size = sizeof header};
  EXPECT(OK, texalloc_picture_open(path, NULL, &picture));
  EXPECT(OK, texalloc_picture_get_info(picture, &header));
  assert(header.orientation == TEXALLOC_UPRIGHT && header.formats[0] == TEXALLOC_ABGR8888);
  texalloc_buffer *buffer, *other;
  uint32_t flags = TEXALLOC_FOR_TEXTURE | TEXALLOC_CPU_READ;
  EXPECT(OK, texalloc_picture_allocate(picture, pool, flags, &buffer));
  texalloc_decode_report report = {.struct_size = sizeof report};

  texalloc_mapping mapping = {.struct_size = sizeof mapping};
  EXPECT(OK, texalloc_buffer_map(buffer, 0, TEXALLOC_MAP_ROWS, &mapping));
  report.good_rows = 77;
  EXPECT(BUSY, texalloc_picture_decode(picture, buffer, &report));
  assert(report.good_rows == 77);
  EXPECT(OK, texalloc_buffer_unmap(buffer, 0));
  EXPECT(OK, texalloc_picture_decode(picture, buffer, &report));
  assert(report.good_rows == header.height && !*report.warnings);
  uint32_t *pixels = malloc((size_t)header.width * header.height * 4);
  EXPECT(OK, texalloc_buffer_read(buffer, 0, true, pixels, header.width * 4));
  texalloc_texture *texture;
  EXPECT(OK, texalloc_texture_create(gpu, buffer, 0, &texture));
  expect_pixels(texture, pixels, (int)header.width, (int)header.height);

  uint32_t grey = TEXALLOC_R8;
  EXPECT(OK, texalloc_picture_allocate_as(picture, &grey, 1, pool, flags, &other));
  EXPECT(OK, texalloc_picture_decode(picture, other, NULL));
  EXPECT(OK, texalloc_buffer_release(other));
  EXPECT(OK, texalloc_picture_release(picture));

  double done = -1;
  texalloc_picture_options options = {.struct_size = sizeof options, .goes_on = end, .user = &done};
  EXPECT(OK, texalloc_picture_open(path, &options, &picture));
  EXPECT(CANCELLED, texalloc_picture_decode(picture, buffer, NULL));
  assert(done >= 0);
  EXPECT(OK, texalloc_picture_release(picture));
  options.fit = TEXALLOC_FIT_WITHIN, options.fit_width = options.fit_height = 100, options.goes_on = NULL;
  EXPECT(OK, texalloc_picture_open(path, &options, &picture));
  texalloc_picture_info small = {.struct_size = sizeof small};
  EXPECT(OK, texalloc_picture_get_info(picture, &small));
  assert(small.whole_width == header.width && small.width < header.width && small.width >= 90);
  EXPECT(OK, texalloc_picture_release(picture));
  options.fit = TEXALLOC_FIT_NONE, options.region_width = options.region_height = 1 << 20;
  EXPECT(BAD_REGION, texalloc_picture_open(path, &options, &picture));
  options.region_width = options.region_height = 0, options.content = TEXALLOC_CONTENT_THUMBNAIL;
  EXPECT(NO_THUMBNAIL, texalloc_picture_open(path, &options, &picture));
  options.content = TEXALLOC_CONTENT_PICTURE, options.pixels = 100;
  EXPECT(TOO_MUCH, texalloc_picture_open(path, &options, &picture));
  EXPECT(OK, texalloc_buffer_release(buffer));
  EXPECT(OK, texalloc_texture_release(texture));
  free(pixels);
}

/* What another process gets, and hands back. */
static void export_and_adopt(void) {
  static uint32_t pixels[WIDTH * HEIGHT];
  texalloc_buffer *buffer = allocate(TEXALLOC_FOR_TEXTURE | TEXALLOC_EXPORTABLE, false), *adopted;
  texalloc_buffer_info info = {.struct_size = sizeof info};
  int descriptor = -1;
  fill(pixels, 7);
  EXPECT(OK, texalloc_buffer_write_rows(buffer, 0, 0, HEIGHT, pixels, WIDTH * 4));
  EXPECT(OK, texalloc_buffer_get_info(buffer, &info));
  assert(info.width == WIDTH && info.plane_count == 1 && info.planes[0].row_size == WIDTH * 4 && *info.heap);
  EXPECT(OK, texalloc_buffer_export(buffer, &descriptor));
  texalloc_adopted_image image = {
      .struct_size = sizeof image, .width = WIDTH, .height = HEIGHT, .format = info.format,
      .plane_count = 1, .planes = {{.descriptor = descriptor, .pitch = info.planes[0].pitch}}, .is_read = true};
  EXPECT(OK, texalloc_buffer_release(buffer));
  EXPECT(OK, texalloc_buffer_adopt(&image, &adopted));
  close(descriptor);
  texalloc_texture *texture;
  EXPECT(OK, texalloc_texture_create(gpu, adopted, 0, &texture));
  expect_pixels(texture, pixels, WIDTH, HEIGHT);
  EXPECT(OK, texalloc_texture_release(texture));
  EXPECT(OK, texalloc_buffer_release(adopted));

  buffer = allocate(TEXALLOC_FOR_TEXTURE, false);
  EXPECT(NOT_FOR_THAT, texalloc_buffer_export(buffer, &descriptor));
  EXPECT(OK, texalloc_buffer_release(buffer));
}

static void render(void) {
  texalloc_buffer *buffer = allocate(TEXALLOC_FOR_RENDERING | TEXALLOC_CPU_READ, false);
  texalloc_target *target;
  texalloc_target_info info = {.struct_size = sizeof info};
  texalloc_fence *drawn, *all;
  EXPECT(OK, texalloc_target_create(gpu, buffer, 0, &target));
  EXPECT(OK, texalloc_target_get_info(target, &info));
  assert(info.framebuffer && info.route != TEXALLOC_ROUTE_ANY);
  glBindFramebuffer(GL_FRAMEBUFFER, info.framebuffer);
  glClearColor(1, 0, 0, 1);
  glClear(GL_COLOR_BUFFER_BIT);
  glBindFramebuffer(GL_FRAMEBUFFER, 0);
  EXPECT(INVALID_ARGUMENT, texalloc_target_finish(target, 1, HEIGHT, NULL));
  EXPECT(OK, texalloc_target_finish(target, 0, 0, &drawn));
  EXPECT(OK, texalloc_device_make_fence(gpu, &all));
  bool has_passed = false;
  EXPECT(OK, texalloc_fence_wait(drawn, 60000000000u, &has_passed));
  assert(has_passed);
  uint32_t held[WIDTH * HEIGHT];
  EXPECT(OK, texalloc_buffer_read(buffer, 0, true, held, WIDTH * 4));
  for (int i = 0; i < WIDTH * HEIGHT; i++) assert(held[i] == 0xFF0000FFu);
  EXPECT(OK, texalloc_fence_release(drawn));
  EXPECT(OK, texalloc_fence_release(all));
  EXPECT(OK, texalloc_target_release(target));
  EXPECT(OK, texalloc_buffer_release(buffer));

  int descriptor; /* what the software device does not have, and a GPU does */
  texalloc_status status = texalloc_device_export_fence(gpu, &descriptor);
  if (status == TEXALLOC_OK) {
    EXPECT(OK, texalloc_device_wait(gpu, descriptor));
    buffer = allocate(TEXALLOC_FOR_TEXTURE, false);
    EXPECT(OK, texalloc_buffer_hold(buffer, descriptor)); /* which closes it */
    EXPECT(OK, texalloc_buffer_release(buffer));
  } else {
    EXPECT(UNSUPPORTED, status);
  }
}

/* What a callback asks in a flush. */
static texalloc_glyphs *flushing;

/* A label, whose letters are on a page where its quads say. */
static void write_text(const char *path) {
  texalloc_glyphs *glyphs;
  texalloc_face *face;
  texalloc_font *font;
  EXPECT(OK, texalloc_glyphs_create(gpu, pool, NULL, &glyphs));
  EXPECT(OK, texalloc_face_open(glyphs, path, NULL, &face));
  texalloc_face_info about = {.struct_size = sizeof about};
  EXPECT(OK, texalloc_face_get_info(face, &about));
  assert(about.glyph_count > 100 && about.is_scalable && *about.family);
  texalloc_font_options options = {.struct_size = sizeof options, .pixel_size = 20};
  EXPECT(OK, texalloc_font_create(glyphs, face, &options, &font));
  texalloc_font_info lines = {.struct_size = sizeof lines};
  EXPECT(OK, texalloc_font_get_info(font, &lines));
  assert(lines.ascent > 10 && lines.descent > 0 && lines.line_height >= lines.ascent);
  EXPECT(OK, texalloc_face_release(face)); /* the font keeps it */

  texalloc_glyph_quad quads[8];
  uint32_t count;
  EXPECT(OK, texalloc_font_get_quads(font, "I I", 10, 30, quads, 8, &count));
  assert(count == 2 && quads[1].x > quads[0].x && quads[0].y < 30);
  texalloc_glyphs_flushed flushed = {.struct_size = sizeof flushed};
  glEnable(0xFFFF);
  flushing = glyphs;
  EXPECT(OK, texalloc_glyphs_flush(glyphs, &flushed));
  assert(flushed.pages == 1 && flushed.bytes > 0 && !flushing);
  texalloc_glyph_page page = {.struct_size = sizeof page};
  EXPECT(OK, texalloc_glyphs_get_page(glyphs, 0, &page));
  assert(page.number == quads[0].page && page.texture.name && page.texture.format == TEXALLOC_R8);
  assert(page.occupancy > 0 && page.route != TEXALLOC_ROUTE_ANY);

  GLuint framebuffer;
  glGenFramebuffers(1, &framebuffer);
  glBindFramebuffer(GL_FRAMEBUFFER, framebuffer);
  glFramebufferTexture2D(GL_FRAMEBUFFER, GL_COLOR_ATTACHMENT0, page.texture.target, page.texture.name, 0);
  assert(glCheckFramebufferStatus(GL_FRAMEBUFFER) == GL_FRAMEBUFFER_COMPLETE);
  uint32_t pixel;
  glReadPixels((GLint)(quads[0].u + quads[0].width / 2), (GLint)(quads[0].v + quads[0].height / 2), 1, 1,
               GL_RGBA, GL_UNSIGNED_BYTE, &pixel);
  assert((pixel & 0xFF) > 200); /* the middle of an I is ink */
  glDeleteFramebuffers(1, &framebuffer);

  texalloc_glyph glyph = {.struct_size = sizeof glyph};
  uint32_t index;
  bool is_there;
  EXPECT(INVALID_HANDLE, texalloc_face_get_glyph(face, 'I', &index)); /* was released */
  EXPECT(OK, texalloc_font_get_glyph(font, 36, 0, 0, TEXALLOC_IF_READY, &glyph));
  assert(!glyph.is_ready);
  for (int i = 0; i < 2; i++) EXPECT(OK, texalloc_glyphs_flush(glyphs, NULL));
  EXPECT(OK, texalloc_font_get_glyph(font, 36, 0, 0, TEXALLOC_IF_READY, &glyph));
  assert(glyph.is_ready && glyph.has_ink && glyph.width && glyph.advance > 0);
  EXPECT(OK, texalloc_glyphs_use(glyphs, glyph.generation, &is_there));
  assert(is_there);
  texalloc_glyphs_info info = {.struct_size = sizeof info};
  EXPECT(OK, texalloc_glyphs_get_info(glyphs, &info));
  assert(info.pages == 1 && info.glyphs >= 3 && info.drawn == info.glyphs && info.evicted == 0);
  EXPECT(OK, texalloc_glyphs_release(glyphs)); /* the font keeps it, too */
  EXPECT(OK, texalloc_font_get_quads(font, "I", 10, 30, quads, 8, &count));
  EXPECT(OK, texalloc_font_release(font));
}

static texalloc_texture *loaded_texture;
static texalloc_status loaded_status;

static void ended(void *user, const texalloc_loaded *loaded) {
  ++*(int *)user;
  loaded_texture = loaded->texture;
  loaded_status = loaded->status;
  assert(*loaded->name && (loaded->status == TEXALLOC_OK) == !*loaded->message);
}

static void load(const char *path) {
  texalloc_loader *loader;
  texalloc_load *load;
  EXPECT(OK, texalloc_loader_create(gpu, pool, NULL, &loader));
  const char *paths[] = {path, "/nowhere.jpg"};
  for (int i = 0; i < 2; i++) {
    int count = 0;
    texalloc_request request = {
        .struct_size = sizeof request, .path = paths[i], .ended = ended, .user = &count};
    EXPECT(OK, texalloc_loader_submit(loader, &request, &load));
    struct pollfd wake_up = {.events = POLLIN};
    EXPECT(OK, texalloc_loader_get_wake_up(loader, &wake_up.fd));
    while (count == 0) {
      assert(poll(&wake_up, 1, 60000) == 1);
      EXPECT(OK, texalloc_loader_poll(loader, 1000000, NULL));
    }
    double done;
    bool has_ended;
    EXPECT(OK, texalloc_load_get_progress(load, &done, &has_ended));
    assert(has_ended && count == 1);
    EXPECT(OK, texalloc_load_release(load));
    assert(loaded_status == (i == 0 ? TEXALLOC_OK : TEXALLOC_UNREADABLE));
    EXPECT(OK, texalloc_texture_release(loaded_texture)); /* NULL, where it failed */
  }
  int count = 0;
  texalloc_request request = {
      .struct_size = sizeof request, .path = path, .ended = ended, .user = &count};
  EXPECT(OK, texalloc_loader_submit(loader, &request, NULL));
  EXPECT(OK, texalloc_loader_release(loader));
  assert(count == 1 && loaded_status == TEXALLOC_CLOSED);
}

static void *call_elsewhere(void *buffer) {
  texalloc_texture *texture;
  EXPECT(WRONG_THREAD, texalloc_device_collect(gpu));
  EXPECT(WRONG_THREAD, texalloc_texture_create(gpu, buffer, 0, &texture));
  EXPECT(WRONG_THREAD, texalloc_device_close(gpu));
  EXPECT(WRONG_THREAD, texalloc_device_join(gpu));
  return NULL;
}

static void note_errors(void *user, const uint32_t *errors, size_t count) {
  *(uint32_t *)user = errors[count - 1];
  if (!flushing) return;
  texalloc_glyphs_info info = {.struct_size = sizeof info};
  EXPECT(OK, texalloc_glyphs_get_info(flushing, &info)); /* whose lock nobody holds */
  flushing = NULL;
}

int main(int count, char **arguments) {
  assert(count > 2);
  uint32_t error = 0;
  texalloc_egl_options options = {.struct_size = sizeof options, .pending_errors = note_errors, .user = &error};
  EXPECT(OK, texalloc_egl_surfaceless(&options, &gpu));
  EXPECT(OK, texalloc_pool_create(gpu, NULL, &pool));
  write_rows();
  paint(TEXALLOC_MAP_MEMORY, true);
  paint(TEXALLOC_MAP_STAGED, false);
  import_lent();
  for (int i = 2; i < count; i++) decode(arguments[i]);
  decode_again(arguments[2]);
  open_oddly(arguments[2], open_picture);
  if (*arguments[1]) open_oddly(arguments[1], open_face);
  export_and_adopt();
  render();
  load(arguments[2]);
  if (*arguments[1]) write_text(arguments[1]);

  glEnable(0xFFFF); /* an error of the application's, which we are to give back */
  EXPECT(OK, texalloc_device_collect(gpu));
  assert(error == GL_INVALID_ENUM);

  texalloc_buffer *buffer = allocate(TEXALLOC_FOR_TEXTURE, false);
  pthread_t thread;
  pthread_create(&thread, NULL, call_elsewhere, buffer);
  pthread_join(thread, NULL);

  texalloc_report *report;
  const char *text;
  EXPECT(OK, texalloc_probe(gpu, &report));
  EXPECT(OK, texalloc_report_get_text(report, &text));
  assert(strstr(text, "\"image\": \"photographs\"") && strstr(text, "\"outcome\": \"works\""));
  EXPECT(OK, texalloc_report_release(report));

  texalloc_device_info info = {.struct_size = sizeof info};
  EXPECT(OK, texalloc_device_get_info(gpu, &info));
  assert(*info.renderer && !info.is_lost);
  EXPECT(OK, texalloc_device_wait(gpu, -1)); /* has passed */
  EXPECT(OK, texalloc_device_close(gpu));
  EXPECT(INVALID_HANDLE, texalloc_device_collect(gpu));
  EXPECT(OK, texalloc_buffer_release(buffer));
  EXPECT(OK, texalloc_pool_release(pool));
  EXPECT(OK, texalloc_shutdown());
  printf("%s: all pixels are right\n", info.is_software ? "the software device" : "the GPU");
  return 0;
}
