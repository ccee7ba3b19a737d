internal import ArgumentParser
internal import ProgramSupport
internal import SystemPackage
internal import TexAlloc
internal import TexAllocEGL

struct Soak: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Allocate, write, draw and free images of random sizes, and see what is left.")

  @Option(help: ArgumentHelp("How long.", valueName: "seconds"))
  var seconds = 10

  @Option(help: ArgumentHelp("How many images, however long that takes.", valueName: "count"))
  var images: Int?

  @Option(
    help: ArgumentHelp(
      "How often everything is let go of, to see what is left.", valueName: "count"))
  var rounds = 10

  @Option(
    help: ArgumentHelp("Threads that allocate and write; one more draws.", valueName: "count"))
  var threads = 3

  @Option(
    help: ArgumentHelp(
      "Save what the pool held amid the last round, for texctl map.", valueName: "file"),
    completion: .file())
  var snapshot: String?

  @OptionGroup var device: DeviceOptions

  @Flag(help: "Print JSON.")
  var json = false

  func validate() throws {
    guard rounds > 0, seconds > 0, threads > 0, images ?? rounds >= rounds else {
      throw ValidationError("at least one of each is needed, and an image for each round")
    }
  }

  func run() throws {
    let report = try Texctl.stating {
      let run = try SoakRun(on: device, threads: threads)
      let length =
        images.map { SoakLength.images(($0 + rounds - 1) / rounds) }
        ?? .time(.seconds(seconds) / rounds)
      return try run.report(rounds: rounds, of: length) { held in
        if let snapshot { try TextFile.write(held.json, to: FilePath(snapshot)) }
      }
    }
    print(json ? report.json : report.text)
  }
}

/// When a round of soaking ends.
enum SoakLength {
  case time(Duration)
  case images(Int)

  /// The part that is done, 1 at the end.
  ///
  /// - Parameter tried: Images that were drawn, or that failed.
  func part(after passed: Duration, _ tried: Int) -> Double {
    switch self {
    case .time(let duration): passed / duration
    case .images(let count): Double(tried) / Double(count)
    }
  }
}

/// What `texctl soak` saw.
struct SoakReport: Encodable {
  struct Round: Encodable {
    /// Images that were written, drawn and let go of.
    let images: Int
    /// Images that got no memory, or no texture.
    let failures: Int
    /// What the process had when all of them were gone.
    let left: ProcessFootprint
  }

  let rounds: [Round]
  /// How many images were copied to the GPU instead of imported.
  let uploads: Int
  /// Of the pool and of the device, at the end: 0 where the ledger is balanced.
  let slotsLeft, slabsLeft, imagesLeft: Int

  var text: String {
    let images = rounds.reduce(0) { $0 + $1.images }
    let failures = rounds.reduce(0) { $0 + $1.failures }
    func row(_ title: String, _ value: KeyPath<ProcessFootprint, Int>) -> String {
      title + rounds.map { String($0.left[keyPath: value]) }.joined(separator: " ")
    }
    return """
      \(images) images drawn, \(uploads) of them uploaded; \(failures) failures
      After each round, when all were gone:
      \(row("  memory in KiB  ", \.proportionalKiB))
      \(row("  descriptors    ", \.descriptors))
      \(row("  mappings       ", \.mappings))
      At the end: \(slotsLeft) slots, \(slabsLeft) slabs, \(imagesLeft) images
      """
  }
}
