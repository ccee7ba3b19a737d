internal import Synchronization
internal import SystemPackage
internal import TexAlloc
internal import TexAllocAssets

/// The pictures of a gallery that are there or on their way: those that are seen first, then those that may
/// soon be; what is far away is cancelled or let go of.
final class GalleryShelf<Handle: Registration>: Sendable {
  private enum Picture: Sendable {
    case coming(AssetLoad)
    case loaded(LoadedTexture<Handle>)
    case broken
  }

  private struct State {
    var pictures: [Int: Picture] = [:]
    var visible = 0..<0
    var failures: [String] = []
  }

  private let paths: [FilePath]
  private let assets: Assets<Handle>
  private let state = Mutex(State())

  init(_ paths: [FilePath], by assets: Assets<Handle>) {
    self.paths = paths
    self.assets = assets
  }

  /// What became of files that are no pictures.
  var failures: [String] { state.withLock { $0.failures } }

  func picture(_ number: Int) -> LoadedTexture<Handle>? {
    state.withLock { state in
      if case .loaded(let picture) = state.pictures[number] { picture } else { nil }
    }
  }

  /// The first of these that is still to come; nil once all are there, or known to be broken.
  func firstMissing(of numbers: Range<Int>) -> FilePath? {
    state.withLock { state in
      numbers.first { number in
        switch state.pictures[number] {
        case .loaded, .broken: false
        case .coming, nil: true
        }
      }
    }.map { paths[$0] }
  }

  /// Follows the input.
  ///
  /// - Parameters:
  ///   - visible: The pictures that are seen.
  ///   - near: Those that are loaded ahead.
  ///   - kept: Those that are not let go of.
  func move(to visible: Range<Int>, near: Range<Int>, kept: Range<Int>) {
    let before = state.withLock { state in
      defer { state.visible = visible }
      return state.visible
    }
    guard before != visible else { return }
    var changes: [(load: AssetLoad, priority: AssetPriority)] = []
    var far: [AssetLoad] = []
    state.withLock { state in
      for (number, picture) in state.pictures where !kept.contains(number) {
        if case .coming(let load) = picture { far.append(load) }
        if case .broken = picture { continue }
        state.pictures[number] = nil
      }
      for number in near {
        guard case .coming(let load) = state.pictures[number] else { continue }
        if visible.contains(number) && !before.contains(number) { changes.append((load, .visible)) }
        if before.contains(number) && !visible.contains(number) { changes.append((load, .past)) }
      }
    }
    assets.cancel(far)
    assets.prioritize(changes)
    for number in near where state.withLock({ $0.pictures[number] == nil }) {
      request(number, visible.contains(number) ? .visible : .ahead)
    }
  }

  private func request(_ number: Int, _ priority: AssetPriority) {
    let load = assets.submit(AssetRequest(paths[number], priority)) { [weak self] result in
      self?.put(result, at: number)
    }
    state.withLock { $0.pictures[number] = .coming(load) }
  }

  private func put(_ result: Result<LoadedTexture<Handle>, AssetError>, at number: Int) {
    state.withLock { state in
      switch result {
      case .success(let picture):
        // It may have been let go of just when it was done.
        if case .coming = state.pictures[number] { state.pictures[number] = .loaded(picture) }
      case .failure(let error):
        if error.reason == .cancelled { return }
        state.pictures[number] = .broken
        state.failures.append("\(error)")
      }
    }
  }
}
