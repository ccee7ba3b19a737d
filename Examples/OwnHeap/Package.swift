// swift-tools-version: 6.2
import PackageDescription

let package = Package(
  name: "OwnHeap",
  dependencies: [.package(name: "TexAlloc", path: "../..")],
  targets: [
    .executableTarget(
      name: "ownheap", dependencies: [.product(name: "TexAlloc", package: "TexAlloc")],
      path: "Sources/OwnHeap",
      swiftSettings: [
        .swiftLanguageMode(.v6), .strictMemorySafety(), .treatAllWarnings(as: .error),
      ])
  ]
)
