/// Memory that the CPU reads very slowly was to be read without being asked for by name.
public struct ReadbackRefused: Error, Hashable, Sendable {
  public let buffer, heap: String
  public let caching: Caching
}

extension ReadbackRefused: CustomStringConvertible {
  public var description: String {
    "\(buffer): its memory of \(heap) is \(caching), slow to read; ask for it with evenIfSlow"
  }
}
