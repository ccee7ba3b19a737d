// swift-tools-version: 6.2
import PackageDescription

// A package of its own, since libFuzzer wants to be the program, and all of it built for libFuzzer.
let package = Package(
  name: "Fuzz",
  dependencies: [
    .package(name: "TexAlloc", path: "../.."),
    .package(url: "https://github.com/apple/swift-system", from: "1.8.1"),
  ],
  targets: [
    .executableTarget(
      name: "jpegfuzzer",
      dependencies: [
        .product(name: "SystemPackage", package: "swift-system"),
        .product(name: "TexAlloc", package: "TexAlloc"),
        .product(name: "TexAllocJPEG", package: "TexAlloc"),
      ],
      path: ".", sources: ["JPEGFuzzer.swift"],
      swiftSettings: [.strictMemorySafety(), .treatAllWarnings(as: .error)])
  ]
)
