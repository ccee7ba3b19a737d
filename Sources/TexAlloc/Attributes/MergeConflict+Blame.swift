extension MergeConflict {
  /// The image and the format that were tried.
  struct LayoutStage {
    let image: ImageSize
    let format: Format?
  }

  /// Finds whom to blame: the first participant that meets the same conflict alone, else the first
  /// pair, else everyone with a say in the field.
  ///
  /// - Parameter members: Ascending by name.
  /// - Parameter layout: nil where the conflict was found in merging.
  init(_ refusal: MergeRefusal, among members: [AttributeMerge.Member], layout: LayoutStage?) {
    let inputs = refusal.field.inputs
    let voices = members.map { Participant($0, inputs: inputs) }
    field = refusal.field
    if let fewest = Self.fewest(members, meeting: refusal.field, in: layout) {
      participants = fewest.indices.map { voices[$0] }
      relaxation = Self.relaxation(fewest.refusal, participants, layout)
    } else {
      participants = voices.filter(\.hasSay)
      relaxation = Self.relaxation(refusal, participants, layout)
    }
  }

  /// The first single member, else the first pair, that meets a conflict in this field.
  private static func fewest(
    _ members: [AttributeMerge.Member], meeting field: Field, in layout: LayoutStage?
  ) -> (indices: [Int], refusal: MergeRefusal)? {
    // A format that cannot be laid out is everyone's choice.
    if field == .formats, layout != nil { return nil }
    let singles = members.indices.map { [$0] }
    let pairs = members.indices.flatMap { one in members.indices[(one + 1)...].map { [one, $0] } }
    for indices in singles + pairs {
      do throws(MergeRefusal) {
        let merged = try MergedAttributes(merging: indices.flatMap { members[$0].constraints })
        if let layout { _ = try merged.layout(of: layout.image, in: layout.format) }
      } catch {
        if error.field == field { return (indices, error) }
      }
    }
    return nil
  }
}

extension MergeConflict.Participant {
  fileprivate init(_ member: AttributeMerge.Member, inputs: [AttributeField]) {
    name = member.name
    value = member.own.constraints.restricted(to: inputs)
    let alternative = member.alternative?.constraints.restricted(to: inputs)
    self.alternative = alternative == BufferConstraints() ? nil : alternative
  }

  fileprivate var hasSay: Bool { value != BufferConstraints() || alternative != nil }
}
