internal import CTexAlloc
internal import Glibc
internal import Synchronization

/// Runs the body of a function of the interface: has it refused where it must not run, and what it throws
/// made a status, whose words the thread keeps.
func answer(
  _ function: StaticString = #function, _ body: () throws -> Void
) -> texalloc_status {
  do {
    if Fork.isChild {
      // Whoever held the log's lock is not here to let go of it.
      LastError.set("the process was forked and has not called exec")
      return TEXALLOC_FORKED
    }
    try body()
    return TEXALLOC_OK
  } catch {
    return fail(error, in: function)
  }
}

private func fail(_ error: any Error, in function: StaticString) -> texalloc_status {
  var message = "\(error)"
  if error is Misuse { message = "\(function.description.prefix { $0 != "(" }): \(message)" }
  // In this order, since calls of the log's function may fail, too.
  Log.write(TEXALLOC_LOG_ERROR, message)
  LastError.set(message)
  return status(of: error)
}

/// A call that does not fit the interface.
struct Misuse: Error {
  let status: texalloc_status
  let message: String

  init(_ status: texalloc_status, _ message: String) {
    self.status = status
    self.message = message
  }

  static func argument(_ message: String) -> Misuse { Misuse(TEXALLOC_INVALID_ARGUMENT, message) }
}

extension Misuse: CustomStringConvertible {
  var description: String { message }
}

/// What `texalloc_last_error` has, thread by thread.
enum LastError {
  /// Lets go of the words of a thread that ends.
  private static let key: pthread_key_t = {
    var key = pthread_key_t()
    unsafe pthread_key_create(&key) { unsafe free($0) }
    return key
  }()
  /// Lives for ever.
  nonisolated(unsafe) private static let nothing = unsafe strdup("")

  static func set(_ message: String) {
    unsafe free(pthread_getspecific(key))
    unsafe pthread_setspecific(key, strdup(message))
  }

  @unsafe static var words: UnsafePointer<CChar>? {
    guard let words = unsafe pthread_getspecific(key) else { return unsafe UnsafePointer(nothing) }
    // Only `set` puts something there.
    return unsafe UnsafePointer(words.assumingMemoryBound(to: CChar.self))
  }
}

/// Where what there is to say goes.
enum Log {
  private static let listener = Mutex<Listener?>(nil)
  /// Whether this thread is in the caller's function: what fails in there has nobody to tell.
  @TaskLocal private static var isWriting = false

  /// The caller's function with what it is given, which is the caller's to share among threads.
  @safe private struct Listener: @unchecked Sendable {
    let function: texalloc_log_function
    let user: UnsafeMutableRawPointer?
  }

  static func set(_ function: texalloc_log_function?, _ user: UnsafeMutableRawPointer?) {
    let new = unsafe function.map { unsafe Listener(function: $0, user: user) }
    listener.withLock { $0 = new }
  }

  static func write(_ level: texalloc_log_level, _ message: @autoclosure () -> String) {
    guard let listener = listener.withLock({ $0 }), !isWriting else { return }
    $isWriting.withValue(true) {
      unsafe message().withCString { unsafe listener.function(listener.user, level, $0) }
    }
  }
}

/// Whether this process is a fork of one that held handles: the library's threads and locks are then those of
/// nobody.
enum Fork {
  private static let hasHappened = Atomic(false)
  private static let isWatched: Void = {
    pthread_atfork(nil, nil) { Fork.hasHappened.store(true, ordering: .relaxed) }
  }()

  static func watch() { _ = isWatched }

  static var isChild: Bool { hasHappened.load(ordering: .relaxed) }
}
