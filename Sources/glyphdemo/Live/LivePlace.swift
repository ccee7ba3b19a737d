internal import ProgramSupport
internal import TexAlloc
internal import TexAllocV4L2

/// What gives pictures that change: a camera, or a stream that is decoded.
protocol LiveSource {
  /// What it is, in few words.
  var caption: String { get }
  /// In what memory the pictures lie; nil before there is one.
  var memory: LiveReport.Memory? { get }
  /// The next picture, waited for until then; nil where the last one is to stay.
  mutating func next(until deadline: ContinuousClock.Instant) throws -> VideoFrame?
  /// Lets go of the device.
  func stop()
}

/// A place on the page for pictures that change. Where nobody gives any, it says why in one line, and the
/// others go on.
final class LivePlace {
  let name: String
  let caption: String
  /// The picture to show; the last one where none comes any more.
  private(set) var newest: VideoFrame?
  private var source: (any LiveSource)?
  private var memory: LiveReport.Memory?
  private var absence: String?
  private var pictures = 0
  /// How long the first picture may take, and after how long of that somebody who interrupts is heard.
  private static let patience = Duration.seconds(60)
  private static let slice = Duration.milliseconds(200)

  init(_ name: String, open: () throws -> any LiveSource) {
    self.name = name
    do {
      let opened = try open()
      (source, caption) = (opened, "\(name): \(opened.caption)")
    } catch {
      (absence, caption) = ("\(error)", "no \(name)")
      say("\(error)")
    }
  }

  /// Takes the next picture where there is one; the first is waited for, until somebody interrupts.
  func advance(until isInterrupted: () -> Bool) {
    guard source != nil else { return }
    closingOnFailure {
      let deadline = ContinuousClock.now + (newest == nil ? Self.patience : .zero)
      repeat {
        guard let next = try source?.next(until: min(deadline, .now + Self.slice)) else { continue }
        newest = next
        pictures += 1
        return
      } while .now < deadline && !isInterrupted()
      if newest == nil, !isInterrupted() { throw ProgramFailure("no picture in \(Self.patience)") }
    }
  }

  /// Has the picture drawn; where nobody can, the place has none any more.
  func draw(by draw: (VideoFrame) throws -> Void) {
    guard let picture = newest else { return }
    closingOnFailure {
      do { try draw(picture) } catch {
        newest = nil
        throw error
      }
    }
  }

  /// Lets go of everything.
  func end() -> LiveReport.Source {
    newest = nil
    close()
    return LiveReport.Source(name: name, pictures: pictures, memory: memory, absence: absence)
  }

  private func closingOnFailure(_ body: () throws -> Void) {
    do { try body() } catch {
      say("\(error)")
      absence = "\(error)"
      close()
    }
  }

  private func close() {
    memory = source?.memory ?? memory
    source?.stop()
    source = nil
  }

  private func say(_ reason: String) { Console.say("glyphdemo: no \(name): \(reason)") }
}
