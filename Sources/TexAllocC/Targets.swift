public import CTexAlloc
internal import TexAlloc
internal import TexAllocEGL

/// A render target with the reason for its route.
final class HeldTarget: Sendable {
  let target: RenderTarget
  let reason: CText?

  init(_ target: RenderTarget) {
    self.target = target
    reason = target.reason.map { CText($0) }
  }
}

final class HeldFence: Sendable {
  let fence: any Fence

  init(_ fence: any Fence) { self.fence = fence }
}

extension texalloc_target_info: SizedStruct {}

@c @implementation
public func texalloc_target_create(
  _ device: OpaquePointer?, _ buffer: OpaquePointer?, _ flags: UInt32,
  _ target: UnsafeMutablePointer<OpaquePointer?>?
) -> texalloc_status {
  answer {
    let room = try unsafe room(target, for: "target")
    let gpu = try Handles.devices.find(device).gpu
    let buffer = try Handles.buffer(buffer)
    guard flags & ~UInt32(TEXALLOC_NEVER_UPLOADED) == 0 else {
      throw Misuse.argument("flags: 0x\(String(flags, radix: 16))")
    }
    let target =
      flags == 0 ? try gpu.renderTarget(for: buffer) : try gpu.registerForRendering(buffer)
    unsafe room.pointee = try Handles.targets.insert(HeldTarget(target))
  }
}

@c @implementation
public func texalloc_target_get_info(
  _ target: OpaquePointer?, _ info: UnsafeMutablePointer<texalloc_target_info>?
) -> texalloc_status {
  answer {
    let held = try Handles.targets.find(target)
    unsafe try pass(
      texalloc_target_info(
        struct_size: 0, framebuffer: held.target.framebuffer,
        route: texalloc_route(held.target.route), reason: held.reason?.pointer), to: info)
  }
}

@c @implementation
public func texalloc_target_finish(
  _ target: OpaquePointer?, _ firstRow: UInt32, _ rowCount: UInt32,
  _ fence: UnsafeMutablePointer<OpaquePointer?>?
) -> texalloc_status {
  answer {
    let target = try Handles.targets.find(target).target
    let rows = Int(firstRow)..<Int(firstRow) + Int(rowCount)
    let height = target.buffer.layout.height
    guard rows.upperBound <= height else {
      throw Misuse.argument("rows up to \(rows.upperBound) of \(height)")
    }
    let drawn = try target.finish(rows: rowCount == 0 ? nil : rows)
    if let room = unsafe fence {
      unsafe room.pointee = try Handles.fences.insert(HeldFence(drawn))
    }
  }
}

@c @implementation
public func texalloc_target_release(_ target: OpaquePointer?) -> texalloc_status {
  answer { try Handles.targets.release(target) }
}

@c @implementation
public func texalloc_device_make_fence(
  _ device: OpaquePointer?, _ fence: UnsafeMutablePointer<OpaquePointer?>?
) -> texalloc_status {
  answer {
    let room = try unsafe room(fence, for: "fence")
    let made = try Handles.devices.find(device).gpu.makeFence()
    unsafe room.pointee = try Handles.fences.insert(HeldFence(made))
  }
}

@c @implementation
public func texalloc_device_export_fence(
  _ device: OpaquePointer?, _ descriptor: UnsafeMutablePointer<CInt>?
) -> texalloc_status {
  answer {
    let room = try unsafe room(descriptor, for: "descriptor")
    let fence = try Handles.devices.find(device).gpu.exportFence()
    unsafe room.pointee = try fence.duplicate().release().rawValue
  }
}

@c @implementation
public func texalloc_device_wait(_ device: OpaquePointer?, _ fence: CInt) -> texalloc_status {
  answer {
    let gpu = try Handles.devices.find(device).gpu
    if fence == passedFence { return }
    try gpu.waitOnGPU(for: syncFile(copying: fence))
  }
}

@c @implementation
public func texalloc_fence_wait(
  _ fence: OpaquePointer?, _ patience: UInt64, _ hasPassed: UnsafeMutablePointer<Bool>?
) -> texalloc_status {
  answer {
    let room = try unsafe room(hasPassed, for: "has_passed")
    let fence = try Handles.fences.find(fence).fence
    unsafe room.pointee =
      patience == 0
      ? fence.hasPassed : fence.wait(until: .now + .nanoseconds(Int64(clamping: patience)))
  }
}

@c @implementation
public func texalloc_fence_create(
  _ descriptor: CInt, _ fence: UnsafeMutablePointer<OpaquePointer?>?
) -> texalloc_status {
  answer {
    let room = try unsafe room(fence, for: "fence")
    unsafe room.pointee = try Handles.fences.insert(HeldFence(syncFile(copying: descriptor)))
    try? FileDescriptor(rawValue: descriptor).close()
  }
}

@c @implementation
public func texalloc_fence_export(
  _ fence: OpaquePointer?, _ descriptor: UnsafeMutablePointer<CInt>?
) -> texalloc_status {
  answer {
    let room = try unsafe room(descriptor, for: "descriptor")
    guard let file = try Handles.fences.find(fence).fence as? SyncFile else {
      throw Misuse(TEXALLOC_UNSUPPORTED, "the fence is no sync_file")
    }
    unsafe room.pointee = try file.duplicate().release().rawValue
  }
}

@c @implementation
public func texalloc_fence_release(_ fence: OpaquePointer?) -> texalloc_status {
  answer { try Handles.fences.release(fence) }
}
