// swift-tools-version:5.9
// The package for Swift. For Apple's systems, it is the Objective-C binding, over the
// library that build/xcframework makes; for Linux, the C ABI, where the library is
// installed and pkg-config finds it. docs/objc.md tells more.
import PackageDescription

#if os(Linux)
let package = Package(
  name: "OpenLTS",
  products: [.library(name: "COpenLTS", targets: ["COpenLTS"])],
  targets: [.systemLibrary(name: "COpenLTS", path: "bindings/swift/linux", pkgConfig: "openlts")]
)
#else
let package = Package(
  name: "OpenLTS",
  platforms: [.macOS(.v12), .iOS(.v13)],
  products: [.library(name: "OpenLTSKit", targets: ["OpenLTSKit"])],
  targets: [
    .binaryTarget(name: "COpenLTS", path: "out/apple/COpenLTS.xcframework"),
    .target(
      name: "OpenLTSKit",
      dependencies: ["COpenLTS"],
      path: "bindings/objc",
      exclude: ["build-and-test", "gnustep", "tests"],
      sources: ["src"],
      publicHeadersPath: "include",
      linkerSettings: [
        .linkedFramework("CoreFoundation"),
        .linkedFramework("Security"),
        .linkedLibrary("resolv"),
      ]
    ),
  ]
)
#endif
