internal import Synchronization
public import TexAlloc

/// A texture that the GPU makes of a picture's coefficients, in steps that leave it time for frames.
///
/// ```swift
/// let finishing = try gpu.finishing(stream)
/// // once a frame:
/// if let texture = try finishing.step() { show(texture) }
/// ```
///
/// It begins and goes on where the same context is current, and leaves OpenGL's state as it was. Where it is
/// let go of before its end there is no texture.
public final class CoefficientFinishing: @unchecked Sendable {  // see `step(within:)`
  private let stream: CoefficientStream
  private let texture: Texture
  private let samples: SampleBuffer
  private var work: CoefficientWork
  /// Of the context that it began in.
  private let context: UInt64
  /// What the GPU is expected to take for each part; nil where that was not measured.
  private let timeOfPart: Duration?
  private var hasEnded = false
  /// Why there is no texture, once that is known.
  private var failure: RegistrationRefused?

  init(
    _ stream: CoefficientStream, to texture: Texture, through samples: SampleBuffer,
    _ work: CoefficientWork, in context: UInt64, timeOfPart: Duration?
  ) {
    self.stream = stream
    self.texture = texture
    self.samples = samples
    self.work = work
    self.context = context
    self.timeOfPart = timeOfPart
  }

  /// Gives the GPU as much to do as it is expected to do in some time, and at least a little.
  ///
  /// - Parameter time: nil for all of it.
  /// - Returns: The texture, once all of it was given; nil before.
  /// - Throws: `RegistrationRefused` where another context is current, or OpenGL refuses; it is over then.
  public func step(for time: Duration? = .milliseconds(2)) throws(RegistrationRefused) -> Texture? {
    var time = time
    return try step(within: &time)
  }

  /// As ``step(for:)``, for one picture of several that share the time.
  ///
  /// No two threads get past the first lines at a time: a context is current on one.
  ///
  /// - Parameter time: Afterwards less what the GPU is expected to take for the step.
  package func step(
    within time: inout Duration?
  ) throws(RegistrationRefused) -> Texture? {
    let device = texture.device
    let here = try device.contextHere()
    guard here.serial == context else {
      throw device.refusal(
        .wrongThread, "context", wanted: "the one that it began in", held: "another of its group")
    }
    if let failure { throw failure }
    if hasEnded { return texture }
    do throws(RegistrationRefused) {
      hasEnded = try goOn(within: &time, in: here)
    } catch {
      failure = error
      throw error
    }
    return hasEnded ? texture : nil
  }

  /// - Returns: Whether that was all.
  private func goOn(
    within time: inout Duration?, in here: ContextGroup.Member
  ) throws(RegistrationRefused) -> Bool {
    let device = texture.device
    let count = parts(in: time)
    let given = Result { () throws(EGLFailure) in try work.dispatch(count) }
    // Also where OpenGL has refused some of it, the GPU may be reading.
    let end = try hold(in: here)
    do throws(EGLFailure) { try given.get() } catch { throw refusal(because: error) }
    if let all = time, let timeOfPart { time = all - timeOfPart * count }
    guard work.isDone else { return false }
    if texture.isMipmapped { try texture.makeMipmaps() }
    try device.enter(texture, in: here)
    for memory in stream.memory { memory.spend() }
    texture.copied.add(stream.size, ordering: .relaxed)
    device.finished(stream, through: samples, until: end, in: here)
    return true
  }

  /// Has the stream's slots wait for what the GPU was given so far.
  private func hold(
    in here: ContextGroup.Member
  ) throws(RegistrationRefused) -> any Fence {
    let device = texture.device
    do throws(EGLFailure) {
      for memory in stream.memory.dropFirst() { try device.holdUntilCopied(memory, in: here) }
      return try device.holdUntilCopied(stream.memory[0], in: here)
    } catch {
      throw refusal(because: error)
    }
  }

  private func refusal(because error: EGLFailure) -> RegistrationRefused {
    texture.device.refusal(
      .copyFailed, "coefficients", wanted: "\(stream.format)", held: "\(error)")
  }

  private func parts(in time: Duration?) -> Int {
    guard let time, let timeOfPart, timeOfPart > .zero else { return work.partCount }
    return Int(min(max(1, time / timeOfPart), Double(work.partCount)))
  }
}
