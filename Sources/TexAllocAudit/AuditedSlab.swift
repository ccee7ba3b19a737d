internal import CAudit
internal import Glibc
internal import Synchronization
internal import SystemPackage
internal import TexAlloc

/// A slab that is being audited: the slab's companion, so that the audit ends before the mapping does.
@safe final class AuditedSlab: Sendable {
  private static let companion = SlabCompanion<AuditedSlab>()

  let auditedBytes: Int
  private let region: Mutex<Region?>
  /// Where its last lines are counted, though the audit may be over.
  private let audit: AuditMemory

  @safe private struct Region: @unchecked Sendable {  // entries of a table that lasts
    let pointer: OpaquePointer
  }

  /// - Throws: `AuditError` where another audit has the slab, or the system no memory.
  @unsafe init(
    _ slab: Slab, by audit: AuditMemory, atMost limit: Int
  ) throws(AuditError) {
    guard let descriptor = slab.descriptor else {
      throw .unsupported(because: "\(slab.heap): its memory has no descriptor to map it by again")
    }
    let bytes = unsafe slab.bytes(in: 0..<slab.size)
    let region = unsafe texalloc_audit_add(
      audit.pointer, bytes.baseAddress, bytes.count, descriptor.rawValue, limit)
    guard let region = unsafe region else {
      let error = Errno(rawValue: errno)
      throw error == .resourceBusy
        ? .alreadyAudited(heap: slab.heap) : .failed(heap: slab.heap, error)
    }
    self.audit = audit
    auditedBytes = unsafe texalloc_audit_extent(region)
    self.region = Mutex(unsafe Region(pointer: region))
    slab.removeCompanion(Self.companion)  // of an audit that is over
    _ = slab.companion(Self.companion) { self }
  }

  deinit { end() }

  func renew(_ range: Range<Int>) {
    region.withLock { region in
      if let region { unsafe texalloc_audit_renew(region.pointer, range.lowerBound, range.count) }
    }
  }

  /// Makes the memory ordinary again, once.
  func end() {
    region.withLock { region in
      if let region { unsafe texalloc_audit_remove(region.pointer) }
      region = nil
    }
  }
}

/// What is counted in, for as long as anybody may: the audit, and each slab that it has.
@safe final class AuditMemory: @unchecked Sendable {  // the pointer never changes
  let pointer: OpaquePointer

  /// Begins an audit, which is to be ended before this goes.
  init() throws(AuditError) {
    guard let pointer = unsafe texalloc_audit_begin() else {
      throw .failed(heap: nil, Errno(rawValue: errno))
    }
    unsafe self.pointer = pointer
  }

  deinit { unsafe texalloc_audit_free(pointer) }
}
