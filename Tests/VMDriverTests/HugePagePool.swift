import Glibc
import LabCore

@testable import VMDriver

/// The host's pool of huge pages, made larger for a test.
struct HugePagePool {
    private static let directory = "/sys/kernel/mm/hugepages/hugepages-2048kB"
    private static var size: Int { number("nr_hugepages") ?? 0 }
    /// Pages that the pool had.
    private let before: Int

    /// Whether this process may make the pool larger, and memory is plenty.
    static var canGrow: Bool {
        let pages = sysconf(Int32(_SC_AVPHYS_PAGES)) * sysconf(Int32(_SC_PAGESIZE))
        return access("\(directory)/nr_hugepages", W_OK) == 0 && pages > 2 << 30
    }

    /// Adds pages; nil when the kernel has not so many in one piece.
    init?(pages: Int) {
        before = Self.size
        let wanted = before + pages
        guard Self.set(wanted), Self.size == wanted else {
            _ = Self.set(before)
            return nil
        }
    }

    static var freePages: Int? { number("free_hugepages") }
    var free: Int { Self.freePages ?? 0 }

    func putBack() { _ = Self.set(before) }

    private static func set(_ pages: Int) -> Bool {
        (try? FileDescriptor.open("\(directory)/nr_hugepages", O_WRONLY).writeAll("\(pages)".utf8)) != nil
    }

    private static func number(_ name: String) -> Int? {
        Files.line("\(directory)/\(name)").flatMap { Int($0) }
    }
}
