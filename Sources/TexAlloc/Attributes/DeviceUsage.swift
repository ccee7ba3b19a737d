/// What devices do with a buffer; the cases stand in the order of their names.
public enum DeviceUsage: String, CaseIterable, Sendable {
  case capture, decode, encode, render, sample, scanout
}
