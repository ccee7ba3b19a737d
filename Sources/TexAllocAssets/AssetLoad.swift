/// A request on its way, to hasten or to cancel. Nothing happens when nobody holds it any more.
///
/// Any thread may use it.
public final class AssetLoad: Sendable {
  public let name: String
  private let engine: AssetEngine
  let id: LoadID

  init(_ id: LoadID, named name: String, of engine: AssetEngine) {
    self.id = id
    self.name = name
    self.engine = engine
  }

  public var state: AssetState { engine.state(of: id) }

  /// The part of the picture that is decoded, from 0 to 1.
  public var progress: Double { engine.progress(of: id) }

  /// Which of several goes first. Many are changed at once by ``Assets/prioritize(_:)``.
  public var priority: AssetPriority {
    get { engine.priority(of: id) }
    set { engine.prioritize([(id, newValue)]) }
  }

  /// Ends it as cancelled, unless it has ended. What was begun of it stops before its file is read on,
  /// before its memory is allocated, or a few rows further on, unless another request wants the same.
  public func cancel() { engine.cancel([id]) }
}

extension AssetLoad: Hashable {
  public static func == (left: AssetLoad, right: AssetLoad) -> Bool { left === right }

  public func hash(into hasher: inout Hasher) { hasher.combine(id) }
}
