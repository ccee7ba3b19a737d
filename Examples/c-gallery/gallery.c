/*
 * A gallery: pictures from files, drawn side by side, and written as a PNG file.
 *
 *     c-gallery OUTPUT.png PICTURE…
 *
 *     cc gallery.c $(pkg-config --cflags --libs texalloc egl glesv2 libpng) -o c-gallery
 *
 * The program owns its context, as a toolkit does, and a loop that never waits for a file: TexAlloc
 * reads and decodes on threads of its own, straight into memory that the GPU samples, and hands over
 * textures when it is polled. No window is needed.
 */
#include <EGL/egl.h>
#include <EGL/eglext.h>
#include <GLES3/gl3.h>
#include <png.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <texalloc.h>

enum { CELL = 320, COLUMNS = 3 };

/* One picture on its way to the screen. */
struct cell {
  texalloc_texture *texture;
  texalloc_orientation orientation;
};

static void check(texalloc_status status) {
  if (status == TEXALLOC_OK) return;
  fprintf(stderr, "c-gallery: %s\n", texalloc_last_error());
  exit(1);
}

/* Is called by a poll, once for each request. */
static void ended(void *user, const texalloc_loaded *loaded) {
  struct cell *cell = user;
  if (loaded->status != TEXALLOC_OK) fprintf(stderr, "c-gallery: %s\n", loaded->message);
  cell->texture = loaded->texture; /* ours to release; NULL where it failed */
  cell->orientation = loaded->orientation;
}

/* A context of OpenGL ES without a window; in a toolkit this is long done. */
static void make_context(void) {
  PFNEGLGETPLATFORMDISPLAYEXTPROC get_display =
      (PFNEGLGETPLATFORMDISPLAYEXTPROC)eglGetProcAddress("eglGetPlatformDisplayEXT");
  EGLDisplay display =
      get_display ? get_display(EGL_PLATFORM_SURFACELESS_MESA, EGL_DEFAULT_DISPLAY, NULL)
                  : eglGetDisplay(EGL_DEFAULT_DISPLAY);
  const EGLint wanted[] = {EGL_CONTEXT_CLIENT_VERSION, 3, EGL_NONE};
  if (!eglInitialize(display, NULL, NULL) || !eglBindAPI(EGL_OPENGL_ES_API) ||
      !eglMakeCurrent(display, EGL_NO_SURFACE, EGL_NO_SURFACE,
                      eglCreateContext(display, EGL_NO_CONFIG_KHR, EGL_NO_CONTEXT, wanted))) {
    fprintf(stderr, "c-gallery: no context of OpenGL ES 3\n");
    exit(1);
  }
}

static GLuint shader(GLenum kind, const char *source) {
  GLuint name = glCreateShader(kind);
  glShaderSource(name, 1, &source, NULL);
  glCompileShader(name);
  return name;
}

/* Draws a texture over the whole viewport. Pictures are stored as their files have them, and turned here. */
static GLuint make_program(void) {
  GLuint program = glCreateProgram();
  glAttachShader(program, shader(GL_VERTEX_SHADER,
      "#version 300 es\n"
      "uniform int turn; out vec2 at;\n"
      "void main() {\n"
      "  vec2 p = vec2(gl_VertexID & 1, gl_VertexID >> 1);\n"
      "  gl_Position = vec4(p * 2.0 - 1.0, 0, 1);\n"
      "  if (turn > 4) p = p.yx;\n"                              /* rows are shown as columns */
      "  bool mirrored = turn == 2 || turn == 3 || turn > 6;\n"
      "  bool flipped = turn == 3 || turn == 4 || turn == 6 || turn == 7;\n"
      "  at = vec2(mirrored ? 1.0 - p.x : p.x, flipped ? 1.0 - p.y : p.y);\n"
      "}"));
  glAttachShader(program, shader(GL_FRAGMENT_SHADER,
      "#version 300 es\n"
      "precision mediump float;\n"
      "uniform sampler2D picture; in vec2 at; out vec4 colour;\n"
      "void main() { colour = texture(picture, at); }"));
  glLinkProgram(program);
  return program;
}

/* The largest viewport within a cell that has the sides of the picture. */
static void place(int index, texalloc_orientation orientation, uint32_t width, uint32_t height) {
  if (orientation >= TEXALLOC_TRANSPOSED) {
    uint32_t swap = width;
    width = height, height = swap;
  }
  double room = CELL - 16, scale = room / (width > height ? width : height);
  int w = (int)(width * scale), h = (int)(height * scale);
  glViewport(index % COLUMNS * CELL + (CELL - w) / 2, index / COLUMNS * CELL + (CELL - h) / 2, w, h);
}

int main(int count, char **arguments) {
  if (count < 3) {
    fprintf(stderr, "usage: c-gallery OUTPUT.png PICTURE...\n");
    return 2;
  }
  make_context();

  /* The GPU, by the context that is current; memory that it can sample; and who fills it from files. */
  texalloc_device *gpu;
  texalloc_pool *pool;
  texalloc_loader *loader;
  check(texalloc_egl_current(NULL, &gpu));
  check(texalloc_pool_create(gpu, NULL, &pool));
  check(texalloc_loader_create(gpu, pool, NULL, &loader));

  int pictures = count - 2, left = pictures;
  struct cell *cells = calloc((size_t)pictures, sizeof *cells);
  for (int i = 0; i < pictures; i++) {
    texalloc_request request = {
        .struct_size = sizeof request, .path = arguments[i + 2], .ended = ended, .user = &cells[i]};
    check(texalloc_loader_submit(loader, &request, NULL));
  }

  /* The loop of the application: it sleeps until there is something to do, and never waits for a file. */
  struct pollfd wake_up = {.events = POLLIN};
  check(texalloc_loader_get_wake_up(loader, &wake_up.fd));
  while (left > 0) {
    poll(&wake_up, 1, -1);
    texalloc_poll done = {.struct_size = sizeof done};
    check(texalloc_loader_poll(loader, 2000000, &done)); /* two milliseconds of a frame at most */
    left -= (int)done.ended;
  }

  /* Something to draw into, as large as all cells. */
  int width = COLUMNS * CELL, height = (pictures + COLUMNS - 1) / COLUMNS * CELL;
  GLuint framebuffer, colours;
  glGenFramebuffers(1, &framebuffer);
  glGenRenderbuffers(1, &colours);
  glBindFramebuffer(GL_FRAMEBUFFER, framebuffer);
  glBindRenderbuffer(GL_RENDERBUFFER, colours);
  glRenderbufferStorage(GL_RENDERBUFFER, GL_RGBA8, width, height);
  glFramebufferRenderbuffer(GL_FRAMEBUFFER, GL_COLOR_ATTACHMENT0, GL_RENDERBUFFER, colours);
  glClearColor(0.13f, 0.13f, 0.15f, 1);
  glClear(GL_COLOR_BUFFER_BIT);

  GLuint program = make_program();
  glUseProgram(program);
  glEnable(GL_BLEND);
  glBlendFunc(GL_ONE, GL_ONE_MINUS_SRC_ALPHA); /* colours are multiplied by their alpha already */
  for (int i = 0; i < pictures; i++) {
    if (!cells[i].texture) continue;
    texalloc_texture_info info = {.struct_size = sizeof info};
    check(texalloc_texture_get_info(cells[i].texture, &info));
    printf("%s: %ux%u, %s%s%s\n", arguments[i + 2], info.width, info.height,
           texalloc_route_name(info.route), info.reason ? ": " : "", info.reason ? info.reason : "");
    place(i, cells[i].orientation, info.width, info.height);
    glUniform1i(glGetUniformLocation(program, "turn"), (int)cells[i].orientation);
    glBindTexture(info.planes[0].target, info.planes[0].name);
    glDrawArrays(GL_TRIANGLE_STRIP, 0, 4);
    check(texalloc_texture_release(cells[i].texture)); /* its memory waits for the GPU by itself */
  }
  check(texalloc_device_collect(gpu)); /* once a frame */

  unsigned char *pixels = malloc((size_t)width * (size_t)height * 4);
  glReadPixels(0, 0, width, height, GL_RGBA, GL_UNSIGNED_BYTE, pixels);
  png_image image = {.version = PNG_IMAGE_VERSION, .format = PNG_FORMAT_RGBA,
                     .width = (png_uint_32)width, .height = (png_uint_32)height};
  if (!png_image_write_to_file(&image, arguments[1], 0, pixels, 0, NULL)) {
    fprintf(stderr, "c-gallery: %s: %s\n", arguments[1], image.message);
    return 1;
  }

  /* Before the context goes. */
  check(texalloc_loader_release(loader));
  check(texalloc_device_close(gpu));
  check(texalloc_pool_release(pool));
  check(texalloc_shutdown());
  free(pixels);
  free(cells);
  return 0;
}
