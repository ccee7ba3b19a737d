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
    if (handle_) Release(handle_);
    handle_ = handle;
  }

  /// Gives the handle up, which is then the caller's to release.
  Object *release() { return std::exchange(handle_, nullptr); }

 private:
  Object *handle_ = nullptr;
};

/// Goes where its context is current.
using Device = Handle<texalloc_device, texalloc_device_close>;
using Pool = Handle<texalloc_pool, texalloc_pool_release>;
using Buffer = Handle<texalloc_buffer, texalloc_buffer_release>;
using Picture = Handle<texalloc_picture, texalloc_picture_release>;
using Texture = Handle<texalloc_texture, texalloc_texture_release>;
using Target = Handle<texalloc_target, texalloc_target_release>;
using Fence = Handle<texalloc_fence, texalloc_fence_release>;
using Loader = Handle<texalloc_loader, texalloc_loader_release>;
using Load = Handle<texalloc_load, texalloc_load_release>;
using Glyphs = Handle<texalloc_glyphs, texalloc_glyphs_release>;
using Face = Handle<texalloc_face, texalloc_face_release>;
using Report = Handle<texalloc_report, texalloc_report_release>;
using Font = Handle<texalloc_font, texalloc_font_release>;

/// What went wrong, for programs that use exceptions.
class Error : public std::runtime_error {
 public:
  explicit Error(texalloc_status status) : std::runtime_error(texalloc_last_error()), status(status) {}
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
