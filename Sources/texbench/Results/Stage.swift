/// A part of a turn that is timed apart.
enum Stage: String, Codable, CaseIterable {
  case decode
  case rasterize = "rasterise"
  case write, register
  case firstDraw = "first draw"
  case nextDraw = "next draw"
  case readback = "read back"
  case release
}
