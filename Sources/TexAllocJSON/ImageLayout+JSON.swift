public import TexAlloc

extension ImageLayout {
  /// The message that goes with a descriptor to another process: where the pixels lie and what they mean,
  /// on one line. Whoever gets it adopts the descriptor with it.
  ///
  /// ```json
  /// {"width": 16, "height": 8, "format": {"fourcc": "NV12", "modifier": 0},
  ///  "planes": [{"offset": 0, "pitch": 64, "rows": 8}, {"offset": 512, "pitch": 64, "rows": 4}],
  ///  "size": 768,
  ///  "colour": {"matrix": "bt709", "range": "limited", "transfer": "bt709",
  ///             "horizontalSiting": "cosited", "verticalSiting": "centred"},
  ///  "alpha": "opaque"}
  /// ```
  public var json: String {
    JSONValue.object([
      "width": .integer(width), "height": .integer(height), "format": JSONValue(format),
      "planes": JSONValue(planes), "size": .integer(size), "colour": JSONValue(colour),
      "alpha": .string(alpha.rawValue),
    ]).text
  }

  /// Reads the message, strictly. Whether the numbers suit the memory is for adopting to check.
  ///
  /// - Parameters:
  ///   - text: One JSON object in UTF-8, at most 1 MiB long.
  ///   - name: What to call the image in errors.
  ///   - table: Where the format is described.
  /// - Throws: Where the text is not JSON: the name as participant, no field, line and column in the
  ///   reason. Else the key that is unknown, repeated, null or missing, or whose value is of the wrong
  ///   type or out of its range.
  public init(
    json text: [UInt8], named name: String, in table: FormatTable = .known
  ) throws(InvalidAttributes) {
    let reader = AttributesReader(participant: name)
    var numbers: [String: Int] = [:]
    var format: Format?
    var planes: Planes?
    var colour: Colour?
    var alpha: Alpha?
    try reader.forEach(reader.members(of: text)) { key, value throws(InvalidAttributes) in
      switch key {
      case "width", "height", "size": numbers[key] = try reader.number(value, key)
      case "format": format = try reader.format(value)
      case "planes": planes = try reader.planes(value)
      case "colour": colour = try reader.colour(value)
      case "alpha": alpha = try reader.word(value, key)
      default: try reader.refuse(key, "unknown key")
      }
    }
    self.init(
      width: try reader.need(numbers["width"], "width"),
      height: try reader.need(numbers["height"], "height"),
      format: try reader.need(format, "format"), planes: try reader.need(planes, "planes"),
      size: try reader.need(numbers["size"], "size"), in: table)
    self.colour = try reader.need(colour, "colour")
    self.alpha = try reader.need(alpha, "alpha")
  }
}

extension JSONValue {
  init(_ planes: some Sequence<ImageLayout.Plane>) {
    self = .array(
      planes.map { plane in
        .object([
          "offset": .integer(plane.offset), "pitch": .integer(plane.pitch),
          "rows": .integer(plane.rows),
        ])
      })
  }

  fileprivate init(_ colour: Colour) {
    self = .object([
      "matrix": .string(colour.matrix.rawValue), "range": .string(colour.range.rawValue),
      "transfer": .string(colour.transfer.rawValue),
      "horizontalSiting": .string(colour.horizontalSiting.rawValue),
      "verticalSiting": .string(colour.verticalSiting.rawValue),
    ])
  }
}

extension AttributesReader {
  fileprivate func members(of text: [UInt8]) throws(InvalidAttributes) -> [JSONValue.Member] {
    do throws(JSONSyntaxError) {
      if case .object(let members) = JSONValue(try JSONText(text)) { return members }
    } catch {
      throw InvalidAttributes(participant: participant, field: nil, reason: error.description)
    }
    throw InvalidAttributes(participant: participant, field: nil, reason: "an image is an object")
  }

  fileprivate func need<Value>(_ value: Value?, _ key: String) throws(InvalidAttributes) -> Value {
    guard let value else { try refuse(key, "missing") }
    return value
  }

  fileprivate func planes(_ value: JSONValue) throws(InvalidAttributes) -> ImageLayout.Planes {
    let planes = try array(value, "planes") { element throws(InvalidAttributes) in
      var numbers: [String: Int] = [:]
      try forEach(object(element, "planes")) { key, value throws(InvalidAttributes) in
        guard ["offset", "pitch", "rows"].contains(key) else {
          try refuse(key, "unknown key in a plane")
        }
        numbers[key] = try number(value, key)
      }
      return ImageLayout.Plane(
        offset: try need(numbers["offset"], "offset"), pitch: try need(numbers["pitch"], "pitch"),
        rows: try need(numbers["rows"], "rows"))
    }
    guard planes.count <= ImageLayout.Planes.limit else {
      try refuse("planes", "\(planes.count) of at most \(ImageLayout.Planes.limit)")
    }
    return ImageLayout.Planes(planes)
  }

  fileprivate func colour(_ value: JSONValue) throws(InvalidAttributes) -> Colour {
    var values: [String: JSONValue] = [:]
    try forEach(object(value, "colour")) { key, value throws(InvalidAttributes) in
      values[key] = value
    }
    func take<Word: RawRepresentable<String> & CaseIterable>(
      _ key: String
    ) throws(InvalidAttributes) -> Word {
      try word(need(values.removeValue(forKey: key), key), key)
    }
    let colour = Colour(
      matrix: try take("matrix"), range: try take("range"), transfer: try take("transfer"),
      horizontalSiting: try take("horizontalSiting"),
      verticalSiting: try take("verticalSiting"))
    if let key = values.keys.min() { try refuse(key, "unknown key in a colour") }
    return colour
  }
}
