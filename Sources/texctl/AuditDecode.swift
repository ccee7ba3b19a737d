internal import ArgumentParser
internal import ProgramSupport
internal import SystemPackage
internal import TexAlloc
internal import TexAllocAudit
internal import TexAllocJPEG

struct AuditDecode: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "audit",
    abstract: "See how a JPEG file is decoded into texture memory: every load and store.",
    discussion: """
      Of memory above 4 MiB, no more than that is audited, in evenly spread bands of rows. \
      Docs/write-combining.md says how to read the report.
      """)

  enum PixelFormat: String, ExpressibleByArgument, CaseIterable {
    case rgba, bgra, rgb565, grey

    var fourcc: Fourcc {
      switch self {
      case .rgba: .abgr8888
      case .bgra: .argb8888
      case .rgb565: .rgb565
      case .grey: .r8
      }
    }
  }

  @Argument(help: "The JPEG file.", completion: .file())
  var input: String

  @Option(help: "What the pixels become.")
  var format = PixelFormat.rgba

  @Flag(help: "Print JSON.")
  var json = false

  func run() throws {
    let report = try Texctl.stating {
      let photo = try JPEGImage(contentsOf: FilePath(input))
      let pool = try TexturePool(for: [JPEGDecoder.component])
      let buffer = try pool.allocate(photo.descriptor(as: [format.fourcc]), named: input)
      let audit = try Audit(of: pool, atMost: 4 << 20)
      try photo.decode(into: buffer)
      return audit.finish()
    }
    print(json ? report.json : report.description)
  }
}
