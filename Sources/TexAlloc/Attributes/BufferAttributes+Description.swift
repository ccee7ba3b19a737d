/// What is set, and nothing else: `gpu: pitchAlignment 64, formats AB24 XR24, deviceUsage sample`.
extension BufferAttributes: CustomStringConvertible {
  public var description: String {
    let choices = alternatives.map(\.description).joined(separator: " | ")
    let parts = [
      constraints.phrases, provides.map { ["provides \($0)"] } ?? [],
      alternatives.isEmpty ? [] : ["and one of \(choices)"],
    ].joined()
    return "\(name): " + (parts.isEmpty ? "no opinion" : parts.joined(separator: ", "))
  }
}

extension BufferConstraints: CustomStringConvertible {
  public var description: String {
    phrases.isEmpty ? "no opinion" : phrases.joined(separator: ", ")
  }

  fileprivate var phrases: [String] {
    AttributeField.allCases.compactMap { field in value(of: field).map { "\(field) \($0)" } }
  }

  private func value(of field: AttributeField) -> String? {
    func words<Element>(_ list: [Element]?) -> String? {
      list.map { $0.isEmpty ? "none" : $0.map { "\($0)" }.joined(separator: " ") }
    }
    return switch field.storage {
    case .number(let path): self[keyPath: path].map { "\($0)" }
    case .flag(let path): self[keyPath: path].map { "\($0)" }
    case .formats(let path): words(self[keyPath: path])
    case .heaps(let path): words(self[keyPath: path])
    case .caching(let path): words(self[keyPath: path])
    case .cpuUsage(let path): words(self[keyPath: path])
    case .deviceUsage(let path): words(self[keyPath: path])
    }
  }
}

extension ProvidedMemory: CustomStringConvertible {
  public var description: String {
    let words = (contiguous ? ["contiguous"] : []) + (protected ? ["protected"] : [])
    let memory = words.isEmpty ? "plain memory" : words.joined(separator: ", ") + " memory"
    return physicalAlignment > 1 ? "\(memory) aligned to \(physicalAlignment)" : memory
  }
}

/// What somebody set, the choices, and the layout of the image.
extension MergedAttributes: CustomStringConvertible {
  public var description: String {
    let parts = [
      stated == BufferConstraints() ? nil : "\(stated)", provides.map { "provides \($0)" },
      format.map { "in \($0)" }, chosenCaching.map { "\($0)" },
      layout.map { "\($0.size) bytes, rows of \($0.planes.map(\.pitch))" },
    ].compactMap(\.self)
    return parts.isEmpty ? "anything" : parts.joined(separator: ", ")
  }

  /// Without the defaults.
  private var stated: BufferConstraints {
    func unless<Value: Equatable>(_ ordinary: Value, _ value: Value) -> Value? {
      value == ordinary ? nil : value
    }
    return BufferConstraints {
      $0.offsetAlignment = unless(1, offsetAlignment)
      $0.pitchAlignment = unless(1, pitchAlignment)
      $0.heightAlignment = unless(1, heightAlignment)
      $0.sizeAlignment = unless(1, sizeAlignment)
      $0.physicalAlignment = unless(1, physicalAlignment)
      ($0.minPitch, $0.maxPitch) = (unless(0, minPitch), maxPitch)
      ($0.minWidth, $0.maxWidth) = (unless(1, minWidth), maxWidth)
      ($0.minHeight, $0.maxHeight) = (unless(1, minHeight), maxHeight)
      ($0.minSize, $0.maxSize) = (unless(0, minSize), maxSize)
      ($0.minBuffers, $0.maxBuffers) = (unless(1, minBuffers), maxBuffers)
      $0.heldBuffers = unless(0, heldBuffers)
      ($0.formats, $0.heaps, $0.caching) = (formats, heaps, caching)
      ($0.contiguous, $0.protected) = (unless(false, contiguous), unless(false, protected))
      ($0.cpuUsage, $0.deviceUsage) = (unless([], cpuUsage), unless([], deviceUsage))
    }
  }
}
