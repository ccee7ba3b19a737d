/// Where memory comes from. A heap takes part in merging like any other component, under the name
/// that the other components list in `heaps`.
public protocol Heap: Component {
  /// Memory of at least `size` bytes, zeroed, mapped and ready to be written.
  ///
  /// - Parameter size: A positive number of bytes; rounded up to whole pages.
  /// - Throws: `SystemFailure` that names the node and the call; nothing is left open.
  func makeSlab(of size: Int) throws(SystemFailure) -> Slab
}
