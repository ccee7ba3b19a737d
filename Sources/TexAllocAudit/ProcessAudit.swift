internal import CAudit
internal import Glibc
internal import Synchronization
internal import SystemPackage
internal import TexAlloc

/// The audit of a whole process that links this module: of every pool that it makes, where the
/// environment asks for it with `TEXALLOC_AUDIT=report.json`. Not in a program that runs with another
/// user's rights.
///
/// At exit the report is written to that file as JSON, and a summary to standard error.
enum ProcessAudit {
  private struct Running {
    let session: AuditSession
    let path: FilePath
    /// A process that was forked off exits, too.
    let process: pid_t
    /// An audit of nothing, for as long as the process lasts: threads that still write when it exits
    /// find the handlers of those accesses that have just failed.
    let lasting: AuditSession
  }

  /// Of each slab at most so many bytes are audited.
  private static let limit = 16 << 20

  private static let running = Mutex<Running?>(nil)

  static func start(reportingTo path: FilePath) {
    do throws(AuditError) {
      let session = try AuditSession(atMost: limit)
      let lasting = try AuditSession(atMost: limit)
      running.withLock {
        $0 = Running(session: session, path: path, process: getpid(), lasting: lasting)
      }
      TexturePool.onCreation { pool in
        do throws(AuditError) { try session.watch(pool) } catch { complain(error) }
      }
    } catch {
      return complain(error)
    }
    atexit { ProcessAudit.finish() }
  }

  private static func finish() {
    guard let running = running.withLock({ $0.take() }), running.process == getpid() else { return }
    let report = running.session.report()
    if let failure = running.session.takeFailure() { complain(failure) }
    say("audit of texture memory, in full in \(running.path)\n\(report.summary)\n")
    do {
      let file = try FileDescriptor.open(
        running.path, .writeOnly, options: [.create, .truncate, .closeOnExec],
        permissions: [.ownerReadWrite, .groupRead, .otherRead])
      try file.closeAfter { _ = try file.writeAll((report.json + "\n").utf8) }
    } catch {
      say("\(running.path): \(error)\n")
    }
  }

  private static func complain(_ error: AuditError) { say("TEXALLOC_AUDIT: \(error)\n") }

  private static func say(_ text: String) {
    // Nothing is left to be told where standard error itself fails.
    _ = try? FileDescriptor.standardError.writeAll(text.utf8)
  }
}

@c @implementation
func texalloc_audit_process(_ path: UnsafePointer<CChar>?) {
  guard let path = unsafe path else { return }
  unsafe ProcessAudit.start(reportingTo: FilePath(String(cString: path)))
}
