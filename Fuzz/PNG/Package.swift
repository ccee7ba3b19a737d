// swift-tools-version: 6.2
import PackageDescription

// A package of its own, since libFuzzer wants to be the program, and all of it built for libFuzzer.
let package = Package(
  name: "Fuzz",
  dependencies: [.package(name: "TexAlloc", path: "../..")],
  targets: [
    .executableTarget(
      name: "pngfuzzer",
      dependencies: [
        .product(name: "TexAlloc", package: "TexAlloc"),
        .product(name: "TexAllocPNG", package: "TexAlloc"),
      ],
      path: ".", sources: ["PNGFuzzer.swift"],
      swiftSettings: [.strictMemorySafety(), .treatAllWarnings(as: .error)])
  ]
)
