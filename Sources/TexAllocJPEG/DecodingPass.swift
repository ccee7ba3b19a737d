internal import CJPEG
internal import TexAlloc

/// From an open file to rows in a plane, or in several, and to what is known of them.
struct DecodingPass {
  /// What is made of the file's colours.
  enum Output {
    case pixels(RowConversion)
    case planes(StagedPlanes)

    /// What the library is asked for; nil for planes.
    var order: texalloc_jpeg_order? {
      switch self {
      case .pixels(let conversion): conversion.order
      case .planes: nil
      }
    }
  }

  private let output: Output
  let part: DecodedPart
  /// What rows are filled with that are not good; nil where there must be none.
  let fill: SIMD4<UInt8>?
  private let limits: JPEGLimits
  /// What was wrong with the file.
  private(set) var warnings: [String]

  /// - Parameter warnings: What was wrong with its header.
  init(
    _ output: Output, of part: DecodedPart, fill: SIMD4<UInt8>?, within limits: JPEGLimits,
    warnings: [String]
  ) {
    self.output = output
    self.part = part
    self.fill = fill
    self.limits = limits
    self.warnings = warnings
  }

  /// - Parameters:
  ///   - file: Whose header was read.
  ///   - rows: Where they lie in the cache.
  ///   - buffer: Fit for the part.
  /// - Returns: The rows of the buffer that are good; the others are filled.
  mutating func run(
    _ file: borrowing OpenJPEG, by rows: inout CachedRows, into buffer: TextureBuffer,
    _ goOn: (Double) -> Bool
  ) throws(ImageDecodingError) -> Range<Int> {
    try file.start(output.order, part.scale.eighths)
    var good = part.wholeHeight
    // Of the time that a file with several scans takes, about four fifths go by before the rows.
    let share = file.header.has_several_scans ? 0.8 : 0
    if file.header.has_several_scans {
      good = try readScans(of: file) { goOn($0 * share) }
      try file.startRows()
    }
    func goOnWithRows(_ done: Double) -> Bool { goOn(share + done * (1 - share)) }
    good =
      switch output {
      case .pixels(let conversion):
        try writeRows(
          of: file, by: conversion, below: good, through: &rows, into: buffer, goOnWithRows)
      case .planes(let planes):
        try writePlanes(
          of: file, by: planes, below: good, through: &rows, into: buffer, goOnWithRows)
      }
    noteWhatWasWrong(with: file)
    return part.own(0..<good)
  }

  // MARK: Scans

  /// Reads all scans, of which no row is to be had before.
  ///
  /// - Returns: The rows, from the first, that will be good.
  private mutating func readScans(
    of file: borrowing OpenJPEG, _ goOn: (Double) -> Bool
  ) throws(ImageDecodingError) -> Int {
    let height = part.wholeHeight
    // Steps that went well, and those up to the end of the last scan that is whole.
    var (steps, wholeSteps) = (0, 0)
    var (hasEnded, hasFailed) = (false, false)
    do throws(ImageDecodingError) {
      while !hasEnded {
        let position = try file.readOn()
        hasEnded = position.at_end
        guard position.scan <= limits.scans else {
          throw file.error(.tooMuch(.scans, limits.scans))
        }
        guard goOn(min(1, Double(position.offset) / Double(max(1, file.size)))) else {
          throw file.error(.cancelled)
        }
        if !hasEnded { steps += 1 }
        if file.damage == nil {
          if position.ended_scan { wholeSteps = steps }
        } else if file.header.is_progressive {
          break
        }
      }
    } catch {
      guard fill != nil, error.isDamage else { throw error }
      hasFailed = true
    }
    guard let damage = file.damage else { return height }
    if file.header.is_progressive {
      guard wholeSteps > 0 else { throw file.error(file.reasonOfDamage) }
      if !hasEnded || wholeSteps < steps { try replay(wholeSteps, of: file) }
      return height
    }
    let good = file.hasAllColours ? Int(damage.good_rows) : 0
    guard good > 0 else { throw file.error(file.reasonOfDamage) }
    if hasFailed { try replay(steps, of: file) }
    return good
  }

  /// Reads the file again up to a step that went well, since what came behind it has left its traces.
  private mutating func replay(
    _ steps: Int, of file: borrowing OpenJPEG
  ) throws(ImageDecodingError) {
    noteWhatWasWrong(with: file)
    try file.startAgain(output.order, part.scale.eighths)
    for _ in 0..<steps { _ = try file.readOn() }
    try file.endHere()
  }

  private mutating func noteWhatWasWrong(with file: borrowing OpenJPEG) {
    var new = file.damage.map { _ in ["\(file.reasonOfDamage)"] } ?? []
    new += file.notes.filter { $0 != file.damage?.text }
    warnings += new.filter { !warnings.contains($0) }
  }
}

extension ImageDecodingError {
  var isDamage: Bool {
    switch reason {
    case .truncated, .damaged: true
    default: false
    }
  }
}
