/// What libFuzzer calls: reads bytes as a packet, the last of them saying how many descriptors came with it.
///
/// What is accepted is written again, and must be the same bytes.
@c(LLVMFuzzerTestOneInput)
public func read(_ start: UnsafePointer<UInt8>?, _ count: Int) -> CInt {
  guard count > 0 else { return 0 }
  let bytes = unsafe Array(UnsafeBufferPointer(start: start, count: count - 1))
  let descriptors = unsafe Int(start?[count - 1] ?? 0) % 7
  guard let message = try? WireMessage(bytes.span, descriptors: descriptors, sequence: 0) else {
    return 0
  }
  precondition(message.encoded(as: 0) == bytes, "what was read is not what was written")
  precondition(message.descriptors == descriptors)
  return 0
}

/// As the allocator has it, of whose sources only those that messages need are here.
let pageSize = 4096
