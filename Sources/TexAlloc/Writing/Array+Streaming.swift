internal import CStreaming

extension [UInt8] {
  /// A copy of memory that is not cached, by the loads that are least slow there: a whole line at a
  /// time where the processor has them (MOVNTDQA, LDNP).
  @unsafe package init(streaming memory: UnsafeRawBufferPointer) {
    unsafe self.init(unsafeUninitializedCapacity: memory.count) { copy, count in
      unsafe texalloc_stream_load(copy.baseAddress, memory.baseAddress, memory.count)
      count = memory.count
    }
  }
}
