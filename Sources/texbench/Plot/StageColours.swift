/// In which colours bars are drawn; those of Okabe and Ito, which everyone can tell apart.
enum StageColours {
  /// The stages that belong to what is compared.
  static let compared: [Stage] = [.decode, .rasterize, .write, .register]

  static func fill(of stage: Stage) -> String {
    switch stage {
    case .decode: "#9ecbea"
    case .rasterize: "#56b4e9"
    case .write: "#e69f00"
    case .register: "#009e73"
    case .firstDraw, .nextDraw, .readback, .release: "#c5ccd3"
    }
  }

  /// Of a bar without stages.
  static func whole(isOurs: Bool) -> String { isOurs ? "#0072b2" : "#b7c0c9" }
}
