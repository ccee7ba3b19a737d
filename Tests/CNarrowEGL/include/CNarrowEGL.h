// A driver that does less than the one beneath it, or less well: what no driver here does by itself.
// Linked into the tests, it stands before libEGL and narrows what passes.
#pragma once

#include <stdbool.h>

/// How the driver makes colours of the planes of NV12 and YU12.
typedef enum {
  /// As the one beneath does, or not at all.
  narrow_planes_beneath,
  /// As the hints say.
  narrow_planes_right,
  /// As if the range, the matrix or the siting were what they are without a hint.
  narrow_planes_ignoring_range,
  narrow_planes_ignoring_matrix,
  narrow_planes_ignoring_siting,
  /// Blue for red.
  narrow_planes_swapping_chroma,
  /// Of chroma that lies two samples further right.
  narrow_planes_displacing_chroma,
} narrow_planes;

typedef struct {
  /// Formats are sampled by GL_TEXTURE_EXTERNAL_OES only.
  bool is_external_only;
  /// The one format that is imported, as a fourcc; 0 for all.
  unsigned only_format;
  /// One image of them is imported whole, as GL_TEXTURE_EXTERNAL_OES only.
  narrow_planes planes;
  /// An image shows what was there when it was made.
  bool shows_snapshot;
  /// How many images are made before the next one fails, and how many of those before one is made
  /// again; 0 for no failure.
  unsigned images_before_failure, failures;
  /// No context of OpenGL ES above this major version; 0 for any.
  int highest_es_version;
  /// Contexts say that they are of OpenGL ES 2.0.
  bool says_es2;
  /// Contexts share nothing.
  bool has_no_share_groups;
  /// eglMakeCurrent fails for every context.
  bool fails_to_make_current;
  /// The display says that images have colour spaces: it takes them and gives the pixels as they are, or
  /// makes no image with one.
  bool ignores_image_colorspace, refuses_image_colorspace;
  /// Contexts are lost: OpenGL answers with nothing else, and there are no fences.
  bool is_lost;
  /// Waiting for a fence fails.
  bool fails_to_wait;
  /// Shaders that are compiled add nothing before they drop 16 bits: they round down.
  bool rounds_down;
  /// Shaders that are compiled lose a bit of each sample that they put together with another.
  bool mixes_planes;
  /// Arrays of uniforms stay what they were set to first.
  bool keeps_uniforms;
  /// Contexts have GL_EXT_semaphore_fd, of which they note the calls and do nothing.
  bool feigns_semaphores;
} narrow_egl;

/// What holds from now on, for every thread. All zero: the driver as it is.
void narrow_egl_set(narrow_egl narrowing);

/// An extension that neither the display nor the client nor OpenGL has from now on; NULL for none.
void narrow_egl_hide(const char *extension);

/// The last semaphore that a context feigned to wait for: how many calls of GL_EXT_semaphore were made until
/// then since the process began, and what was waited for.
typedef struct {
  unsigned imports, waits, deletions;
  unsigned buffers, textures, first_texture, first_layout;
} narrow_egl_semaphores;

narrow_egl_semaphores narrow_egl_feigned_semaphores(void);

/// EGLImages that were to be in sRGB since the process began, whatever holds.
unsigned narrow_egl_light_images(void);

/// Fences of EGL made, and draws, since the process began, whatever holds.
unsigned narrow_egl_fences(void), narrow_egl_draws(void);

/// EGLImages made and not destroyed since the process began, whatever holds.
unsigned narrow_egl_live_images(void);
