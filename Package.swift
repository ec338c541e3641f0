// swift-tools-version: 6.1
import PackageDescription

let strict: [SwiftSetting] = [.enableUpcomingFeature("ExistentialAny")]

let package = Package(
    name: "lab",
    products: [
        .executable(name: "lab", targets: ["LabRunner"]),
        .executable(name: "lab-guest", targets: ["Guest"]),
        .executable(name: "lab-container", targets: ["LabContainer"]),
        .executable(name: "lab-oci", targets: ["LabOCI"]),
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
        .target(name: "CGuest", cSettings: [.headerSearchPath("../CLinux/include")]),

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
            dependencies: ["CLinux"],
            swiftSettings: strict
        ),
        // What a run leaves, as files: samples, results, and those of others. The only reader of their JSON.
        .target(name: "Results", dependencies: ["LabCore"], swiftSettings: strict),
        // What is made once and found again by its digest.
        .target(
            name: "Artifacts",
            dependencies: ["LabCore", "CLinux", .product(name: "Crypto", package: "swift-crypto")],
            swiftSettings: strict
        ),
        // The only importer of YAML.
        .target(
            name: "LabFile",
            dependencies: ["LabCore", .product(name: "Yams", package: "Yams")],
            swiftSettings: strict
        ),
        // How a child is started and what it may do: the launch program, whose executor is CLinux. Knows no container.
        .target(name: "Launch", dependencies: ["LabCore", "CLinux"], swiftSettings: strict),
        // The words of the Open Container Initiative's specifications, as values and as JSON.
        .target(name: "OCI", dependencies: ["LabCore"], swiftSettings: strict),
        // Images: the store, layers on disk. Apart from OCI, so that lab-container links no libarchive.
        .target(
            name: "Images",
            dependencies: ["Artifacts", "LabCore", "OCI", "CArchive", "CLinux"],
            swiftSettings: strict),
        .target(
            name: "VMDriver",
            dependencies: ["Artifacts", "LabCore", "Launch", "CArchive", "CLibvirt", "CLinux", "CXML"],
            swiftSettings: strict
        ),
        .target(
            name: "ContainerDriver",
            dependencies: ["LabCore", "Launch", "OCI", "CLinux"],
            swiftSettings: strict
        ),
        // What can be done with any engine beside starting it; knows engines only as LabCore's protocols.
        .target(
            name: "Experiments", dependencies: ["Artifacts", "Images", "LabCore", "CLinux"],
            swiftSettings: strict),
        // The exercises: what a student makes, who judges it, and what is handed in.
        .target(
            name: "Course",
            dependencies: [
                "Artifacts", "LabCore", "Launch", "ContainerDriver", "VMDriver", "OCI", "CArchive",
                "CLinux", "CSeccomp",
                .product(name: "Crypto", package: "swift-crypto"),
            ],
            swiftSettings: strict),
        // One table of sentences for each language but English.
        .target(name: "Texts", dependencies: ["LabCore"], swiftSettings: strict),
        .target(name: "Report", dependencies: ["Artifacts", "LabCore", "Texts"], swiftSettings: strict),
        .executableTarget(
            name: "LabRunner",
            dependencies: [
                "Artifacts", "Images", "LabCore", "LabFile", "VMDriver", "ContainerDriver", "Course",
                "Experiments", "OCI", "Report", "Results", "Texts", "CLinux",
                .product(name: "ArgumentParser", package: "swift-argument-parser"),
            ],
            swiftSettings: strict
        ),

        // The container's start as a program of its own, which links little and nothing dynamically, so that its own
        // start costs less than the container's.
        .executableTarget(
            name: "LabContainer", dependencies: ["CLinux", "LabCore", "ContainerDriver"],
            swiftSettings: strict,
            // Only where the rest is static too: a debug build leaves out what this would link.
            linkerSettings: [
                .unsafeFlags(["-static-executable", "-use-ld=lld"], .when(configuration: .release))
            ]),

        // An OCI runtime with runc's command line, for podman, docker and containerd. Links libseccomp, because the filters
        // of others ask for all that it can; no driver and no lab.
        .executableTarget(
            name: "LabOCI", dependencies: ["LabCore", "Launch", "OCI", "CLinux", "CSeccomp"],
            swiftSettings: strict,
            linkerSettings: [
                // It starts over before libc begins: see `clinux_before_start`.
                .unsafeFlags(
                    ["-static-executable", "-use-ld=lld", "-Xlinker", "--entry=clinux_entry"],
                    .when(configuration: .release))
            ]),

        // Kept beside what they measure; see the head of each file for the command.
        .target(name: "CFloor", path: "Benchmarks/CFloor"),
        .executableTarget(
            name: "container-start",
            dependencies: ["Artifacts", "CFloor", "ContainerDriver", "LabCore", "Launch"],
            path: "Benchmarks/ContainerStart", swiftSettings: strict),

        // What a test starts in a VM to see what is seen there.
        .executableTarget(
            name: "tree-digest", dependencies: ["Artifacts", "LabCore"], path: "Tests/TreeDigest",
            swiftSettings: strict),

        // Submissions of all kinds, for tests of grading and for Benchmarks/grade-200.
        .executableTarget(
            name: "grade-samples", dependencies: ["Course", "LabCore", "LabFile"], path: "Tests/GradeSamples",
            swiftSettings: strict),

        // What tests of containers and of VMs start commands in.
        .target(
            name: "TestTrees", dependencies: ["LabCore"], path: "Tests/TestTrees", swiftSettings: strict),

        // More threads for the tests: all targets' are one program.
        .target(name: "TestPool", path: "Tests/TestPool"),
        .testTarget(
            name: "LabCoreTests",
            dependencies: [
                "TestPool", "Artifacts", "LabCore", "LabFile", "ContainerDriver", "Results", "VMDriver",
            ],
            exclude: ["Fixtures"]),
        .testTarget(
            name: "OCITests",
            dependencies: [
                "OCI", "Artifacts", "ContainerDriver", "Images", "LabCore", "CLinux",
            ]),
        .testTarget(
            name: "LabOCITests",
            dependencies: ["LabOCI", "Artifacts", "LabCore", "OCI", "CLinux", "TestTrees"]),
        .testTarget(name: "TextsTests", dependencies: ["Texts", "LabCore"]),
        .testTarget(name: "ReportTests", dependencies: ["Report", "Results", "LabCore"]),
        .testTarget(
            name: "ContainerDriverTests",
            dependencies: [
                "Artifacts", "CLinux", "ContainerDriver", "Images", "LabCore", "Launch", "OCI",
                "CSeccomp", "TestTrees",
            ]),
        .testTarget(
            name: "CourseTests",
            dependencies: [
                "Artifacts", "Course", "ContainerDriver", "VMDriver", "LabCore", "LabFile", "Launch", "OCI",
                "CArchive", "CSeccomp",
            ]),
        .testTarget(
            name: "VMDriverTests",
            dependencies: ["Artifacts", "CLinux", "VMDriver", "LabCore", "Launch", "CLibvirt", "TestTrees"]),
        .testTarget(
            name: "LabRunnerTests",
            dependencies: ["Artifacts", "LabRunner", "LabCore", "LabFile", "Report", "Results", "Texts"]),
        .testTarget(
            name: "ExperimentsTests",
            dependencies: ["Artifacts", "Images", "LabRunner", "LabCore", "LabFile", "Experiments"]),
    ],
    swiftLanguageModes: [.v6]
)

// Tests/Fuzz/fuzz builds it, with instruments that nothing else has.
if Context.environment["LAB_FUZZ"] != nil {
    package.targets.append(
        .executableTarget(
            name: "Fuzz", dependencies: ["Course", "Images", "LabCore", "LabFile", "OCI", "Results"],
            path: "Tests/Fuzz", exclude: ["fuzz"], swiftSettings: strict))
}
