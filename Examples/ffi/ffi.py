#!/usr/bin/env python3
"""A picture from a file to a texture and back, by ctypes: ffi.py PICTURE [LIBRARY]"""
import ctypes, sys
from ctypes import byref, c_char_p, c_uint32, c_void_p

if len(sys.argv) < 2:
    sys.exit(__doc__)
library = ctypes.CDLL(sys.argv[2] if len(sys.argv) > 2 else "libtexalloc.so.1")
library.texalloc_last_error.restype = c_char_p

def call(name, *arguments):
    if getattr(library, "texalloc_" + name)(*arguments):
        sys.exit("ffi.py: " + library.texalloc_last_error().decode())

class PictureInfo(ctypes.Structure):  # as much of texalloc_picture_info as is wanted here
    _fields_ = [(name, c_uint32) for name in ("struct_size", "width", "height", "whole_width")]

gpu, pool, picture, buffer, texture = (c_void_p() for _ in range(5))
info = PictureInfo(ctypes.sizeof(PictureInfo))
call("egl_surfaceless", None, byref(gpu))
call("pool_create", gpu, None, byref(pool))
call("picture_open", sys.argv[1].encode(), None, byref(picture))
call("picture_get_info", picture, byref(info))
call("picture_allocate", picture, pool, 1 << 0 | 1 << 8, byref(buffer))  # FOR_TEXTURE, CPU_READ
call("picture_decode", picture, buffer, None)
call("texture_create", gpu, buffer, 1 << 0, byref(texture))  # NEVER_UPLOADED: no copy, or an error
pixels = ctypes.create_string_buffer(info.width * info.height * 4)
call("buffer_read", buffer, 0, True, pixels, ctypes.c_size_t(info.width * 4))
print(f"{info.width}x{info.height}, a texture without a copy; first pixel {pixels.raw[:4].hex()}")
