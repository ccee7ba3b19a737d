internal import CAudit
internal import Glibc
internal import SystemPackage

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
