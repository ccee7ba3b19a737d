internal import Synchronization
internal import TexAlloc

extension EGLDevice {
  /// The device's own mapped buffers, measured when first asked for.
  ///
  /// - Throws: What the driver lacks, each time the same.
  package func mappedBuffers() throws(EGLFailure) -> MappedBuffers {
    try madeBuffers.withLock { known in
      if let known { return known }
      let made = Result { () throws(EGLFailure) in
        try MappedBuffers(of: connection.driver, on: maker, until: loss)
      }
      known = made
      return made
    }.get()
  }

  /// The one of the device's own mapped buffers that an image lies in; nil where it lies elsewhere.
  func mappedBuffer(of buffer: TextureBuffer) -> MappedBuffer? {
    guard let mapped = buffer.slab?.companion(MappedBuffer.ofSlab), mapped.context === maker
    else { return nil }
    return mapped
  }
}
