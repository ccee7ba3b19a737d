// Requests to the nodes of /dev/dri, by the kernel's own interface: libdrm, which may be missing where
// a program runs, would add nothing to them. Each returns -1 with errno where it fails.
#pragma once

#if __has_include(<libdrm/drm.h>)
#include <libdrm/drm.h>
#else
#include <drm/drm.h>
#endif
#include <fcntl.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/ioctl.h>

/// DRM_IOCTL_DROP_MASTER.
static inline int texalloc_drm_drop_master(int node) {
  return ioctl(node, DRM_IOCTL_DROP_MASTER, NULL);
}

/// DRM_IOCTL_VERSION, for how the driver calls itself: at most `size` - 1 bytes of it and a zero.
static inline int texalloc_drm_driver(int node, char *name, size_t size) {
  struct drm_version version = {.name_len = size - 1, .name = name};
  int result = ioctl(node, DRM_IOCTL_VERSION, &version);
  name[result == 0 && version.name_len < size ? version.name_len : size - 1] = 0;
  return result;
}

/// DRM_IOCTL_PRIME_HANDLE_TO_FD: a buffer as a dma-buf, open for reading and writing.
static inline int texalloc_drm_export(int node, uint32_t handle) {
  struct drm_prime_handle request = {.handle = handle, .flags = O_CLOEXEC | O_RDWR};
  return ioctl(node, DRM_IOCTL_PRIME_HANDLE_TO_FD, &request) < 0 ? -1 : request.fd;
}

/// DRM_IOCTL_MODE_CREATE_DUMB: an image of pixels of 32 bits.
static inline int texalloc_drm_create_dumb(
  int card, uint32_t width, uint32_t height, uint32_t *handle) {
  struct drm_mode_create_dumb request = {.width = width, .height = height, .bpp = 32};
  int result = ioctl(card, DRM_IOCTL_MODE_CREATE_DUMB, &request);
  *handle = request.handle;
  return result;
}

/// DRM_IOCTL_MODE_DESTROY_DUMB: whatever was exported keeps the memory.
static inline int texalloc_drm_destroy_dumb(int card, uint32_t handle) {
  struct drm_mode_destroy_dumb request = {.handle = handle};
  return ioctl(card, DRM_IOCTL_MODE_DESTROY_DUMB, &request);
}

// What a display is asked and told, each with its structure of drm_mode.h.
static const unsigned long texalloc_drm_set_client_cap = DRM_IOCTL_SET_CLIENT_CAP;
static const unsigned long texalloc_drm_set_master = DRM_IOCTL_SET_MASTER;
static const unsigned long texalloc_drm_fd_to_handle = DRM_IOCTL_PRIME_FD_TO_HANDLE;
static const unsigned long texalloc_drm_close_handle = DRM_IOCTL_GEM_CLOSE;
static const unsigned long texalloc_drm_resources = DRM_IOCTL_MODE_GETRESOURCES;
static const unsigned long texalloc_drm_connector = DRM_IOCTL_MODE_GETCONNECTOR;
static const unsigned long texalloc_drm_encoder = DRM_IOCTL_MODE_GETENCODER;
static const unsigned long texalloc_drm_plane_resources = DRM_IOCTL_MODE_GETPLANERESOURCES;
static const unsigned long texalloc_drm_plane = DRM_IOCTL_MODE_GETPLANE;
static const unsigned long texalloc_drm_properties = DRM_IOCTL_MODE_OBJ_GETPROPERTIES;
static const unsigned long texalloc_drm_property = DRM_IOCTL_MODE_GETPROPERTY;
static const unsigned long texalloc_drm_blob = DRM_IOCTL_MODE_GETPROPBLOB;
static const unsigned long texalloc_drm_make_blob = DRM_IOCTL_MODE_CREATEPROPBLOB;
static const unsigned long texalloc_drm_destroy_blob = DRM_IOCTL_MODE_DESTROYPROPBLOB;
static const unsigned long texalloc_drm_create = DRM_IOCTL_MODE_CREATE_DUMB;
static const unsigned long texalloc_drm_add_framebuffer = DRM_IOCTL_MODE_ADDFB2;
static const unsigned long texalloc_drm_remove_framebuffer = DRM_IOCTL_MODE_RMFB;
static const unsigned long texalloc_drm_crtc = DRM_IOCTL_MODE_GETCRTC;
static const unsigned long texalloc_drm_set_crtc = DRM_IOCTL_MODE_SETCRTC;
static const unsigned long texalloc_drm_page_flip = DRM_IOCTL_MODE_PAGE_FLIP;
static const unsigned long texalloc_drm_atomic = DRM_IOCTL_MODE_ATOMIC;

/// ioctl(2).
static inline int texalloc_drm_ioctl(int node, unsigned long request, void *argument) {
  return ioctl(node, request, argument);
}
