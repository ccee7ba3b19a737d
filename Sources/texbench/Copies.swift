internal import ArgumentParser

/// What it costs to write an image into memory that no cache holds, against the fastest copies.
struct Copies: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract:
      "Write images into cold memory; copy as much with memcpy and with non-temporal stores.")

  @Option(help: "Pairs of runs.")
  var pairs = 101

  @Option(help: "Bytes of an image, in MiB.")
  var sizes = [1, 4, 16, 64]

  @Flag(help: "Write each row of 4 KiB by itself instead of the whole image at once.")
  var rowByRow = false

  @Flag(help: "Print JSON.")
  var json = false

  func validate() throws {
    guard pairs > 0 else { throw ValidationError("at least one pair is needed") }
    guard sizes.allSatisfy((1...ColdImages.capacity >> 20).contains) else {
      throw ValidationError("sizes are from 1 to \(ColdImages.capacity >> 20) MiB")
    }
  }

  func run() throws {
    let images = try ColdImages()
    var results: [CopyResult] = []
    for size in sizes {
      images.imageSize = size << 20
      for copy in ReferenceCopy.allCases where copy.isAvailable {
        let runs = PairedRuns(
          count: pairs, iterations: 1, subject: { images.writeNext(rowByRow: rowByRow) },
          baseline: { images.copyNext(by: copy) })
        results.append(CopyResult(mebibytes: size, reference: copy.rawValue, runs: runs))
      }
    }
    print(json ? CopyResult.json(results) : CopyResult.table(results))
  }
}
