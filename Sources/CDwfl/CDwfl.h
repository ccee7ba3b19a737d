#pragma once
#include <dwarf.h>
#include <elfutils/libdwfl.h>
#include <stdlib.h>
