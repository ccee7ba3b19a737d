#include "PlanarImages.h"

#include <math.h>
#include <pthread.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#define NV12 0x3231564e
#define YU12 0x32315559
#define AB24 0x34324241

typedef struct {
  uint8_t *file;
  size_t size;
  EGLint descriptor, offset, pitch;
} plane;

typedef struct image {
  struct image *next;
  EGLImageKHR handle;
  narrow_planes kind;
  EGLint fourcc, width, height, matrix, range, across, down;
  plane planes[3];
  uint8_t *pixels;
  size_t pitch;
} image;

static image *all;
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;

/// A number of chroma at a place counted in samples, between samples what lies between.
static double chroma(const image *image, int number, double x, double y) {
  int width = (image->width + 1) / 2, height = (image->height + 1) / 2;
  int left = (int)floor(x), top = (int)floor(y);
  double sum = 0;
  for (int j = 0; j < 2; j++)
    for (int i = 0; i < 2; i++) {
      int column = left + i < 0 ? 0 : left + i >= width ? width - 1 : left + i;
      int row = top + j < 0 ? 0 : top + j >= height ? height - 1 : top + j;
      const plane *plane = &image->planes[image->fourcc == NV12 ? 1 : 1 + number];
      size_t place = (size_t)(plane->offset + row * plane->pitch
                              + (image->fourcc == NV12 ? column * 2 + number : column));
      sum += plane->file[place] * (i ? x - left : 1 - (x - left)) * (j ? y - top : 1 - (y - top));
    }
  return sum;
}

static uint8_t level(double value) {
  return (uint8_t)lround(fmin(fmax(value, 0), 1) * 255);
}

/// As ITU-R BT.601, BT.709 and BT.2020 say.
static void convert(const image *image) {
  EGLint matrix = image->kind == narrow_planes_ignoring_matrix ? 0 : image->matrix;
  double kr = matrix == EGL_ITU_REC709_EXT ? 0.2126 : matrix == EGL_ITU_REC2020_EXT ? 0.2627 : 0.299;
  double kb = matrix == EGL_ITU_REC709_EXT ? 0.0722 : matrix == EGL_ITU_REC2020_EXT ? 0.0593 : 0.114;
  bool is_full = image->kind != narrow_planes_ignoring_range && image->range == EGL_YUV_FULL_RANGE_EXT;
  bool is_sited = image->kind != narrow_planes_ignoring_siting;
  double right = is_sited && image->across == EGL_YUV_CHROMA_SITING_0_EXT ? 0 : -0.25;
  double lower = is_sited && image->down == EGL_YUV_CHROMA_SITING_0_EXT ? 0 : -0.25;
  if (image->kind == narrow_planes_displacing_chroma) right += 2;
  int first = image->kind == narrow_planes_swapping_chroma ? 1 : 0;
  for (EGLint y = 0; y < image->height; y++)
    for (EGLint x = 0; x < image->width; x++) {
      const plane *plane = &image->planes[0];
      double luma = plane->file[plane->offset + y * plane->pitch + x];
      double blue = chroma(image, first, x / 2.0 + right, y / 2.0 + lower) - 128;
      double red = chroma(image, 1 - first, x / 2.0 + right, y / 2.0 + lower) - 128;
      luma = is_full ? luma / 255 : (luma - 16) / 219;
      blue /= is_full ? 255 : 224;
      red /= is_full ? 255 : 224;
      double r = luma + 2 * (1 - kr) * red, b = luma + 2 * (1 - kb) * blue;
      uint8_t *pixel = image->pixels + (size_t)y * image->pitch + (size_t)x * 4;
      pixel[0] = level(r);
      pixel[1] = level((luma - kr * r - kb * b) / (1 - kr - kb));
      pixel[2] = level(b);
      pixel[3] = 255;
    }
}

static void let_go(image *image) {
  for (int i = 0; i < 3; i++)
    if (image->planes[i].file) munmap(image->planes[i].file, image->planes[i].size);
  if (image->pixels) munmap(image->pixels, image->pitch * (size_t)image->height);
  free(image);
}

static void read_attributes(image *image, const EGLint *attributes) {
  for (const EGLint *key = attributes; *key != EGL_NONE; key += 2)
    switch (*key) {
      case EGL_WIDTH: image->width = key[1]; break;
      case EGL_HEIGHT: image->height = key[1]; break;
      case EGL_LINUX_DRM_FOURCC_EXT: image->fourcc = key[1]; break;
      case EGL_YUV_COLOR_SPACE_HINT_EXT: image->matrix = key[1]; break;
      case EGL_SAMPLE_RANGE_HINT_EXT: image->range = key[1]; break;
      case EGL_YUV_CHROMA_HORIZONTAL_SITING_HINT_EXT: image->across = key[1]; break;
      case EGL_YUV_CHROMA_VERTICAL_SITING_HINT_EXT: image->down = key[1]; break;
      case EGL_DMA_BUF_PLANE0_FD_EXT: image->planes[0].descriptor = key[1]; break;
      case EGL_DMA_BUF_PLANE0_OFFSET_EXT: image->planes[0].offset = key[1]; break;
      case EGL_DMA_BUF_PLANE0_PITCH_EXT: image->planes[0].pitch = key[1]; break;
      case EGL_DMA_BUF_PLANE1_FD_EXT: image->planes[1].descriptor = key[1]; break;
      case EGL_DMA_BUF_PLANE1_OFFSET_EXT: image->planes[1].offset = key[1]; break;
      case EGL_DMA_BUF_PLANE1_PITCH_EXT: image->planes[1].pitch = key[1]; break;
      case EGL_DMA_BUF_PLANE2_FD_EXT: image->planes[2].descriptor = key[1]; break;
      case EGL_DMA_BUF_PLANE2_OFFSET_EXT: image->planes[2].offset = key[1]; break;
      case EGL_DMA_BUF_PLANE2_PITCH_EXT: image->planes[2].pitch = key[1]; break;
    }
}

/// Maps the planes, and memory for the colours.
///
/// - Returns: The descriptor of the latter; negative where something fails.
static int map(image *image) {
  for (int i = 0; i < (image->fourcc == NV12 ? 2 : 3); i++) {
    plane *plane = &image->planes[i];
    struct stat status;
    if (fstat(plane->descriptor, &status) < 0) return -1;
    plane->size = (size_t)status.st_size;
    plane->file = mmap(NULL, plane->size, PROT_READ, MAP_SHARED, plane->descriptor, 0);
    if (plane->file == MAP_FAILED) {
      plane->file = NULL;
      return -1;
    }
  }
  image->pitch = ((size_t)image->width * 4 + 255) / 256 * 256;
  size_t size = image->pitch * (size_t)image->height;
  int colours = memfd_create("colours", MFD_CLOEXEC);
  if (colours < 0 || ftruncate(colours, (off_t)size) < 0) return colours;
  void *pixels = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED, colours, 0);
  image->pixels = pixels == MAP_FAILED ? NULL : pixels;
  return colours;
}

EGLImageKHR planar_image_make(
  EGLDisplay display, const EGLint *attributes, narrow_planes planes,
  PFNEGLCREATEIMAGEKHRPROC create) {
  image *made = calloc(1, sizeof *made);
  made->kind = planes;
  read_attributes(made, attributes);
  bool is_planar = made->fourcc == NV12 || made->fourcc == YU12;
  int colours = is_planar ? map(made) : -1;
  if (colours >= 0 && made->pixels) {
    const EGLint taken[] = {
      EGL_WIDTH, made->width, EGL_HEIGHT, made->height, EGL_LINUX_DRM_FOURCC_EXT, AB24,
      EGL_DMA_BUF_PLANE0_FD_EXT, colours, EGL_DMA_BUF_PLANE0_OFFSET_EXT, 0,
      EGL_DMA_BUF_PLANE0_PITCH_EXT, (EGLint)made->pitch, EGL_NONE,
    };
    made->handle = create(display, EGL_NO_CONTEXT, EGL_LINUX_DMA_BUF_EXT, NULL, taken);
  }
  if (colours >= 0) close(colours);
  EGLImageKHR handle = made->handle;
  if (handle == EGL_NO_IMAGE_KHR) {
    let_go(made);
    return handle;
  }
  pthread_mutex_lock(&lock);
  made->next = all;
  all = made;
  pthread_mutex_unlock(&lock);
  return handle;
}

void planar_images_convert(void) {
  pthread_mutex_lock(&lock);
  for (const image *image = all; image; image = image->next) convert(image);
  pthread_mutex_unlock(&lock);
}

void planar_image_forget(EGLImageKHR handle) {
  pthread_mutex_lock(&lock);
  for (image **place = &all; *place; place = &(*place)->next)
    if ((*place)->handle == handle) {
      image *gone = *place;
      *place = gone->next;
      let_go(gone);
      break;
    }
  pthread_mutex_unlock(&lock);
}
