extension TextureBuffer {
  /// A descriptor of the image's memory for another process: the image begins at its first byte, and
  /// nothing else was or will ever be in it. Whoever has it can neither shrink the memory under us nor
  /// reach any other image.
  ///
  /// - Returns: A duplicate that is the caller's to close or send.
  /// - Throws: `ExportRefused` for a buffer that was not allocated with
  ///   ``AllocationFlags/exportable``: others may share its slab; or the `SystemFailure` of
  ///   duplicating.
  public func export() throws(ExportRefused) -> OwnedDescriptor {
    guard memory.isExportable, let descriptor = memory.descriptor else {
      throw .notExportable(buffer: name)
    }
    do { return try OwnedDescriptor(duplicating: descriptor, named: name) } catch {
      throw .failed(error)
    }
  }
}
