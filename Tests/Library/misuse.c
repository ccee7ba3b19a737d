/*
 * Calls every function of texalloc.h as it must not be called, on several threads at once: by handles
 * that are NULL, were released, are of another kind or are none, and without what is to be given. Nothing
 * of it may end the process. Scripts/check-library builds it with AddressSanitizer, and looks for each name here.
 */
#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <texalloc.h>
#include <unistd.h>

static void expect(texalloc_status wanted, texalloc_status held, const char *call, int line) {
  if (wanted == held) return;
  fprintf(stderr, "misuse.c:%d: %s: wanted %s, held %s: %s\n", line, call, texalloc_status_name(wanted),
          texalloc_status_name(held), texalloc_last_error());
  exit(1);
}
#define EXPECT(wanted, call) expect(TEXALLOC_##wanted, call, #call, __LINE__)

/* A function that is refused for its first handle, whatever else it is given. */
#define REFUSED(call) EXPECT(INVALID_HANDLE, call)
/* The same for one that releases: NULL is nothing to it. */
#define NOT_RELEASED(handle, call) expect((handle) ? TEXALLOC_INVALID_HANDLE : TEXALLOC_OK, call, #call, __LINE__)

static const uint32_t format = TEXALLOC_ABGR8888;
static texalloc_pool *live_pool;
static texalloc_picture *live_picture;
static texalloc_buffer *live_buffer;
static texalloc_glyphs *live_glyphs;
static texalloc_face *live_face;

/* What refuses a handle of any kind, if it is none of that kind. */
static void call_everything(void *bad) {
  char pixels[64];
  int number;
  double done;
  bool ended;
  void *result;
  texalloc_image image = {.struct_size = sizeof image, .width = 4, .height = 4};
  texalloc_mapping mapping = {.struct_size = sizeof mapping};
  texalloc_request request = {.struct_size = sizeof request, .path = "/nowhere"};
  texalloc_device_info device_info = {.struct_size = sizeof device_info};
  texalloc_pool_info pool_info = {.struct_size = sizeof pool_info};
  texalloc_buffer_info buffer_info = {.struct_size = sizeof buffer_info};
  texalloc_picture_info picture_info = {.struct_size = sizeof picture_info};
  texalloc_texture_info texture_info = {.struct_size = sizeof texture_info};
  texalloc_target_info target_info = {.struct_size = sizeof target_info};
  texalloc_loader_info loader_info = {.struct_size = sizeof loader_info};
  texalloc_glyphs_info glyphs_info = {.struct_size = sizeof glyphs_info};
  texalloc_glyph_page page = {.struct_size = sizeof page};
  texalloc_face_info face_info = {.struct_size = sizeof face_info};
  texalloc_font_options font_options = {.struct_size = sizeof font_options, .pixel_size = 16};
  texalloc_font_info font_info = {.struct_size = sizeof font_info};
  texalloc_glyph glyph = {.struct_size = sizeof glyph};
  uint32_t quads;
  const char *text;

  REFUSED(texalloc_device_get_info(bad, &device_info));
  REFUSED(texalloc_device_make_current(bad));
  REFUSED(texalloc_device_collect(bad));
  REFUSED(texalloc_device_trim(bad));
  REFUSED(texalloc_device_join(bad));
  REFUSED(texalloc_device_leave(bad));
  REFUSED(texalloc_device_lost(bad));
  NOT_RELEASED(bad, texalloc_device_close(bad));

  if (bad) REFUSED(texalloc_pool_create(bad, NULL, (texalloc_pool **)&result));
  REFUSED(texalloc_pool_get_info(bad, &pool_info));
  REFUSED(texalloc_pool_set_limits(bad, NULL));
  REFUSED(texalloc_pool_trim(bad, 0));
  REFUSED(texalloc_pool_allocate(bad, &image, TEXALLOC_FOR_TEXTURE, (texalloc_buffer **)&result));
  NOT_RELEASED(bad, texalloc_pool_release(bad));

  REFUSED(texalloc_buffer_get_info(bad, &buffer_info));
  REFUSED(texalloc_buffer_write_rows(bad, 0, 0, 1, pixels, 64));
  REFUSED(texalloc_buffer_map(bad, 0, TEXALLOC_MAP_ROWS, &mapping));
  REFUSED(texalloc_buffer_unmap(bad, 0));
  REFUSED(texalloc_buffer_read(bad, 0, true, pixels, 64));
  REFUSED(texalloc_buffer_discard(bad, "for no reason"));
  REFUSED(texalloc_buffer_hold(bad, 0));
  REFUSED(texalloc_buffer_export(bad, &number));
  REFUSED(texalloc_buffer_suits(bad, NULL));
  NOT_RELEASED(bad, texalloc_buffer_release(bad));

  REFUSED(texalloc_picture_get_info(bad, &picture_info));
  REFUSED(texalloc_picture_allocate(bad, live_pool, 1, (texalloc_buffer **)&result));
  REFUSED(texalloc_picture_allocate(live_picture, bad, 1, (texalloc_buffer **)&result));
  REFUSED(texalloc_picture_allocate_as(bad, &format, 1, live_pool, 1, (texalloc_buffer **)&result));
  REFUSED(texalloc_picture_allocate_as(live_picture, &format, 1, bad, 1, (texalloc_buffer **)&result));
  REFUSED(texalloc_picture_decode(bad, live_buffer, NULL));
  REFUSED(texalloc_picture_decode(live_picture, bad, NULL));
  NOT_RELEASED(bad, texalloc_picture_release(bad));

  REFUSED(texalloc_texture_create(bad, live_buffer, 0, (texalloc_texture **)&result));
  REFUSED(texalloc_texture_get_info(bad, &texture_info));
  REFUSED(texalloc_texture_get_buffer(bad, (texalloc_buffer **)&result));
  REFUSED(texalloc_texture_contents_changed(bad, 0, 0));
  REFUSED(texalloc_texture_use(bad));
  NOT_RELEASED(bad, texalloc_texture_release(bad));

  REFUSED(texalloc_target_create(bad, live_buffer, 0, (texalloc_target **)&result));
  REFUSED(texalloc_target_get_info(bad, &target_info));
  REFUSED(texalloc_target_finish(bad, 0, 0, NULL));
  NOT_RELEASED(bad, texalloc_target_release(bad));
  REFUSED(texalloc_device_make_fence(bad, (texalloc_fence **)&result));
  REFUSED(texalloc_device_export_fence(bad, &number));
  REFUSED(texalloc_device_wait(bad, 0));
  REFUSED(texalloc_fence_wait(bad, 0, &ended));
  REFUSED(texalloc_fence_export(bad, &number));
  NOT_RELEASED(bad, texalloc_fence_release(bad));

  texalloc_vulkan_info vulkan_info = {.struct_size = sizeof vulkan_info};
  texalloc_vulkan_texture_info images_info = {.struct_size = sizeof images_info};
  uint32_t count;
  uint8_t barriers[512];
  texalloc_vulkan_converted converted = {.struct_size = sizeof converted};
  texalloc_pool_options for_vulkan = {.struct_size = sizeof for_vulkan, .vulkan = bad};
  if (bad) REFUSED(texalloc_pool_create(NULL, &for_vulkan, (texalloc_pool **)&result));
  REFUSED(texalloc_vulkan_get_info(bad, &vulkan_info));
  REFUSED(texalloc_vulkan_collect(bad));
  REFUSED(texalloc_vulkan_make_fence(bad, (texalloc_fence **)&result));
  REFUSED(texalloc_vulkan_export_fence(bad, &number));
  REFUSED(texalloc_vulkan_wait(bad, -1));
  REFUSED(texalloc_vulkan_lost(bad));
  NOT_RELEASED(bad, texalloc_vulkan_close(bad));
  REFUSED(texalloc_vulkan_texture_create(bad, live_buffer, 0, (texalloc_vulkan_texture **)&result));
  REFUSED(texalloc_vulkan_texture_get_info(bad, &images_info));
  REFUSED(texalloc_vulkan_texture_contents_changed(bad, 0, 0));
  REFUSED(texalloc_vulkan_texture_get_converted(bad, &converted));
  REFUSED(texalloc_vulkan_texture_take_barriers(bad, barriers, &count));
  REFUSED(texalloc_vulkan_texture_take_release_barriers(bad, barriers, &count));
  NOT_RELEASED(bad, texalloc_vulkan_texture_release(bad));

  REFUSED(texalloc_listener_get_descriptor(bad, &number));
  REFUSED(texalloc_listener_accept(bad, NULL, (texalloc_socket **)&result));
  NOT_RELEASED(bad, texalloc_listener_release(bad));

  texalloc_hand_over hand_over = {1, 1};
  texalloc_socket_info socket_info = {.struct_size = sizeof socket_info};
  texalloc_event event = {.struct_size = sizeof event};
  texalloc_pool_options for_peer = {.struct_size = sizeof for_peer, .peer = bad};
  if (bad) REFUSED(texalloc_pool_create(NULL, &for_peer, (texalloc_pool **)&result));
  REFUSED(texalloc_socket_get_info(bad, &socket_info));
  REFUSED(texalloc_socket_receive(bad, 0, &event));
  REFUSED(texalloc_socket_ask(bad));
  REFUSED(texalloc_socket_answer(bad, NULL, &format, 1));
  REFUSED(texalloc_socket_report_conflict(bad, "no reason"));
  REFUSED(texalloc_socket_offer(bad, live_buffer, NULL, NULL));
  REFUSED(texalloc_socket_is_idle(bad, 1, &ended));
  REFUSED(texalloc_socket_offer_again(bad, 1, NULL, NULL));
  REFUSED(texalloc_socket_withdraw(bad, 1));
  REFUSED(texalloc_socket_release_buffer(bad, hand_over, NULL));
  REFUSED(texalloc_socket_refuse_buffer(bad, hand_over, "no reason"));
  REFUSED(texalloc_socket_announce(bad));
  REFUSED(texalloc_socket_close(bad, NULL));
  NOT_RELEASED(bad, texalloc_socket_release(bad));

  REFUSED(texalloc_loader_create(bad, live_pool, NULL, (texalloc_loader **)&result));
  REFUSED(texalloc_loader_submit(bad, &request, NULL));
  REFUSED(texalloc_loader_poll(bad, 0, NULL));
  REFUSED(texalloc_loader_get_wake_up(bad, &number));
  REFUSED(texalloc_loader_get_info(bad, &loader_info));
  REFUSED(texalloc_loader_go_on(bad, NULL, live_pool));
  NOT_RELEASED(bad, texalloc_loader_release(bad));

  REFUSED(texalloc_load_set_priority(bad, 1));
  REFUSED(texalloc_load_get_progress(bad, &done, &ended));
  REFUSED(texalloc_load_cancel(bad));
  NOT_RELEASED(bad, texalloc_load_release(bad));

  REFUSED(texalloc_report_get_text(bad, &text));
  NOT_RELEASED(bad, texalloc_report_release(bad));
  if (bad) REFUSED(texalloc_probe(bad, (texalloc_report **)&result));
  REFUSED(texalloc_pool_get_plan(bad, &image, TEXALLOC_FOR_TEXTURE, (texalloc_report **)&result));

  if (bad) REFUSED(texalloc_glyphs_create(bad, live_pool, NULL, (texalloc_glyphs **)&result));
  REFUSED(texalloc_glyphs_create(NULL, bad, NULL, (texalloc_glyphs **)&result));
  REFUSED(texalloc_glyphs_use(bad, 1, &ended));
  REFUSED(texalloc_glyphs_flush(bad, NULL));
  REFUSED(texalloc_glyphs_get_info(bad, &glyphs_info));
  REFUSED(texalloc_glyphs_get_page(bad, 0, &page));
  NOT_RELEASED(bad, texalloc_glyphs_release(bad));
  REFUSED(texalloc_face_open(bad, "/nowhere", NULL, (texalloc_face **)&result));
  REFUSED(texalloc_face_open_bytes(bad, pixels, 64, NULL, NULL, (texalloc_face **)&result));
  REFUSED(texalloc_face_get_info(bad, &face_info));
  REFUSED(texalloc_face_get_glyph(bad, 'A', &quads));
  NOT_RELEASED(bad, texalloc_face_release(bad));
  REFUSED(texalloc_font_create(bad, live_face, &font_options, (texalloc_font **)&result));
  REFUSED(texalloc_font_create(live_glyphs, bad, &font_options, (texalloc_font **)&result));
  REFUSED(texalloc_font_get_info(bad, &font_info));
  REFUSED(texalloc_font_get_glyph(bad, 1, 0, 0, 0, &glyph));
  REFUSED(texalloc_font_get_quads(bad, "text", 0, 0, NULL, 0, &quads));
  NOT_RELEASED(bad, texalloc_font_release(bad));
}

static void *call_everything_often(void *bad) {
  for (int i = 0; i < 50; i++) call_everything(bad);
  return NULL;
}

/* Pointers that are NULL, and structs that do not say how large they are. */
static void pass_nothing(void) {
  texalloc_image image = {.struct_size = sizeof image, .width = 4, .height = 4};
  texalloc_picture *picture;
  texalloc_device *device;
  texalloc_buffer *buffer;
  char pixels[64];
  struct {
    texalloc_image known;
    uint64_t new;
  } newer = {.known = {.struct_size = sizeof newer, .width = 4, .height = 4}, .new = 1};

  EXPECT(INVALID_ARGUMENT, texalloc_egl_current(NULL, NULL));
  EXPECT(INVALID_ARGUMENT, texalloc_egl_surfaceless(NULL, NULL));
  EXPECT(INVALID_ARGUMENT, texalloc_vulkan_create(NULL, NULL));
  EXPECT(UNSUPPORTED, texalloc_egl_current(NULL, &device)); /* no context is current */
  EXPECT(INVALID_ARGUMENT, texalloc_pool_create(NULL, NULL, NULL));
  EXPECT(INVALID_ARGUMENT, texalloc_pool_get_info(live_pool, NULL));
  EXPECT(OK, texalloc_pool_set_limits(live_pool, NULL));
  EXPECT(INVALID_ARGUMENT, texalloc_pool_allocate(live_pool, NULL, 0, &buffer));
  EXPECT(INVALID_ARGUMENT, texalloc_pool_allocate(live_pool, &image, 0, NULL));
  EXPECT(INVALID_ARGUMENT, texalloc_pool_allocate(live_pool, &image, 1u << 31, &buffer));
  EXPECT(INVALID_ARGUMENT, texalloc_pool_allocate(live_pool, &newer.known, 0, &buffer));
  newer.new = 0; /* what this library does not know, and what is not asked for */
  EXPECT(OK, texalloc_pool_allocate(live_pool, &newer.known, 0, &buffer));
  EXPECT(OK, texalloc_buffer_release(buffer));
  image.alpha = (texalloc_alpha)77;
  EXPECT(INVALID_ARGUMENT, texalloc_pool_allocate(live_pool, &image, 0, &buffer));
  image.alpha = TEXALLOC_ALPHA_OPAQUE, image.format_count = 3;
  EXPECT(INVALID_ARGUMENT, texalloc_pool_allocate(live_pool, &image, 0, &buffer));
  image.format_count = 0, image.struct_size = 0;
  EXPECT(INVALID_ARGUMENT, texalloc_pool_allocate(live_pool, &image, 0, &buffer));
  image.struct_size = sizeof image, image.width = 0;
  EXPECT(CONFLICT, texalloc_pool_allocate(live_pool, &image, 0, &buffer));
  image.width = image.height = UINT32_MAX;
  EXPECT(CONFLICT, texalloc_pool_allocate(live_pool, &image, 0, &buffer));

  EXPECT(INVALID_ARGUMENT, texalloc_buffer_get_info(live_buffer, NULL));
  EXPECT(INVALID_ARGUMENT, texalloc_buffer_write_rows(live_buffer, 0, 0, 1, NULL, 64));
  EXPECT(INVALID_ARGUMENT, texalloc_buffer_write_rows(live_buffer, 7, 0, 1, pixels, 64));
  EXPECT(INVALID_ARGUMENT, texalloc_buffer_write_rows(live_buffer, 0, 3, 2, pixels, 64));
  EXPECT(INVALID_ARGUMENT, texalloc_buffer_write_rows(live_buffer, 0, UINT32_MAX, UINT32_MAX, pixels, 64));
  EXPECT(INVALID_ARGUMENT, texalloc_buffer_write_rows(live_buffer, 0, 0, 2, pixels, 1));
  EXPECT(INVALID_ARGUMENT, texalloc_buffer_map(live_buffer, 0, TEXALLOC_MAP_ROWS, NULL));
  EXPECT(BUSY, texalloc_buffer_unmap(live_buffer, 0));
  EXPECT(INVALID_ARGUMENT, texalloc_buffer_read(live_buffer, 0, true, NULL, 64));
  EXPECT(INVALID_ARGUMENT, texalloc_buffer_read(live_buffer, 9, true, pixels, 64));
  EXPECT(INVALID_ARGUMENT, texalloc_buffer_read(live_buffer, 0, true, pixels, 1));
  EXPECT(NOT_FOR_THAT, texalloc_buffer_read(live_buffer, 0, true, pixels, 64));
  EXPECT(INVALID_ARGUMENT, texalloc_buffer_discard(live_buffer, NULL));
  EXPECT(OK, texalloc_buffer_hold(live_buffer, -1)); /* has passed */
  EXPECT(SYSTEM, texalloc_buffer_hold(live_buffer, 1 << 20));
  EXPECT(INVALID_ARGUMENT, texalloc_buffer_export(live_buffer, NULL));

  texalloc_adopted_image adopted = {
      .struct_size = sizeof adopted, .width = 4, .height = 4, .format = format, .plane_count = 1,
      .planes = {{.descriptor = 0, .pitch = 64}}};
  EXPECT(INVALID_ARGUMENT, texalloc_buffer_adopt(NULL, &buffer));
  EXPECT(INVALID_ARGUMENT, texalloc_buffer_adopt(&adopted, NULL));
  EXPECT(NOT_ADOPTED, texalloc_buffer_adopt(&adopted, &buffer)); /* no memory */
  adopted.planes[0].descriptor = -1;
  assert(texalloc_buffer_adopt(&adopted, &buffer) != TEXALLOC_OK);
  adopted.plane_count = 9;
  EXPECT(INVALID_ARGUMENT, texalloc_buffer_adopt(&adopted, &buffer));

  EXPECT(INVALID_ARGUMENT, texalloc_picture_open(NULL, NULL, &picture));
  EXPECT(INVALID_ARGUMENT, texalloc_picture_open("/", NULL, NULL));
  EXPECT(NOT_A_FILE, texalloc_picture_open("/", NULL, &picture));
  EXPECT(UNREADABLE, texalloc_picture_open("/nowhere", NULL, &picture));
  EXPECT(INVALID_ARGUMENT, texalloc_picture_open_bytes(NULL, 4, NULL, NULL, &picture));
  EXPECT(EMPTY, texalloc_picture_open_bytes("", 0, NULL, NULL, &picture));
  EXPECT(UNRECOGNIZED, texalloc_picture_open_bytes("no picture", 10, "it", NULL, &picture));
  EXPECT(SYSTEM, texalloc_picture_open_descriptor(-1, NULL, NULL, &picture));
  EXPECT(INVALID_ARGUMENT, texalloc_picture_get_info(live_picture, NULL));
  EXPECT(INVALID_ARGUMENT, texalloc_picture_allocate(live_picture, live_pool, 0, NULL));
  EXPECT(INVALID_ARGUMENT, texalloc_picture_allocate_as(live_picture, NULL, 1, live_pool, 0, &buffer));
  EXPECT(UNSUITABLE_BUFFER, texalloc_picture_decode(live_picture, live_buffer, NULL));

  assert(!strcmp(texalloc_status_name((texalloc_status)12345), "?"));
  assert(!strcmp(texalloc_route_name((texalloc_route)12345), "?"));
}

/* Fonts that there are not, and what a font does not take. */
static void ask_fonts(void) {
  texalloc_face *face;
  texalloc_font *font;
  texalloc_glyphs *others;
  texalloc_glyphs_options options = {.struct_size = sizeof options, .page_width = 4};
  texalloc_font_options wanted = {.struct_size = sizeof wanted, .pixel_size = 16};
  texalloc_glyph glyph = {.struct_size = sizeof glyph};
  texalloc_glyph_page page = {.struct_size = sizeof page};
  texalloc_glyph_quad quads[2];
  uint32_t count;
  bool is_there;

  EXPECT(INVALID_ARGUMENT, texalloc_glyphs_create(NULL, live_pool, &options, &others));
  /* As programs state them that were built before there was `vulkan`; what lies behind is theirs. */
  texalloc_glyphs_options old = {.struct_size = 20, .page_width = 256, .page_height = 256, .vulkan = (void *)&options};
  EXPECT(OK, texalloc_glyphs_create(NULL, live_pool, &old, &others));
  EXPECT(OK, texalloc_glyphs_release(others));
  old.struct_size = 28; /* half an address */
  EXPECT(INVALID_ARGUMENT, texalloc_glyphs_create(NULL, live_pool, &old, &others));
  EXPECT(INVALID_ARGUMENT, texalloc_glyphs_create(NULL, live_pool, NULL, NULL));
  EXPECT(INVALID_ARGUMENT, texalloc_glyphs_get_page(live_glyphs, 7, &page));
  EXPECT(OK, texalloc_glyphs_use(live_glyphs, UINT64_MAX, &is_there));
  assert(!is_there);
  EXPECT(UNREADABLE, texalloc_face_open(live_glyphs, "/nowhere", NULL, &face));
  EXPECT(INVALID_ARGUMENT, texalloc_face_open(live_glyphs, NULL, NULL, &face));
  EXPECT(INVALID_ARGUMENT, texalloc_face_open_bytes(live_glyphs, NULL, 4, NULL, NULL, &face));
  assert(texalloc_face_open_bytes(live_glyphs, "This is no font.", 16, "it", NULL, &face) != TEXALLOC_OK);
  if (!live_face) return;
  EXPECT(INVALID_ARGUMENT, texalloc_font_create(live_glyphs, live_face, &(texalloc_font_options){0}, &font));
  wanted.pixel_size = -1;
  EXPECT(NO_SIZE, texalloc_font_create(live_glyphs, live_face, &wanted, &font));
  wanted.pixel_size = 16, wanted.slant = 1e300;
  EXPECT(INVALID_ARGUMENT, texalloc_font_create(live_glyphs, live_face, &wanted, &font));
  wanted.slant = 0, wanted.hinting = (texalloc_hinting)9;
  EXPECT(INVALID_ARGUMENT, texalloc_font_create(live_glyphs, live_face, &wanted, &font));
  wanted.hinting = TEXALLOC_HINTING_NONE;
  EXPECT(OK, texalloc_glyphs_create(NULL, live_pool, NULL, &others));
  EXPECT(INVALID_ARGUMENT, texalloc_font_create(others, live_face, &wanted, &font));
  EXPECT(OK, texalloc_glyphs_release(others));
  EXPECT(OK, texalloc_font_create(live_glyphs, live_face, &wanted, &font));
  EXPECT(INVALID_ARGUMENT, texalloc_face_get_glyph(live_face, 0xD800, &count));
  EXPECT(NO_GLYPH, texalloc_font_get_glyph(font, UINT32_MAX, 0, 0, 0, &glyph));
  EXPECT(INVALID_ARGUMENT, texalloc_font_get_glyph(font, 1, 4, 0, 0, &glyph));
  EXPECT(INVALID_ARGUMENT, texalloc_font_get_glyph(font, 1, 0, 0, 8, &glyph));
  EXPECT(INVALID_ARGUMENT, texalloc_font_get_quads(font, "text", 0.0 / 0.0, 0, quads, 2, &count));
  EXPECT(INVALID_ARGUMENT, texalloc_font_get_quads(font, "text", 0, 0, NULL, 2, &count));
  EXPECT(OK, texalloc_font_get_quads(font, "te\xFFxt", 0, 0, quads, 2, &count)); /* no UTF-8; no room */
  assert(count == 5);
  EXPECT(OK, texalloc_font_release(font));
}

/* What a report of JSON says. */
static void expect_report(texalloc_report *report, const char *words) {
  const char *text;
  EXPECT(OK, texalloc_report_get_text(report, &text));
  if (strstr(text, words)) {
    EXPECT(OK, texalloc_report_release(report));
    return;
  }
  fprintf(stderr, "misuse.c: no %s in %s\n", words, text);
  exit(1);
}

static void merge_structs(void) {
  const texalloc_format format = {.fourcc = TEXALLOC_ABGR8888};
  texalloc_attributes a = {.struct_size = sizeof a, .name = "a", .pitch_alignment = 64, .formats = &format,
                           .format_count = 1, .min_buffers = 3, .caching = TEXALLOC_CACHED | TEXALLOC_UNCACHED};
  texalloc_attributes b = {.struct_size = sizeof b, .name = "b", .pitch_alignment = 96, .max_pitch = 576};
  const texalloc_attributes *both[] = {&a, &b};
  texalloc_merged merged = {.struct_size = sizeof merged}, before;
  EXPECT(OK, texalloc_merge(both, 2, 100, 10, &merged));
  assert(merged.format == TEXALLOC_ABGR8888 && merged.modifier == 0 && merged.buffers == 3);
  assert(merged.caching == TEXALLOC_CACHED && merged.plane_count == 1 && merged.planes[0].pitch == 576);
  assert(merged.planes[0].width == 100 && merged.planes[0].height == 10 && merged.size == 5760);
  EXPECT(OK, texalloc_merge(both, 2, 0, 0, &merged));
  assert(merged.plane_count == 0 && merged.size == 0);
  before = merged;
  EXPECT(CONFLICT, texalloc_merge(both, 2, 1000, 10, &merged));
  assert(!memcmp(&before, &merged, sizeof merged));
  assert(strstr(texalloc_last_error(), "maxPitch") && strstr(texalloc_last_error(), "b"));
  b.max_buffers = 2;
  EXPECT(CONFLICT, texalloc_merge(both, 2, 0, 0, &merged));
  b.name = "a";
  EXPECT(INVALID_ATTRIBUTES, texalloc_merge(both, 2, 0, 0, &merged));
  b.name = NULL;
  EXPECT(INVALID_ARGUMENT, texalloc_merge(both, 2, 0, 0, &merged));
  b.name = "b", b.caching = 8;
  EXPECT(INVALID_ARGUMENT, texalloc_merge(both, 2, 0, 0, &merged));
  b.caching = 0, b.device_usage = TEXALLOC_CPU_READ;
  EXPECT(INVALID_ARGUMENT, texalloc_merge(both, 2, 0, 0, &merged));
  b.device_usage = 0, b.heap_count = 1;
  EXPECT(INVALID_ARGUMENT, texalloc_merge(both, 2, 0, 0, &merged));
  both[1] = NULL;
  EXPECT(INVALID_ARGUMENT, texalloc_merge(both, 2, 0, 0, &merged));
  EXPECT(INVALID_ARGUMENT, texalloc_merge(NULL, 2, 0, 0, &merged));
  EXPECT(INVALID_ARGUMENT, texalloc_merge(both, 1, 0, 0, NULL));
}

static void merge_and_probe(void) {
  merge_structs();
  const char *participants[] = {
      "{\"name\": \"a\", \"pitchAlignment\": 64, \"formats\": [{\"fourcc\": \"AB24\", \"modifier\": 0}]}",
      "{\"name\": \"b\", \"pitchAlignment\": 96, \"maxPitch\": 576}",
      "{\"name\": \"c\", \"surprise\": 1}"};
  texalloc_report *report;
  texalloc_image image = {.struct_size = sizeof image};
  EXPECT(OK, texalloc_merge_json(participants, 2, 100, 10, &report));
  expect_report(report, "\"pitchAlignment\": 192");
  EXPECT(CONFLICT, texalloc_merge_json(participants, 2, 1000, 10, &report));
  expect_report(report, "\"field\": \"maxPitch\"");
  EXPECT(INVALID_ATTRIBUTES, texalloc_merge_json(participants, 3, 0, 0, &report));
  expect_report(report, "\"participant\": \"c\", \"field\": \"surprise\"");
  EXPECT(INVALID_ARGUMENT, texalloc_merge_json(NULL, 2, 0, 0, &report));
  EXPECT(INVALID_ARGUMENT, texalloc_merge_json((const char *[]){NULL}, 1, 0, 0, &report));
  EXPECT(INVALID_ARGUMENT, texalloc_merge_json(participants, 2, 0, 0, NULL));
  EXPECT(OK, texalloc_pool_get_plan(live_pool, &image, 0, &report));
  expect_report(report, "\"heap\": \"memfd\"");
  EXPECT(INVALID_ARGUMENT, texalloc_pool_get_plan(live_pool, NULL, 0, &report));
  EXPECT(INVALID_ARGUMENT, texalloc_pool_get_plan(live_pool, &image, 0, NULL));
  EXPECT(OK, texalloc_probe(NULL, &report));
  expect_report(report, "\"name\": \"memfd\", \"present\": true");
  EXPECT(INVALID_ARGUMENT, texalloc_probe(NULL, NULL));
}

/* Waits, so that somebody else is in a call of the socket, until there is something to hear. */
static void *hear(void *socket) {
  texalloc_event event = {.struct_size = sizeof event};
  for (;;) {
    texalloc_status status = texalloc_socket_receive(socket, 60000000000u, &event);
    if (status == TEXALLOC_BUSY) continue; /* the other one was in a call */
    expect(TEXALLOC_OK, status, "texalloc_socket_receive", __LINE__);
    assert(event.kind == TEXALLOC_EVENT_ASKED);
    return NULL;
  }
}

/* Two sides that say what does not fit. */
static void share_wrongly(void) {
  char folder[] = "/tmp/texalloc-misuse-XXXXXX", path[sizeof folder + 8];
  assert(mkdtemp(folder));
  snprintf(path, sizeof path, "%s/socket", folder);
  texalloc_listener *listener;
  texalloc_socket *one, *other;
  texalloc_fence *fence;
  uint32_t users[] = {getuid() + 1};
  texalloc_socket_options options = {.struct_size = sizeof options, .users = users, .user_count = 1};
  EXPECT(INVALID_ARGUMENT, texalloc_listener_create(NULL, NULL, 0, &listener));
  EXPECT(INVALID_ARGUMENT, texalloc_listener_create(path, NULL, 1, &listener));
  EXPECT(INVALID_ARGUMENT, texalloc_listener_create(path, NULL, 0, NULL));
  EXPECT(INVALID_ARGUMENT, texalloc_socket_connect(NULL, NULL, &one));
  EXPECT(SYSTEM, texalloc_socket_connect(path, NULL, &one)); /* nobody listens yet */
  EXPECT(OK, texalloc_listener_create(path, NULL, 0, &listener));
  EXPECT(INVALID_ARGUMENT, texalloc_listener_get_descriptor(listener, NULL));
  EXPECT(INVALID_ARGUMENT, texalloc_listener_accept(listener, NULL, NULL));
  EXPECT(STRANGER, texalloc_socket_connect(path, &options, &one));
  EXPECT(OK, texalloc_listener_accept(listener, NULL, &other)); /* that one, gone by now */
  EXPECT(OK, texalloc_socket_release(other));
  EXPECT(INVALID_ARGUMENT, texalloc_socket_connect(path, NULL, NULL));
  EXPECT(OK, texalloc_socket_connect(path, NULL, &one));
  EXPECT(OK, texalloc_listener_accept(listener, NULL, &other));

  texalloc_event event = {.struct_size = sizeof event};
  texalloc_hand_over hand_over = {1, 1};
  bool is_idle = true;
  EXPECT(INVALID_ARGUMENT, texalloc_socket_receive(one, 0, NULL));
  EXPECT(INVALID_ARGUMENT, texalloc_socket_get_info(one, NULL));
  EXPECT(INVALID_HANDLE, texalloc_socket_offer(one, NULL, NULL, NULL));
  EXPECT(NOT_FOR_THAT, texalloc_socket_offer(one, live_buffer, NULL, NULL));
  texalloc_offer offer = {.struct_size = sizeof offer, .orientation = (texalloc_orientation)9};
  EXPECT(INVALID_ARGUMENT, texalloc_socket_offer(one, live_buffer, &offer, NULL));
  offer.orientation = TEXALLOC_UPRIGHT, offer.fence = (texalloc_fence *)live_buffer;
  EXPECT(INVALID_HANDLE, texalloc_socket_offer(one, live_buffer, &offer, NULL));
  EXPECT(OK, texalloc_socket_is_idle(one, 1, &is_idle));
  assert(!is_idle);
  EXPECT(INVALID_ARGUMENT, texalloc_socket_is_idle(one, 1, NULL));
  EXPECT(OUT_OF_TURN, texalloc_socket_offer_again(one, 1, NULL, NULL));
  EXPECT(OUT_OF_TURN, texalloc_socket_withdraw(one, 1));
  EXPECT(OUT_OF_TURN, texalloc_socket_release_buffer(one, hand_over, NULL));
  EXPECT(OUT_OF_TURN, texalloc_socket_refuse_buffer(one, hand_over, "it is not here"));
  EXPECT(INVALID_ARGUMENT, texalloc_socket_refuse_buffer(one, hand_over, NULL));
  EXPECT(OUT_OF_TURN, texalloc_socket_answer(one, NULL, NULL, 0));
  EXPECT(INVALID_ARGUMENT, texalloc_socket_answer(one, NULL, NULL, 1));
  EXPECT(INVALID_ARGUMENT, texalloc_socket_report_conflict(one, NULL));
  EXPECT(OK, texalloc_socket_announce(one));
  EXPECT(SYSTEM, texalloc_fence_create(-1, &fence));
  EXPECT(UNSUPPORTED, texalloc_fence_create(0, &fence)); /* no sync_file */
  EXPECT(INVALID_ARGUMENT, texalloc_fence_create(0, NULL));

  pthread_t thread;
  texalloc_status status;
  pthread_create(&thread, NULL, hear, one);
  while ((status = texalloc_socket_announce(one)) == TEXALLOC_OK) continue;
  assert(status == TEXALLOC_BUSY);
  EXPECT(OK, texalloc_socket_ask(other));
  pthread_join(thread, NULL);

  EXPECT(OK, texalloc_socket_close(other, NULL));
  EXPECT(OK, texalloc_socket_close(other, NULL)); /* nothing, any more */
  EXPECT(CLOSED, texalloc_socket_receive(other, 0, &event));
  EXPECT(OK, texalloc_socket_receive(one, 60000000000u, &event));
  assert(event.kind == TEXALLOC_EVENT_CLOSED && event.words && !*event.words);
  EXPECT(OK, texalloc_socket_release(other));
  EXPECT(OK, texalloc_listener_release(listener));
  assert(rmdir(folder) == 0); /* `one` is left for texalloc_shutdown */
}

/* A heap of the application's: shared memory of POSIX. */
static int give_memory(void *user, size_t size, int *descriptor) {
  char name[64];
  int number = __atomic_add_fetch((int *)user, 1, __ATOMIC_RELAXED);
  snprintf(name, sizeof name, "/texalloc-misuse-%ld-%d", (long)getpid(), number);
  *descriptor = shm_open(name, O_RDWR | O_CREAT | O_EXCL, 0600);
  if (*descriptor < 0) return errno;
  shm_unlink(name);
  return ftruncate(*descriptor, (off_t)size) ? errno : 0;
}

static int give_little(void *user, size_t size, int *descriptor) {
  (void)size;
  return give_memory(user, 4096, descriptor);
}

static int give_nothing(void *user, size_t size, int *descriptor) {
  (void)user, (void)size, (void)descriptor;
  return ENOMEM;
}

/* One that gives addresses. */
static int mappings;
static int map_memory(void *user, size_t size, void **bytes) {
  int descriptor, number = 1000, code = give_memory(&number, size, &descriptor);
  assert(user == &mappings);
  if (code) return code;
  *bytes = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED, descriptor, 0);
  close(descriptor);
  __atomic_add_fetch(&mappings, 1, __ATOMIC_RELAXED);
  return *bytes == MAP_FAILED ? errno : 0;
}
static int map_nothing(void *user, size_t size, void **bytes) {
  (void)user, (void)size;
  *bytes = NULL;
  return 0;
}
static int map_crookedly(void *user, size_t size, void **bytes) {
  int code = map_memory(user, size + 4096, bytes);
  *bytes = (char *)*bytes + 8;
  return code;
}
static void unmap_memory(void *user, void *bytes, size_t size) {
  assert(user == &mappings);
  size_t crooked = (size_t)bytes % 4096;
  munmap((char *)bytes - crooked, size + (crooked ? 4096 : 0));
  __atomic_sub_fetch(&mappings, 1, __ATOMIC_RELEASE);
}

static void bring_mappings(void) {
  const char *const names[] = {"mapped"};
  texalloc_attributes attributes = {.struct_size = sizeof attributes, .name = "mapped", .caching = TEXALLOC_CACHED,
                                    .heaps = names, .heap_count = 1};
  texalloc_attributes wants = {.struct_size = sizeof wants, .name = "panel", .pitch_alignment = 512,
                               .heaps = names, .heap_count = 1};
  texalloc_component panel = {.struct_size = sizeof panel, .attributes = &wants};
  texalloc_heap heap = {.struct_size = sizeof heap, .attributes = &attributes, .map = map_memory,
                        .unmap = unmap_memory, .user = &mappings};
  texalloc_pool_options options = {
      .struct_size = sizeof options, .components = (const texalloc_component *[]){&panel}, .component_count = 1,
      .heaps = (const texalloc_heap *[]){&heap}, .heap_count = 1};
  texalloc_image image = {.struct_size = sizeof image, .width = 100, .height = 100};
  texalloc_buffer_info info = {.struct_size = sizeof info};
  texalloc_pool *pool;
  texalloc_buffer *buffer;
  static char row[400], rows[40000];
  memset(row, 5, sizeof row);
  EXPECT(OK, texalloc_pool_create(NULL, &options, &pool));
  EXPECT(OK, texalloc_pool_allocate(pool, &image, TEXALLOC_CPU_READ, &buffer));
  EXPECT(OK, texalloc_buffer_get_info(buffer, &info));
  assert(!strcmp(info.heap, "mapped") && info.planes[0].pitch == 512);
  EXPECT(OK, texalloc_buffer_write_rows(buffer, 0, 99, 1, row, sizeof row));
  EXPECT(OK, texalloc_buffer_read(buffer, 0, false, rows, 400));
  assert(!memcmp(row, rows + 99 * 400, 400));
  EXPECT(OK, texalloc_pool_release(pool));
  assert(__atomic_load_n(&mappings, __ATOMIC_RELAXED) > 0); /* the buffer keeps it */
  EXPECT(OK, texalloc_buffer_release(buffer));

  heap.map = map_nothing;
  EXPECT(OK, texalloc_pool_create(NULL, &options, &pool));
  EXPECT(SYSTEM, texalloc_pool_allocate(pool, &image, 0, &buffer));
  EXPECT(OK, texalloc_pool_release(pool));
  heap.map = map_crookedly;
  EXPECT(OK, texalloc_pool_create(NULL, &options, &pool));
  EXPECT(SYSTEM, texalloc_pool_allocate(pool, &image, 0, &buffer));
  EXPECT(OK, texalloc_pool_release(pool));

  heap.is_dma_buf = true; /* which addresses are not */
  EXPECT(INVALID_ARGUMENT, texalloc_pool_create(NULL, &options, &pool));
  heap.is_dma_buf = false, heap.unmap = NULL;
  EXPECT(INVALID_ARGUMENT, texalloc_pool_create(NULL, &options, &pool));
  heap.unmap = unmap_memory, heap.allocate = give_memory;
  EXPECT(INVALID_ARGUMENT, texalloc_pool_create(NULL, &options, &pool));
  heap.allocate = NULL, heap.json = "{}";
  EXPECT(INVALID_ARGUMENT, texalloc_pool_create(NULL, &options, &pool));
}

/* A heap's memory goes back while others go on with the pool. */
static texalloc_pool *pool_in_use;
static void *ask_pool(void *pool) {
  texalloc_pool_info info = {.struct_size = sizeof info};
  EXPECT(OK, texalloc_pool_get_info(pool, &info));
  EXPECT(OK, texalloc_pool_trim(pool, 1 << 30));
  return NULL;
}
static void unmap_beside_others(void *user, void *bytes, size_t size) {
  texalloc_pool *pool = __atomic_load_n(&pool_in_use, __ATOMIC_RELAXED);
  pthread_t other;
  if (pool) {
    assert(!pthread_create(&other, NULL, ask_pool, pool));
    assert(!pthread_join(other, NULL));
  }
  /* Last, since whoever waits for the count then releases the pool. */
  unmap_memory(user, bytes, size);
}
static void wait_for_mappings(int count) {
  for (int turn = 0; __atomic_load_n(&mappings, __ATOMIC_ACQUIRE) != count; turn++) {
    assert(turn < 60000);
    poll(NULL, 0, 1);
  }
}

static void give_mappings_back(void) {
  texalloc_heap heap = {.struct_size = sizeof heap, .map = map_memory, .unmap = unmap_beside_others, .user = &mappings,
                        .json = "{\"name\": \"mapped\", \"heaps\": [\"mapped\"], \"caching\": [\"cached\"]}"};
  texalloc_pool_limits limits = {.struct_size = sizeof limits, .first_slab = 1 << 20, .largest_slab = 1 << 20};
  texalloc_pool_options options = {.struct_size = sizeof options, .limits = &limits,
                                   .heaps = (const texalloc_heap *[]){&heap}, .heap_count = 1};
  texalloc_image image = {.struct_size = sizeof image, .width = 100, .height = 100};
  texalloc_pool *pool;
  texalloc_buffer *buffers[40];
  wait_for_mappings(0);
  EXPECT(OK, texalloc_pool_create(NULL, &options, &pool));
  __atomic_store_n(&pool_in_use, pool, __ATOMIC_RELAXED);
  for (int i = 0; i < 40; i++) EXPECT(OK, texalloc_pool_allocate(pool, &image, 0, &buffers[i]));
  assert(__atomic_load_n(&mappings, __ATOMIC_RELAXED) > 1);
  /* Nothing goes that an image lies in. */
  EXPECT(OK, texalloc_pool_trim(pool, 0));
  static char row[400];
  for (int i = 0; i < 40; i++) EXPECT(OK, texalloc_buffer_write_rows(buffers[i], 0, 50, 1, row, sizeof row));
  for (int i = 1; i < 40; i++) EXPECT(OK, texalloc_buffer_release(buffers[i]));
  EXPECT(OK, texalloc_pool_trim(pool, 0));
  wait_for_mappings(1);
  __atomic_store_n(&pool_in_use, NULL, __ATOMIC_RELAXED);
  EXPECT(OK, texalloc_pool_release(pool));
  EXPECT(OK, texalloc_buffer_write_rows(buffers[0], 0, 50, 1, row, sizeof row));
  assert(__atomic_load_n(&mappings, __ATOMIC_RELAXED) == 1);
  EXPECT(OK, texalloc_buffer_release(buffers[0]));
  wait_for_mappings(0);
}

/* A component that says itself what it can use: memory with a descriptor. */
static bool accept_descriptors(void *user, texalloc_buffer *buffer, char *reason, size_t room) {
  texalloc_buffer_info info = {.struct_size = sizeof info};
  EXPECT(OK, texalloc_buffer_get_info(buffer, &info));
  __atomic_add_fetch((int *)user, 1, __ATOMIC_RELAXED);
  assert(room >= 64);
  if (info.descriptors[0] >= 0) return fcntl(info.descriptors[0], F_GETFD) >= 0;
  strcpy(reason, "where is its descriptor");
  return false;
}
static bool accept_nothing(void *user, texalloc_buffer *buffer, char *reason, size_t room) {
  (void)user, (void)buffer;
  memset(reason, 'x', room); /* without an end */
  return false;
}

/* One that wants of the pool what the pool asks it about. */
static texalloc_pool *asking_pool;
static bool accept_by_plan(void *user, texalloc_buffer *buffer, char *reason, size_t room) {
  texalloc_image image = {.struct_size = sizeof image, .width = 100, .height = 100};
  texalloc_report *report;
  texalloc_buffer *other;
  (void)buffer, (void)reason, (void)room;
  ++*(int *)user;
  EXPECT(BUSY, texalloc_pool_get_plan(asking_pool, &image, 0, &report));
  assert(strstr(texalloc_last_error(), "asking"));
  EXPECT(BUSY, texalloc_pool_allocate(asking_pool, &image, 0, &other));
  EXPECT(BUSY, texalloc_picture_allocate(live_picture, asking_pool, 0, &other));
  EXPECT(BUSY, texalloc_picture_allocate_as(live_picture, &format, 1, asking_pool, 0, &other));
  EXPECT(OK, texalloc_pool_allocate(live_pool, &image, 0, &other)); /* another pool */
  EXPECT(OK, texalloc_buffer_release(other));
  return true;
}

static void ask_while_asked(void) {
  int asked = 0;
  texalloc_component panel = {
      .struct_size = sizeof panel, .accepts = accept_by_plan, .user = &asked, .json = "{\"name\": \"panel\"}"};
  texalloc_pool_options options = {
      .struct_size = sizeof options, .components = (const texalloc_component *[]){&panel}, .component_count = 1};
  texalloc_image image = {.struct_size = sizeof image, .width = 100, .height = 100};
  texalloc_report *report;
  texalloc_buffer *buffer;
  EXPECT(OK, texalloc_pool_create(NULL, &options, &asking_pool));
  EXPECT(OK, texalloc_pool_get_plan(asking_pool, &image, 0, &report));
  EXPECT(OK, texalloc_report_release(report));
  EXPECT(OK, texalloc_pool_allocate(asking_pool, &image, 0, &buffer));
  assert(asked == 1);
  EXPECT(OK, texalloc_buffer_release(buffer));
  EXPECT(OK, texalloc_pool_release(asking_pool));
}

static void bring_components(void) {
  int asked = 0, calls = 0;
  texalloc_component panel = {
      .struct_size = sizeof panel, .accepts = accept_descriptors, .user = &asked,
      .json = "{\"name\": \"panel\", \"pitchAlignment\": 512, \"heaps\": [\"mapped\", \"shm\"]}"};
  texalloc_heap mapped = {.struct_size = sizeof mapped, .map = map_memory, .unmap = unmap_memory, .user = &mappings,
                          .json = "{\"name\": \"mapped\", \"heaps\": [\"mapped\"], \"caching\": [\"cached\"]}"};
  texalloc_heap shm = {.struct_size = sizeof shm, .allocate = give_memory, .user = &calls,
                       .json = "{\"name\": \"shm\", \"heaps\": [\"shm\"], \"caching\": [\"cached\"]}"};
  texalloc_pool_options options = {
      .struct_size = sizeof options, .components = (const texalloc_component *[]){&panel}, .component_count = 1,
      .heaps = (const texalloc_heap *[]){&mapped, &shm}, .heap_count = 2};
  texalloc_image image = {.struct_size = sizeof image, .width = 100, .height = 100};
  texalloc_buffer_info info = {.struct_size = sizeof info};
  texalloc_pool *pool;
  texalloc_buffer *buffer, *other;
  EXPECT(OK, texalloc_pool_create(NULL, &options, &pool));
  EXPECT(OK, texalloc_pool_allocate(pool, &image, 0, &buffer));
  EXPECT(OK, texalloc_buffer_get_info(buffer, &info));
  assert(!strcmp(info.heap, "shm") && info.planes[0].pitch == 512 && asked == 2);
  EXPECT(OK, texalloc_buffer_suits(buffer, &panel));
  assert(asked == 3);
  panel.accepts = NULL;
  EXPECT(OK, texalloc_buffer_suits(buffer, &panel));
  panel.accepts = accept_nothing;
  EXPECT(REFUSED_IMPORT, texalloc_buffer_suits(buffer, &panel));
  assert(strstr(texalloc_last_error(), "panel") && strstr(texalloc_last_error(), "xxxx"));
  EXPECT(INVALID_ARGUMENT, texalloc_buffer_suits(buffer, NULL));
  EXPECT(OK, texalloc_buffer_discard(buffer, "it is no picture"));
  EXPECT(DISCARDED, texalloc_buffer_suits(buffer, &panel));
  EXPECT(OK, texalloc_pool_allocate(live_pool, &image, 0, &other));
  EXPECT(REFUSED_HEAP, texalloc_buffer_suits(other, &panel));
  panel.json = "{\"name\": \"panel\", \"pitchAlignment\": 4096}";
  EXPECT(REFUSED_PITCH, texalloc_buffer_suits(other, &panel));
  EXPECT(OK, texalloc_buffer_release(other));
  EXPECT(OK, texalloc_buffer_release(buffer));
  EXPECT(OK, texalloc_pool_release(pool));

  panel.json = "{\"name\": \"panel\", \"heaps\": [\"mapped\", \"shm\"]}";
  EXPECT(OK, texalloc_pool_create(NULL, &options, &pool));
  texalloc_status status = texalloc_pool_allocate(pool, &image, 0, &buffer);
  assert(status == TEXALLOC_NO_HEAP || status == TEXALLOC_NO_ROUTE);
  assert(strstr(texalloc_last_error(), "panel"));
  EXPECT(OK, texalloc_pool_release(pool));
}

static void bring_heaps(void) {
  int calls = 0;
  texalloc_component panel = {
      .struct_size = sizeof panel, .json = "{\"name\": \"panel\", \"pitchAlignment\": 256, \"heaps\": [\"shm\"]}"};
  texalloc_heap shm = {
      .struct_size = sizeof shm, .allocate = give_memory, .user = &calls,
      .json = "{\"name\": \"shm\", \"heaps\": [\"shm\"], \"caching\": [\"cached\"]}"};
  texalloc_pool_options options = {
      .struct_size = sizeof options, .components = (const texalloc_component *[]){&panel},
      .component_count = 1, .heaps = (const texalloc_heap *[]){&shm}, .heap_count = 1};
  texalloc_image image = {.struct_size = sizeof image, .width = 100, .height = 100};
  texalloc_buffer_info info = {.struct_size = sizeof info};
  texalloc_pool *pool;
  texalloc_buffer *buffer;
  char row[400];
  memset(row, 5, sizeof row);
  EXPECT(OK, texalloc_pool_create(NULL, &options, &pool));
  EXPECT(OK, texalloc_pool_allocate(pool, &image, 0, &buffer));
  EXPECT(OK, texalloc_buffer_get_info(buffer, &info));
  assert(!strcmp(info.heap, "shm") && info.planes[0].pitch == 512 && calls > 0);
  EXPECT(OK, texalloc_buffer_write_rows(buffer, 0, 99, 1, row, sizeof row));
  EXPECT(OK, texalloc_pool_release(pool));
  EXPECT(OK, texalloc_buffer_release(buffer));

  shm.allocate = give_nothing;
  EXPECT(OK, texalloc_pool_create(NULL, &options, &pool));
  EXPECT(OUT_OF_MEMORY, texalloc_pool_allocate(pool, &image, 0, &buffer));
  EXPECT(OK, texalloc_pool_release(pool));
  shm.allocate = give_little;
  EXPECT(OK, texalloc_pool_create(NULL, &options, &pool));
  EXPECT(SYSTEM, texalloc_pool_allocate(pool, &image, 0, &buffer));
  EXPECT(OK, texalloc_pool_release(pool));
  shm.allocate = NULL;
  EXPECT(INVALID_ARGUMENT, texalloc_pool_create(NULL, &options, &pool));
  shm.allocate = give_memory, shm.json = "{\"name\": \"shm\"}"; /* which lists no heap */
  EXPECT(INVALID_ATTRIBUTES, texalloc_pool_create(NULL, &options, &pool));
  options.heap_count = 0, panel.json = "no JSON";
  EXPECT(INVALID_ATTRIBUTES, texalloc_pool_create(NULL, &options, &pool));
  panel.json = NULL;
  EXPECT(INVALID_ARGUMENT, texalloc_pool_create(NULL, &options, &pool));
  options.components = NULL;
  EXPECT(INVALID_ARGUMENT, texalloc_pool_create(NULL, &options, &pool));
  options.component_count = 0, options.is_for_conversion = true; /* by no GPU */
  EXPECT(INVALID_ARGUMENT, texalloc_pool_create(NULL, &options, &pool));
}

/* A child has nobody's threads, nor their locks, and is told so. */
static void fork_and_call(const int *lines) {
  int before = *lines;
  pid_t child = fork();
  if (child == 0) {
    texalloc_pool_info info = {.struct_size = sizeof info};
    bool is_told = texalloc_pool_get_info(live_pool, &info) == TEXALLOC_FORKED;
    _exit(is_told && strstr(texalloc_last_error(), "forked") && *lines == before ? 0 : 1);
  }
  int status;
  waitpid(child, &status, 0);
  assert(WIFEXITED(status) && WEXITSTATUS(status) == 0);
}

static void count_lines(void *user, texalloc_log_level level, const char *message) {
  assert(level >= TEXALLOC_LOG_ERROR && level <= TEXALLOC_LOG_INFO && *message);
  __atomic_add_fetch((int *)user, 1, __ATOMIC_RELAXED);
}

/* A log's function whose own calls fail, each of which would be written by a further one. */
static void fail_again(void *user, texalloc_log_level level, const char *message) {
  count_lines(user, level, message);
  REFUSED(texalloc_buffer_discard(NULL, "for no reason"));
}

static void fail_while_logging(void) {
  texalloc_picture *picture;
  int lines = 0;
  EXPECT(OK, texalloc_set_log(fail_again, &lines));
  EXPECT(UNREADABLE, texalloc_picture_open("/nowhere", NULL, &picture));
  assert(lines == 1 && strstr(texalloc_last_error(), "/nowhere"));
}

/* Limits that no machine has. */
static void allocate_without_limits(void) {
  texalloc_pool_limits limits[] = {{.first_slab = UINT64_C(1) << 62}, {.prefault = UINT64_MAX}};
  texalloc_image image = {.struct_size = sizeof image, .width = 4, .height = 4};
  for (int i = 0; i < 2; i++) {
    texalloc_pool_options options = {.struct_size = sizeof options, .limits = &limits[i]};
    texalloc_pool *pool;
    texalloc_buffer *buffer;
    limits[i].struct_size = sizeof limits[i];
    EXPECT(OK, texalloc_pool_create(NULL, &options, &pool));
    EXPECT(OK, texalloc_pool_allocate(pool, &image, 0, &buffer));
    EXPECT(OK, texalloc_buffer_release(buffer));
    EXPECT(OK, texalloc_pool_release(pool));
  }
}

int main(int count, char **arguments) {
  assert(count >= 2);
  assert(texalloc_version() == TEXALLOC_VERSION && *texalloc_last_error() == 0);
  EXPECT(OK, texalloc_pool_create(NULL, NULL, &live_pool));
  EXPECT(OK, texalloc_picture_open(arguments[1], NULL, &live_picture));
  texalloc_image image = {.struct_size = sizeof image, .width = 4, .height = 4};
  EXPECT(OK, texalloc_pool_allocate(live_pool, &image, 0, &live_buffer));

  EXPECT(OK, texalloc_glyphs_create(NULL, live_pool, NULL, &live_glyphs));
  if (count > 2) EXPECT(OK, texalloc_face_open(live_glyphs, arguments[2], NULL, &live_face));

  int lines = 0;
  EXPECT(OK, texalloc_set_log(count_lines, &lines));
  pass_nothing();
  ask_fonts();
  merge_and_probe();
  share_wrongly();
  bring_heaps();
  bring_mappings();
  give_mappings_back();
  bring_components();
  ask_while_asked();

  texalloc_buffer *stale;
  EXPECT(OK, texalloc_pool_allocate(live_pool, &image, 0, &stale));
  EXPECT(OK, texalloc_buffer_release(stale));
  texalloc_pool *stale_pool;
  EXPECT(OK, texalloc_pool_create(NULL, NULL, &stale_pool));
  EXPECT(OK, texalloc_pool_release(stale_pool));
  void *none = malloc(16);
  void *bad[] = {NULL, stale, stale_pool, none, &image, (void *)1, (void *)~(uintptr_t)0, (char *)stale + 1};
  enum { BAD = sizeof bad / sizeof *bad };
  pthread_t threads[BAD];
  for (int i = 0; i < BAD; i++) pthread_create(&threads[i], NULL, call_everything_often, bad[i]);
  for (int i = 0; i < BAD; i++) pthread_join(threads[i], NULL);
  free(none);
  assert(lines > BAD * 50);
  fork_and_call(&lines);
  fail_while_logging();
  EXPECT(OK, texalloc_set_log(NULL, NULL));
  allocate_without_limits();

  EXPECT(OK, texalloc_buffer_release(live_buffer));
  REFUSED(texalloc_buffer_release(live_buffer)); /* twice */
  EXPECT(OK, texalloc_shutdown());
  assert(__atomic_load_n(&mappings, __ATOMIC_RELAXED) == 0); /* each was given back */
  REFUSED(texalloc_pool_release(live_pool)); /* gone with the rest */
  EXPECT(OK, texalloc_shutdown());
  return 0;
}
