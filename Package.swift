// swift-tools-version: 6.2
import PackageDescription

/// What every Swift target of the house is built with.
let house: [SwiftSetting] = [
  .swiftLanguageMode(.v6),
  .strictMemorySafety(),
  .treatAllWarnings(as: .error),
  .enableUpcomingFeature("InternalImportsByDefault"),
  .enableUpcomingFeature("ExistentialAny"),
  .enableUpcomingFeature("MemberImportVisibility"),
  .enableExperimentalFeature("Lifetimes"),
]

let system: Target.Dependency = .product(name: "SystemPackage", package: "swift-system")
let arguments: Target.Dependency = .product(
  name: "ArgumentParser", package: "swift-argument-parser")

let package = Package(
  name: "TexAlloc",
  products: [
    .library(name: "TexAlloc", targets: ["TexAlloc"]),
    .library(name: "TexAllocAssets", targets: ["TexAllocAssets"]),
    .library(name: "TexAllocAtlas", targets: ["TexAllocAtlas"]),
    .library(name: "TexAllocAudit", targets: ["TexAllocAudit"]),
    .library(name: "TexAllocC", type: .static, targets: ["TexAllocC"]),
    .library(name: "TexAllocEGL", targets: ["TexAllocEGL"]),
    .library(name: "TexAllocJPEG", targets: ["TexAllocJPEG"]),
    .library(name: "TexAllocJSON", targets: ["TexAllocJSON"]),
    .library(name: "TexAllocKMS", targets: ["TexAllocKMS"]),
    .library(name: "TexAllocPNG", targets: ["TexAllocPNG"]),
    .library(name: "TexAllocText", targets: ["TexAllocText"]),
    .library(name: "TexAllocV4L2", targets: ["TexAllocV4L2"]),
    .library(name: "TexAllocVulkan", targets: ["TexAllocVulkan"]),
    .executable(name: "glyphdemo", targets: ["glyphdemo"]),
    .executable(name: "texbench", targets: ["texbench"]),
    .executable(name: "texctl", targets: ["texctl"]),
  ],
  dependencies: [
    .package(url: "https://github.com/apple/swift-system", from: "1.8.1"),
    .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.2"),
  ],
  targets: [
    // Floor 0: what Swift cannot say, and C libraries.
    .target(
      name: "CAudit", cSettings: [.define("_GNU_SOURCE")],
      linkerSettings: [.linkedLibrary("Zydis")]),
    .target(name: "CDRM"),
    .systemLibrary(name: "CDwfl", pkgConfig: "libdw", providers: [.apt(["libdw-dev"])]),
    .systemLibrary(name: "CEGL"),
    .systemLibrary(
      name: "CFontconfig", pkgConfig: "fontconfig", providers: [.apt(["libfontconfig-dev"])]),
    .systemLibrary(
      name: "CFreeType", pkgConfig: "freetype2", providers: [.apt(["libfreetype-dev"])]),
    .systemLibrary(name: "CGBM", providers: [.apt(["libgbm-dev"])]),
    .target(name: "CHuffman", dependencies: ["CStreaming"]),
    .target(name: "CJPEG", linkerSettings: [.linkedLibrary("jpeg")]),
    .systemLibrary(
      name: "CJansson", pkgConfig: "jansson", providers: [.apt(["libjansson-dev"])]),
    .systemLibrary(name: "CTexAlloc"),
    .systemLibrary(name: "CLCMS", pkgConfig: "lcms2", providers: [.apt(["liblcms2-dev"])]),
    .target(name: "CLinux"),
    .systemLibrary(name: "CPNG", pkgConfig: "libpng", providers: [.apt(["libpng-dev"])]),
    .target(name: "CPNGReader", linkerSettings: [.linkedLibrary("png")]),
    .systemLibrary(name: "CRaqm", pkgConfig: "raqm", providers: [.apt(["libraqm-dev"])]),
    .target(name: "CStreaming"),
    .target(name: "CTexbench", linkerSettings: [.linkedLibrary("jpeg")]),
    .systemLibrary(
      name: "CTurboJPEG", pkgConfig: "libturbojpeg", providers: [.apt(["libturbojpeg0-dev"])]),
    .target(name: "CV4L2"),
    .systemLibrary(name: "CVulkan", providers: [.apt(["libvulkan-dev"])]),
    .target(name: "CAccesses", path: "Tests/CAccesses"),
    .target(
      name: "CCoefficients", path: "Tests/CCoefficients", linkerSettings: [.linkedLibrary("jpeg")]),
    .target(
      name: "CNarrowEGL", dependencies: ["CEGL"], path: "Tests/CNarrowEGL",
      cSettings: [.define("_GNU_SOURCE")]),
    .systemLibrary(
      name: "CLibDRM", path: "Tests/CLibDRM", pkgConfig: "libdrm",
      providers: [.apt(["libdrm-dev"])]),
    .executableTarget(
      name: "auditeddecode", dependencies: ["CAudit", "CJPEG", "CStreaming"],
      path: "Tests/AuditedDecode"),

    // Floor 1: the allocator.
    .target(
      name: "TexAlloc", dependencies: ["CDRM", "CGBM", "CLinux", "CStreaming", system],
      swiftSettings: house),
    .testTarget(
      name: "TexAllocTests",
      dependencies: [
        "CLinux", "TestSupport", "TexAlloc", "TexAllocJSON", "endingprocess", "sharingpeer", system,
      ],
      swiftSettings: house),
    .executableTarget(
      name: "endingprocess", dependencies: ["TexAlloc"], path: "Tests/EndingProcess",
      swiftSettings: house),
    .executableTarget(
      name: "sharingpeer", dependencies: ["TexAlloc"], path: "Tests/SharingPeer",
      swiftSettings: house),

    // Floor 2: one module for each thing that the allocator does not know.
    .target(name: "TexAllocAtlas", dependencies: ["TexAlloc"], swiftSettings: house),
    .testTarget(
      name: "TexAllocAtlasTests", dependencies: ["TestSupport", "TexAlloc", "TexAllocAtlas"],
      swiftSettings: house),
    .target(
      name: "TexAllocAudit",
      dependencies: ["CAudit", "CDwfl", "TexAlloc", "TexAllocJSON", system], swiftSettings: house),
    .testTarget(
      name: "TexAllocAuditTests",
      dependencies: [
        "AuditSupport", "CAccesses", "CAudit", "CTurboJPEG", "TestSupport", "TexAlloc",
        "TexAllocAtlas", "TexAllocAudit", "TexAllocJPEG", "TexAllocText", "auditeddecode", system,
      ],
      swiftSettings: house),
    .target(
      name: "TexAllocEGL", dependencies: ["CEGL", "TexAlloc", system], swiftSettings: house),
    .testTarget(
      name: "TexAllocEGLTests",
      dependencies: [
        "CEGL", "CNarrowEGL", "ProgramSupport", "TestSupport", "TexAlloc", "TexAllocEGL",
        "TexAllocJPEG", system,
      ],
      swiftSettings: house),
    .target(name: "DecoderSupport", dependencies: ["CLCMS", "TexAlloc"], swiftSettings: house),
    .target(
      name: "TexAllocPNG", dependencies: ["CPNGReader", "DecoderSupport", "TexAlloc"],
      swiftSettings: house),
    .testTarget(
      name: "TexAllocPNGTests",
      dependencies: [
        "AuditSupport", "CPNG", "TestSupport", "TexAlloc", "TexAllocAudit", "TexAllocPNG", system,
      ],
      swiftSettings: house),
    .target(
      name: "TexAllocJPEG",
      dependencies: ["CHuffman", "CJPEG", "DecoderSupport", "TexAlloc", system],
      swiftSettings: house),
    .testTarget(
      name: "TexAllocJPEGTests",
      dependencies: [
        "AuditSupport", "CCoefficients", "CTurboJPEG", "TestSupport", "TexAlloc", "TexAllocAudit",
        "TexAllocJPEG", "watcheddecode", system,
      ],
      swiftSettings: house),
    .executableTarget(
      name: "watcheddecode",
      dependencies: ["CTexbench", "CTurboJPEG", "TexAlloc", "TexAllocJPEG", system],
      path: "Tests/WatchedDecode", swiftSettings: house),
    .target(name: "TexAllocJSON", dependencies: ["CJansson", "TexAlloc"], swiftSettings: house),
    .testTarget(
      name: "TexAllocJSONTests", dependencies: ["TexAlloc", "TexAllocJSON"], swiftSettings: house),
    .target(
      name: "TexAllocKMS", dependencies: ["CDRM", "TexAlloc", system], swiftSettings: house),
    .testTarget(
      name: "TexAllocKMSTests", dependencies: ["TexAlloc", "TexAllocKMS", system],
      swiftSettings: house),
    .target(
      name: "TexAllocText", dependencies: ["CFreeType", "TexAlloc", "TexAllocAtlas", system],
      swiftSettings: house),
    .executableTarget(
      name: "watchedglyphs", dependencies: ["CFreeType", "TexAlloc", "TexAllocText", system],
      path: "Tests/WatchedGlyphs", swiftSettings: house),
    .testTarget(
      name: "TexAllocTextTests",
      dependencies: [
        "CFreeType", "TestSupport", "TexAlloc", "TexAllocAtlas", "TexAllocText", system,
      ],
      swiftSettings: house),
    .target(
      name: "TexAllocV4L2", dependencies: ["CV4L2", "TexAlloc", system], swiftSettings: house),
    .target(
      name: "TexAllocVulkan", dependencies: ["CLinux", "CVulkan", "TexAlloc", system],
      exclude: [
        "Shaders/QuadCorner.vert", "Shaders/QuadPixel.frag", "Shaders/TexelFetch.comp",
      ], swiftSettings: house),
    .testTarget(
      name: "TexAllocVulkanTests",
      dependencies: [
        "CEGL", "CNarrowEGL", "CVulkan", "TestSupport", "TexAlloc", "TexAllocEGL",
        "TexAllocVulkan", system,
      ],
      swiftSettings: house),
    .testTarget(
      name: "DriverTests",
      dependencies: [
        "AuditSupport", "CDRM", "CEGL", "CLibDRM", "CLinux", "CV4L2", "CVulkan", "ProgramSupport",
        "TestSupport", "TexAlloc", "TexAllocAssets", "TexAllocAtlas", "TexAllocAudit",
        "TexAllocEGL", "TexAllocJPEG", "TexAllocKMS", "TexAllocPNG", "TexAllocText",
        "TexAllocV4L2", "TexAllocVulkan", "sharingpeer", system,
      ],
      swiftSettings: house),

    // Floor 3: what puts them together.
    .target(
      name: "TexAllocAssets",
      dependencies: ["TexAlloc", "TexAllocEGL", "TexAllocJPEG", "TexAllocPNG", system],
      swiftSettings: house),
    .testTarget(
      name: "TexAllocAssetsTests",
      dependencies: [
        "TestSupport", "TexAlloc", "TexAllocAssets", "TexAllocEGL", "TexAllocJPEG", "TexAllocPNG",
        system,
      ],
      swiftSettings: house),

    // Floor 4: what C links, and programs.
    .target(
      name: "TexAllocC",
      dependencies: [
        "CTexAlloc", "CVulkan", "TexAlloc", "TexAllocAssets", "TexAllocAtlas", "TexAllocEGL",
        "TexAllocJPEG", "TexAllocJSON", "TexAllocPNG", "TexAllocText", "TexAllocVulkan", system,
      ],
      swiftSettings: house + [.enableExperimentalFeature("CImplementation")]),
    .testTarget(
      name: "TexAllocCTests", dependencies: ["CTexAlloc", "TexAllocC"], swiftSettings: house),
    .target(
      name: "ProgramSupport",
      dependencies: [
        "CEGL", "CPNG", "TexAlloc", "TexAllocEGL", "TexAllocJSON", "TexAllocVulkan", arguments,
        system,
      ],
      swiftSettings: house),
    .executableTarget(
      name: "glyphdemo",
      dependencies: [
        "CFontconfig", "CRaqm", "ProgramSupport", "TexAlloc", "TexAllocAssets", "TexAllocAtlas",
        "TexAllocAudit", "TexAllocEGL", "TexAllocJPEG", "TexAllocKMS", "TexAllocPNG",
        "TexAllocText", "TexAllocV4L2", "TexAllocVulkan", arguments, system,
      ],
      swiftSettings: house),
    .executableTarget(
      name: "readmeuse", dependencies: ["TexAlloc", "TexAllocEGL", "TexAllocJPEG"],
      path: "Tests/Readme/Use"),
    .executableTarget(
      name: "readmeloop",
      dependencies: ["TexAlloc", "TexAllocAssets", "TexAllocEGL", "TexAllocJPEG"],
      path: "Tests/Readme/Loop"),
    .executableTarget(
      name: "readmeonecall",
      dependencies: ["TexAlloc", "TexAllocAssets", "TexAllocEGL", "TexAllocJPEG"],
      path: "Tests/Readme/OneCall"),
    .testTarget(
      name: "ReadmeTests",
      dependencies: ["TestSupport", "TexAllocEGL", "readmeloop", "readmeonecall", "readmeuse"],
      swiftSettings: house),
    .testTarget(
      name: "glyphdemoTests",
      dependencies: [
        "CFreeType", "ProgramSupport", "TestSupport", "TexAlloc", "TexAllocAudit", "TexAllocText",
        "TexAllocV4L2", "glyphdemo", system,
      ],
      swiftSettings: house),
    .executableTarget(
      name: "texbench",
      dependencies: [
        "CEGL", "CFreeType", "CLinux", "CTexAlloc", "CTexbench", "CTurboJPEG", "CVulkan",
        "ProgramSupport", "TexAlloc", "TexAllocAssets", "TexAllocAtlas", "TexAllocAudit",
        "TexAllocC", "TexAllocEGL",
        "TexAllocJPEG", "TexAllocText", "TexAllocVulkan", arguments,
        system,
      ],
      swiftSettings: house),
    .testTarget(
      name: "texbenchTests", dependencies: ["TestSupport", "texbench"], swiftSettings: house),
    .executableTarget(
      name: "texctl",
      dependencies: [
        "ProgramSupport", "TexAlloc", "TexAllocAudit", "TexAllocEGL", "TexAllocJPEG",
        "TexAllocJSON", "TexAllocKMS", "TexAllocV4L2", "TexAllocVulkan", arguments, system,
      ],
      swiftSettings: house),
    .testTarget(
      name: "texctlTests",
      dependencies: ["TestSupport", "TexAlloc", "TexAllocAudit", "TexAllocJPEG", "texctl", system],
      swiftSettings: house),

    // What tests share.
    .target(
      name: "AuditSupport", dependencies: ["TexAlloc", "TexAllocAudit"], path: "Tests/AuditSupport",
      swiftSettings: house),
    .target(
      name: "TestSupport", dependencies: ["ProgramSupport", "TexAlloc", "TexAllocEGL", system],
      path: "Tests/TestSupport", swiftSettings: house),
  ]
)
