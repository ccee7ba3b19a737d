// EGL 1.5 and OpenGL ES 3.0 with the extensions that dma-buf import takes.
#pragma once

#include <EGL/egl.h>
#include <EGL/eglext.h>
#include <GLES3/gl3.h>
#include <GLES2/gl2ext.h>
