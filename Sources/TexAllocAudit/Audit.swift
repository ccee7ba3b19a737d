public import SystemPackage
public import TexAlloc

/// Sees every load and store that threads of this process make to the memory of pools, until it ends.
///
/// ```swift
/// let audit = try Audit(of: pool)
/// try photo.decode(into: buffer)
/// let report = audit.finish()
/// ```
///
/// Nothing is emulated: pages are protected, and each access is made by its own instruction, which is
/// led to a second mapping of the same memory; see Docs/write-combining.md. Each takes microseconds.
/// What a device does is not seen. System calls that are to read or write audited memory fail with
/// EFAULT.
///
/// x86-64 Linux only, and not in a build with a sanitizer.
public struct Audit: ~Copyable, Sendable {
  private let session: AuditSession

  /// Why nothing can be audited here; nil where it can.
  public static var obstacle: String? { AuditSession.obstacle }

  /// Audits the slabs of the pools, and those that they get, until ``finish()`` or until this goes.
  ///
  /// - Parameter limit: Bytes of each slab, more than 0. A larger one is sampled: bands of 256 KiB, or
  ///   of a huge page, are audited, evenly spread, and nothing else of it.
  /// - Throws: `AuditError`; all memory is then as it was.
  public init(of pools: TexturePool..., atMost limit: Int = .max) throws(AuditError) {
    precondition(limit > 0, "\(limit) bytes")
    let session = try AuditSession(atMost: limit)
    do throws(AuditError) {
      for pool in pools { try session.watch(pool) }
    } catch {
      session.end()
      throw error
    }
    self.session = session
  }

  deinit { session.end() }

  /// Ends the audit, and says what it saw. Reads the debugging information of the process.
  ///
  /// Nobody should be writing any more: a thread whose access fails just then, and that comes to be
  /// heard only after the end, finds the handlers that the program had before.
  public consuming func finish() -> AuditReport { session.report() }
}

/// Why memory cannot be audited.
public enum AuditError: Error, Hashable, Sendable {
  /// Not on this processor or system, or not in this build.
  case unsupported(because: String)
  /// Another audit has a slab of the pool, which is of this heap.
  case alreadyAudited(heap: String)
  /// The system refused the signals, or memory beside that of a slab of this heap.
  case failed(heap: String?, Errno)
}

extension AuditError: CustomStringConvertible {
  public var description: String {
    switch self {
    case .unsupported(let reason): "no audit: \(reason)"
    case .alreadyAudited(let heap): "\(heap): another audit is under way"
    case .failed(let heap, let error): "\(heap ?? "audit"): \(error)"
    }
  }
}
