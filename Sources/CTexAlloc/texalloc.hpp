// TexAlloc for C++17: handles of texalloc.h that release themselves, and nothing more. Its functions are
// called as they are:
//
//   texalloc::Pool pool;
//   texalloc::check(texalloc_pool_create(gpu.get(), nullptr, pool.out()));
//
// Apache License 2.0.
#ifndef TEXALLOC_HPP
#define TEXALLOC_HPP

#include <stdexcept>
#include <string>
#include <utility>

#include "texalloc.h"

namespace texalloc {

/// A handle that is released with its owner. It can be moved and not copied.
template <typename Object, texalloc_status (*Release)(Object *)>
class Handle {
 public:
  Handle() = default;
  /// Takes over a handle, which nobody else will release.
  explicit Handle(Object *handle) : handle_(handle) {}
  Handle(Handle &&other) noexcept : handle_(other.release()) {}
  Handle &operator=(Handle &&other) noexcept {
    reset(other.release());
    return *this;
  }
  ~Handle() { reset(); }

  /// What functions of texalloc.h take.
  Object *get() const { return handle_; }
  explicit operator bool() const { return handle_ != nullptr; }

  /// Where a function of texalloc.h puts a new handle; the old one is released.
  Object **out() {
    reset();
    return &handle_;
  }

  /// Releases the handle, and takes over another.
  void reset(Object *handle = nullptr) {
    // Before it is released, which may call the owner back.
    Object *old = std::exchange(handle_, handle);
    if (old) Release(old);
  }

  /// Gives the handle up, which is then the caller's to release.
  Object *release() { return std::exchange(handle_, nullptr); }

 private:
  Object *handle_ = nullptr;
};

/// A device, which is closed with its owner where that can be (of OpenGL, where its context is current), and else kept.
template <typename Object, texalloc_status (*Close)(Object *)>
class ClosedHandle {
 public:
  ClosedHandle() = default;
  /// Takes over a handle, which nobody else will close.
  explicit ClosedHandle(Object *handle) : handle_(handle) {}
  ClosedHandle(ClosedHandle &&other) noexcept : handle_(other.release()) {}
  /// Takes the other's handle where its own can be closed; else both keep theirs.
  ClosedHandle &operator=(ClosedHandle &&other) noexcept {
    if (this != &other && close() == TEXALLOC_OK) handle_ = other.release();
    return *this;
  }
  /// What cannot be closed here is left to texalloc_shutdown().
  ~ClosedHandle() { close(); }

  /// What functions of texalloc.h take.
  Object *get() const { return handle_; }
  explicit operator bool() const { return handle_ != nullptr; }

  /// Closes the device; unless that succeeds, the handle stays.
  texalloc_status close() {
    texalloc_status status = Close(handle_);
    if (status == TEXALLOC_OK) handle_ = nullptr;
    return status;
  }

  /// Where a function of texalloc.h puts a new handle; NULL, which it refuses, where the old one stays.
  Object **out() { return close() == TEXALLOC_OK ? &handle_ : nullptr; }

  /// Closes the device, and takes over another; that stays the caller's unless it succeeds.
  texalloc_status reset(Object *handle = nullptr) {
    texalloc_status status = close();
    if (status == TEXALLOC_OK) handle_ = handle;
    return status;
  }

  /// Gives the handle up, which is then the caller's to close.
  Object *release() { return std::exchange(handle_, nullptr); }

 private:
  Object *handle_ = nullptr;
};

using Device = ClosedHandle<texalloc_device, texalloc_device_close>;
using Vulkan = ClosedHandle<texalloc_vulkan, texalloc_vulkan_close>;
using Pool = Handle<texalloc_pool, texalloc_pool_release>;
using Buffer = Handle<texalloc_buffer, texalloc_buffer_release>;
using Picture = Handle<texalloc_picture, texalloc_picture_release>;
using Texture = Handle<texalloc_texture, texalloc_texture_release>;
using VulkanTexture = Handle<texalloc_vulkan_texture, texalloc_vulkan_texture_release>;
using Target = Handle<texalloc_target, texalloc_target_release>;
using Fence = Handle<texalloc_fence, texalloc_fence_release>;
using Loader = Handle<texalloc_loader, texalloc_loader_release>;
using Load = Handle<texalloc_load, texalloc_load_release>;
using Glyphs = Handle<texalloc_glyphs, texalloc_glyphs_release>;
using Face = Handle<texalloc_face, texalloc_face_release>;
using Report = Handle<texalloc_report, texalloc_report_release>;
using Font = Handle<texalloc_font, texalloc_font_release>;
using Listener = Handle<texalloc_listener, texalloc_listener_release>;
using Socket = Handle<texalloc_socket, texalloc_socket_release>;

/// What went wrong, for programs that use exceptions.
class Error : public std::runtime_error {
 public:
  explicit Error(texalloc_status status) : Error(status, texalloc_last_error()) {}
  /// With words of one's own, as those of a texalloc_loaded.
  Error(texalloc_status status, const std::string &words) : std::runtime_error(words), status(status) {}
  const texalloc_status status;
};

/// Throws an Error unless a call succeeded.
inline void check(texalloc_status status) {
  if (status != TEXALLOC_OK) throw Error(status);
}

/// A struct that says its size: `auto image = texalloc::make<texalloc_image>();`
template <typename Struct>
Struct make() {
  Struct value{};
  value.struct_size = sizeof value;
  return value;
}

}  // namespace texalloc

#endif
