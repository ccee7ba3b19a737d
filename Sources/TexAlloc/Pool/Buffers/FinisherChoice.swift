/// Who makes pixels of a picture's coefficients.
public enum Finisher: String, CaseIterable, Codable, Hashable, Sendable {
  case cpu, gpu
}

/// Who finishes the decoding of a picture, and why not the GPU.
public struct FinisherChoice: Hashable, Sendable {
  public let finisher: Finisher
  /// nil where it is the GPU.
  public let reason: String?

  public static let gpu = FinisherChoice(finisher: .gpu, reason: nil)

  public static func cpu(because reason: String) -> FinisherChoice {
    FinisherChoice(finisher: .cpu, reason: reason)
  }
}

extension FinisherChoice: CustomStringConvertible {
  public var description: String {
    switch finisher {
    case .gpu: "finished by the GPU"
    case .cpu: "decoded by the CPU" + (reason.map { ": \($0)" } ?? "")
    }
  }
}
