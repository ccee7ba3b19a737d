public import TexAlloc

extension BufferAttributes {
  /// The JSON form on one line; fields without an opinion are left out.
  ///
  /// A modifier above `Int.max`, which the form cannot hold, stands as a string, and reading refuses
  /// it.
  public var json: String { jsonValue.text }

  private var jsonValue: JSONValue {
    let choices = alternatives.map { JSONValue.object($0.members) }
    let name = JSONValue.Member(key: "name", value: .string(name))
    let alternatives = JSONValue.Member(key: "alternatives", value: .array(choices))
    return .object(
      [name] + constraints.members + (provides?.members ?? [])
        + (choices.isEmpty ? [] : [alternatives]))
  }
}

extension MergedAttributes {
  /// `{"merged": …, "format": …}` on one line: every field with its default, without maxima and lists
  /// that no one restricts.
  public var json: String { jsonValue.text }

  var jsonValue: JSONValue {
    let chosen = alternatives.map {
      JSONValue.Member(key: $0.participant, value: .integer($0.index))
    }
    return JSONValue.object([
      "merged": fields,
      "format": format.map { .init($0) } ?? .null,
      "chosenCaching": chosenCaching.map { .string($0.rawValue) } ?? .null,
      "buffers": .integer(buffers),
      "alternatives": .object(chosen),
      "layout": layout.map { .init($0) },
    ])
  }

  private var fields: JSONValue {
    .object([
      "offsetAlignment": .integer(offsetAlignment),
      "pitchAlignment": .integer(pitchAlignment),
      "heightAlignment": .integer(heightAlignment),
      "sizeAlignment": .integer(sizeAlignment),
      "physicalAlignment": .integer(physicalAlignment),
      "minPitch": .integer(minPitch), "maxPitch": maxPitch.map { .integer($0) },
      "minWidth": .integer(minWidth), "maxWidth": maxWidth.map { .integer($0) },
      "minHeight": .integer(minHeight), "maxHeight": maxHeight.map { .integer($0) },
      "minSize": .integer(minSize), "maxSize": maxSize.map { .integer($0) },
      "minBuffers": .integer(minBuffers), "maxBuffers": maxBuffers.map { .integer($0) },
      "heldBuffers": .integer(heldBuffers),
      "formats": formats.map { .formats($0) },
      "heaps": heaps.map { .strings($0) },
      "caching": caching.map { .words($0) },
      "contiguous": .boolean(contiguous), "protected": .boolean(protected),
      "cpuUsage": .words(cpuUsage), "deviceUsage": .words(deviceUsage),
    ])
  }
}

extension JSONValue {
  fileprivate init(_ layout: ImageLayout) {
    self = .object(["planes": JSONValue(layout.planes), "size": .integer(layout.size)])
  }
}

extension MergeConflict {
  /// `{"conflict": …}` on one line.
  public var json: String {
    let members = JSONValue.object([
      "field": .string(field.rawValue),
      "participants": .array(participants.map(\.jsonValue)),
      "relaxation": .string(relaxation),
    ])
    return JSONValue.object(["conflict": members]).text
  }
}

extension MergeConflict.Participant {
  fileprivate var jsonValue: JSONValue {
    let chosen = alternative.map {
      [JSONValue.Member(key: "alternative", value: .object($0.members))]
    }
    let members = value.members + (provides?.members ?? []) + (chosen ?? [])
    return .object(["name": .string(name), "value": .object(members)])
  }
}

extension ProvidedMemory {
  /// `"provides": …` with all of it.
  fileprivate var members: [JSONValue.Member] {
    let value = JSONValue.object([
      "contiguous": .boolean(contiguous), "physicalAlignment": .integer(physicalAlignment),
      "protected": .boolean(protected),
    ])
    return [.init(key: "provides", value: value)]
  }
}

extension InvalidAttributes {
  /// `{"invalid": …}` on one line, without the participant or the field where there is none.
  public var json: String {
    let members = JSONValue.object([
      "participant": participant.map { .string($0) },
      "field": field.map { .string($0) },
      "reason": .string(reason),
    ])
    return JSONValue.object(["invalid": members]).text
  }
}

extension MemoryPlan {
  /// `{"route": …, "heap": …, …}` on one line: what was chosen, and everything that was passed over with the
  /// reason.
  public var json: String {
    JSONValue.object([
      "route": route.map { .string($0.rawValue) } ?? .null,
      "heap": .string(heap),
      "caching": .string(caching.rawValue),
      "reason": .string(reason),
      "betterRoutes": .array(
        betterRoutes.map {
          .object(["route": .string($0.route.rawValue), "reason": .string("\($0.reason)")])
        }),
      "heaps": .array(
        verdicts.map {
          .object([
            "heap": .string($0.heap),
            "passedOver": $0.passedOver.map { .string($0) } ?? .null,
          ])
        }),
      "attributes": attributes.jsonValue,
    ]).text
  }
}
