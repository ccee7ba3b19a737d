/*
 * How things end while others are at it: a loader that is released while threads submit to it or poll it, a buffer
 * that the GPU has taken, and a shutdown that cannot close a device: endings PICTURE
 */
#include <assert.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <texalloc.h>

#include <EGL/egl.h>
#include <EGL/eglext.h>

static void expect(texalloc_status wanted, texalloc_status held, const char *call, int line) {
  if (wanted == held) return;
  fprintf(stderr, "endings.c:%d: %s: wanted %s, held %s: %s\n", line, call, texalloc_status_name(wanted),
          texalloc_status_name(held), texalloc_last_error());
  exit(1);
}
#define EXPECT(wanted, call) expect(TEXALLOC_##wanted, call, #call, __LINE__)

enum { ROUNDS = 30, THREADS = 3, REQUESTS = 200 };

static texalloc_device *gpu;
static texalloc_pool *pool;
static texalloc_loader *loader;
static const char *path;

/* One request, and what was heard of it. */
struct request {
  texalloc_load *load;
  int told, was_taken;
};
static struct request requests[THREADS][REQUESTS];

static texalloc_load *const nothing = (texalloc_load *)16;

static void ended(void *user, const texalloc_loaded *loaded) {
  struct request *request = user;
  assert(request->load != nothing); /* is there before */
  double done;
  bool has_ended;
  EXPECT(OK, texalloc_load_get_progress(request->load, &done, &has_ended));
  EXPECT(OK, texalloc_texture_release(loaded->texture));
  __atomic_add_fetch(&request->told, 1, __ATOMIC_RELAXED);
}

/* Submits until the loader is gone. */
static void *submit(void *number) {
  struct request *mine = requests[(size_t)number];
  for (int i = 0; i < REQUESTS; i++) {
    texalloc_request request = {
        .struct_size = sizeof request, .path = i % 3 ? "/nowhere.jpg" : path, .ended = ended, .user = &mine[i]};
    mine[i].load = nothing;
    texalloc_status status = texalloc_loader_submit(loader, &request, &mine[i].load);
    mine[i].was_taken = status == TEXALLOC_OK;
    if (status == TEXALLOC_OK) continue;
    assert(status == TEXALLOC_CLOSED || status == TEXALLOC_INVALID_HANDLE);
    assert(mine[i].load == nothing); /* as it was */
    break;
  }
  return NULL;
}

static void *release(void *unused) {
  (void)unused;
  while (!__atomic_load_n(&requests[0][5].was_taken, __ATOMIC_ACQUIRE)) continue;
  EXPECT(OK, texalloc_loader_release(loader));
  return NULL;
}

/* Whoever was taken is told once, by the release or by a poll that it overtook; all others never. */
static void release_amid(bool polls) {
  pthread_t threads[THREADS], ender;
  memset(requests, 0, sizeof requests);
  EXPECT(OK, texalloc_loader_create(gpu, pool, NULL, &loader));
  for (size_t i = 0; i < THREADS; i++) pthread_create(&threads[i], NULL, submit, (void *)i);
  if (polls) {
    pthread_create(&ender, NULL, release, NULL);
    texalloc_status status;
    do status = texalloc_loader_poll(loader, 100000, NULL);
    while (status == TEXALLOC_OK);
    assert(status == TEXALLOC_CLOSED || status == TEXALLOC_INVALID_HANDLE);
    pthread_join(ender, NULL);
  } else {
    release(NULL);
  }
  for (size_t i = 0; i < THREADS; i++) pthread_join(threads[i], NULL);
  for (size_t i = 0; i < THREADS; i++)
    for (int j = 0; j < REQUESTS; j++) {
      assert(requests[i][j].told == requests[i][j].was_taken);
      if (requests[i][j].was_taken) EXPECT(OK, texalloc_load_release(requests[i][j].load));
    }
  EXPECT(OK, texalloc_device_collect(gpu));
}

/* The GPU has copied it: the memory is another's. */
static void decode_into_spent(void) {
  texalloc_egl_options options = {.struct_size = sizeof options, .route = TEXALLOC_ROUTE_TRANSFERRED};
  texalloc_device *device;
  texalloc_pool *of_device;
  texalloc_picture *picture;
  texalloc_buffer *buffer;
  texalloc_texture *texture;
  texalloc_buffer_info info = {.struct_size = sizeof info}, after = {.struct_size = sizeof after};
  EXPECT(OK, texalloc_egl_surfaceless(&options, &device));
  EXPECT(OK, texalloc_pool_create(device, NULL, &of_device));
  EXPECT(OK, texalloc_picture_open(path, NULL, &picture));
  texalloc_status status = texalloc_picture_allocate(picture, of_device, TEXALLOC_FOR_TEXTURE, &buffer);
  if (status == TEXALLOC_OK) {
    EXPECT(OK, texalloc_picture_decode(picture, buffer, NULL));
    EXPECT(OK, texalloc_texture_create(device, buffer, 0, &texture));
    EXPECT(OK, texalloc_buffer_get_info(buffer, &info));
    assert(info.route == TEXALLOC_ROUTE_TRANSFERRED && info.is_spent);
    EXPECT(SPENT, texalloc_picture_decode(picture, buffer, NULL));
    EXPECT(OK, texalloc_buffer_get_info(buffer, &after));
    assert(!after.is_discarded); /* as it was */
    EXPECT(OK, texalloc_texture_release(texture));
    EXPECT(OK, texalloc_buffer_release(buffer));
  } else {
    EXPECT(NO_ROUTE, status);
    printf("endings.c: nothing is spent here, since nothing is transferred: %s\n", texalloc_last_error());
  }
  EXPECT(OK, texalloc_picture_release(picture));
  EXPECT(OK, texalloc_device_close(device));
  EXPECT(OK, texalloc_pool_release(of_device));
}

/* A second context that has joined keeps the device from being closed. */
static void shut_down(void) {
  EXPECT(OK, texalloc_device_make_current(gpu));
  EGLDisplay display = eglGetCurrentDisplay();
  EGLContext first = eglGetCurrentContext();
  const EGLint wanted[] = {EGL_CONTEXT_CLIENT_VERSION, 3, EGL_NONE};
  EGLContext second = eglCreateContext(display, EGL_NO_CONFIG_KHR, first, wanted);
  assert(second && eglMakeCurrent(display, EGL_NO_SURFACE, EGL_NO_SURFACE, second));
  EXPECT(OK, texalloc_device_join(gpu));
  EXPECT(OK, texalloc_device_make_current(gpu));
  EXPECT(JOINED, texalloc_shutdown());
  assert(*texalloc_last_error());
  EXPECT(INVALID_HANDLE, texalloc_device_collect(gpu)); /* is gone nevertheless */
  EXPECT(INVALID_HANDLE, texalloc_pool_release(pool));
  EXPECT(OK, texalloc_shutdown());
  eglDestroyContext(display, second);
}

int main(int count, char **arguments) {
  assert(count == 2);
  path = arguments[1];
  decode_into_spent();
  EXPECT(OK, texalloc_egl_surfaceless(NULL, &gpu));
  EXPECT(OK, texalloc_pool_create(gpu, NULL, &pool));
  for (int round = 0; round < ROUNDS; round++) release_amid(round % 2);
  shut_down();
  return 0;
}
