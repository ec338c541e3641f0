// swift-tools-version: 6.1
import PackageDescription

let strict: [SwiftSetting] = [.enableUpcomingFeature("ExistentialAny")]

let package = Package(
    name: "lab",
    products: [
        .executable(name: "lab", targets: ["LabRunner"]),
        .executable(name: "lab-guest", targets: ["Guest"]),
        .executable(name: "lab-container", targets: ["LabContainer"]),
    ],
    dependencies: [
        .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.2"),
        .package(url: "https://github.com/apple/swift-crypto", from: "4.5.2"),
        .package(url: "https://github.com/jpsim/Yams", from: "6.2.2"),
    ],
    targets: [
        // C, each as small as it can be; every header opens with its reason to exist.
        .systemLibrary(name: "CLibvirt", pkgConfig: "libvirt", providers: [.apt(["libvirt-dev"])]),
        .systemLibrary(name: "CXML", pkgConfig: "libxml-2.0", providers: [.apt(["libxml2-dev"])]),
        .systemLibrary(name: "CSeccomp", pkgConfig: "libseccomp", providers: [.apt(["libseccomp-dev"])]),
        .systemLibrary(name: "CArchive", pkgConfig: "libarchive", providers: [.apt(["libarchive-dev"])]),
        .target(name: "CLinux"),
        .target(name: "CGuest"),

        // The program that runs inside: one static binary, the same bytes in every engine.
        // Embedded Swift, so that its start costs what a C program's does; -O in every configuration,
        // because a debug build of Embedded Swift is another program.
        .executableTarget(
            name: "Guest",
            dependencies: ["CGuest"],
            swiftSettings: [
                .enableExperimentalFeature("Embedded"),
                // The embedded standard library lies only beside the dynamic one.
                .unsafeFlags(["-wmo", "-Osize", "-no-static-stdlib"]),
            ],
            linkerSettings: [
                .unsafeFlags(["-no-static-stdlib", "-Xclang-linker", "-static", "-Xlinker", "-s"])
            ]
        ),

        // The model: no engine, no report, no I/O beyond files.
        .target(
            name: "LabCore",
            dependencies: ["CLinux", .product(name: "Crypto", package: "swift-crypto")],
            swiftSettings: strict
        ),
        // The only importer of YAML.
        .target(
            name: "LabFile",
            dependencies: ["LabCore", .product(name: "Yams", package: "Yams")],
            swiftSettings: strict
        ),
        // How a child is started and what it may do: the launch program, whose executor is CLinux. Knows no container.
        .target(name: "Launch", dependencies: ["LabCore", "CLinux", "CSeccomp"], swiftSettings: strict),
        // The words of the Open Container Initiative's specifications, as values and as JSON.
        .target(name: "OCI", dependencies: ["LabCore"], swiftSettings: strict),
        // Images: the store, layers on disk. Apart from OCI, so that lab-container links no libarchive.
        .target(
            name: "Images", dependencies: ["LabCore", "OCI", "CArchive", "CLinux"], swiftSettings: strict),
        .target(
            name: "VMDriver",
            dependencies: ["LabCore", "Launch", "CArchive", "CLibvirt", "CLinux", "CXML"],
            swiftSettings: strict
        ),
        .target(
            name: "ContainerDriver",
            dependencies: ["LabCore", "Launch", "OCI", "CLinux"],
            swiftSettings: strict
        ),
        // What can be done with any engine beside starting it; knows engines only as LabCore's protocols.
        .target(name: "Experiments", dependencies: ["LabCore", "CLinux"], swiftSettings: strict),
        // One table of sentences for each language but English.
        .target(name: "Texts", dependencies: ["LabCore"], swiftSettings: strict),
        .target(name: "Report", dependencies: ["LabCore", "Texts"], swiftSettings: strict),
        .executableTarget(
            name: "LabRunner",
            dependencies: [
                "LabCore", "LabFile", "Images", "VMDriver", "ContainerDriver", "Experiments", "Report",
                "Texts",
                .product(name: "ArgumentParser", package: "swift-argument-parser"),
            ],
            swiftSettings: strict
        ),

        // The container's start as a program of its own, which links little and nothing dynamically, so that its own
        // start costs less than the container's.
        .executableTarget(
            name: "LabContainer", dependencies: ["LabCore", "ContainerDriver"], swiftSettings: strict,
            // Only where the rest is static too: a debug build leaves out what this would link.
            linkerSettings: [.unsafeFlags(["-static-executable"], .when(configuration: .release))]),

        // Kept beside what they measure; see the head of each file for the command.
        .target(name: "CFloor", path: "Benchmarks/CFloor"),
        .executableTarget(
            name: "container-start", dependencies: ["CFloor", "ContainerDriver", "LabCore", "Launch"],
            path: "Benchmarks/ContainerStart", swiftSettings: strict),

        .testTarget(
            name: "LabCoreTests", dependencies: ["LabCore", "LabFile", "ContainerDriver", "VMDriver"],
            exclude: ["Fixtures"]),
        .testTarget(name: "OCITests", dependencies: ["OCI", "Images", "LabCore", "CLinux"]),
        .testTarget(name: "TextsTests", dependencies: ["Texts", "LabCore"]),
        .testTarget(name: "ReportTests", dependencies: ["Report", "LabCore"]),
        .testTarget(
            name: "ContainerDriverTests",
            dependencies: ["ContainerDriver", "LabCore", "Launch", "OCI", "CSeccomp"]),
        .testTarget(name: "VMDriverTests", dependencies: ["VMDriver", "LabCore", "Launch", "CLibvirt"]),
        .testTarget(
            name: "LabRunnerTests",
            dependencies: ["LabRunner", "LabCore", "LabFile", "Report", "Texts"]),
        .testTarget(
            name: "ExperimentsTests", dependencies: ["LabRunner", "LabCore", "LabFile", "Experiments"]),
    ],
    swiftLanguageModes: [.v6]
)
