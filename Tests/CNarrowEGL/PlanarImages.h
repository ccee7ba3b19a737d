// Images of NV12 and YU12 as a driver has them that makes colours of their planes by itself, rightly or not.
#pragma once

#include "CNarrowEGL.h"

#include <EGL/egl.h>
#include <EGL/eglext.h>

/// An image of the planes that the attributes name, in colours; EGL_NO_IMAGE_KHR for other formats.
EGLImageKHR planar_image_make(
  EGLDisplay display, const EGLint *attributes, narrow_planes planes,
  PFNEGLCREATEIMAGEKHRPROC create);

/// Makes the colours of all such images anew, of what lies in their planes now: before each draw.
void planar_images_convert(void);

/// An image is about to go, such a one or another.
void planar_image_forget(EGLImageKHR image);
