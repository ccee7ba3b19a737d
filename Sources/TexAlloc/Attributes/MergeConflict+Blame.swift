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
    let toBlame =
      refusal.field == .formats && layout != nil
      ? nil : Self.fewest(members, meeting: refusal.field, in: layout)
    field = refusal.field
    participants = toBlame?.map { voices[$0] } ?? voices.filter(\.hasSay)
    relaxation = Self.relaxation(refusal, participants, layout)
  }

  /// Indices of the first single member, else of the first pair, that meets a conflict in this field.
  private static func fewest(
    _ members: [AttributeMerge.Member], meeting field: Field, in layout: LayoutStage?
  ) -> [Int]? {
    func meets(_ indices: [Int]) -> Bool {
      do throws(MergeRefusal) {
        let merged = try MergedAttributes(merging: indices.flatMap { members[$0].constraints })
        if let layout { _ = try merged.layout(of: layout.image, in: layout.format) }
        return false
      } catch {
        return error.field == field
      }
    }
    if let single = members.indices.first(where: { meets([$0]) }) { return [single] }
    for one in members.indices {
      for other in members.indices[(one + 1)...] where meets([one, other]) { return [one, other] }
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
