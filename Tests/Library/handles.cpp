// Handles of texalloc.hpp release what they hold, once.
#include <unistd.h>

#include <cassert>
#include <cstring>
#include <string>
#include <texalloc.hpp>

static texalloc::Buffer allocate(const texalloc::Pool &pool) {
  auto image = texalloc::make<texalloc_image>();
  image.width = image.height = 16;
  texalloc::Buffer buffer;
  texalloc::check(texalloc_pool_allocate(pool.get(), &image, 0, buffer.out()));
  return buffer;
}

static uint32_t slots(const texalloc::Pool &pool) {
  auto info = texalloc::make<texalloc_pool_info>();
  texalloc::check(texalloc_pool_get_info(pool.get(), &info));
  return info.slots;
}

int main() {
  texalloc::Pool pool;
  assert(!pool);
  texalloc::check(texalloc_pool_create(nullptr, nullptr, pool.out()));
  {
    texalloc::Buffer one = allocate(pool), other = allocate(pool);
    assert(slots(pool) == 2);
    other = std::move(one);
    assert(slots(pool) == 1 && !one && other);
    texalloc::check(texalloc_buffer_release(other.release()));
    assert(slots(pool) == 0);
    one = allocate(pool);
  }
  assert(slots(pool) == 0);
  try {
    texalloc::check(texalloc_buffer_unmap(nullptr, 0));
    assert(false);
  } catch (const texalloc::Error &error) {
    assert(error.status == TEXALLOC_INVALID_HANDLE && std::strlen(error.what()) > 0);
  }
  assert(texalloc::Error(TEXALLOC_LOST, "in my words").what() == std::string("in my words"));
  int nothing = 0;
  texalloc::Device gpu(reinterpret_cast<texalloc_device *>(&nothing)); // which cannot be closed
  assert(gpu.close() == TEXALLOC_INVALID_HANDLE && gpu && !gpu.out());
  assert(gpu.reset() == TEXALLOC_INVALID_HANDLE && gpu.release() && gpu.close() == TEXALLOC_OK);
  assert(gpu.out() && !gpu);
  const std::string path = "/tmp/texalloc-handles-" + std::to_string(getpid());
  texalloc::Socket one, other;
  {
    texalloc::Listener listener;
    texalloc::check(texalloc_listener_create(path.c_str(), nullptr, 0, listener.out()));
    texalloc::check(texalloc_socket_connect(path.c_str(), nullptr, one.out()));
    texalloc::check(texalloc_listener_accept(listener.get(), nullptr, other.out()));
  }
  assert(access(path.c_str(), F_OK) != 0);
  one.reset();
  auto event = texalloc::make<texalloc_event>();
  texalloc::check(texalloc_socket_receive(other.get(), 60000000000u, &event));
  assert(event.kind == TEXALLOC_EVENT_CLOSED && !event.words);

  pool.reset();
  texalloc::check(texalloc_shutdown());
}
