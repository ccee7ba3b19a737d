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
    .library(name: "TexAllocEGL", targets: ["TexAllocEGL"]),
    .library(name: "TexAllocJSON", targets: ["TexAllocJSON"]),
    .executable(name: "texctl", targets: ["texctl"]),
    .executable(name: "texbench", targets: ["texbench"]),
    .library(name: "TexAllocJPEG", targets: ["TexAllocJPEG"]),
  ],
  dependencies: [
    .package(url: "https://github.com/apple/swift-system", from: "1.8.1"),
    .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.2"),
  ],
  targets: [
    // Floor 0: what Swift cannot say, and C libraries.
    // Floor 0: what Swift cannot say.
    .target(name: "CJPEG", linkerSettings: [.linkedLibrary("jpeg")]),
    .target(name: "CLinux"),
    .target(name: "CStreaming"),
    .systemLibrary(name: "CEGL"),
    .systemLibrary(
      name: "CJansson", pkgConfig: "jansson", providers: [.apt(["libjansson-dev"])]),

    // Floor 1: the allocator.
    .target(
      name: "TexAlloc", dependencies: ["CLinux", "CStreaming", system], swiftSettings: house),
    .testTarget(
      name: "TexAllocTests", dependencies: ["TexAlloc", "TexAllocJSON"], swiftSettings: house),

    // Floor 2: one module for each thing that the allocator does not know.
    .target(
      name: "TexAllocEGL", dependencies: ["TexAlloc", "CEGL", system], swiftSettings: house),
    .testTarget(
      name: "TexAllocEGLTests", dependencies: ["TexAlloc", "TexAllocEGL"], swiftSettings: house),
    .target(name: "TexAllocJSON", dependencies: ["TexAlloc", "CJansson"], swiftSettings: house),
    .testTarget(
      name: "TexAllocJSONTests", dependencies: ["TexAlloc", "TexAllocJSON"], swiftSettings: house),

    // Floor 4: programs.
    .executableTarget(
      name: "texctl",
      dependencies: ["TexAlloc", "TexAllocEGL", "TexAllocJSON", system, arguments],
      swiftSettings: house),
    .executableTarget(
      name: "texbench", dependencies: ["TexAlloc", "TexAllocJSON", arguments], swiftSettings: house),
    .systemLibrary(name: "CDRM", pkgConfig: "libdrm", providers: [.apt(["libdrm-dev"])]),
    .systemLibrary(name: "CGBM", pkgConfig: "gbm", providers: [.apt(["libgbm-dev"])]),

    // Floor 1: the allocator.
    .target(
      name: "TexAlloc", dependencies: ["CDRM", "CGBM", "CLinux", "CStreaming", system],
      swiftSettings: house),
    .testTarget(
      name: "TexAllocTests", dependencies: ["TexAlloc", system], swiftSettings: house),
    .testTarget(name: "TexAllocTests", dependencies: ["TexAlloc"], swiftSettings: house),

    // Floor 2: the components.
    .target(
      name: "TexAllocJPEG", dependencies: ["CJPEG", "TexAlloc", system], swiftSettings: house),
    .systemLibrary(name: "CTurboJPEG", path: "Tests/CTurboJPEG"),
    .testTarget(
      name: "TexAllocJPEGTests", dependencies: ["CTurboJPEG", "TexAlloc", "TexAllocJPEG", system],
      swiftSettings: house),
  ]
)
