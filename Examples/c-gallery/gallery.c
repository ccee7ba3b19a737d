/*
 * A gallery: pictures from files with their names, drawn side by side, and written as a PNG file.
 *
 *     c-gallery OUTPUT.png FONT PICTURE…          FONT is a file, or - for no names
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
#include <string.h>
#include <texalloc.h>

enum { CELL = 320, CAPTION = 28, COLUMNS = 3, LETTERS = 40 };

/* One picture on its way to the screen, and its name as glyphs. */
struct cell {
  texalloc_texture *texture;
  texalloc_orientation orientation;
  texalloc_glyph_quad letters[LETTERS];
  uint32_t letter_count;
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

/* Draws a part of a texture over the whole viewport. Pictures are stored as their files have them, and turned
 * here. A glyph is coverage: how much of a pixel it takes. */
static GLuint make_program(void) {
  GLuint program = glCreateProgram();
  glAttachShader(program, shader(GL_VERTEX_SHADER,
      "#version 300 es\n"
      "uniform int turn; uniform vec4 part; out vec2 at;\n"
      "void main() {\n"
      "  vec2 p = vec2(gl_VertexID & 1, gl_VertexID >> 1);\n"
      "  gl_Position = vec4(p * 2.0 - 1.0, 0, 1);\n"
      "  if (turn > 4) p = p.yx;\n"                              /* rows are shown as columns */
      "  bool mirrored = turn == 2 || turn == 3 || turn > 6;\n"
      "  bool flipped = turn == 3 || turn == 4 || turn == 6 || turn == 7;\n"
      "  at = part.xy + part.zw * vec2(mirrored ? 1.0 - p.x : p.x, flipped ? 1.0 - p.y : p.y);\n"
      "}"));
  glAttachShader(program, shader(GL_FRAGMENT_SHADER,
      "#version 300 es\n"
      "precision mediump float;\n"
      "uniform sampler2D picture; uniform bool is_glyph; in vec2 at; out vec4 colour;\n"
      "void main() {\n"
      "  colour = texture(picture, at);\n"
      "  if (is_glyph) colour = vec4(colour.r);\n"
      "}"));
  glLinkProgram(program);
  return program;
}

/* The largest viewport within a cell that has the sides of the picture. */
static void place(int index, texalloc_orientation orientation, uint32_t width, uint32_t height) {
  if (orientation >= TEXALLOC_TRANSPOSED) {
    uint32_t swap = width;
    width = height, height = swap;
  }
  double room = CELL - 8 - CAPTION, scale = room / (width > height ? width : height);
  int w = (int)(width * scale), h = (int)(height * scale);
  glViewport(index % COLUMNS * CELL + (CELL - w) / 2, index / COLUMNS * CELL + (CELL - CAPTION - h) / 2, w, h);
}

/* Glyphs are drawn once each, on pages of the cache; a quad shows one of them. */
static void draw_names(GLuint program, texalloc_glyphs *glyphs, const struct cell *cells, int count) {
  texalloc_glyphs_info info = {.struct_size = sizeof info};
  check(texalloc_glyphs_get_info(glyphs, &info));
  glUniform1i(glGetUniformLocation(program, "turn"), TEXALLOC_UPRIGHT);
  glUniform1i(glGetUniformLocation(program, "is_glyph"), 1);
  for (uint32_t number = 0; number < info.pages; number++) {
    texalloc_glyph_page page = {.struct_size = sizeof page};
    check(texalloc_glyphs_get_page(glyphs, number, &page));
    glBindTexture(page.texture.target, page.texture.name);
    float w = (float)page.texture.width, h = (float)page.texture.height;
    for (int i = 0; i < count; i++)
      for (uint32_t j = 0; j < cells[i].letter_count; j++) {
        texalloc_glyph_quad quad = cells[i].letters[j];
        if (quad.page != page.number) continue;
        glUniform4f(glGetUniformLocation(program, "part"), (float)quad.u / w, (float)quad.v / h,
                    (float)quad.width / w, (float)quad.height / h);
        glViewport(quad.x, quad.y, (int)quad.width, (int)quad.height); /* rows of the PNG go downward, as these do */
        glDrawArrays(GL_TRIANGLE_STRIP, 0, 4);
      }
  }
}

int main(int count, char **arguments) {
  if (count < 4) {
    fprintf(stderr, "usage: c-gallery OUTPUT.png FONT PICTURE...   (FONT is a file, or - for no names)\n");
    return 2;
  }
  char **paths = arguments + 3;
  int pictures = count - 3, left = pictures;
  make_context();

  /* The GPU, by the context that is current; memory that it can sample; and who fills it from files. */
  texalloc_device *gpu;
  texalloc_pool *pool;
  texalloc_loader *loader;
  check(texalloc_egl_current(NULL, &gpu));
  check(texalloc_pool_create(gpu, NULL, &pool));
  check(texalloc_loader_create(gpu, pool, NULL, &loader));

  struct cell *cells = calloc((size_t)pictures, sizeof *cells);
  for (int i = 0; i < pictures; i++) {
    texalloc_request request = {
        .struct_size = sizeof request, .path = paths[i], .ended = ended, .user = &cells[i]};
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

  /* The names. What a frame shows is asked for first, and flushed to the pages before it is drawn. */
  texalloc_glyphs *glyphs = NULL;
  texalloc_face *face = NULL;
  texalloc_font *font = NULL;
  if (strcmp(arguments[2], "-")) {
    texalloc_font_options options = {.struct_size = sizeof options, .pixel_size = 15};
    check(texalloc_glyphs_create(gpu, pool, NULL, &glyphs));
    check(texalloc_face_open(glyphs, arguments[2], NULL, &face));
    check(texalloc_font_create(glyphs, face, &options, &font));
    for (int i = 0; i < pictures; i++) {
      const char *slash = strrchr(paths[i], '/'), *name = slash ? slash + 1 : paths[i];
      int x = i % COLUMNS * CELL + 8, baseline = (i / COLUMNS + 1) * CELL - CAPTION / 3;
      check(texalloc_font_get_quads(font, name, x, baseline, cells[i].letters, LETTERS, &cells[i].letter_count));
      if (cells[i].letter_count > LETTERS) cells[i].letter_count = LETTERS; /* a long name is cut off */
    }
    check(texalloc_glyphs_flush(glyphs, NULL));
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
  glUniform4f(glGetUniformLocation(program, "part"), 0, 0, 1, 1);
  glEnable(GL_BLEND);
  glBlendFunc(GL_ONE, GL_ONE_MINUS_SRC_ALPHA); /* colours are multiplied by their alpha already */
  for (int i = 0; i < pictures; i++) {
    if (!cells[i].texture) continue;
    texalloc_texture_info info = {.struct_size = sizeof info};
    check(texalloc_texture_get_info(cells[i].texture, &info));
    printf("%s: %ux%u, %s%s%s\n", paths[i], info.width, info.height,
           texalloc_route_name(info.route), info.reason ? ": " : "", info.reason ? info.reason : "");
    place(i, cells[i].orientation, info.width, info.height);
    glUniform1i(glGetUniformLocation(program, "turn"), (int)cells[i].orientation);
    glBindTexture(info.planes[0].target, info.planes[0].name);
    glDrawArrays(GL_TRIANGLE_STRIP, 0, 4);
    check(texalloc_texture_release(cells[i].texture)); /* its memory waits for the GPU by itself */
  }
  if (glyphs) draw_names(program, glyphs, cells, pictures);
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
  check(texalloc_font_release(font));
  check(texalloc_face_release(face));
  check(texalloc_glyphs_release(glyphs));
  check(texalloc_device_close(gpu));
  check(texalloc_pool_release(pool));
  check(texalloc_shutdown());
  free(pixels);
  free(cells);
  return 0;
}
