#pragma once

#include <lcms2.h>

// What the header makes of macros that take parameters.
static const cmsUInt32Number texalloc_lcms_grey = TYPE_GRAY_8;
static const cmsUInt32Number texalloc_lcms_rgba = TYPE_RGBA_8;
static const cmsUInt32Number texalloc_lcms_bgra = TYPE_BGRA_8;
static const cmsUInt32Number texalloc_lcms_cmyk = TYPE_CMYK_8;
static const cmsUInt32Number texalloc_lcms_inverted_cmyk = TYPE_CMYK_8_REV;
