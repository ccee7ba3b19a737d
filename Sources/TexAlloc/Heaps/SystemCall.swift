internal import CLinux
internal import Glibc
internal import SystemPackage

/// Runs a call that answers -1 and sets `errno` where it fails; the one place that reads `errno`.
/// A call that a signal interrupted is made again.
@discardableResult
func systemCall(
  _ operation: String, on object: String, _ call: () -> CInt
) throws(SystemFailure) -> CInt {
  while true {
    let result = call()
    if result >= 0 { return result }
    let failure = Errno(rawValue: errno)
    if failure != .interrupted { throw SystemFailure(operation, on: object, failure) }
  }
}

/// Runs a call of a library that answers NULL where it fails. Some of them fail without setting
/// `errno`; that counts as not supported.
func systemCall<Pointee>(
  _ operation: String, on object: String, _ call: () -> UnsafeMutablePointer<Pointee>?
) throws(SystemFailure) -> UnsafeMutablePointer<Pointee> {
  errno = 0
  guard let result = unsafe call() else { throw lastFailure(of: operation, on: object) }
  return unsafe result
}

/// The same for a pointer to a type that Swift does not see.
func systemCall(
  _ operation: String, on object: String, _ call: () -> OpaquePointer?
) throws(SystemFailure) -> OpaquePointer {
  errno = 0
  guard let result = unsafe call() else { throw lastFailure(of: operation, on: object) }
  return unsafe result
}

private func lastFailure(of operation: String, on object: String) -> SystemFailure {
  SystemFailure(operation, on: object, errno == 0 ? .notSupported : Errno(rawValue: errno))
}
