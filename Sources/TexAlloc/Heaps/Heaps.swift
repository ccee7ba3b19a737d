/// The heaps of this machine.
public enum Heaps {
  /// Every heap that is present, in the order in which equals are preferred.
  public static func present() -> [any Heap] {
    [MemfdHeap()]
  }
}
