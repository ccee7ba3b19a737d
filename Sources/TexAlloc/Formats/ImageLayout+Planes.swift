extension ImageLayout {
  /// The planes of one image, which lie in the layout itself.
  public struct Planes: Hashable, Sendable {
    /// As many as an image has at most, for the kernel, EGL and Vulkan alike.
    public static let limit = 4

    private var places = InlineArray<4, Plane>(repeating: Plane(offset: 0, pitch: 0, rows: 0))
    public private(set) var count = 0

    /// - Parameter planes: At most ``limit``.
    public init(_ planes: some Sequence<Plane> = []) {
      for plane in planes { append(plane) }
    }

    mutating func append(_ plane: Plane) {
      precondition(count < Self.limit, "an image of more than \(Self.limit) planes")
      places[count] = plane
      count += 1
    }

    public static func == (left: Planes, right: Planes) -> Bool { left.elementsEqual(right) }

    public func hash(into hasher: inout Hasher) {
      hasher.combine(count)
      for plane in self { hasher.combine(plane) }
    }
  }
}

extension ImageLayout.Planes: RandomAccessCollection {
  public var startIndex: Int { 0 }
  public var endIndex: Int { count }

  public subscript(index: Int) -> ImageLayout.Plane {
    precondition(
      indices.contains(index), "there is no plane \(index) among the \(count) of the image")
    return places[index]
  }
}

extension ImageLayout.Planes: ExpressibleByArrayLiteral {
  public init(arrayLiteral planes: ImageLayout.Plane...) { self.init(planes) }
}

extension ImageLayout.Planes: CustomStringConvertible {
  public var description: String { Array(self).description }
}
