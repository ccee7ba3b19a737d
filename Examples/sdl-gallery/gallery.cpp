// A gallery that scrolls: photographs and their names, in a window of SDL's.
//
//     sdl-gallery [-o LAST.png] FONT PICTURE…
//
//     c++ -std=c++17 gallery.cpp $(pkg-config --cflags --libs texalloc sdl2 glesv2 libpng) -o sdl-gallery
//
// SDL owns the window and the context. TexAlloc is a guest in it: it loads files on threads of its own, makes
// textures when it is polled, and leaves OpenGL's state as it was, which is looked at here in each frame. The
// gallery ends with its last picture, of which it writes a screenshot if it is asked to.
#include <GLES3/gl3.h>
#include <SDL.h>
#include <png.h>

#include <algorithm>
#include <array>
#include <cstdio>
#include <cstring>
#include <string>
#include <texalloc.hpp>
#include <vector>

namespace {

constexpr int kGap = 56, kStep = 16;

// A picture in the column, a pixel of it a pixel of the window.
struct Photo {
  std::string path;
  texalloc::Texture texture;
  texalloc_texture_info info{};
  bool has_ended = false;
};

// Is called by a poll, once for each request.
void ended(void *user, const texalloc_loaded *loaded) {
  auto &photo = *static_cast<Photo *>(user);
  photo.has_ended = true;
  if (loaded->status != TEXALLOC_OK) {
    std::fprintf(stderr, "sdl-gallery: %s\n", loaded->message);
    return;
  }
  photo.texture.reset(loaded->texture);
  photo.info = texalloc::make<texalloc_texture_info>();
  texalloc::check(texalloc_texture_get_info(loaded->texture, &photo.info));
}

// What a guest could spoil: each piece of it that this program relies on.
std::vector<GLint> state() {
  std::vector<GLint> values;
  for (GLenum name : {GL_CURRENT_PROGRAM, GL_VERTEX_ARRAY_BINDING, GL_ARRAY_BUFFER_BINDING, GL_PIXEL_UNPACK_BUFFER_BINDING,
                      GL_ACTIVE_TEXTURE, GL_TEXTURE_BINDING_2D, GL_SAMPLER_BINDING, GL_DRAW_FRAMEBUFFER_BINDING,
                      GL_READ_FRAMEBUFFER_BINDING, GL_RENDERBUFFER_BINDING, GL_UNPACK_ALIGNMENT, GL_UNPACK_ROW_LENGTH,
                      GL_BLEND, GL_BLEND_SRC_RGB, GL_BLEND_DST_RGB, GL_SCISSOR_TEST, GL_DEPTH_TEST, GL_CULL_FACE}) {
    GLint value = 0;
    glGetIntegerv(name, &value);
    values.push_back(value);
  }
  std::array<GLint, 4> viewport{};
  glGetIntegerv(GL_VIEWPORT, viewport.data());
  values.insert(values.end(), viewport.begin(), viewport.end());
  return values;
}

GLuint program() {
  auto shader = [](GLenum kind, const char *source) {
    GLuint name = glCreateShader(kind);
    glShaderSource(name, 1, &source, nullptr);
    glCompileShader(name);
    return name;
  };
  GLuint program = glCreateProgram();
  // Rectangles by their left upper corner and size: of the window in pixels, of the texture in texels.
  glAttachShader(program, shader(GL_VERTEX_SHADER, R"(#version 300 es
    uniform vec2 window, page;
    uniform vec4 place, texels;
    out vec2 at;
    void main() {
      vec2 corner = vec2(gl_VertexID & 1, gl_VertexID >> 1);
      at = (texels.xy + corner * texels.zw) / page;
      vec2 p = (place.xy + corner * place.zw) / window;
      gl_Position = vec4(p.x * 2.0 - 1.0, 1.0 - p.y * 2.0, 0, 1);
    })"));
  // A glyph is coverage, in red; both are multiplied by their alpha already.
  glAttachShader(program, shader(GL_FRAGMENT_SHADER, R"(#version 300 es
    precision mediump float;
    uniform sampler2D picture;
    uniform bool is_glyph;
    in vec2 at;
    out vec4 colour;
    void main() {
      colour = texture(picture, at);
      if (is_glyph) colour = vec4(colour.r);
    })"));
  glLinkProgram(program);
  return program;
}

struct Rectangle {
  int x, y;
  uint32_t width, height;
};

void draw(GLuint program, const texalloc_texture_plane &texture, Rectangle place, Rectangle texels, bool is_glyph) {
  auto set = [&](const char *name, Rectangle r) {
    glUniform4f(glGetUniformLocation(program, name), GLfloat(r.x), GLfloat(r.y), GLfloat(r.width), GLfloat(r.height));
  };
  set("place", place);
  set("texels", texels);
  glUniform2f(glGetUniformLocation(program, "page"), GLfloat(texture.width), GLfloat(texture.height));
  glUniform1i(glGetUniformLocation(program, "is_glyph"), is_glyph);
  glBindTexture(texture.target, texture.name);
  glDrawArrays(GL_TRIANGLE_STRIP, 0, 4);
}

// The names of photographs below them. All of a frame is asked for before anything of it is drawn.
class Captions {
 public:
  Captions(texalloc_device *gpu, texalloc_pool *pool, const char *path) {
    texalloc::check(texalloc_glyphs_create(gpu, pool, nullptr, glyphs_.out()));
    texalloc::check(texalloc_face_open(glyphs_.get(), path, nullptr, face_.out()));
    auto options = texalloc::make<texalloc_font_options>();
    options.pixel_size = 20;
    texalloc::check(texalloc_font_create(glyphs_.get(), face_.get(), &options, font_.out()));
  }

  void add(const std::string &text, int x, int baseline) {
    uint32_t count = 0;
    std::array<texalloc_glyph_quad, 128> room;
    texalloc::check(texalloc_font_get_quads(font_.get(), text.c_str(), x, baseline, room.data(), room.size(), &count));
    quads_.insert(quads_.end(), room.begin(), room.begin() + std::min<size_t>(count, room.size()));
  }

  void flush() { texalloc::check(texalloc_glyphs_flush(glyphs_.get(), nullptr)); }

  void draw(GLuint program) {
    auto info = texalloc::make<texalloc_glyphs_info>();
    texalloc::check(texalloc_glyphs_get_info(glyphs_.get(), &info));
    for (uint32_t index = 0; index < info.pages; index++) {
      auto page = texalloc::make<texalloc_glyph_page>();
      texalloc::check(texalloc_glyphs_get_page(glyphs_.get(), index, &page));
      for (const auto &q : quads_)
        if (q.page == page.number)
          ::draw(program, page.texture, {q.x, q.y, q.width, q.height}, {int(q.u), int(q.v), q.width, q.height}, true);
    }
    quads_.clear();
  }

 private:
  texalloc::Glyphs glyphs_;
  texalloc::Face face_;
  texalloc::Font font_;
  std::vector<texalloc_glyph_quad> quads_;
};

void write(const char *path, int width, int height) {
  std::vector<unsigned char> pixels(size_t(width) * size_t(height) * 4);
  glReadPixels(0, 0, width, height, GL_RGBA, GL_UNSIGNED_BYTE, pixels.data());
  png_image image{};
  image.version = PNG_IMAGE_VERSION;
  image.format = PNG_FORMAT_RGBA;
  image.width = png_uint_32(width);
  image.height = png_uint_32(height);
  // OpenGL's rows begin at the bottom.
  if (!png_image_write_to_file(&image, path, 0, pixels.data(), -width * 4, nullptr))
    throw std::runtime_error(image.message);
}

void run(SDL_Window *window, const char *output, const char *font, std::vector<Photo> &photos) {
  texalloc::Device gpu;
  texalloc::Pool pool;
  texalloc::Loader loader;
  texalloc::check(texalloc_egl_current(nullptr, gpu.out()));  // SDL's context
  texalloc::check(texalloc_pool_create(gpu.get(), nullptr, pool.out()));
  texalloc::check(texalloc_loader_create(gpu.get(), pool.get(), nullptr, loader.out()));
  Captions captions(gpu.get(), pool.get(), font);
  for (auto &photo : photos) {
    auto request = texalloc::make<texalloc_request>();
    request.path = photo.path.c_str();
    request.ended = ended;
    request.user = &photo;
    texalloc::check(texalloc_loader_submit(loader.get(), &request, nullptr));
  }

  // Is set once, and stays.
  int width = 0, height = 0;
  SDL_GL_GetDrawableSize(window, &width, &height);
  glViewport(0, 0, width, height);
  glClearColor(0.13f, 0.13f, 0.15f, 1);
  glEnable(GL_BLEND);
  glBlendFunc(GL_ONE, GL_ONE_MINUS_SRC_ALPHA);
  GLuint shaders = program();
  glUseProgram(shaders);
  glUniform2f(glGetUniformLocation(shaders, "window"), GLfloat(width), GLfloat(height));

  for (int scrolled = 0, is_last = 0; !is_last; scrolled += kStep) {
    for (SDL_Event event; SDL_PollEvent(&event);)
      if (event.type == SDL_QUIT || event.type == SDL_KEYDOWN) return;

    // The guest: pictures that have come since, the names that this frame shows.
    auto before = state();
    texalloc::check(texalloc_loader_poll(loader.get(), 2000000, nullptr));  // two milliseconds of a frame at most
    bool all = true;
    int total = kGap;
    for (auto &photo : photos) {
      all = all && photo.has_ended;
      int y = total - scrolled, bottom = y + int(photo.info.height);
      if (photo.texture && bottom + kGap > 0 && y < height)
        captions.add(photo.path + ": " + texalloc_route_name(photo.info.route), kGap, bottom + 28);
      total += photo.texture ? int(photo.info.height) + kGap : 0;
    }
    captions.flush();
    if (state() != before) throw std::runtime_error("the state of OpenGL is another one");

    is_last = all && scrolled + height >= total;
    glClear(GL_COLOR_BUFFER_BIT);
    int y = kGap - scrolled;
    for (auto &photo : photos) {
      if (!photo.texture) continue;
      Rectangle place{kGap, y, photo.info.width, photo.info.height};
      draw(shaders, photo.info.planes[0], place, {0, 0, place.width, place.height}, false);
      if (is_last) std::printf("%s %d %d\n", photo.path.c_str(), place.x, place.y);
      y += int(place.height) + kGap;
    }
    captions.draw(shaders);
    if (is_last && output) write(output, width, height);
    SDL_GL_SwapWindow(window);
    if (!all && scrolled + height >= total) scrolled -= kStep;  // waits for what is still to come
  }
  photos.clear();
}

}  // namespace

int main(int count, char **arguments) {
  const char *output = nullptr;
  if (count > 2 && !std::strcmp(arguments[1], "-o")) output = arguments[2], arguments += 2, count -= 2;
  if (count < 3) {
    std::fprintf(stderr, "usage: sdl-gallery [-o LAST.png] FONT PICTURE...\n");
    return 2;
  }
  std::vector<Photo> photos;
  for (int i = 2; i < count; i++) photos.emplace_back().path = arguments[i];

  SDL_Init(SDL_INIT_VIDEO);
  SDL_GL_SetAttribute(SDL_GL_CONTEXT_PROFILE_MASK, SDL_GL_CONTEXT_PROFILE_ES);
  SDL_GL_SetAttribute(SDL_GL_CONTEXT_MAJOR_VERSION, 3);
  SDL_Window *window = SDL_CreateWindow("TexAlloc", SDL_WINDOWPOS_CENTERED, SDL_WINDOWPOS_CENTERED, 1024, 768, SDL_WINDOW_OPENGL);
  SDL_GLContext context = window ? SDL_GL_CreateContext(window) : nullptr;
  int status = 0;
  try {
    if (!context) throw std::runtime_error(SDL_GetError());
    run(window, output, arguments[1], photos);  // what it holds goes before the context
    texalloc::check(texalloc_shutdown());
  } catch (const std::exception &error) {
    std::fprintf(stderr, "sdl-gallery: %s\n", error.what());
    status = 1;
  }
  SDL_GL_DeleteContext(context);
  SDL_DestroyWindow(window);
  SDL_Quit();
  return status;
}
