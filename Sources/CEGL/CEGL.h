// EGL 1.5, OpenGL ES 3.0 and OpenGL 3.3 with the extensions that dma-buf import takes: types and
// constants. Whoever calls OpenGL asks EGL for the functions, so that no library of one API is linked
// where the toolkit uses the other.
#pragma once

#define GL_GLES_PROTOTYPES 0

#include <EGL/egl.h>
#include <EGL/eglext.h>
#include <GLES3/gl3.h>
#include <GLES2/gl2ext.h>
#include <GL/glcorearb.h>
