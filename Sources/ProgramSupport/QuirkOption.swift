internal import ArgumentParser
internal import TexAlloc
package import TexAllocEGL

/// `--quirk NAME|FILE`, as every program takes it.
package struct QuirkOption: ParsableArguments {
  @Option(
    name: .customLong("quirk"),
    help: ArgumentHelp(
      "A quirk profile instead of those that the device is known for; may be repeated."
        + " One of \(QuirkProfile.builtIn.map(\.name).joined(separator: ", ")); none;"
        + " or a JSON file of attributes.",
      valueName: "NAME|FILE"),
    transform: profiles)
  private var chosen: [[QuirkProfile]] = []

  package init() {}

  /// nil where the user chose nothing.
  package var profiles: [QuirkProfile]? { chosen.isEmpty ? nil : chosen.flatMap { $0 } }

  private static func profiles(_ text: String) throws -> [QuirkProfile] {
    if text == "none" { return [] }
    if let profile = QuirkProfile.named(text) { return [profile] }
    do {
      return [QuirkProfile(try BufferAttributes(contentsOf: text), because: "--quirk \(text)")]
    } catch {
      throw ValidationError("--quirk: \(error)")
    }
  }
}
