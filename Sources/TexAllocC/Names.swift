internal import CTexAlloc
internal import TexAlloc

// What stands for the enumerations of Swift.

/// The member of an enumeration that a number of the header stands for.
private func known<Value>(
  _ values: [Value], _ number: UInt32, _ name: StaticString
) throws(Misuse) -> Value {
  guard values.indices.contains(Int(number)) else { throw .argument("\(name): \(number)") }
  return values[Int(number)]
}

extension Colour {
  init(_ colour: texalloc_colour) throws(Misuse) {
    try self.init(
      matrix: known(Matrix.allCases, colour.matrix.rawValue, "matrix"),
      range: known(Range.allCases, colour.range.rawValue, "range"),
      transfer: known(Transfer.allCases, colour.transfer.rawValue, "transfer"),
      horizontalSiting: known(
        Siting.allCases, colour.horizontal_siting.rawValue, "horizontal_siting"),
      verticalSiting: known(Siting.allCases, colour.vertical_siting.rawValue, "vertical_siting"))
  }
}

extension texalloc_colour {
  init(_ colour: Colour) {
    func number<Value: CaseIterable & Equatable>(_ value: Value) -> UInt32 {
      UInt32(Array(Value.allCases).firstIndex(of: value) ?? 0)
    }
    self.init(
      matrix: texalloc_matrix(number(colour.matrix)), range: texalloc_range(number(colour.range)),
      transfer: texalloc_transfer(number(colour.transfer)),
      horizontal_siting: texalloc_siting(number(colour.horizontalSiting)),
      vertical_siting: texalloc_siting(number(colour.verticalSiting)))
  }
}

extension Alpha {
  init(_ alpha: texalloc_alpha) throws(Misuse) {
    self = try known(Alpha.allCases, alpha.rawValue, "alpha")
  }
}

extension texalloc_alpha {
  init(_ alpha: Alpha) {
    self =
      switch alpha {
      case .premultiplied: TEXALLOC_ALPHA_PREMULTIPLIED
      case .straight: TEXALLOC_ALPHA_STRAIGHT
      case .opaque: TEXALLOC_ALPHA_OPAQUE
      }
  }
}

extension Sampling {
  init(_ sampling: texalloc_sampling) throws(Misuse) {
    self = try known([.asStored, .asLight], sampling.rawValue, "sampling")
  }
}

extension DecodingOptions {
  init(_ options: texalloc_picture_options) throws(Misuse) {
    self.init()
    let fill = unsafe options.fill
    if unsafe options.salvages_damage {
      damage = .salvage(fill: SIMD4(fill.0, fill.1, fill.2, fill.3))
    }
    unsafe appliesProfile = options.applies_profile
    unsafe prefersPlanes = options.prefers_planes
    content = try known(
      [.picture, .thumbnail, .preview], unsafe options.content.rawValue, "content")
    let shown = unsafe ImageSize(width: Int(options.fit_width), height: Int(options.fit_height))
    size = try known([nil, .fit(shown), .fill(shown)], unsafe options.fit.rawValue, "fit")
    if unsafe options.region_width > 0 || options.region_height > 0 {
      region = unsafe ImageRegion(
        x: Int(options.region_x), y: Int(options.region_y), width: Int(options.region_width),
        height: Int(options.region_height))
    }
  }
}

extension Route? {
  /// nil for any.
  init(_ route: texalloc_route) throws(Misuse) {
    self = try known([nil] + Route.allCases.map { $0 }, route.rawValue, "route")
  }
}

extension texalloc_route {
  init(_ route: Route?) {
    self =
      switch route {
      case nil: TEXALLOC_ROUTE_ANY
      case .imported: TEXALLOC_ROUTE_IMPORTED
      case .transferred: TEXALLOC_ROUTE_TRANSFERRED
      case .uploaded: TEXALLOC_ROUTE_UPLOADED
      }
  }
}

extension texalloc_orientation {
  init(_ orientation: Orientation) { self.init(UInt32(orientation.rawValue)) }
}

/// What an array of C of four elements is to Swift.
func four<Element>(_ element: (Int) -> Element) -> (Element, Element, Element, Element) {
  (element(0), element(1), element(2), element(3))
}

enum RouteNames {
  static let all = (["any"] + Route.allCases.map(\.rawValue)).map { CText($0) }
}

enum StatusNames {
  static let unknown = CText("?")

  static let all: [UInt32: CText] = [
    TEXALLOC_OK.rawValue: CText("OK"),
    TEXALLOC_INVALID_ARGUMENT.rawValue: CText("INVALID_ARGUMENT"),
    TEXALLOC_INVALID_HANDLE.rawValue: CText("INVALID_HANDLE"),
    TEXALLOC_BUSY.rawValue: CText("BUSY"),
    TEXALLOC_FORKED.rawValue: CText("FORKED"),
    TEXALLOC_UNSUPPORTED.rawValue: CText("UNSUPPORTED"),
    TEXALLOC_FAILED.rawValue: CText("FAILED"),
    TEXALLOC_SYSTEM.rawValue: CText("SYSTEM"),
    TEXALLOC_OUT_OF_MEMORY.rawValue: CText("OUT_OF_MEMORY"),
    TEXALLOC_WRONG_THREAD.rawValue: CText("WRONG_THREAD"),
    TEXALLOC_LOST.rawValue: CText("LOST"),
    TEXALLOC_CLOSED.rawValue: CText("CLOSED"),
    TEXALLOC_CANCELLED.rawValue: CText("CANCELLED"),
    TEXALLOC_DISCARDED.rawValue: CText("DISCARDED"),
    TEXALLOC_SPENT.rawValue: CText("SPENT"),
    TEXALLOC_INVALID_ATTRIBUTES.rawValue: CText("INVALID_ATTRIBUTES"),
    TEXALLOC_CONFLICT.rawValue: CText("CONFLICT"),
    TEXALLOC_NO_USER.rawValue: CText("NO_USER"),
    TEXALLOC_NO_FORMAT.rawValue: CText("NO_FORMAT"),
    TEXALLOC_NO_HEAP.rawValue: CText("NO_HEAP"),
    TEXALLOC_NO_ROUTE.rawValue: CText("NO_ROUTE"),
    TEXALLOC_TOO_LARGE.rawValue: CText("TOO_LARGE"),
    TEXALLOC_BUDGET.rawValue: CText("BUDGET"),
    TEXALLOC_UNREADABLE.rawValue: CText("UNREADABLE"),
    TEXALLOC_NOT_A_FILE.rawValue: CText("NOT_A_FILE"),
    TEXALLOC_EMPTY.rawValue: CText("EMPTY"),
    TEXALLOC_UNRECOGNIZED.rawValue: CText("UNRECOGNIZED"),
    TEXALLOC_TRUNCATED.rawValue: CText("TRUNCATED"),
    TEXALLOC_DAMAGED.rawValue: CText("DAMAGED"),
    TEXALLOC_TOO_MUCH.rawValue: CText("TOO_MUCH"),
    TEXALLOC_UNSUITABLE_BUFFER.rawValue: CText("UNSUITABLE_BUFFER"),
    TEXALLOC_BAD_REGION.rawValue: CText("BAD_REGION"),
    TEXALLOC_NO_THUMBNAIL.rawValue: CText("NO_THUMBNAIL"),
    TEXALLOC_REFUSED_IMPORT.rawValue: CText("REFUSED_IMPORT"),
    TEXALLOC_REFUSED_FORMAT.rawValue: CText("REFUSED_FORMAT"),
    TEXALLOC_REFUSED_SAMPLING.rawValue: CText("REFUSED_SAMPLING"),
    TEXALLOC_REFUSED_EXTERNAL_ONLY.rawValue: CText("REFUSED_EXTERNAL_ONLY"),
    TEXALLOC_REFUSED_HEAP.rawValue: CText("REFUSED_HEAP"),
    TEXALLOC_REFUSED_MIPMAPS.rawValue: CText("REFUSED_MIPMAPS"),
    TEXALLOC_REFUSED_CACHING.rawValue: CText("REFUSED_CACHING"),
    TEXALLOC_REFUSED_CPU_USAGE.rawValue: CText("REFUSED_CPU_USAGE"),
    TEXALLOC_REFUSED_DEVICE_USAGE.rawValue: CText("REFUSED_DEVICE_USAGE"),
    TEXALLOC_REFUSED_PITCH.rawValue: CText("REFUSED_PITCH"),
    TEXALLOC_REFUSED_OFFSET.rawValue: CText("REFUSED_OFFSET"),
    TEXALLOC_REFUSED_SIZE.rawValue: CText("REFUSED_SIZE"),
    TEXALLOC_REFUSED_DESCRIPTORS.rawValue: CText("REFUSED_DESCRIPTORS"),
    TEXALLOC_REFUSED_PIXELS.rawValue: CText("REFUSED_PIXELS"),
    TEXALLOC_REFUSED_TRIAL.rawValue: CText("REFUSED_TRIAL"),
    TEXALLOC_REFUSED_COPY.rawValue: CText("REFUSED_COPY"),
    TEXALLOC_REFUSED_FENCE.rawValue: CText("REFUSED_FENCE"),
    TEXALLOC_REFUSED_FRAMEBUFFER.rawValue: CText("REFUSED_FRAMEBUFFER"),
    TEXALLOC_NOT_SHARED.rawValue: CText("NOT_SHARED"),
    TEXALLOC_JOINED.rawValue: CText("JOINED"),
    TEXALLOC_IN_USE.rawValue: CText("IN_USE"),
    TEXALLOC_NOT_FOR_THAT.rawValue: CText("NOT_FOR_THAT"),
    TEXALLOC_SLOW_MEMORY.rawValue: CText("SLOW_MEMORY"),
    TEXALLOC_NOT_ADOPTED.rawValue: CText("NOT_ADOPTED"),
    TEXALLOC_NO_FACE.rawValue: CText("NO_FACE"),
    TEXALLOC_NO_AXIS.rawValue: CText("NO_AXIS"),
    TEXALLOC_NO_SIZE.rawValue: CText("NO_SIZE"),
    TEXALLOC_NO_GLYPH.rawValue: CText("NO_GLYPH"),
    TEXALLOC_GLYPHS_FULL.rawValue: CText("GLYPHS_FULL"),
    TEXALLOC_MALFORMED.rawValue: CText("MALFORMED"),
    TEXALLOC_UNEXPECTED.rawValue: CText("UNEXPECTED"),
    TEXALLOC_QUOTA.rawValue: CText("QUOTA"),
    TEXALLOC_SLOW_PEER.rawValue: CText("SLOW_PEER"),
    TEXALLOC_STRANGER.rawValue: CText("STRANGER"),
    TEXALLOC_SHARED_BEFORE.rawValue: CText("SHARED_BEFORE"),
    TEXALLOC_OUT_OF_TURN.rawValue: CText("OUT_OF_TURN"),
  ]
}
