// The reference that decoding is tested against, and glibc's account of memory.
#pragma once
#include <malloc.h>
#include <turbojpeg.h>
