public import TexAlloc
internal import Synchronization

/// A screen at a connector of a card ([KMS]): a component that shows memory which the application has allocated
/// for all who use it.
///
/// ```swift
/// let display = try Display(at: "/dev/dri/card0")
/// let screen = try display.start(for: [gpu])
/// while let buffer = try screen.next() {
///   let target = try gpu.registerForRendering(buffer)
///   draw(into: target.framebuffer)
///   try screen.show(buffer, after: target.finish())
/// }
/// ```
///
/// Its attributes are what the driver says: the formats of its primary plane, the size of the mode, the pitches
/// of its own buffers. Of heaps it says nothing: whether it takes their memory is tried.
///
/// Pictures go to the primary plane as they are, neither scaled nor blended. Cursors and overlays are not
/// spoken to. While it shows something, and from ``rule()`` to ``stop()``, its card is ruled by this process,
/// which a display server forbids. So does a driver of OpenGL in this process that was the first to open the
/// card's own node, for want of a render node: call ``rule()`` before its device is opened.
///
/// [KMS]: https://docs.kernel.org/gpu/drm-kms.html
public final class Display: Registrar {
  public let attributes: BufferAttributes
  /// The node, `/dev/dri/card0`, and how its driver calls itself.
  public var node: FilePath { card.path }
  public var driver: String { card.driver }
  /// What it is plugged into, as it was when the display was opened.
  public let connector: Connector
  /// How the screen is driven while it shows something.
  public let mode: DisplayMode
  /// Whether pictures and modes are set in one atomic commit, with fences, or by the calls of old.
  public var isAtomic: Bool { card.isAtomic }

  let card: Card
  let pipeline: Pipeline
  let state = Mutex(State())
  let framebufferOfSlab = SlabCompanion<Framebuffer>()

  struct State {
    /// What the screen shows, and what it will after the next flip.
    var shown, pending: DisplayBuffer?
    /// What the event of the pending flip carries.
    var flip: UInt64 = 0
    /// Whether the screen is driven by this, in its mode, and what it showed before.
    var isOn = false
    var former: FormerPicture?
    /// For how long the card is ruled for this; nil where it is not.
    var rule: Rule?
    var known: [TextureBuffer.ID: WeakBuffer] = [:]
  }

  enum Rule {
    /// Because something is shown.
    case whileOn
    /// Because ``Display/rule()`` said so.
    case untilStopped
  }

  struct WeakBuffer {
    weak var buffer: DisplayBuffer?
  }

  /// The screens of this machine, connected or not, or why a node has none. Each is asked what it is, which
  /// can take a while; none is disturbed.
  public static func found() -> [DisplayFinding] {
    let folder = "/dev/dri"
    let names = (try? SystemFile.names(in: folder)) ?? []
    return names.filter { $0.hasPrefix("card") }.flatMap { name -> [DisplayFinding] in
      let node = FilePath("\(folder)/\(name)")
      do throws(DisplayError) {
        let card = try Card(node)
        let connectors = try connectors(of: card)
        guard !connectors.isEmpty else {
          throw .unsupported(device: node.string, feature: "displays, by \(card.driver)")
        }
        return connectors.map { connector in
          DisplayFinding(
            node: node, connector: connector,
            display: Result { () throws(DisplayError) in
              try Display(of: card, at: connector, nil)
            })
        }
      } catch {
        return [DisplayFinding(node: node, connector: nil, display: .failure(error))]
      }
    }
  }

  /// Opens the display that somebody names, without showing anything yet.
  ///
  /// - Parameters:
  ///   - name: Of its connector (`HDMI-A-1`), its driver (`vc4`) or its node; the first that has a screen where
  ///     nil.
  ///   - size: As of ``init(at:connector:_:)``.
  /// - Throws: `DisplayError`: `connector` where none is called so, `unsupported` where there is none at all,
  ///   else why the first that is called so cannot be had.
  public static func named(
    _ name: String?, _ size: ImageSize? = nil
  ) throws(DisplayError) -> Display {
    let all = found()
    let named = all.filter { finding in
      guard let name else { return true }
      let driver = (try? finding.display.get())?.driver
      return [finding.connector?.name, driver, finding.node.string].contains(name)
    }
    let there = named.first { (try? $0.display.get()) != nil } ?? named.first
    guard let there else {
      let folder = "/dev/dri"
      guard let name else { throw .unsupported(device: folder, feature: "displays: no card") }
      throw .connector(
        device: folder, wanted: name, held: all.compactMap { $0.connector?.name })
    }
    let display = try there.display.get()
    guard let size else { return display }
    return try Display(at: there.node, connector: display.connector.name, size)
  }

  /// Opens a display, without showing anything yet.
  ///
  /// - Parameters:
  ///   - connector: Its name, as in ``Connector/name``; the first with a screen where nil.
  ///   - size: Of the mode: of several the one that the screen prefers, else the quickest. The screen's own
  ///     where nil.
  /// - Throws: `DisplayError`: `unsupported` where the node has no displays, `connector`, `disconnected`, and
  ///   `mode` with the nearest.
  public convenience init(
    at node: FilePath, connector: String? = nil, _ size: ImageSize? = nil
  ) throws(DisplayError) {
    try self.init(of: Card(node), connector, size)
  }

  convenience init(of card: Card, _ name: String?, _ size: ImageSize?) throws(DisplayError) {
    let all = try Self.connectors(of: card)
    let path = card.path.string
    guard let first = all.first else {
      throw .unsupported(device: path, feature: "displays, by \(card.driver)")
    }
    if let name {
      guard let named = all.first(where: { $0.name == name }) else {
        throw .connector(device: path, wanted: name, held: all.map(\.name))
      }
      try self.init(of: card, at: named, size)
    } else {
      try self.init(of: card, at: all.first { $0.status != .disconnected } ?? first, size)
    }
  }

  init(of card: Card, at connector: Connector, _ size: ImageSize?) throws(DisplayError) {
    guard connector.status != .disconnected else {
      throw .disconnected(device: card.path.string, connector: connector.name)
    }
    guard let mode = DisplayMode.chosen(of: connector.modes, size) else {
      throw .mode(
        connector: connector.name, wanted: size ?? ImageSize(width: 0, height: 0),
        held: size.flatMap { DisplayMode.nearest(of: connector.modes, to: $0)?.size })
    }
    let pipeline = try Pipeline(to: connector, of: card)
    (self.card, self.connector, self.mode, self.pipeline) = (card, connector, mode, pipeline)
    attributes = BufferAttributes(name: "kms:\(card.driver)@\(connector.name)") {
      $0.formats = pipeline.formats
      $0.pitchAlignment = card.pitchAlignment
      ($0.minWidth, $0.maxWidth) = (mode.size.width, mode.size.width)
      ($0.minHeight, $0.maxHeight) = (mode.size.height, mode.size.height)
      $0.deviceUsage = [.scanout]
      // One on the screen, one that is next.
      ($0.minBuffers, $0.heldBuffers) = (2, 2)
    }
  }

  deinit { stop() }

  private static func connectors(of card: Card) throws(DisplayError) -> [Connector] {
    do {
      return try card.resources().connectors.map { id throws(SystemFailure) in
        try Connector(id, of: card, isProbed: true)
      }
    } catch {
      // A card that only renders answers that it does not know the call.
      throw error.errno == .notSupported || error.errno == .invalidArgument
        ? .unsupported(device: card.path.string, feature: "displays, by \(card.driver)")
        : DisplayError(error)
    }
  }
}

/// A place where a screen may be, and what came of it.
public struct DisplayFinding: Sendable {
  public let node: FilePath
  /// nil where the node has none.
  public let connector: Connector?
  /// The display in the screen's own mode, or why there is none.
  public let display: Result<Display, DisplayError>
}

extension DisplayFinding: CustomStringConvertible {
  public var description: String {
    switch display {
    case .success(let display): "\(display.name): \(display.mode)"
    case .failure(let error): "\(node): no display, \(error)"
    }
  }
}
