import CLibDRM
import CLinux
import Glibc
import SystemPackage
import TexAlloc
import XCTest

/// A fence that passes when it is told to, made by vgem, whose only fences these are.
struct PendingFence: ~Copyable {
  private let node: OwnedDescriptor
  private let number: UInt32
  let syncFile: SyncFile

  /// - Parameter heap: Dumb buffers of vgem, one of which has the fence first.
  init(from heap: DumbBufferHeap) throws {
    let node = OwnedDescriptor(
      owning: try FileDescriptor.open(heap.node, .readWrite, options: .closeOnExec))
    let (raw, slab) = (node.descriptor.rawValue, try heap.makeSlab(of: 1))
    let memory = try XCTUnwrap(slab.descriptor).rawValue
    var handle: UInt32 = 0
    unsafe try check(drmPrimeFDToHandle(raw, memory, &handle))
    // struct drm_vgem_fence_attach: handle, flags (1: as a writer's), the fence, padding.
    var attachment: [UInt32] = [handle, 1, 0, 0]
    unsafe try check(drmCommandWriteRead(raw, 1, &attachment, UInt(attachment.count * 4)))
    let exported = try check(
      texalloc_dma_buf_export_sync_file(
        memory, UInt32(DMA_BUF_SYNC_READ | DMA_BUF_SYNC_WRITE)))
    syncFile = try SyncFile(owning: OwnedDescriptor(owning: FileDescriptor(rawValue: exported)))
    number = attachment[2]
    self.node = node
  }

  /// Has the fence stand for a device that writes this memory, or reads it.
  borrowing func attach(to memory: FileDescriptor, of access: ImplicitAccess = .writing) throws {
    let flags = access == .writing ? DMA_BUF_SYNC_WRITE : DMA_BUF_SYNC_READ
    try check(
      texalloc_dma_buf_import_sync_file(
        memory.rawValue, UInt32(flags), syncFile.descriptor.rawValue))
  }

  borrowing func pass() throws {
    var signal: [UInt32] = [number, 0]  // struct drm_vgem_fence_signal: the fence, flags
    unsafe try check(drmCommandWrite(node.descriptor.rawValue, 2, &signal, UInt(signal.count * 4)))
  }

  /// Whether a device writes this memory still.
  static func isPending(on memory: FileDescriptor) -> Bool {
    var request = pollfd(fd: memory.rawValue, events: Int16(POLLIN | POLLOUT), revents: 0)
    return unsafe poll(&request, 1, 0) == 0
  }
}

@discardableResult
private func check(_ result: CInt) throws -> CInt {
  if result < 0 { throw Errno(rawValue: errno) }
  return result
}
