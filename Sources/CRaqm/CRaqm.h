#pragma once

#include <raqm.h>
// raqm needs fribidi itself; it alone tells the direction of a paragraph.
#include <fribidi.h>
