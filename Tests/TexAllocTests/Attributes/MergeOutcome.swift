import TexAlloc

/// What merging gives by the specification, as a value to compare.
func outcome(_ participants: [BufferAttributes], _ image: ImageSize? = nil)
  -> Result<MergedAttributes, MergeError>
{
  Result { () throws(MergeError) in
    try BufferAttributes.merging(participants, image: image, in: .specification)
  }
}

extension Result<MergedAttributes, MergeError> {
  var conflict: MergeConflict? {
    if case .failure(.conflict(let conflict)) = self { conflict } else { nil }
  }

  var invalid: InvalidAttributes? {
    if case .failure(.invalid(let invalid)) = self { invalid } else { nil }
  }

  var merged: MergedAttributes? { try? get() }
}

extension BufferAttributes {
  /// A participant that asks for exactly what was merged.
  init(name: String, asking merged: MergedAttributes) {
    self.init(name: name, provides: merged.provides) {
      $0.offsetAlignment = merged.offsetAlignment
      $0.pitchAlignment = merged.pitchAlignment
      $0.heightAlignment = merged.heightAlignment
      $0.sizeAlignment = merged.sizeAlignment
      $0.physicalAlignment = merged.physicalAlignment
      ($0.minPitch, $0.maxPitch) = (merged.minPitch, merged.maxPitch)
      ($0.minWidth, $0.maxWidth) = (merged.minWidth, merged.maxWidth)
      ($0.minHeight, $0.maxHeight) = (merged.minHeight, merged.maxHeight)
      ($0.minSize, $0.maxSize) = (merged.minSize, merged.maxSize)
      ($0.minBuffers, $0.maxBuffers) = (merged.minBuffers, merged.maxBuffers)
      $0.heldBuffers = merged.heldBuffers
      ($0.formats, $0.heaps, $0.caching) = (merged.formats, merged.heaps, merged.caching)
      ($0.contiguous, $0.protected) = (merged.contiguous, merged.protected)
      ($0.cpuUsage, $0.deviceUsage) = (merged.cpuUsage, merged.deviceUsage)
    }
  }
}
