/// A field of ``BufferConstraints``; the raw value is its key in the JSON form.
public enum AttributeField: String, CaseIterable, Sendable {
  case offsetAlignment, pitchAlignment, heightAlignment, sizeAlignment, physicalAlignment
  case minPitch, maxPitch, minWidth, maxWidth, minHeight, maxHeight, minSize, maxSize
  case minBuffers, maxBuffers, heldBuffers
  case formats, heaps, caching
  case contiguous, protected
  case cpuUsage, deviceUsage
}

extension AttributeField {
  /// Where the field is stored, by the type of its values.
  package enum Storage {
    package typealias Path<Value> = WritableKeyPath<BufferConstraints, Value?>

    case number(Path<Int>)
    case flag(Path<Bool>)
    case formats(Path<[Format]>)
    case heaps(Path<[String]>)
    case caching(Path<[Caching]>)
    case cpuUsage(Path<[CPUUsage]>)
    case deviceUsage(Path<[DeviceUsage]>)
  }

  package var storage: Storage {
    switch self {
    case .offsetAlignment: .number(\.offsetAlignment)
    case .pitchAlignment: .number(\.pitchAlignment)
    case .heightAlignment: .number(\.heightAlignment)
    case .sizeAlignment: .number(\.sizeAlignment)
    case .physicalAlignment: .number(\.physicalAlignment)
    case .minPitch: .number(\.minPitch)
    case .maxPitch: .number(\.maxPitch)
    case .minWidth: .number(\.minWidth)
    case .maxWidth: .number(\.maxWidth)
    case .minHeight: .number(\.minHeight)
    case .maxHeight: .number(\.maxHeight)
    case .minSize: .number(\.minSize)
    case .maxSize: .number(\.maxSize)
    case .minBuffers: .number(\.minBuffers)
    case .maxBuffers: .number(\.maxBuffers)
    case .heldBuffers: .number(\.heldBuffers)
    case .formats: .formats(\.formats)
    case .heaps: .heaps(\.heaps)
    case .caching: .caching(\.caching)
    case .contiguous: .flag(\.contiguous)
    case .protected: .flag(\.protected)
    case .cpuUsage: .cpuUsage(\.cpuUsage)
    case .deviceUsage: .deviceUsage(\.deviceUsage)
    }
  }
}

extension BufferConstraints {
  /// These constraints without any opinion on other fields.
  package func restricted(to fields: [AttributeField]) -> BufferConstraints {
    var kept = BufferConstraints()
    func keep<Value>(_ path: WritableKeyPath<BufferConstraints, Value>) {
      kept[keyPath: path] = self[keyPath: path]
    }
    for field in fields {
      switch field.storage {
      case .number(let path): keep(path)
      case .flag(let path): keep(path)
      case .formats(let path): keep(path)
      case .heaps(let path): keep(path)
      case .caching(let path): keep(path)
      case .cpuUsage(let path): keep(path)
      case .deviceUsage(let path): keep(path)
      }
    }
    return kept
  }
}
