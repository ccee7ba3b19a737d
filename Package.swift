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

let package = Package(
  name: "TexAlloc",
  products: [
    .library(name: "TexAlloc", targets: ["TexAlloc"]),
    .library(name: "TexAllocEGL", targets: ["TexAllocEGL"]),
  ],
  dependencies: [
    .package(url: "https://github.com/apple/swift-system", from: "1.8.1"),
    .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.2"),
  ],
  targets: [
    // Floor 0: what Swift cannot say.
    .target(name: "CLinux"),
    .target(name: "CStreaming"),
    .systemLibrary(name: "CEGL"),

    // Floor 1: the allocator.
    .target(
      name: "TexAlloc", dependencies: ["CLinux", "CStreaming", system], swiftSettings: house),

    // Floor 2: the components.
    .target(
      name: "TexAllocEGL", dependencies: ["TexAlloc", "CEGL", system], swiftSettings: house),

    .testTarget(name: "TexAllocTests", dependencies: ["TexAlloc"], swiftSettings: house),
    .testTarget(
      name: "TexAllocEGLTests", dependencies: ["TexAlloc", "TexAllocEGL"], swiftSettings: house),
  ]
)
