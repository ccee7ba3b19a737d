internal import CTexAlloc
internal import Glibc
internal import SystemPackage

/// A struct that is passed with its size in front, which the caller sets.
protocol SizedStruct {
  var struct_size: UInt32 { get set }
  /// All zero.
  init()
  /// How large it was before a member was added that must lie at a multiple of more than the others.
  @safe static var sizeBefore: UInt32? { get }
}

extension SizedStruct {
  @safe static var sizeBefore: UInt32? { nil }
}

/// What a struct says that a caller passes: all zero where there is none, and where it is older than this
/// library; one that is newer must be zero there.
@inline(__always)
func passed<Value: SizedStruct>(_ pointer: UnsafePointer<Value>?) throws(Misuse) -> Value {
  guard let pointer = unsafe pointer else { return Value() }
  let size = Int(try unsafe statedSize(of: pointer))
  if unsafe isWhole(pointer, size) { return unsafe pointer.pointee }
  return try unsafe passed(pointer, size)
}

/// The same without a copy where the caller's struct is the one that this library knows.
@inline(__always)
func withPassed<Value: SizedStruct, Result>(
  _ pointer: UnsafePointer<Value>, _ body: (UnsafePointer<Value>) throws -> Result
) throws -> Result {
  let size = Int(try unsafe statedSize(of: pointer))
  if unsafe isWhole(pointer, size) { return try unsafe body(pointer) }
  let value = try unsafe passed(pointer, size)
  return try unsafe withUnsafePointer(to: value) { try unsafe body($0) }
}

@inline(__always)
private func isWhole<Value>(_ pointer: UnsafePointer<Value>, _ size: Int) -> Bool {
  let alignment = UInt(MemoryLayout<Value>.alignment)
  return size == MemoryLayout<Value>.size && UInt(bitPattern: pointer) % alignment == 0
}

private func passed<Value: SizedStruct>(
  _ pointer: UnsafePointer<Value>, _ size: Int
) throws(Misuse) -> Value {
  var value = Value()
  let known = MemoryLayout<Value>.size
  let bytes = unsafe UnsafeRawBufferPointer(start: UnsafeRawPointer(pointer), count: size)
  for index in min(size, known)..<size where unsafe bytes[index] != 0 {
    throw .argument("\(Value.self) has members that this library does not know")
  }
  unsafe withUnsafeMutableBytes(of: &value) { value in
    unsafe value.copyMemory(from: UnsafeRawBufferPointer(rebasing: bytes.prefix(known)))
  }
  return value
}

/// Sees whether a struct of the caller can be filled, before something is done of which nobody would hear.
func requireRoom<Value: SizedStruct>(
  in pointer: UnsafeMutablePointer<Value>?
) throws(Misuse) {
  guard let pointer = unsafe pointer else { throw .argument("\(Value.self) is NULL") }
  _ = try unsafe statedSize(of: pointer)
}

/// Fills a struct of the caller, as far as it goes.
func pass<Value: SizedStruct>(
  _ value: Value, to pointer: UnsafeMutablePointer<Value>?
) throws(Misuse) {
  guard let pointer = unsafe pointer else { throw .argument("\(Value.self) is NULL") }
  var value = value
  value.struct_size = try unsafe statedSize(of: pointer)
  let size = Int(value.struct_size)
  let known = MemoryLayout<Value>.size
  let all = UnsafeMutableRawPointer(pointer)
  unsafe withUnsafeBytes(of: &value) { bytes in
    unsafe all.copyMemory(
      from: bytes.baseAddress ?? UnsafeRawPointer(all), byteCount: min(size, known))
  }
  if size > known { unsafe memset(all + known, 0, size - known) }
}

/// No struct grows beyond a page, nor ends within a member, half an address say.
@inline(__always)
private func statedSize<Value: SizedStruct>(
  of pointer: UnsafePointer<Value>
) throws(Misuse) -> UInt32 {
  let size = unsafe UnsafeRawPointer(pointer).loadUnaligned(as: UInt32.self)
  guard
    size >= 8 && size <= 4096 && Int(size) % MemoryLayout<Value>.alignment == 0
      || size == Value.sizeBefore
  else {
    throw .argument("\(Value.self) says that it has \(size) bytes: set struct_size to its sizeof")
  }
  return size
}

private func statedSize<Value: SizedStruct>(
  of pointer: UnsafeMutablePointer<Value>
) throws(Misuse) -> UInt32 {
  try unsafe statedSize(of: UnsafePointer(pointer))
}

/// Gives the caller what it asked for.
func pass<Value>(_ value: Value, to pointer: UnsafeMutablePointer<Value>) {
  unsafe pointer.pointee = value
}

/// Where a result goes; asked for first, so that nothing is made that nobody gets.
func room<Value>(
  _ pointer: UnsafeMutablePointer<Value>?, for name: StaticString
) throws(Misuse) -> UnsafeMutablePointer<Value> {
  guard let pointer = unsafe pointer else { throw .argument("\(name) is NULL") }
  return unsafe pointer
}

/// Sees whether so many rows of the caller can lie in memory at all.
func requireRoom(for rows: Int, by stride: Int) throws(Misuse) {
  let (size, isBeyond) = stride.multipliedReportingOverflow(by: rows)
  guard rows < 2 || stride >= 0 && !isBeyond && size < 1 << 56 else {
    throw .argument("\(rows) rows \(UInt(bitPattern: stride)) bytes apart")
  }
}

/// A text that the caller passes.
func text(_ pointer: UnsafePointer<CChar>?, _ name: StaticString) throws(Misuse) -> String {
  guard let pointer = unsafe pointer else { throw .argument("\(name) is NULL") }
  return unsafe String(cString: pointer)
}

/// A path that the caller passes: bytes, whatever they stand for.
func path(_ pointer: UnsafePointer<CChar>?) throws(Misuse) -> FilePath {
  guard let pointer = unsafe pointer else { throw .argument("path is NULL") }
  return unsafe FilePath(platformString: pointer)
}

/// An array that the caller passes.
func array<Element>(
  _ pointer: UnsafePointer<Element>?, _ count: UInt32, _ name: StaticString
) throws(Misuse) -> [Element] {
  if count == 0 { return [] }
  guard let pointer = unsafe pointer else {
    throw .argument("\(name) is NULL, and says that it has \(count)")
  }
  return unsafe Array(UnsafeBufferPointer(start: pointer, count: Int(count)))
}

/// A text for callers, who may read it as long as this lives.
@safe final class CText: @unchecked Sendable {
  // Nobody changes it.
  private let characters: UnsafeMutablePointer<CChar>

  init(_ text: String) { unsafe characters = strdup(text) }

  deinit { unsafe free(characters) }

  @unsafe var pointer: UnsafePointer<CChar> { unsafe UnsafePointer(characters) }
}
