// Kernel calls that Swift cannot make: variadic ones, and requests whose numbers are macros.
// Each returns what the call returns and leaves errno as the call left it.
#pragma once

#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <linux/dma-buf.h>
#include <linux/dma-heap.h>
#include <linux/magic.h>
#include <linux/memfd.h>
#include <linux/sync_file.h>
#include <linux/udmabuf.h>
#include <sched.h>
#include <stdint.h>
#include <sys/eventfd.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/sysmacros.h>
#include <sys/vfs.h>

// What kernels have and older headers have not; those of Linux 5.15 will do.
#ifndef MADV_POPULATE_WRITE  // 5.14, but of the C library
#define MADV_POPULATE_READ 22
#define MADV_POPULATE_WRITE 23
#endif
#ifndef DMA_BUF_IOCTL_EXPORT_SYNC_FILE  // 6.0
struct dma_buf_export_sync_file {
  uint32_t flags;
  int32_t fd;
};
struct dma_buf_import_sync_file {
  uint32_t flags;
  int32_t fd;
};
#define DMA_BUF_IOCTL_EXPORT_SYNC_FILE _IOWR(DMA_BUF_BASE, 2, struct dma_buf_export_sync_file)
#define DMA_BUF_IOCTL_IMPORT_SYNC_FILE _IOW(DMA_BUF_BASE, 3, struct dma_buf_import_sync_file)
#endif
#ifndef MFD_NOEXEC_SEAL  // 6.3
#define MFD_NOEXEC_SEAL 8U
#endif

static const int texalloc_madv_populate_read = MADV_POPULATE_READ;
static const int texalloc_madv_populate_write = MADV_POPULATE_WRITE;
static const int texalloc_seal_shrink = F_SEAL_SHRINK;
static const int texalloc_seal_grow = F_SEAL_GROW;
static const int texalloc_seal_seal = F_SEAL_SEAL;

/// memfd_create(2), close-on-exec, open to seals, and never to be run, which kernels before 6.3 do not
/// know and later ones may insist on. In reserved huge pages of 2^`huge_page_bits` bytes, unless 0.
static inline int texalloc_memfd_create(const char *name, unsigned huge_page_bits) {
  unsigned huge = huge_page_bits ? MFD_HUGETLB | huge_page_bits << MFD_HUGE_SHIFT : 0;
  unsigned flags = MFD_CLOEXEC | MFD_ALLOW_SEALING | huge;
  int memory = memfd_create(name, flags | MFD_NOEXEC_SEAL);
  return memory < 0 && errno == EINVAL ? memfd_create(name, flags) : memory;
}

/// F_ADD_SEALS of fcntl(2).
static inline int texalloc_add_seals(int descriptor, int seals) {
  return fcntl(descriptor, F_ADD_SEALS, seals);
}

/// F_GET_SEALS of fcntl(2); EINVAL where the file knows no seals.
static inline int texalloc_get_seals(int descriptor) {
  return fcntl(descriptor, F_GET_SEALS);
}

/// fallocate(2): gives back the pages of a memfd from an offset on, which must be one of a page.
static inline int texalloc_cut_behind(int descriptor, int64_t offset) {
  return fallocate(
      descriptor, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, offset, INT64_MAX - offset);
}

/// 1 where fstatfs(2) says that the file is a dma-buf, 0 where it is not.
static inline int texalloc_is_dma_buf(int descriptor) {
  struct statfs status;
  return fstatfs(descriptor, &status) < 0 ? -1 : status.f_type == DMA_BUF_MAGIC;
}

/// 1 where fstatfs(2) says that the file is of reserved huge pages, 0 where it is not.
static inline int texalloc_is_hugetlb(int descriptor) {
  struct statfs status;
  return fstatfs(descriptor, &status) < 0 ? -1 : status.f_type == HUGETLBFS_MAGIC;
}

/// PR_SET_NAME of prctl(2): 15 bytes of the name, for the calling thread.
static inline int texalloc_name_thread(const char *name) {
  return prctl(PR_SET_NAME, name, 0, 0, 0);
}

/// sched_getaffinity(2): a bit for each processor that the calling thread may run on.
static inline int texalloc_get_affinity(void *mask, size_t size) {
  return sched_getaffinity(0, size, (cpu_set_t *)mask);
}

/// F_DUPFD_CLOEXEC of fcntl(2).
static inline int texalloc_duplicate(int descriptor) {
  return fcntl(descriptor, F_DUPFD_CLOEXEC, 0);
}

/// eventfd(2), close-on-exec: readable once something other than 0 was written.
static inline int texalloc_eventfd(void) { return eventfd(0, EFD_CLOEXEC); }

/// DMA_HEAP_IOCTL_ALLOC: a dma-buf of `size` bytes, mappable for reading and writing.
static inline int texalloc_dma_heap_allocate(int heap, uint64_t size) {
  struct dma_heap_allocation_data request = {
      .len = size, .fd_flags = O_RDWR | O_CLOEXEC};
  return ioctl(heap, DMA_HEAP_IOCTL_ALLOC, &request) < 0 ? -1 : (int)request.fd;
}

/// UDMABUF_CREATE: the first `size` bytes of a memfd that is sealed against shrinking, as a dma-buf.
static inline int texalloc_udmabuf_create(int device, int memory, uint64_t size) {
  struct udmabuf_create request = {
      .memfd = (uint32_t)memory, .flags = UDMABUF_FLAGS_CLOEXEC, .offset = 0, .size = size};
  return ioctl(device, UDMABUF_CREATE, &request);
}

/// DMA_BUF_IOCTL_SYNC, retried while it is interrupted; `flags` are DMA_BUF_SYNC_*.
static inline int texalloc_dma_buf_sync(int descriptor, uint64_t flags) {
  struct dma_buf_sync request = {.flags = flags};
  int result;
  do result = ioctl(descriptor, DMA_BUF_IOCTL_SYNC, &request);
  while (result < 0 && (errno == EINTR || errno == EAGAIN));
  return result;
}

/// DMA_BUF_IOCTL_EXPORT_SYNC_FILE: what an access of this kind would have to wait for, as a sync file;
/// `flags` are DMA_BUF_SYNC_READ, DMA_BUF_SYNC_WRITE.
static inline int texalloc_dma_buf_export_sync_file(int descriptor, uint32_t flags) {
  struct dma_buf_export_sync_file request = {.flags = flags, .fd = -1};
  return ioctl(descriptor, DMA_BUF_IOCTL_EXPORT_SYNC_FILE, &request) < 0 ? -1 : request.fd;
}

/// DMA_BUF_IOCTL_IMPORT_SYNC_FILE: has the sync file stand for an access of this kind.
static inline int texalloc_dma_buf_import_sync_file(
    int descriptor, uint32_t flags, int sync_file) {
  struct dma_buf_import_sync_file request = {.flags = flags, .fd = sync_file};
  return ioctl(descriptor, DMA_BUF_IOCTL_IMPORT_SYNC_FILE, &request);
}

/// SYNC_IOC_FILE_INFO, for whether the kernel knows the file as a sync file.
static inline int texalloc_check_sync_file(int descriptor) {
  struct sync_file_info request = {0};
  return ioctl(descriptor, SYNC_IOC_FILE_INFO, &request);
}

/// DMA_BUF_SET_NAME: at most 31 bytes of it are kept.
static inline int texalloc_dma_buf_set_name(int descriptor, const char *name) {
  return ioctl(descriptor, DMA_BUF_SET_NAME, name);
}

// Sockets of unix(7), in Sockets.c: its headers define what other modules define otherwise.

/// A socket of packets, close-on-exec.
int texalloc_packet_socket(void);

/// connect(2) to a path; ENAMETOOLONG where it is longer than 107 bytes.
int texalloc_connect(int descriptor, const char *path);

/// Whether a path is a socket that nobody has any more: without a word to whoever has it, for a socket of
/// another type does not get as far as to connect.
int texalloc_is_deserted(const char *path);

/// bind(2) to a path that only its owner can connect to, from the moment that it is there, and listen(2).
int texalloc_listen(int descriptor, const char *path);

/// accept4(2), close-on-exec.
int texalloc_accept(int descriptor);

struct texalloc_credentials {
  int32_t process;
  uint32_t user, group;
};

/// SO_PEERCRED: who connected, or listened.
int texalloc_peer(int descriptor, struct texalloc_credentials *peer);

/// What came in one packet beside its bytes.
enum { texalloc_packet_room = 8 };
struct texalloc_packet {
  /// Close-on-exec, and the receiver's to close.
  int descriptors[texalloc_packet_room];
  int count;
  /// Whether the bytes, or the descriptors, did not all fit, or could not be had.
  int bytes_cut, descriptors_cut;
};

/// sendmsg(2) of one packet with at most `texalloc_packet_room` descriptors, which does not wait.
int texalloc_send_packet(
    int descriptor, const void *bytes, size_t size, const int *descriptors, int count);

/// recvmsg(2) of one packet, which does not wait; answers its size, 0 where the other side is gone.
int texalloc_receive_packet(
    int descriptor, void *bytes, size_t size, struct texalloc_packet *packet);
