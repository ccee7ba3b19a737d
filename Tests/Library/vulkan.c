/*
 * Uses the library on a device of Vulkan that a toolkit has made, and looks at every pixel that a shader sees.
 * Where there is no software device it says so, and succeeds.
 */
#include <assert.h>
#include <poll.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <texalloc.h>
#include <unistd.h>
#include <vulkan/vulkan.h>

#include "texel-fetch.h" /* SPIR-V of Sources/TexAllocVulkan/Shaders/TexelFetch.comp */

static void expect(texalloc_status wanted, texalloc_status held, const char *call, int line) {
  if (wanted == held) return;
  fprintf(stderr, "vulkan.c:%d: %s: wanted %s, held %s: %s\n", line, call, texalloc_status_name(wanted),
          texalloc_status_name(held), texalloc_last_error());
  exit(1);
}
#define EXPECT(wanted, call) expect(TEXALLOC_##wanted, call, #call, __LINE__)
#define SUCCEEDS(call) do { VkResult result = call; if (result) { fprintf(stderr, "%s: %d\n", #call, result); exit(1); } } while (0)

enum { WIDTH = 61, HEIGHT = 40 };

static VkInstance instance;
static VkPhysicalDevice physical;
static VkDevice device;
static VkQueue queue;
static const char *extensions[16];
static bool converts;
static uint32_t extension_count;
static pthread_mutex_t queue_lock = PTHREAD_MUTEX_INITIALIZER;
static int locks;

static void lock(void *user) {
  assert(user == &queue_lock);
  pthread_mutex_lock(&queue_lock);
  locks++;
}
static void unlock(void *user) {
  (void)user;
  pthread_mutex_unlock(&queue_lock);
}

/* What a toolkit does at its start. */
static bool make_device(void) {
  VkApplicationInfo application = {.sType = VK_STRUCTURE_TYPE_APPLICATION_INFO, .apiVersion = VK_API_VERSION_1_2};
  VkInstanceCreateInfo wanted = {.sType = VK_STRUCTURE_TYPE_INSTANCE_CREATE_INFO, .pApplicationInfo = &application};
  if (vkCreateInstance(&wanted, NULL, &instance)) return false;
  VkPhysicalDevice all[16];
  uint32_t count = 16;
  vkEnumeratePhysicalDevices(instance, &count, all);
  for (uint32_t i = 0; i < count; i++) {
    VkPhysicalDeviceProperties properties;
    vkGetPhysicalDeviceProperties(all[i], &properties);
    if (properties.deviceType == VK_PHYSICAL_DEVICE_TYPE_CPU) physical = all[i];
  }
  if (!physical) return false;

  static const char *const useful[] = {"VK_EXT_external_memory_host", "VK_KHR_external_memory_fd",
                                       "VK_EXT_external_memory_dma_buf", "VK_EXT_queue_family_foreign",
                                       "VK_EXT_image_drm_format_modifier", "VK_KHR_external_semaphore_fd"};
  static VkExtensionProperties had[512];
  count = 512;
  vkEnumerateDeviceExtensionProperties(physical, NULL, &count, had);
  for (uint32_t i = 0; i < count; i++)
    for (size_t j = 0; j < sizeof useful / sizeof *useful; j++)
      if (!strcmp(had[i].extensionName, useful[j])) extensions[extension_count++] = useful[j];

  VkPhysicalDeviceSamplerYcbcrConversionFeatures conversion = {
      .sType = VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_SAMPLER_YCBCR_CONVERSION_FEATURES};
  VkPhysicalDeviceFeatures2 features = {.sType = VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_FEATURES_2, .pNext = &conversion};
  vkGetPhysicalDeviceFeatures2(physical, &features);
  converts = conversion.samplerYcbcrConversion;

  float priority = 1;
  VkDeviceQueueCreateInfo first = {.sType = VK_STRUCTURE_TYPE_DEVICE_QUEUE_CREATE_INFO, .queueCount = 1,
                                   .pQueuePriorities = &priority};
  VkPhysicalDeviceTimelineSemaphoreFeatures timelines = {
      .sType = VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_TIMELINE_SEMAPHORE_FEATURES, .pNext = &conversion,
      .timelineSemaphore = VK_TRUE};
  VkDeviceCreateInfo made = {.sType = VK_STRUCTURE_TYPE_DEVICE_CREATE_INFO, .pNext = &timelines,
                             .queueCreateInfoCount = 1, .pQueueCreateInfos = &first,
                             .enabledExtensionCount = extension_count, .ppEnabledExtensionNames = extensions};
  SUCCEEDS(vkCreateDevice(physical, &made, NULL, &device));
  vkGetDeviceQueue(device, 0, 0, &queue);
  return true;
}

static uint32_t memory_type(uint32_t types) {
  VkPhysicalDeviceMemoryProperties memory;
  vkGetPhysicalDeviceMemoryProperties(physical, &memory);
  const VkMemoryPropertyFlags wanted = VK_MEMORY_PROPERTY_HOST_VISIBLE_BIT | VK_MEMORY_PROPERTY_HOST_COHERENT_BIT;
  for (uint32_t i = 0; i < memory.memoryTypeCount; i++)
    if (types >> i & 1 && (memory.memoryTypes[i].propertyFlags & wanted) == wanted) return i;
  abort();
}

/* What a shader sees of an image: every texel of it. */
static void read_pixels(const texalloc_vulkan_plane *plane, uint32_t layout_of_image, uint32_t *pixels) {
  const VkDeviceSize size = (VkDeviceSize)plane->width * plane->height * 4;
  VkBuffer texels;
  VkDeviceMemory memory;
  VkMemoryRequirements needs;
  VkBufferCreateInfo storage = {.sType = VK_STRUCTURE_TYPE_BUFFER_CREATE_INFO, .size = size,
                                .usage = VK_BUFFER_USAGE_STORAGE_BUFFER_BIT};
  SUCCEEDS(vkCreateBuffer(device, &storage, NULL, &texels));
  vkGetBufferMemoryRequirements(device, texels, &needs);
  VkMemoryAllocateInfo room = {.sType = VK_STRUCTURE_TYPE_MEMORY_ALLOCATE_INFO, .allocationSize = needs.size,
                               .memoryTypeIndex = memory_type(needs.memoryTypeBits)};
  SUCCEEDS(vkAllocateMemory(device, &room, NULL, &memory));
  SUCCEEDS(vkBindBufferMemory(device, texels, memory, 0));

  VkShaderModule shader;
  VkShaderModuleCreateInfo code = {.sType = VK_STRUCTURE_TYPE_SHADER_MODULE_CREATE_INFO,
                                   .codeSize = sizeof texel_fetch, .pCode = texel_fetch};
  SUCCEEDS(vkCreateShaderModule(device, &code, NULL, &shader));
  VkSampler sampler;
  VkSamplerCreateInfo nearest = {.sType = VK_STRUCTURE_TYPE_SAMPLER_CREATE_INFO};
  SUCCEEDS(vkCreateSampler(device, &nearest, NULL, &sampler));
  VkDescriptorSetLayoutBinding bindings[] = {
      {0, VK_DESCRIPTOR_TYPE_COMBINED_IMAGE_SAMPLER, 1, VK_SHADER_STAGE_COMPUTE_BIT, NULL},
      {1, VK_DESCRIPTOR_TYPE_STORAGE_BUFFER, 1, VK_SHADER_STAGE_COMPUTE_BIT, NULL}};
  VkDescriptorSetLayoutCreateInfo set_info = {.sType = VK_STRUCTURE_TYPE_DESCRIPTOR_SET_LAYOUT_CREATE_INFO,
                                              .bindingCount = 2, .pBindings = bindings};
  VkDescriptorSetLayout set_layout;
  SUCCEEDS(vkCreateDescriptorSetLayout(device, &set_info, NULL, &set_layout));
  VkPushConstantRange request = {VK_SHADER_STAGE_COMPUTE_BIT, 0, 16};
  VkPipelineLayoutCreateInfo layout_info = {.sType = VK_STRUCTURE_TYPE_PIPELINE_LAYOUT_CREATE_INFO,
                                            .setLayoutCount = 1, .pSetLayouts = &set_layout,
                                            .pushConstantRangeCount = 1, .pPushConstantRanges = &request};
  VkPipelineLayout layout;
  SUCCEEDS(vkCreatePipelineLayout(device, &layout_info, NULL, &layout));
  VkComputePipelineCreateInfo pipeline_info = {
      .sType = VK_STRUCTURE_TYPE_COMPUTE_PIPELINE_CREATE_INFO,
      .stage = {.sType = VK_STRUCTURE_TYPE_PIPELINE_SHADER_STAGE_CREATE_INFO, .stage = VK_SHADER_STAGE_COMPUTE_BIT,
                .module = shader, .pName = "main"},
      .layout = layout};
  VkPipeline pipeline;
  SUCCEEDS(vkCreateComputePipelines(device, VK_NULL_HANDLE, 1, &pipeline_info, NULL, &pipeline));

  VkDescriptorPoolSize sizes[] = {{VK_DESCRIPTOR_TYPE_COMBINED_IMAGE_SAMPLER, 1},
                                  {VK_DESCRIPTOR_TYPE_STORAGE_BUFFER, 1}};
  VkDescriptorPoolCreateInfo pool_info = {.sType = VK_STRUCTURE_TYPE_DESCRIPTOR_POOL_CREATE_INFO, .maxSets = 1,
                                          .poolSizeCount = 2, .pPoolSizes = sizes};
  VkDescriptorPool sets;
  SUCCEEDS(vkCreateDescriptorPool(device, &pool_info, NULL, &sets));
  VkDescriptorSetAllocateInfo one = {.sType = VK_STRUCTURE_TYPE_DESCRIPTOR_SET_ALLOCATE_INFO, .descriptorPool = sets,
                                     .descriptorSetCount = 1, .pSetLayouts = &set_layout};
  VkDescriptorSet set;
  SUCCEEDS(vkAllocateDescriptorSets(device, &one, &set));
  VkDescriptorImageInfo image = {sampler, (VkImageView)plane->view, (VkImageLayout)layout_of_image};
  VkDescriptorBufferInfo output = {texels, 0, size};
  VkWriteDescriptorSet writes[] = {
      {.sType = VK_STRUCTURE_TYPE_WRITE_DESCRIPTOR_SET, .dstSet = set, .descriptorCount = 1,
       .descriptorType = VK_DESCRIPTOR_TYPE_COMBINED_IMAGE_SAMPLER, .pImageInfo = &image},
      {.sType = VK_STRUCTURE_TYPE_WRITE_DESCRIPTOR_SET, .dstSet = set, .dstBinding = 1, .descriptorCount = 1,
       .descriptorType = VK_DESCRIPTOR_TYPE_STORAGE_BUFFER, .pBufferInfo = &output}};
  vkUpdateDescriptorSets(device, 2, writes, 0, NULL);

  VkCommandPool commands;
  VkCommandPoolCreateInfo commands_info = {.sType = VK_STRUCTURE_TYPE_COMMAND_POOL_CREATE_INFO};
  SUCCEEDS(vkCreateCommandPool(device, &commands_info, NULL, &commands));
  VkCommandBuffer list;
  VkCommandBufferAllocateInfo list_info = {.sType = VK_STRUCTURE_TYPE_COMMAND_BUFFER_ALLOCATE_INFO,
                                           .commandPool = commands, .commandBufferCount = 1};
  SUCCEEDS(vkAllocateCommandBuffers(device, &list_info, &list));
  VkCommandBufferBeginInfo begin = {.sType = VK_STRUCTURE_TYPE_COMMAND_BUFFER_BEGIN_INFO};
  SUCCEEDS(vkBeginCommandBuffer(list, &begin));
  vkCmdBindPipeline(list, VK_PIPELINE_BIND_POINT_COMPUTE, pipeline);
  vkCmdBindDescriptorSets(list, VK_PIPELINE_BIND_POINT_COMPUTE, layout, 0, 1, &set, 0, NULL);
  const int32_t rows[] = {0, 1, (int32_t)plane->width, (int32_t)plane->height};
  vkCmdPushConstants(list, layout, VK_SHADER_STAGE_COMPUTE_BIT, 0, sizeof rows, rows);
  vkCmdDispatch(list, (plane->width + 63) / 64, plane->height, 1);
  SUCCEEDS(vkEndCommandBuffer(list));
  VkSubmitInfo submit = {.sType = VK_STRUCTURE_TYPE_SUBMIT_INFO, .commandBufferCount = 1, .pCommandBuffers = &list};
  pthread_mutex_lock(&queue_lock);
  SUCCEEDS(vkQueueSubmit(queue, 1, &submit, VK_NULL_HANDLE));
  SUCCEEDS(vkQueueWaitIdle(queue));
  pthread_mutex_unlock(&queue_lock);

  void *held;
  SUCCEEDS(vkMapMemory(device, memory, 0, size, 0, &held));
  memcpy(pixels, held, size);
  vkDestroyCommandPool(device, commands, NULL);
  vkDestroyDescriptorPool(device, sets, NULL);
  vkDestroyPipeline(device, pipeline, NULL);
  vkDestroyPipelineLayout(device, layout, NULL);
  vkDestroyDescriptorSetLayout(device, set_layout, NULL);
  vkDestroySampler(device, sampler, NULL);
  vkDestroyShaderModule(device, shader, NULL);
  vkDestroyBuffer(device, texels, NULL);
  vkFreeMemory(device, memory, NULL);
}

static void expect_pixels(const texalloc_vulkan_texture_info *info, const uint32_t *wanted) {
  static uint32_t seen[WIDTH * HEIGHT];
  assert(info->planes[0].width == WIDTH && info->planes[0].height == HEIGHT);
  read_pixels(&info->planes[0], info->layout, seen);
  assert(!memcmp(seen, wanted, sizeof seen));
}

static void fill(uint32_t *pixels, uint32_t seed) {
  for (int i = 0; i < WIDTH * HEIGHT; i++) pixels[i] = (uint32_t)(i * 2654435761u) * seed | 0xFF000000u;
}

/* An image by a route, its pixels, and the same written again. */
static void show(texalloc_route route) {
  static uint32_t pixels[WIDTH * HEIGHT];
  texalloc_vulkan_options options = {
      .struct_size = sizeof options, .route = route, .instance = instance, .physical_device = physical,
      .device = device, .queue = queue, .extension_count = extension_count, .extensions = extensions,
      .lock = lock, .unlock = unlock, .user = &queue_lock};
  texalloc_vulkan_options bad = options;
  texalloc_vulkan *gpu;
  texalloc_pool *pool;
  bad.queue = NULL;
  EXPECT(INVALID_ARGUMENT, texalloc_vulkan_create(&bad, &gpu));
  bad = options, bad.unlock = NULL;
  EXPECT(INVALID_ARGUMENT, texalloc_vulkan_create(&bad, &gpu));
  bad = options, bad.extensions = NULL;
  EXPECT(INVALID_ARGUMENT, texalloc_vulkan_create(&bad, &gpu));
  bad = options, bad.queue_family = 1000;
  EXPECT(UNSUPPORTED, texalloc_vulkan_create(&bad, &gpu));
  assert(strstr(texalloc_last_error(), "1000"));
  EXPECT(INVALID_ARGUMENT, texalloc_vulkan_create(NULL, &gpu));
  EXPECT(OK, texalloc_vulkan_create(&options, &gpu));
  texalloc_pool_options for_gpu = {.struct_size = sizeof for_gpu, .vulkan = gpu};
  EXPECT(OK, texalloc_pool_create(NULL, &for_gpu, &pool));

  texalloc_image image = {.struct_size = sizeof image, .width = WIDTH, .height = HEIGHT, .name = "shown"};
  texalloc_buffer *buffer;
  texalloc_vulkan_texture *texture, *again;
  EXPECT(OK, texalloc_pool_allocate(pool, &image, TEXALLOC_FOR_TEXTURE | TEXALLOC_REWRITTEN, &buffer));
  fill(pixels, 1);
  EXPECT(OK, texalloc_buffer_write_rows(buffer, 0, 0, HEIGHT, pixels, WIDTH * 4));
  EXPECT(INVALID_ARGUMENT, texalloc_vulkan_texture_create(gpu, buffer, TEXALLOC_NEVER_UPLOADED, &texture));
  EXPECT(OK, texalloc_vulkan_texture_create(gpu, buffer, 0, &texture));
  EXPECT(OK, texalloc_vulkan_texture_create(gpu, buffer, 0, &again));
  assert(again != texture);
  texalloc_vulkan_texture_info info = {.struct_size = sizeof info}, other = {.struct_size = sizeof other};
  EXPECT(OK, texalloc_vulkan_texture_get_info(texture, &info));
  EXPECT(OK, texalloc_vulkan_texture_get_info(again, &other));
  assert(info.plane_count == 1 && info.planes[0].image && info.planes[0].image == other.planes[0].image);
  assert(info.planes[0].format == VK_FORMAT_R8G8B8A8_UNORM && info.planes[0].width == WIDTH);
  assert(!info.has_mipmaps && (route == TEXALLOC_ROUTE_ANY || info.route == route));
  assert((info.route == TEXALLOC_ROUTE_IMPORTED) == !info.reason);
  EXPECT(OK, texalloc_vulkan_texture_release(again));
  EXPECT(OK, texalloc_vulkan_collect(gpu));
  expect_pixels(&info, pixels);

  fill(pixels, 3);
  EXPECT(OK, texalloc_buffer_write_rows(buffer, 0, 0, HEIGHT, pixels, WIDTH * 4));
  EXPECT(INVALID_ARGUMENT, texalloc_vulkan_texture_contents_changed(texture, 1, HEIGHT));
  EXPECT(OK, texalloc_vulkan_texture_contents_changed(texture, 0, 0));
  EXPECT(OK, texalloc_vulkan_collect(gpu));
  expect_pixels(&info, pixels);

  texalloc_vulkan_info about = {.struct_size = sizeof about};
  EXPECT(OK, texalloc_vulkan_get_info(gpu, &about));
  assert(about.is_software && !about.is_lost && *about.name && about.live_allocations > 0);
  assert(info.route == TEXALLOC_ROUTE_IMPORTED ? about.imported == 1 : about.transferred == 1);

  texalloc_fence *fence;
  bool has_passed = false;
  EXPECT(OK, texalloc_vulkan_make_fence(gpu, &fence));
  EXPECT(OK, texalloc_fence_wait(fence, 60000000000, &has_passed));
  assert(has_passed);
  EXPECT(OK, texalloc_fence_release(fence));

  printf("vulkan.c: %s%s%s\n", texalloc_route_name(info.route), info.reason ? ": " : "",
         info.reason ? info.reason : "");

  /* What is held keeps it open. */
  EXPECT(IN_USE, texalloc_vulkan_close(gpu));
  EXPECT(OK, texalloc_buffer_release(buffer));
  EXPECT(OK, texalloc_vulkan_texture_release(texture));
  EXPECT(OK, texalloc_pool_release(pool));
  EXPECT(OK, texalloc_vulkan_close(gpu));
  EXPECT(INVALID_HANDLE, texalloc_vulkan_close(gpu));
  assert(locks > 0);
}

/* What orders the work of several devices, and what a toolkit records itself. */
static void hand_over(void) {
  texalloc_vulkan_options options = {
      .struct_size = sizeof options, .instance = instance, .physical_device = physical, .device = device,
      .queue = queue, .extension_count = extension_count, .extensions = extensions,
      .converts_luma_and_chroma = converts, .lock = lock, .unlock = unlock, .user = &queue_lock};
  texalloc_vulkan *gpu;
  texalloc_pool *pool;
  EXPECT(OK, texalloc_vulkan_create(&options, &gpu));
  texalloc_pool_options for_gpu = {.struct_size = sizeof for_gpu, .vulkan = gpu, .is_for_conversion = true};
  EXPECT(OK, texalloc_pool_create(NULL, &for_gpu, &pool));

  int fence = -2;
  texalloc_status given = texalloc_vulkan_export_fence(gpu, &fence);
  if (given != TEXALLOC_UNSUPPORTED) {
    EXPECT(OK, given);
    EXPECT(OK, texalloc_vulkan_wait(gpu, fence));
    if (fence >= 0) close(fence);
  } else {
    assert(strstr(texalloc_last_error(), "VK_KHR_external_semaphore_fd") && fence == -2);
  }
  EXPECT(INVALID_ARGUMENT, texalloc_vulkan_export_fence(gpu, NULL));
  EXPECT(OK, texalloc_vulkan_wait(gpu, -1));

  const uint32_t nv12 = TEXALLOC_NV12;
  texalloc_image image = {.struct_size = sizeof image, .width = 64, .height = 32, .formats = &nv12, .format_count = 1,
                          .colour = {.horizontal_siting = TEXALLOC_SITING_COSITED,
                                     .vertical_siting = TEXALLOC_SITING_COSITED}};
  texalloc_buffer *buffer;
  texalloc_vulkan_texture *texture;
  static uint8_t grey[64 * 32];
  memset(grey, 128, sizeof grey);
  /* Which names who takes part. */
  EXPECT(NO_USER, texalloc_pool_allocate(pool, &image, TEXALLOC_FOR_SCANOUT, &buffer));
  assert(strstr(texalloc_last_error(), "gpu conversion"));
  EXPECT(OK, texalloc_pool_allocate(pool, &image, TEXALLOC_FOR_TEXTURE | TEXALLOC_REWRITTEN, &buffer));
  EXPECT(OK, texalloc_buffer_write_rows(buffer, 0, 0, 32, grey, 64));
  EXPECT(OK, texalloc_buffer_write_rows(buffer, 1, 0, 16, grey, 64));
  EXPECT(OK, texalloc_vulkan_texture_create(gpu, buffer, 0, &texture));
  texalloc_vulkan_texture_info info = {.struct_size = sizeof info};
  EXPECT(OK, texalloc_vulkan_texture_get_info(texture, &info));

  VkImageMemoryBarrier barriers[TEXALLOC_VULKAN_BARRIERS];
  uint32_t count = 9;
  EXPECT(INVALID_ARGUMENT, texalloc_vulkan_texture_take_barriers(texture, NULL, &count));
  EXPECT(INVALID_ARGUMENT, texalloc_vulkan_texture_take_barriers(texture, barriers, NULL));
  EXPECT(OK, texalloc_vulkan_texture_take_barriers(texture, barriers, &count));
  assert(count == (info.route == TEXALLOC_ROUTE_IMPORTED ? 2 : 0));
  for (uint32_t i = 0; i < count; i++)
    assert(barriers[i].sType == VK_STRUCTURE_TYPE_IMAGE_MEMORY_BARRIER &&
           (uint64_t)barriers[i].image == info.planes[i].image && barriers[i].newLayout == info.layout);
  EXPECT(OK, texalloc_vulkan_texture_take_barriers(texture, barriers + count, &count));
  assert(count == 0);
  /* Where the memory is the device's alone, there is nobody to give it back to. */
  texalloc_buffer_info held = {.struct_size = sizeof held};
  EXPECT(OK, texalloc_buffer_get_info(buffer, &held));
  EXPECT(OK, texalloc_vulkan_texture_take_release_barriers(texture, barriers, &count));
  assert(count == 0 || strncmp(held.heap, "vulkan:", 7));

  texalloc_vulkan_converted converted = {.struct_size = sizeof converted};
  EXPECT(INVALID_ARGUMENT, texalloc_vulkan_texture_get_converted(texture, NULL));
  EXPECT(OK, texalloc_vulkan_texture_take_barriers(texture, barriers, &count));
  assert(count == 0 || strncmp(held.heap, "vulkan:", 7));
  texalloc_status conversion = texalloc_vulkan_texture_get_converted(texture, &converted);
  if (conversion == TEXALLOC_OK) {
    assert(converted.image && converted.view && converted.sampler && converted.descriptor_count);
    assert(converted.format == VK_FORMAT_G8_B8R8_2PLANE_420_UNORM && converted.width == 64 && converted.height == 32);
    EXPECT(OK, texalloc_vulkan_texture_take_barriers(texture, barriers, &count));
    assert(count == 1 && (uint64_t)barriers[0].image == converted.image);
  }
  printf("vulkan.c: NV12 in one image: %s\n", conversion ? texalloc_last_error() : "converted");
  EXPECT(OK, texalloc_buffer_release(buffer));
  EXPECT(OK, texalloc_vulkan_texture_release(texture));
  EXPECT(OK, texalloc_vulkan_collect(gpu));
  EXPECT(OK, texalloc_pool_release(pool));
  EXPECT(OK, texalloc_vulkan_close(gpu));
}

/* The same by the CPU, to compare with. */
static uint32_t *decoded(const char *path, texalloc_vulkan_texture_info *shown) {
  texalloc_pool *pool;
  texalloc_picture *picture;
  texalloc_buffer *buffer;
  texalloc_picture_info info = {.struct_size = sizeof info};
  EXPECT(OK, texalloc_pool_create(NULL, NULL, &pool));
  EXPECT(OK, texalloc_picture_open(path, NULL, &picture));
  EXPECT(OK, texalloc_picture_get_info(picture, &info));
  assert(info.width == shown->width && info.height == shown->height);
  const uint32_t format = TEXALLOC_ABGR8888;
  EXPECT(OK, texalloc_picture_allocate_as(picture, &format, 1, pool, TEXALLOC_CPU_READ, &buffer));
  EXPECT(OK, texalloc_picture_decode(picture, buffer, NULL));
  uint32_t *pixels = calloc((size_t)info.width * info.height, 4);
  assert(pixels);
  EXPECT(OK, texalloc_buffer_read(buffer, 0, true, pixels, (size_t)info.width * 4));
  EXPECT(OK, texalloc_buffer_release(buffer));
  EXPECT(OK, texalloc_picture_release(picture));
  EXPECT(OK, texalloc_pool_release(pool));
  return pixels;
}

static void keep(void *user, const texalloc_loaded *loaded) {
  if (loaded->status) fprintf(stderr, "vulkan.c: %s\n", loaded->message);
  assert(loaded->status == TEXALLOC_OK && loaded->vulkan_texture && !loaded->texture);
  *(texalloc_vulkan_texture **)user = loaded->vulkan_texture;
}

/* The loader and the cache of glyphs for a device of Vulkan. */
static void load(const char *path, const char *font_path) {
  texalloc_vulkan_options options = {
      .struct_size = sizeof options, .instance = instance, .physical_device = physical, .device = device,
      .queue = queue, .extension_count = extension_count, .extensions = extensions,
      .lock = lock, .unlock = unlock, .user = &queue_lock};
  texalloc_vulkan *gpu;
  texalloc_pool *pool;
  EXPECT(OK, texalloc_vulkan_create(&options, &gpu));
  texalloc_pool_options for_gpu = {.struct_size = sizeof for_gpu, .vulkan = gpu};
  EXPECT(OK, texalloc_pool_create(NULL, &for_gpu, &pool));

  texalloc_loader *loader;
  texalloc_vulkan_texture *texture = NULL;
  texalloc_loader_options with = {.struct_size = sizeof with, .vulkan = gpu};
  const uint32_t format = TEXALLOC_ABGR8888;
  texalloc_request request = {.struct_size = sizeof request, .path = path, .formats = &format, .format_count = 1,
                              .ended = keep, .user = &texture};
  EXPECT(INVALID_HANDLE, texalloc_loader_create(NULL, pool, NULL, &loader));
  EXPECT(OK, texalloc_loader_create(NULL, pool, &with, &loader));
  EXPECT(OK, texalloc_loader_submit(loader, &request, NULL));
  struct pollfd wake = {.events = POLLIN};
  EXPECT(OK, texalloc_loader_get_wake_up(loader, &wake.fd));
  while (!texture) {
    assert(poll(&wake, 1, 60000) == 1);
    EXPECT(OK, texalloc_loader_poll(loader, 1000000, NULL));
  }
  EXPECT(OK, texalloc_vulkan_collect(gpu));
  texalloc_vulkan_texture_info info = {.struct_size = sizeof info};
  EXPECT(OK, texalloc_vulkan_texture_get_info(texture, &info));
  uint32_t *wanted = decoded(path, &info), *seen = calloc((size_t)info.width * info.height, 4);
  assert(seen);
  read_pixels(&info.planes[0], info.layout, seen);
  assert(!memcmp(seen, wanted, (size_t)info.width * info.height * 4));
  free(seen), free(wanted);
  EXPECT(OK, texalloc_vulkan_texture_release(texture));
  EXPECT(OK, texalloc_loader_release(loader));
  printf("vulkan.c: loaded %s\n", path);

  if (font_path) {
    texalloc_glyphs *glyphs;
    texalloc_face *face;
    texalloc_font *font;
    texalloc_glyphs_options pages = {.struct_size = sizeof pages, .page_width = 256, .page_height = 128, .vulkan = gpu};
    texalloc_font_options size = {.struct_size = sizeof size, .pixel_size = 24};
    texalloc_glyph_page page = {.struct_size = sizeof page};
    texalloc_glyph_quad quads[8];
    uint32_t count, *texels = calloc(256 * 128, 4);
    assert(texels);
    EXPECT(OK, texalloc_glyphs_create(NULL, pool, &pages, &glyphs));
    EXPECT(OK, texalloc_face_open(glyphs, font_path, NULL, &face));
    EXPECT(OK, texalloc_font_create(glyphs, face, &size, &font));
    for (int frame = 0; frame < 2; frame++) {
      EXPECT(OK, texalloc_font_get_quads(font, frame ? "Texel" : "Te", 0, 0, quads, 8, &count));
      EXPECT(OK, texalloc_glyphs_flush(glyphs, NULL));
      EXPECT(OK, texalloc_vulkan_collect(gpu));
    }
    EXPECT(OK, texalloc_glyphs_get_page(glyphs, 0, &page));
    assert(count == 5 && page.vulkan.image && page.vulkan.view && page.vulkan_layout && !page.texture.name);
    read_pixels(&page.vulkan, page.vulkan_layout, texels);
    /* Every letter has ink, and nothing is beside them. */
    for (uint32_t i = 0; i < count; i++) {
      uint32_t ink = 0;
      bool is_again = false;
      for (uint32_t j = 0; j < i; j++) is_again |= quads[j].u == quads[i].u && quads[j].v == quads[i].v;
      for (uint32_t y = 0; y < quads[i].height; y++)
        for (uint32_t x = 0; x < quads[i].width; x++) {
          uint32_t *texel = &texels[(quads[i].v + y) * 256 + quads[i].u + x];
          ink += *texel & 0xFF;
          *texel = 0;
        }
      assert(ink > 255 || is_again);
    }
    for (int i = 0; i < 256 * 128; i++) assert(!(texels[i] & 0xFF));
    free(texels);
    EXPECT(OK, texalloc_font_release(font));
    EXPECT(OK, texalloc_face_release(face));
    EXPECT(OK, texalloc_glyphs_release(glyphs));
    printf("vulkan.c: glyphs are on their page\n");
  }
  EXPECT(OK, texalloc_vulkan_collect(gpu));
  EXPECT(OK, texalloc_pool_release(pool));
  EXPECT(OK, texalloc_vulkan_close(gpu));
}

int main(int count, char **arguments) {
  if (count < 2) return 2;
  texalloc_report *report;
  const char *text;
  EXPECT(OK, texalloc_probe(NULL, &report));
  EXPECT(OK, texalloc_report_get_text(report, &text));
  assert(strstr(text, "\"vulkan\":"));
  if (!make_device()) {
    printf("vulkan.c: skipped, since there is no software device of Vulkan\n");
    return 0;
  }
  assert(strstr(text, "\"importsHostMemory\":"));
  EXPECT(OK, texalloc_report_release(report));
  show(TEXALLOC_ROUTE_ANY);
  show(TEXALLOC_ROUTE_IMPORTED);
  show(TEXALLOC_ROUTE_TRANSFERRED);
  hand_over();
  load(arguments[1], arguments[2]);
  EXPECT(OK, texalloc_shutdown());
  vkDestroyDevice(device, NULL);
  vkDestroyInstance(instance, NULL);
  return 0;
}
