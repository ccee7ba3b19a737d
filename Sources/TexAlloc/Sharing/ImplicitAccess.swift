/// What a device does with memory, to the drivers that order their work by the memory itself:
/// those that read wait for those that write, those that write wait for everyone.
public enum ImplicitAccess: Hashable, Sendable {
  case reading, writing
}
