internal import TexAlloc

/// What it costs to have the GPU finish a picture, and what that saves, measured on this machine.
struct FinishingCosts: Sendable {
  /// The CPU's, of the calls of OpenGL for one picture.
  let calls: Duration
  /// The GPU's, of each pixel, in nanoseconds.
  let gpuPerPixel: Double
  /// What the CPU has less to do for each pixel, in nanoseconds.
  let savedPerPixel: Double

  /// Why the GPU is not worth it for a picture; nil where it is.
  ///
  /// - Parameter pixels: That are wanted of it.
  func objection(to pixels: Int) -> String? {
    if savedPerPixel <= 0 { return "the CPU saves nothing by it" }
    if gpuPerPixel > savedPerPixel { return "the GPU takes longer than the CPU" }
    let saved = Double(pixels) * savedPerPixel
    if saved < 2 * (calls / .nanoseconds(1)) {
      return "\(pixels) pixels are too few: the calls take \(calls / .microseconds(1)) µs"
    }
    return nil
  }

  func time(of pixels: Int) -> Duration { .nanoseconds(Int64(gpuPerPixel * Double(pixels))) }
}

/// What a device knows of finishing pictures.
struct FinishingKnowledge {
  /// By the serial of the context that uses them; nil for the device's own.
  var programs: [UInt64?: FinishingPrograms] = [:]
  /// For the first context that renders.
  var nextPrograms: FinishingPrograms?
  /// Bytes of samples that a shader can see at once.
  var mostSamples = 0
  /// Of all that was checked: what it costs, where that was measured, or why it is not done.
  var verdicts: [FinishingKind: Result<FinishingCosts?, FinishingRefused>] = [:]
  /// For the next picture, in the context where it was used last.
  var samples: (buffer: SampleBuffer, context: UInt64)?
  /// Those whose end has not been seen.
  var waiting: [WaitingPicture] = []
  var lastWaiting = 0

  /// Those of all contexts, which are nobody's then.
  mutating func takeAllPrograms() -> [FinishingPrograms] {
    defer { (programs, nextPrograms) = ([:], nil) }
    return Array(programs.values) + [nextPrograms].compactMap(\.self)
  }
}

/// What a device is checked for.
struct FinishingKind: Hashable, CustomStringConvertible {
  let coefficients: CoefficientFormat
  /// What is made of them.
  let picture: Fourcc

  var description: String { "\(coefficients) to \(picture)" }
}

/// A picture that the GPU was given.
struct WaitingPicture: Sendable {
  let number: Int
  let end: any Fence
  /// What the GPU is expected to take for it.
  let time: Duration
}

/// Why a device finishes no pictures of a kind.
struct FinishingRefused: Error, Sendable {
  let reason: String
  /// Whether it may be otherwise the next time.
  var mayPass = false
}
