// The reference that decoding is tested against.
#pragma once
#include <turbojpeg.h>
