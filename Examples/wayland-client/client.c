/*
 * A client of Wayland whose pictures the compositor samples where they were decoded.
 *
 *     wayland-client FORMAT PICTURE…          FORMAT is XR24, or YU12 for luma and chroma as the file has them
 *
 *     wayland-scanner private-code …/xdg-shell.xml xdg-shell.c        (and client-header, for both protocols)
 *     cc client.c xdg-shell.c linux-dmabuf.c $(pkg-config --cflags --libs texalloc wayland-client) -o wayland-client
 *
 * It shows the first picture, and at each line from the standard input the next one; the end of the input ends
 * it. No GPU is used in this process: TexAlloc decodes into memory that can cross to another one, and the
 * compositor gets its descriptor by linux-dmabuf. When it says wl_buffer.release, the memory is the pool's again.
 */
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <texalloc.h>
#include <unistd.h>
#include <wayland-client.h>

#include "linux-dmabuf.h"
#include "xdg-shell.h"

static struct wl_compositor *compositor;
static struct xdg_wm_base *shell;
static struct zwp_linux_dmabuf_v1 *dmabuf;
static struct wl_surface *surface;
static int is_configured;

/* What the compositor takes, as a participant of the pool. */
static uint32_t format;
static bool is_taken;

/* A picture on the screen. */
struct shown {
  const char *path;
  texalloc_buffer *memory;
};
static texalloc_pool *pool;

static void fail(const char *what, const char *why) {
  fprintf(stderr, "wayland-client: %s: %s\n", what, why);
  exit(1);
}

static void check(texalloc_status status) {
  if (status != TEXALLOC_OK) fail(texalloc_status_name(status), texalloc_last_error());
}

/* Every modifier of every format, once. No modifier at all means linear to us, since that is what can be
 * written by the CPU. */
static void takes(void *user, struct zwp_linux_dmabuf_v1 *sender, uint32_t taken, uint32_t high, uint32_t low) {
  (void)user, (void)sender;
  uint64_t modifier = (uint64_t)high << 32 | low, none = 0x00ffffffffffffff;
  if (taken == format && (modifier == 0 || modifier == none)) is_taken = true;
}
static void takes_format(void *user, struct zwp_linux_dmabuf_v1 *sender, uint32_t taken) {
  (void)user, (void)sender, (void)taken; /* said by modifiers, too */
}
static const struct zwp_linux_dmabuf_v1_listener dmabuf_listener = {takes_format, takes};

static void ping(void *user, struct xdg_wm_base *sender, uint32_t serial) {
  (void)user;
  xdg_wm_base_pong(sender, serial);
}
static const struct xdg_wm_base_listener shell_listener = {ping};

static void offered(void *user, struct wl_registry *registry, uint32_t name, const char *interface, uint32_t version) {
  (void)user;
  if (!strcmp(interface, "wl_compositor")) {
    compositor = wl_registry_bind(registry, name, &wl_compositor_interface, 4);
  } else if (!strcmp(interface, "xdg_wm_base")) {
    shell = wl_registry_bind(registry, name, &xdg_wm_base_interface, 1);
    xdg_wm_base_add_listener(shell, &shell_listener, NULL);
  } else if (!strcmp(interface, "zwp_linux_dmabuf_v1") && version >= 3) {
    dmabuf = wl_registry_bind(registry, name, &zwp_linux_dmabuf_v1_interface, 3);
    zwp_linux_dmabuf_v1_add_listener(dmabuf, &dmabuf_listener, NULL);
  }
}
static void withdrawn(void *user, struct wl_registry *registry, uint32_t name) {
  (void)user, (void)registry, (void)name;
}
static const struct wl_registry_listener registry_listener = {offered, withdrawn};

static void configured(void *user, struct xdg_surface *sender, uint32_t serial) {
  (void)user;
  xdg_surface_ack_configure(sender, serial);
  is_configured = 1;
}
static const struct xdg_surface_listener surface_listener = {configured};

/* The window takes the size of the picture, whatever it is asked for. */
static void sized(void *user, struct xdg_toplevel *sender, int32_t width, int32_t height, struct wl_array *states) {
  (void)user, (void)sender, (void)width, (void)height, (void)states;
}
static void closed(void *user, struct xdg_toplevel *sender) {
  (void)user, (void)sender;
  exit(0);
}
static const struct xdg_toplevel_listener window_listener = {.configure = sized, .close = closed};

/* The compositor reads the buffer no more: its memory is for the next picture. */
static void released(void *user, struct wl_buffer *buffer) {
  struct shown *picture = user;
  texalloc_pool_info info = {.struct_size = sizeof info};
  wl_buffer_destroy(buffer);
  check(texalloc_buffer_release(picture->memory));
  check(texalloc_pool_get_info(pool, &info));
  printf("%s: released, %u slots are taken\n", picture->path, info.slots);
  fflush(stdout);
  free(picture);
}
static const struct wl_buffer_listener buffer_listener = {released};

/* The compositor has the planes, or it does not take them after all: a GPU that wants a real dma-buf. */
static void taken(void *user, struct zwp_linux_buffer_params_v1 *planes, struct wl_buffer *buffer) {
  struct shown *picture = user;
  texalloc_buffer_info info = {.struct_size = sizeof info};
  check(texalloc_buffer_get_info(picture->memory, &info));
  wl_buffer_add_listener(buffer, &buffer_listener, picture);
  wl_surface_attach(surface, buffer, 0, 0);
  wl_surface_damage_buffer(surface, 0, 0, INT32_MAX, INT32_MAX);
  wl_surface_commit(surface);
  zwp_linux_buffer_params_v1_destroy(planes);
  printf("%s: %ux%u, %u planes from %s\n", picture->path, info.width, info.height, info.plane_count, info.heap);
  fflush(stdout);
}
static void refused(void *user, struct zwp_linux_buffer_params_v1 *planes) {
  (void)planes;
  struct shown *picture = user;
  texalloc_buffer_info info = {.struct_size = sizeof info};
  check(texalloc_buffer_get_info(picture->memory, &info));
  fail(picture->path, info.heap);
}
static const struct zwp_linux_buffer_params_v1_listener planes_listener = {taken, refused};

static void show(const char *path) {
  /* Straight from the file into memory that is the compositor's as much as ours. */
  texalloc_picture_options options = {.struct_size = sizeof options, .prefers_planes = true};
  texalloc_picture *file;
  struct shown *picture = malloc(sizeof *picture);
  picture->path = path;
  check(texalloc_picture_open(path, &options, &file));
  check(texalloc_picture_allocate_as(
      file, &format, 1, pool, TEXALLOC_FOR_TEXTURE | TEXALLOC_EXPORTABLE, &picture->memory));
  check(texalloc_picture_decode(file, picture->memory, NULL));
  check(texalloc_picture_release(file));

  texalloc_buffer_info info = {.struct_size = sizeof info};
  int memory;
  check(texalloc_buffer_get_info(picture->memory, &info));
  check(texalloc_buffer_export(picture->memory, &memory));
  struct zwp_linux_buffer_params_v1 *planes = zwp_linux_dmabuf_v1_create_params(dmabuf);
  zwp_linux_buffer_params_v1_add_listener(planes, &planes_listener, picture);
  for (uint32_t i = 0; i < info.plane_count; i++)
    zwp_linux_buffer_params_v1_add(planes, memory, i, (uint32_t)info.planes[i].offset, info.planes[i].pitch,
                                   (uint32_t)(info.modifier >> 32), (uint32_t)info.modifier);
  zwp_linux_buffer_params_v1_create(planes, (int32_t)info.width, (int32_t)info.height, format, 0);
  close(memory); /* it is on its way */
}

int main(int count, char **arguments) {
  if (count < 3 || strlen(arguments[1]) != 4) {
    fprintf(stderr, "usage: wayland-client FORMAT PICTURE...\n");
    return 2;
  }
  memcpy(&format, arguments[1], sizeof format);

  struct wl_display *display = wl_display_connect(NULL);
  if (!display) fail("Wayland", "nobody to connect to");
  wl_registry_add_listener(wl_display_get_registry(display), &registry_listener, NULL);
  wl_display_roundtrip(display); /* what there is */
  wl_display_roundtrip(display); /* and what it takes */
  if (!compositor || !shell || !dmabuf) fail("the compositor", "no linux-dmabuf of version 3, or no xdg-shell");
  if (!is_taken) fail("the compositor does not take the format", arguments[1]);

  /* The compositor takes part like a device of this process. */
  texalloc_format linear = {.fourcc = format};
  texalloc_attributes wants = {.struct_size = sizeof wants, .name = "compositor", .pitch_alignment = 256,
                               .device_usage = TEXALLOC_FOR_TEXTURE, .formats = &linear, .format_count = 1};
  texalloc_component theirs = {.struct_size = sizeof theirs, .attributes = &wants};
  const texalloc_component *components[] = {&theirs};
  texalloc_pool_options options = {.struct_size = sizeof options, .components = components, .component_count = 1};
  check(texalloc_pool_create(NULL, &options, &pool));

  surface = wl_compositor_create_surface(compositor);
  struct xdg_surface *role = xdg_wm_base_get_xdg_surface(shell, surface);
  struct xdg_toplevel *window = xdg_surface_get_toplevel(role);
  xdg_surface_add_listener(role, &surface_listener, NULL);
  xdg_toplevel_add_listener(window, &window_listener, NULL);
  xdg_toplevel_set_title(window, "TexAlloc");
  xdg_toplevel_set_fullscreen(window, NULL);
  wl_surface_commit(surface);
  while (!is_configured && wl_display_dispatch(display) >= 0) continue;

  /* The loop: what the compositor says, and whether somebody wants the next picture. */
  struct pollfd waits[] = {{.fd = wl_display_get_fd(display), .events = POLLIN}, {.fd = 0, .events = POLLIN}};
  for (int next = 2; next < count;) {
    show(arguments[next++]);
    for (char line = 0; line != '\n';) {
      while (wl_display_prepare_read(display)) wl_display_dispatch_pending(display);
      wl_display_flush(display);
      poll(waits, 2, -1);
      if (waits[0].revents)
        wl_display_read_events(display);
      else
        wl_display_cancel_read(display);
      if (wl_display_dispatch_pending(display) < 0) fail("Wayland", "the connection is lost");
      if (waits[1].revents && read(0, &line, 1) < 1) next = count, line = '\n';
    }
  }

  /* An empty surface: the compositor lets go of the last picture as well. */
  wl_surface_attach(surface, NULL, 0, 0);
  wl_surface_commit(surface);
  texalloc_pool_info info = {.struct_size = sizeof info};
  do check(texalloc_pool_get_info(pool, &info));
  while (info.slots > 0 && wl_display_dispatch(display) >= 0);
  wl_display_disconnect(display);
  check(texalloc_pool_release(pool));
  check(texalloc_shutdown());
  return 0;
}
