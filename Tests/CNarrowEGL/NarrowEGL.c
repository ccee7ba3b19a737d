#include "CNarrowEGL.h"
#include "PlanarImages.h"

#include <EGL/egl.h>
#include <EGL/eglext.h>
#include <GLES3/gl3.h>

#include <GLES2/gl2ext.h>
#include <dlfcn.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

static narrow_egl narrowing;
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static atomic_uint live_images, light_images, fences, draws;

void narrow_egl_set(narrow_egl wanted) {
  pthread_mutex_lock(&lock);
  narrowing = wanted;
  pthread_mutex_unlock(&lock);
}

/// Stays for as long as the process: somebody may be looking at it.
static const char *_Atomic hidden;

void narrow_egl_hide(const char *extension) {
  atomic_store(&hidden, extension ? strdup(extension) : NULL);
}

static narrow_egl now(void) {
  pthread_mutex_lock(&lock);
  narrow_egl copy = narrowing;
  pthread_mutex_unlock(&lock);
  return copy;
}

unsigned narrow_egl_light_images(void) { return atomic_load(&light_images); }

unsigned narrow_egl_live_images(void) { return atomic_load(&live_images); }

unsigned narrow_egl_fences(void) { return atomic_load(&fences); }

unsigned narrow_egl_draws(void) { return atomic_load(&draws); }

/// The function of the driver. Those that libEGL itself exports are found behind ours.
#define real(name) ((__typeof__(&name))real_function(#name))

static void *real_function(const char *name) {
  void *function = dlsym(RTLD_NEXT, name);
  if (function) return function;
  static void *(*get)(const char *);
  if (get == NULL) get = (void *(*)(const char *))dlsym(RTLD_NEXT, "eglGetProcAddress");
  return get(name);
}

// --- Strings

/// A list of extensions without one. Each stays for as long as the process, as a driver's does.
static const char *without(const char *list, const char *extension) {
  if (list == NULL || extension == NULL) return list;
  const char *found = list;
  size_t length = strlen(extension);
  while ((found = strstr(found, extension))) {
    bool begins = found == list || found[-1] == ' ';
    if (begins && (found[length] == ' ' || found[length] == 0)) break;
    found += length;
  }
  if (found == NULL) return list;
  char *copy = strdup(list);
  size_t start = (size_t)(found - list);
  memmove(copy + start, copy + start + length, strlen(copy + start + length) + 1);
  return copy;
}

/// A list of extensions with one more, which stays, too.
static const char *with(const char *list, const char *extension) {
  char *copy = malloc(strlen(list) + strlen(extension) + 2);
  sprintf(copy, "%s %s", extension, list);
  return copy;
}

const char *eglQueryString(EGLDisplay display, EGLint name) {
  const char *text = real(eglQueryString)(display, name);
  if (name != EGL_EXTENSIONS || text == NULL) return text;
  narrow_egl narrow = now();
  if (display != EGL_NO_DISPLAY
      && (narrow.ignores_image_colorspace || narrow.refuses_image_colorspace))
    text = with(text, "EGL_EXT_image_gl_colorspace");
  return without(text, atomic_load(&hidden));
}

static const GLubyte *get_string(GLenum name) {
  const GLubyte *text = real(glGetString)(name);
  if (name == GL_VERSION && now().says_es2) return (const GLubyte *)"OpenGL ES 2.0 narrowed";
  if (name != GL_EXTENSIONS) return text;
  return (const GLubyte *)without((const char *)text, atomic_load(&hidden));
}

static const char *const semaphore_extensions[] = {"GL_EXT_semaphore", "GL_EXT_semaphore_fd"};

static void get_integerv(GLenum name, GLint *value) {
  ((PFNGLGETINTEGERVPROC)real_function("glGetIntegerv"))(name, value);
  if (name == GL_NUM_EXTENSIONS && now().feigns_semaphores) *value += 2;
}

static const GLubyte *get_stringi(GLenum name, GLuint index) {
  if (name == GL_EXTENSIONS && now().feigns_semaphores) {
    if (index < 2) return (const GLubyte *)semaphore_extensions[index];
    index -= 2;
  }
  const GLubyte *text = real(glGetStringi)(name, index);
  const char *missing = atomic_load(&hidden);
  bool is_missing = name == GL_EXTENSIONS && text && missing && !strcmp((const char *)text, missing);
  return is_missing ? (const GLubyte *)"" : text;
}

// --- Contexts

EGLContext eglCreateContext(
  EGLDisplay display, EGLConfig config, EGLContext share, const EGLint *attributes) {
  narrow_egl narrow = now();
  for (const EGLint *key = attributes; key && *key != EGL_NONE; key += 2)
    if (*key == EGL_CONTEXT_MAJOR_VERSION && narrow.highest_es_version
        && eglQueryAPI() == EGL_OPENGL_ES_API && key[1] > narrow.highest_es_version)
      return EGL_NO_CONTEXT;
  if (narrow.has_no_share_groups && share != EGL_NO_CONTEXT) return EGL_NO_CONTEXT;
  return real(eglCreateContext)(display, config, share, attributes);
}

EGLBoolean eglMakeCurrent(
  EGLDisplay display, EGLSurface draw, EGLSurface read, EGLContext context) {
  if (now().fails_to_make_current && context != EGL_NO_CONTEXT) return EGL_FALSE;
  return real(eglMakeCurrent)(display, draw, read, context);
}

static EGLSyncKHR create_sync(EGLDisplay display, EGLenum type, const EGLint *attributes) {
  PFNEGLCREATESYNCKHRPROC create = (PFNEGLCREATESYNCKHRPROC)real_function("eglCreateSyncKHR");
  atomic_fetch_add(&fences, 1);
  return now().is_lost ? EGL_NO_SYNC_KHR : create(display, type, attributes);
}

static EGLint client_wait_sync(
  EGLDisplay display, EGLSyncKHR sync, EGLint flags, EGLTimeKHR nanoseconds) {
  PFNEGLCLIENTWAITSYNCKHRPROC wait =
    (PFNEGLCLIENTWAITSYNCKHRPROC)real_function("eglClientWaitSyncKHR");
  return now().fails_to_wait ? EGL_FALSE : wait(display, sync, flags, nanoseconds);
}

// --- Images

static const EGLint planar_formats[] = {0x3231564e, 0x32315559};  // NV12, YU12

static bool is_planar(EGLint format) {
  return format == planar_formats[0] || format == planar_formats[1];
}

static EGLBoolean query_formats(
  EGLDisplay display, EGLint most, EGLint *formats, EGLint *count) {
  PFNEGLQUERYDMABUFFORMATSEXTPROC query =
    (PFNEGLQUERYDMABUFFORMATSEXTPROC)real_function("eglQueryDmaBufFormatsEXT");
  const narrow_egl narrow = now();
  unsigned only = narrow.only_format;
  if (only == 0) {
    EGLBoolean result = query(display, most, formats, count);
    // Those that the driver beneath lists are listed twice.
    for (size_t i = 0; narrow.planes && i < 2; i++, (*count)++)
      if (*count < most) formats[*count] = planar_formats[i];
    return result;
  }
  if (most > 0) formats[0] = (EGLint)only;
  *count = 1;
  return EGL_TRUE;
}

static EGLBoolean query_modifiers(
  EGLDisplay display, EGLint format, EGLint most, EGLuint64KHR *modifiers, EGLBoolean *external,
  EGLint *count) {
  PFNEGLQUERYDMABUFMODIFIERSEXTPROC query =
    (PFNEGLQUERYDMABUFMODIFIERSEXTPROC)real_function("eglQueryDmaBufModifiersEXT");
  if (now().planes && is_planar(format)) {
    if (most > 0) modifiers[0] = 0;  // linear
    if (most > 0 && external) external[0] = EGL_TRUE;
    *count = 1;
    return EGL_TRUE;
  }
  EGLBoolean result = query(display, format, most, modifiers, external, count);
  if (now().is_external_only && external)
    for (EGLint i = 0; i < most && i < *count; i++) external[i] = EGL_TRUE;
  return result;
}

/// Another file with the same bytes.
static int copy_of(int descriptor) {
  struct stat status;
  if (fstat(descriptor, &status) < 0) return -1;
  size_t size = (size_t)status.st_size;
  int copy = memfd_create("snapshot", MFD_CLOEXEC);
  if (copy < 0 || ftruncate(copy, status.st_size) < 0) return copy;
  void *from = mmap(NULL, size, PROT_READ, MAP_SHARED, descriptor, 0);
  void *to = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED, copy, 0);
  if (from != MAP_FAILED && to != MAP_FAILED) memcpy(to, from, size);
  if (from != MAP_FAILED) munmap(from, size);
  if (to != MAP_FAILED) munmap(to, size);
  return copy;
}

static EGLImageKHR make_image(
  EGLDisplay display, EGLContext context, EGLenum target, EGLClientBuffer buffer,
  const EGLint *attributes) {
  PFNEGLCREATEIMAGEKHRPROC create =
    (PFNEGLCREATEIMAGEKHRPROC)real_function("eglCreateImageKHR");
  narrow_egl narrow = now();
  if (target != EGL_LINUX_DMA_BUF_EXT) return create(display, context, target, buffer, attributes);
  if (narrow.planes) {
    EGLImageKHR image = planar_image_make(display, attributes, narrow.planes, create);
    if (image != EGL_NO_IMAGE_KHR) return image;
  }
  EGLint copy[64];
  size_t count = 0;
  int snapshot = -1;
  bool is_refused = false;
  for (const EGLint *key = attributes; *key != EGL_NONE && count < 60; key += 2) {
    EGLint value = key[1];
    if (*key == EGL_LINUX_DRM_FOURCC_EXT)
      is_refused = is_refused || (narrow.only_format && (unsigned)value != narrow.only_format);
    if (*key == EGL_GL_COLORSPACE_KHR) {
      if (value == EGL_GL_COLORSPACE_SRGB_KHR) atomic_fetch_add(&light_images, 1);
      if (narrow.refuses_image_colorspace) is_refused = true;
      continue;
    }
    if (*key == EGL_DMA_BUF_PLANE0_FD_EXT && narrow.shows_snapshot)
      value = snapshot = copy_of(value);
    copy[count++] = *key;
    copy[count++] = value;
  }
  copy[count] = EGL_NONE;
  EGLImageKHR image =
    is_refused ? EGL_NO_IMAGE_KHR : create(display, context, target, buffer, copy);
  if (snapshot >= 0) close(snapshot);
  return image;
}

static EGLImageKHR create_image(
  EGLDisplay display, EGLContext context, EGLenum target, EGLClientBuffer buffer,
  const EGLint *attributes) {
  bool fails = false;
  pthread_mutex_lock(&lock);
  if (narrowing.failures && narrowing.images_before_failure) {
    narrowing.images_before_failure--;
  } else if (narrowing.failures) {
    narrowing.failures--;
    fails = true;
  }
  pthread_mutex_unlock(&lock);
  EGLImageKHR image =
    fails ? EGL_NO_IMAGE_KHR : make_image(display, context, target, buffer, attributes);
  if (image != EGL_NO_IMAGE_KHR) atomic_fetch_add(&live_images, 1);
  return image;
}

static EGLBoolean destroy_image(EGLDisplay display, EGLImageKHR image) {
  PFNEGLDESTROYIMAGEKHRPROC destroy =
    (PFNEGLDESTROYIMAGEKHRPROC)real_function("eglDestroyImageKHR");
  atomic_fetch_sub(&live_images, 1);
  planar_image_forget(image);
  return destroy(display, image);
}

static _Thread_local GLenum own_error;

static GLenum get_error(void) {
  if (now().is_lost) return 0x0507;  // GL_CONTEXT_LOST
  GLenum error = own_error ? own_error : real(glGetError)();
  own_error = GL_NO_ERROR;
  return error;
}

static void draw_arrays(GLenum mode, GLint first, GLsizei count) {
  atomic_fetch_add(&draws, 1);
  planar_images_convert();
  ((PFNGLDRAWARRAYSPROC)real_function("glDrawArrays"))(mode, first, count);
}

static void target_texture(GLenum target, GLeglImageOES image) {
  if (now().is_external_only && target == GL_TEXTURE_2D) {
    own_error = GL_INVALID_OPERATION;
    return;
  }
  PFNGLEGLIMAGETARGETTEXTURE2DOESPROC set =
    (PFNGLEGLIMAGETARGETTEXTURE2DOESPROC)real_function("glEGLImageTargetTexture2DOES");
  set(target, image);
}

// --- Semaphores

static narrow_egl_semaphores semaphores;

narrow_egl_semaphores narrow_egl_feigned_semaphores(void) {
  pthread_mutex_lock(&lock);
  narrow_egl_semaphores copy = semaphores;
  pthread_mutex_unlock(&lock);
  return copy;
}

static void make_semaphores(GLsizei count, GLuint *names) {
  for (GLsizei i = 0; i < count; i++) names[i] = (GLuint)i + 1;
}

static void delete_semaphores(GLsizei count, const GLuint *names) {
  (void)names;
  pthread_mutex_lock(&lock);
  semaphores.deletions += (unsigned)count;
  pthread_mutex_unlock(&lock);
}

static void import_semaphore(GLuint name, GLenum kind, GLint descriptor) {
  (void)name;
  if (kind != GL_HANDLE_TYPE_OPAQUE_FD_EXT) {
    own_error = GL_INVALID_ENUM;
    return;
  }
  close(descriptor);
  pthread_mutex_lock(&lock);
  semaphores.imports++;
  pthread_mutex_unlock(&lock);
}

static void wait_semaphore(
  GLuint name, GLuint buffer_count, const GLuint *buffers, GLuint texture_count,
  const GLuint *textures, const GLenum *layouts) {
  (void)name;
  (void)buffers;
  pthread_mutex_lock(&lock);
  semaphores.waits++;
  semaphores.buffers = buffer_count;
  semaphores.textures = texture_count;
  semaphores.first_texture = texture_count ? textures[0] : 0;
  semaphores.first_layout = texture_count ? layouts[0] : 0;
  pthread_mutex_unlock(&lock);
}

// --- Functions by name

typedef __eglMustCastToProperFunctionPointerType function;

static void replace(char *text, const char *what, const char *by) {
  for (char *found = text; (found = strstr(found, what)) != NULL;) memcpy(found, by, strlen(by));
}

static void shader_source(
    GLuint shader, GLsizei count, const GLchar *const *texts, const GLint *lengths) {
  PFNGLSHADERSOURCEPROC define = (PFNGLSHADERSOURCEPROC)real_function("glShaderSource");
  const narrow_egl narrowing = now();
  if ((!narrowing.rounds_down && !narrowing.mixes_planes) || count != 1 || lengths != NULL) {
    define(shader, count, texts, lengths);
    return;
  }
  char *copy = strdup(texts[0]);
  if (narrowing.rounds_down) replace(copy, "32768", "    0");
  if (narrowing.mixes_planes) replace(copy, "255u", "254u");
  const GLchar *text = copy;
  define(shader, 1, &text, NULL);
  free(copy);
}

static void uniform_array(GLint location, GLsizei count, const GLint *values) {
  GLint program = 0, first = 0;
  if (now().keeps_uniforms) {
    ((PFNGLGETINTEGERVPROC)real_function("glGetIntegerv"))(GL_CURRENT_PROGRAM, &program);
    if (location >= 0)
      ((PFNGLGETUNIFORMIVPROC)real_function("glGetUniformiv"))((GLuint)program, location, &first);
  }
  if (first == 0) ((PFNGLUNIFORM1IVPROC)real_function("glUniform1iv"))(location, count, values);
}

function eglGetProcAddress(const char *name) {
  static const struct { const char *name; function function; } ours[] = {
    {"eglQueryString", (function)eglQueryString},
    {"eglCreateContext", (function)eglCreateContext},
    {"eglMakeCurrent", (function)eglMakeCurrent},
    {"eglCreateSyncKHR", (function)create_sync},
    {"eglClientWaitSyncKHR", (function)client_wait_sync},
    {"eglQueryDmaBufFormatsEXT", (function)query_formats},
    {"eglQueryDmaBufModifiersEXT", (function)query_modifiers},
    {"eglCreateImageKHR", (function)create_image},
    {"eglDestroyImageKHR", (function)destroy_image},
    {"glEGLImageTargetTexture2DOES", (function)target_texture},
    {"glGetIntegerv", (function)get_integerv},
    {"glGetString", (function)get_string},
    {"glGetStringi", (function)get_stringi},
    {"glGetError", (function)get_error},
    {"glDrawArrays", (function)draw_arrays},
    {"glShaderSource", (function)shader_source},
    {"glUniform1iv", (function)uniform_array},
  };
  static const struct { const char *name; function function; } feigned[] = {
    {"glGenSemaphoresEXT", (function)make_semaphores},
    {"glDeleteSemaphoresEXT", (function)delete_semaphores},
    {"glImportSemaphoreFdEXT", (function)import_semaphore},
    {"glWaitSemaphoreEXT", (function)wait_semaphore},
  };
  for (size_t i = 0; i < sizeof ours / sizeof *ours; i++)
    if (strcmp(ours[i].name, name) == 0) return ours[i].function;
  for (size_t i = 0; now().feigns_semaphores && i < sizeof feigned / sizeof *feigned; i++)
    if (strcmp(feigned[i].name, name) == 0) return feigned[i].function;
  return real(eglGetProcAddress)(name);
}
