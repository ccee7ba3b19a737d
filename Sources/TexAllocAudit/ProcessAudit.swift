internal import CAudit
internal import Glibc
internal import Synchronization
internal import SystemPackage
public import TexAlloc

/// The audit of a whole process, which the environment asks for: `TEXALLOC_AUDIT=report.json`, not in
/// a program that runs with another user's rights.
///
/// At exit the report is written to that file as JSON, and a summary to standard error.
public enum ProcessAudit {
  private struct Running {
    let session: AuditSession
    let path: FilePath
    /// A process that was forked off exits, too.
    let process: pid_t
  }

  /// Of each slab at most so many bytes are audited.
  private static let limit = 16 << 20

  private static let running = Mutex<Running?>(nil)
  /// An audit of nothing, for as long as the process lasts: threads that still write when it exits
  /// find the handlers of those accesses that have just failed.
  private static let lasting = Mutex<AuditSession?>(nil)
  /// Once, however many pools there are.
  private static let isStarted: Bool = start()

  /// Audits a pool until the process exits, where the environment asks for it; nothing otherwise.
  public static func watch(_ pool: TexturePool) {
    guard isStarted, let session = running.withLock({ $0?.session }) else { return }
    do throws(AuditError) { try session.watch(pool) } catch { complain(error) }
  }

  private static func start() -> Bool {
    guard let text = unsafe texalloc_audit_environment("TEXALLOC_AUDIT") else { return false }
    let path = unsafe FilePath(String(cString: text))
    guard !path.isEmpty else { return false }
    do throws(AuditError) {
      let session = try AuditSession(atMost: limit)
      do throws(AuditError) {
        let lasting = try AuditSession(atMost: limit)
        Self.lasting.withLock { $0 = lasting }
      } catch {
        session.end()
        throw error
      }
      running.withLock { $0 = Running(session: session, path: path, process: getpid()) }
    } catch {
      complain(error)
      return false
    }
    atexit { ProcessAudit.finish() }
    return true
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
