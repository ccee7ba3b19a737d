extension MergeConflict {
  /// The image and the format that were tried.
  struct LayoutStage {
    let image: ImageSize
    let format: Format?
    let table: FormatTable
  }

  /// Finds whom to blame: the first participant that meets the same conflict alone, else the first
  /// pair, else everyone with a say in the field.
  ///
  /// - Parameter members: Ascending by name.
  /// - Parameter layout: nil where the conflict was found in merging.
  init(_ refusal: MergeRefusal, among members: [AttributeMerge.Member], layout: LayoutStage?) {
    let voices = members.map { Participant($0, in: refusal.field) }
    field = refusal.field
    if let fewest = Self.fewest(members, meeting: refusal.field, in: layout) {
      participants = fewest.indices.map { voices[$0] }
      relaxation = Self.relaxation(fewest.refusal, participants, layout)
    } else {
      participants = voices.filter(\.hasSay)
      relaxation = Self.relaxation(refusal, participants, layout)
    }
  }

  /// The first single member, else the first pair, that meets a conflict in this field, whatever
  /// other rules it breaks.
  private static func fewest(
    _ members: [AttributeMerge.Member], meeting field: Field, in layout: LayoutStage?
  ) -> (indices: [Int], refusal: MergeRefusal)? {
    // A format that cannot be laid out is everyone's choice.
    if field == .formats, layout != nil { return nil }
    let singles = members.indices.map { [$0] }
    let pairs = members.indices.flatMap { one in members.indices[(one + 1)...].map { [one, $0] } }
    for indices in singles + pairs {
      do throws(MergeRefusal) {
        let merged = try MergedAttributes(merging: indices.map { members[$0] }, onlyFor: field)
        if let layout {
          _ = try merged.layout(
            of: layout.image, in: layout.format, of: layout.table, onlyFor: field)
        }
      } catch {
        if error.field == field { return (indices, error) }
      }
    }
    return nil
  }
}

extension MergeConflict.Participant {
  fileprivate init(_ member: AttributeMerge.Member, in field: MergeConflict.Field) {
    name = member.name
    value = member.own.constraints.restricted(to: field.inputs)
    let alternative = member.alternative?.constraints.restricted(to: field.inputs)
    self.alternative = alternative == BufferConstraints() ? nil : alternative
    provides = field.dependsOnProvides ? member.provides : nil
  }

  fileprivate var hasSay: Bool {
    value != BufferConstraints() || alternative != nil || provides != nil
  }
}

extension MergeConflict {
  static func relaxation(
    _ refusal: MergeRefusal, _ participants: [Participant], _ layout: LayoutStage?
  ) -> String {
    let image = layout.map { "\($0.image)" + ($0.format.map { " in \($0)" } ?? "") + ": " } ?? ""
    let voices =
      participants.contains(where: \.hasSay)
      ? participants.map { $0.sentence(on: refusal.field) }.joined(separator: "; ")
      : "no image can be so, whoever touches it"
    let reason: String? =
      switch refusal.excess {
      case .value(let found, let limit): "\(found) against \(limit)"
      case .overflow: "past 2^63 − 1"
      case nil where refusal.field == .formats && layout != nil:
        "only linear formats whose planes are known are laid out"
      case nil: nil
      }
    return image + voices + (reason.map { " (\($0))" } ?? "")
  }
}

extension MergeConflict.Participant {
  fileprivate func sentence(on field: MergeConflict.Field) -> String {
    let own = value.phrases(on: field)
    let chosen = alternative?.phrases(on: field) ?? []
    let provided = provides?.phrase(on: field).map { [$0] } ?? []
    let phrases = own + chosen.map { "\($0) by its alternative" } + provided
    return "\(name) " + (phrases.isEmpty ? "keeps the defaults" : phrases.joined(separator: ", "))
  }
}

extension BufferConstraints {
  /// What is asked, for each input of the field that is set.
  fileprivate func phrases(on field: MergeConflict.Field) -> [String] {
    let phrases = field.inputs.compactMap(phrase)
    guard field == .caching, cpuUsage?.contains(where: \.needsCache) == true else { return phrases }
    return phrases + ["needs cached memory for it"]
  }

  private func phrase(_ field: AttributeField) -> String? {
    switch field {
    case .offsetAlignment: offsetAlignment.map { "needs offsetAlignment \($0)" }
    case .pitchAlignment: pitchAlignment.map { "needs pitchAlignment \($0)" }
    case .heightAlignment: heightAlignment.map { "needs heightAlignment \($0)" }
    case .sizeAlignment: sizeAlignment.map { "needs sizeAlignment \($0)" }
    case .physicalAlignment: physicalAlignment.map { "needs physicalAlignment \($0)" }
    case .minPitch: minPitch.map { "needs pitch ≥ \($0)" }
    case .maxPitch: maxPitch.map { "accepts pitch ≤ \($0)" }
    case .minWidth: minWidth.map { "needs width ≥ \($0)" }
    case .maxWidth: maxWidth.map { "accepts width ≤ \($0)" }
    case .minHeight: minHeight.map { "needs height ≥ \($0)" }
    case .maxHeight: maxHeight.map { "accepts height ≤ \($0)" }
    case .minSize: minSize.map { "needs size ≥ \($0)" }
    case .maxSize: maxSize.map { "accepts size ≤ \($0)" }
    case .minBuffers: minBuffers.map { "needs ≥ \($0) buffers" }
    case .maxBuffers: maxBuffers.map { "accepts ≤ \($0) buffers" }
    case .heldBuffers: heldBuffers.map { "holds \($0) buffers" }
    case .formats: formats.map { "accepts only \(listed($0.map(\.description)))" }
    case .heaps: heaps.map { "accepts only heap \(listed($0))" }
    case .caching: caching.map { "accepts only \(listed($0.map(\.rawValue))) memory" }
    case .contiguous: contiguous.map { "\($0 ? "needs" : "does not need") contiguous memory" }
    case .protected: protected.map { "\($0 ? "needs" : "does not need") protected memory" }
    case .cpuUsage: cpuUsage.map { "wants CPU access \(listed($0.map(\.rawValue)))" }
    case .deviceUsage: nil  // the input of no conflict
    }
  }
}

extension ProvidedMemory {
  fileprivate func phrase(on field: MergeConflict.Field) -> String? {
    switch field {
    case .contiguous: "provides memory that is \(contiguous ? "" : "not ")contiguous"
    case .physicalAlignment: "provides physicalAlignment \(physicalAlignment)"
    case .protected: "provides memory that is \(protected ? "" : "not ")protected"
    default: nil
    }
  }
}

/// The first few; a GPU lists hundreds of formats.
private func listed(_ words: [String]) -> String {
  let limit = 8
  let first = words.prefix(limit).joined(separator: ", ")
  if words.isEmpty { return "none" }
  return words.count > limit ? "\(first) and \(words.count - limit) more" : first
}
