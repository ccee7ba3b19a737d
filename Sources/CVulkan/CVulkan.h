// Vulkan's types and constants, without its functions: whoever calls them asks the loader, which
// is looked for when a program first needs one.
#pragma once

#define VK_NO_PROTOTYPES

#include <vulkan/vulkan_core.h>
