#pragma once

#include <ft2build.h>
#include FT_FREETYPE_H
#include FT_MULTIPLE_MASTERS_H
#include FT_OUTLINE_H

/// Macros that call macros, which Swift does not see.
enum { texalloc_ft_load_target_light = FT_LOAD_TARGET_LIGHT };
