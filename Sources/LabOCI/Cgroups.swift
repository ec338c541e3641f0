import Glibc
import LabCore

/// The container's cgroup in one hierarchy.
struct CgroupPlace: Equatable {
    let hierarchy: CgroupHierarchy
    let directory: String
}

/// The cgroups of a container.
struct Cgroups {
    let places: [CgroupPlace]

    /// - Parameter path: `linux.cgroupsPath`: from the root of each hierarchy where it is absolute, else below this process's.
    init(path: String) throws {
        guard !path.split(separator: "/").contains("..") else {
            throw Failure("cgroupsPath \(ForeignText.line(path, most: 400)) has .. in it")
        }
        places = CgroupHierarchy.all.map { hierarchy in
            let inner = RootFiles.cleaned(path.hasPrefix("/") ? path : "\(hierarchy.ownPath)/\(path)")
            return CgroupPlace(
                hierarchy: hierarchy, directory: hierarchy.mountPoint + (inner == "/" ? "" : inner))
        }
    }

    /// The same by their directories, as a state has them.
    init(directories: [String]) {
        places = directories.compactMap { directory in
            let hierarchy = CgroupHierarchy.all.filter { directory.hasPrefix("\($0.mountPoint)/") }
                .max { $0.mountPoint.utf8.count < $1.mountPoint.utf8.count }
            return hierarchy.map { CgroupPlace(hierarchy: $0, directory: directory) }
        }
    }

    var directories: [String] { places.map { $0.directory } }

    var unified: CgroupPlace? { places.first { $0.hierarchy.isUnified } }
    var isUnifiedOnly: Bool { places.count == 1 && unified != nil }

    /// The place of a controller; that of version 2 where it has it.
    func place(_ controller: String) -> CgroupPlace? {
        places.first { $0.hierarchy.controllers.contains(controller) }
            ?? places.first { place in
                guard place.hierarchy.isUnified else { return false }
                let offered = Files.line("\(place.directory)/cgroup.controllers") ?? ""
                return offered.split(separator: " ").contains { $0 == controller }
            }
    }

    /// Makes what is missing. A cgroup that is there already is used as it is.
    /// - Returns: those that there are: who is not the machine's root makes few, and a limit in another is an error then.
    func make() throws -> Cgroups {
        var made: [CgroupPlace] = []
        for place in places {
            do {
                try Self.make(place)
                made.append(place)
            } catch {
                let isForbidden = [Errno(EACCES), Errno(EPERM), Errno(EROFS)].contains(error.error)
                if Rootless.isOne && isForbidden { continue }
                throw Failure("unable to apply cgroup configuration: mkdir \(error.directory)", error.error)
            }
        }
        return Cgroups(places: made)
    }

    private init(places: [CgroupPlace]) { self.places = places }

    private static func make(_ place: CgroupPlace) throws(Refusal) {
        var made = place.hierarchy.mountPoint
        for name in place.directory.dropFirst(made.utf8.count).split(separator: "/") {
            if place.hierarchy.isUnified { enableControllers(in: made) }
            made += "/\(name)"
            if mkdir(made, 0o755) != 0, errno != EEXIST {
                throw Refusal(error: Errno(errno), directory: made)
            }
            if place.hierarchy.controllers.contains("cpuset") { fillCpuset(made) }
        }
    }

    private struct Refusal: Error {
        let error: Errno
        let directory: String
    }

    /// A cgroup takes no process before it has processors and memory of its own.
    private static func fillCpuset(_ directory: String) {
        for file in ["cpuset.cpus", "cpuset.mems"] where Files.line("\(directory)/\(file)") == nil {
            guard let above = Files.line("\(directory.parent)/\(file)") else { continue }
            try? Files.overwrite(above, at: "\(directory)/\(file)")
        }
    }

    /// What can't be had is missed where a limit asks for it.
    private static func enableControllers(in directory: String) {
        let offered = (Files.line("\(directory)/cgroup.controllers") ?? "").split(separator: " ")
        for controller in offered {
            try? Files.overwrite("+\(controller)", at: "\(directory)/cgroup.subtree_control")
        }
    }

    /// How a new process gets into them.
    struct Entry {
        /// The directory of version 2, open, in which it is born; -1 for none.
        let birthplace: Int32
        /// The files `tasks` of version 1, open.
        var tasks: [Int32] = []
        /// Those that are not made yet.
        var paths: [String] = []

        /// For the process itself, as a thread, of which it has one: to move a process the kernel waits until no other forks
        /// or exits, which takes longer than all that is made here.
        func join() throws {
            defer { close() }
            for file in tasks {
                do { try Kernel.check { Glibc.write(file, "0", 1) } } catch {
                    throw Failure("unable to apply cgroup configuration: write 0 to tasks", error)
                }
            }
            for path in paths {
                do { try Files.overwrite("0", at: path) } catch {
                    throw Failure("unable to apply cgroup configuration: write 0 to \(path)", error)
                }
            }
        }

        func close() {
            for file in tasks { Glibc.close(file) }
            if birthplace >= 0 { Glibc.close(birthplace) }
        }
    }

    /// Those below them that `exec --cgroup` names: `PATH`, or `CONTROLLER,…:PATH` for some.
    func below(_ words: [String]) throws -> Cgroups {
        var changed = places
        for word in words {
            let parts = word.split(separator: ":", maxSplits: 1, omittingEmptySubsequences: false)
            let inner = RootFiles.cleaned("/\(parts[parts.count - 1])")
            let controllers = parts.count == 2 ? parts[0].split(separator: ",").map(String.init) : nil
            for (index, place) in places.enumerated()
            where controllers.map({ !$0.filter(place.hierarchy.controllers.contains).isEmpty }) ?? true {
                let directory = place.directory + (inner == "/" ? "" : inner)
                guard Files.isDirectory(directory) else {
                    throw Failure(
                        "bad sub cgroup \(ForeignText.line(word, most: 200)): \(directory) is not there")
                }
                changed[index] = CgroupPlace(hierarchy: place.hierarchy, directory: directory)
            }
        }
        return Cgroups(places: changed)
    }

    /// - Parameter isLate: whether those of version 1 are made while the process begins.
    /// - Returns: what the caller closes when the process is there.
    func entry(isLate: Bool) throws -> Entry {
        var (birthplace, tasks, paths) = (-1 as Int32, [Int32](), [String]())
        do {
            for place in places {
                let file = "\(place.directory)/tasks"
                if place.hierarchy.isUnified {
                    birthplace = try FileDescriptor.openPath(place.directory, O_DIRECTORY).release()
                } else if isLate {
                    paths.append(file)
                } else {
                    tasks.append(try FileDescriptor.open(file, O_WRONLY).release())
                }
            }
        } catch {
            Entry(birthplace: birthplace, tasks: tasks).close()
            throw Failure("unable to apply cgroup configuration: \(error.words)")
        }
        return Entry(birthplace: birthplace, tasks: tasks, paths: paths)
    }

    /// The directory of version 2 that a process is in, open.
    static func directory(of process: pid_t) throws -> FileDescriptor {
        guard let directory = CgroupHierarchy.all.first(where: { $0.isUnified })?.directory(of: process)
        else { throw Errno(ENOENT) }
        return try FileDescriptor.openPath(directory, O_DIRECTORY)
    }

    /// That of version 2 alone, in which a process is born.
    var unifiedPart: Cgroups { Cgroups(places: places.filter { $0.hierarchy.isUnified }) }

    /// Moves a process that could not be born there into that of version 2, or into all.
    func add(_ process: pid_t, toAll: Bool) throws {
        for place in places where toAll || place.hierarchy.isUnified {
            do throws(Errno) {
                try Files.overwrite("\(process)", at: "\(place.directory)/cgroup.procs")
            } catch {
                throw Failure(
                    "unable to apply cgroup configuration: failed to write \(process) to "
                        + "\(place.directory)/cgroup.procs", error)
            }
        }
    }

    /// The processes in them and below, each once.
    var processes: [pid_t] {
        // Each hierarchy has them all; that of version 2 can't be without one of them.
        guard let place = unified ?? places.first else { return [] }
        return Self.processes(below: place.directory)
    }

    private static func processes(below directory: String) -> [pid_t] {
        let text = (try? Files.readText("\(directory)/cgroup.procs")) ?? ""
        let own = text.split(separator: "\n").compactMap { pid_t($0) }.filter { $0 > 0 }
        return own + inner(directory).flatMap { processes(below: $0) }
    }

    private static func inner(_ directory: String) -> [String] {
        Files.list(directory).map { "\(directory)/\($0)" }.filter { path in
            var status = stat()
            return lstat(path, &status) == 0 && status.st_mode & S_IFMT == S_IFDIR
        }
    }

    /// Removes them, with what the container made in them. One that still has a process, which is about to be gone, is tried
    /// again for a while.
    func remove() throws {
        for place in places where place.directory != place.hierarchy.mountPoint {
            for attempt in 0... {
                guard let error = Self.remove(place.directory) else { break }
                guard error == Errno(EBUSY), attempt < 200 else {
                    throw Failure("unable to remove container's cgroup: rmdir \(place.directory)", error)
                }
                usleep(attempt < 20 ? 1_000 : 10_000)
            }
        }
    }

    private static func remove(_ directory: String) -> Errno? {
        if rmdir(directory) == 0 || errno == ENOENT { return nil }
        for inner in inner(directory) { if let error = remove(inner) { return error } }
        if rmdir(directory) == 0 || errno == ENOENT { return nil }
        return Errno(errno)
    }

    /// What a file of a controller's says; nil where there is none.
    func text(_ controller: String, v1: String?, v2: String?) -> String? {
        guard let place = place(controller), let file = place.hierarchy.isUnified ? v2 : v1 else {
            return nil
        }
        return try? Files.readText("\(place.directory)/\(file)", limit: 1 << 20)
    }
}
