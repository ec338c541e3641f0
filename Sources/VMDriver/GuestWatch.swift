import Glibc
import LabCore

/// Listens to one guest from before it is started until it is gone, on a thread of its own, so that every mark is
/// stamped when its byte arrives and not when somebody gets round to looking.
///
/// Console and records come through FIFOs that this side made and opened first. QEMU's death closes its ends, which
/// is how the end of a VM is noticed at once.
final class GuestWatch: @unchecked Sendable {
    /// What has been seen, at one moment.
    struct View {
        var timeline = Timeline()
        var transcript = GuestTranscript()
        var console = ConsoleTail()
        /// The guest's end of the record channel was opened and is closed again: the VMM has ended.
        var isOver = false
        /// This side ends the VM: half a record is then no fault of the guest.
        var isEnding = false
    }

    private let requested: MonotonicInstant
    /// Whether the first byte on the console is the kernel's first.
    private let kernelStarts: Bool
    private let console: FileDescriptor
    private let records: FileDescriptor
    private let wakeUp: FileDescriptor.Pipe
    private var thread = pthread_t()
    private var isRunning = false
    // Guards `view`; the condition is signalled at each change. Heap memory, because both must keep their address.
    private let mutex = UnsafeMutablePointer<pthread_mutex_t>.allocate(capacity: 1)
    private let changed = UnsafeMutablePointer<pthread_cond_t>.allocate(capacity: 1)
    private var view = View()

    /// Opens the read ends of the two FIFOs.
    /// - Parameter kernelStarts: false for a guest whose kernel runs already: it may print, and has not been entered.
    init(
        consolePath: String, recordPath: String, requested: MonotonicInstant, kernelStarts: Bool = true
    ) throws(LabError) {
        self.requested = requested
        self.kernelStarts = kernelStarts
        view.timeline.stamp(.requested, at: requested, since: requested)
        do {
            console = try FileDescriptor.open(consolePath, O_RDONLY | O_NONBLOCK)
            records = try FileDescriptor.open(recordPath, O_RDONLY | O_NONBLOCK)
            wakeUp = try FileDescriptor.pipe()
        } catch {
            throw LabError(.output, "cannot listen to the guest", cause: "\(error)")
        }
        pthread_mutex_init(mutex, nil)
        var attributes = pthread_condattr_t()
        pthread_condattr_init(&attributes)
        pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC)
        pthread_cond_init(changed, &attributes)
        pthread_condattr_destroy(&attributes)
    }

    deinit {
        pthread_cond_destroy(changed)
        pthread_mutex_destroy(mutex)
        changed.deallocate()
        mutex.deallocate()
    }

    /// Starts to listen. `stop` must follow: the thread keeps this object alive.
    func start() throws(LabError) {
        let code = pthread_create(&thread, nil, runGuestWatch, Unmanaged.passRetained(self).toOpaque())
        guard code == 0 else {
            Unmanaged.passUnretained(self).release()
            throw LabError(.output, "cannot listen to the guest", cause: "\(Errno(code))")
        }
        isRunning = true
    }

    /// Ends the thread; what was seen stays.
    func stop() {
        guard isRunning else { return }
        isRunning = false
        try? wakeUp.write.writeAll([0])
        pthread_join(thread, nil)
    }

    /// Says that the VM is about to be ended from here, whatever its guest is doing. Where each byte traps, a guest is
    /// in the middle of a record for a long time: 20 ms under KVM, nested in emulation.
    func expectEnd() { locked { $0.isEnding = true } }

    /// What has been seen so far.
    var now: View { locked { $0 } }

    func stamp(_ mark: Mark) {
        let instant = MonotonicInstant.now()
        locked { $0.timeline.stamp(mark, at: instant, since: requested) }
    }

    /// Waits until `isDone` or the deadline; returns what was seen then, and whether it is done.
    func wait(until isDone: (View) -> Bool, deadline: MonotonicInstant) -> (view: View, isDone: Bool) {
        pthread_mutex_lock(mutex)
        defer { pthread_mutex_unlock(mutex) }
        var limit = timespec()
        limit.tv_sec = Int(deadline.nanoseconds / 1_000_000_000)
        limit.tv_nsec = Int(deadline.nanoseconds % 1_000_000_000)
        while !isDone(view) {
            if pthread_cond_timedwait(changed, mutex, &limit) == ETIMEDOUT { return (view, isDone(view)) }
        }
        return (view, true)
    }

    private func locked<Value>(_ body: (inout View) -> Value) -> Value {
        pthread_mutex_lock(mutex)
        defer { pthread_mutex_unlock(mutex) }
        let value = body(&view)
        pthread_cond_broadcast(changed)
        return value
    }

    fileprivate func run() {
        // poll(2) passes over negative descriptors: that is how a finished one is left out.
        var watched = [records.rawValue, console.rawValue, wakeUp.read.rawValue].map {
            pollfd(fd: $0, events: Int16(POLLIN), revents: 0)
        }
        var buffer = [UInt8](repeating: 0, count: 1 << 16)
        while poll(&watched, 3, -1) >= 0 || errno == EINTR {
            // What had arrived before the wake-up is still taken.
            if watched[0].revents != 0, !takeRecords(&buffer) { watched[0].fd = -1 }
            if watched[1].revents != 0, !takeConsole(&buffer) { watched[1].fd = -1 }
            if watched[2].revents != 0 { return }
        }
    }

    /// False when there is nothing more to come, or to listen to.
    private func takeRecords(_ buffer: inout [UInt8]) -> Bool {
        let length = read(records.rawValue, &buffer, buffer.count)
        let instant = MonotonicInstant.now()
        if length < 0 { return errno == EAGAIN || errno == EINTR }
        return locked { view in
            guard length > 0 else {
                if !view.isEnding { view.transcript.finish() }
                view.isOver = true
                return false
            }
            view.transcript.receive(buffer[..<length]) { record in
                switch record {
                case .initStarted: view.timeline.stamp(.initStarted, at: instant, since: requested)
                case .ready: view.timeline.stamp(.ready, at: instant, since: requested)
                case .output: view.timeline.stamp(.firstOutput, at: instant, since: requested)
                case .exit: view.timeline.stamp(.exited, at: instant, since: requested)
                case .metric: break
                }
            }
            return view.transcript.violation == nil
        }
    }

    private func takeConsole(_ buffer: inout [UInt8]) -> Bool {
        let length = read(console.rawValue, &buffer, buffer.count)
        let instant = MonotonicInstant.now()
        if length < 0 { return errno == EAGAIN || errno == EINTR }
        guard length > 0 else { return false }
        locked { view in
            if kernelStarts { view.timeline.stamp(.kernelEntered, at: instant, since: requested) }
            view.console.append(buffer[..<length])
        }
        return true
    }
}

private func runGuestWatch(_ context: UnsafeMutableRawPointer?) -> UnsafeMutableRawPointer? {
    if let context { Unmanaged<GuestWatch>.fromOpaque(context).takeRetainedValue().run() }
    return nil
}

/// The end of what a guest's kernel printed, for error messages.
struct ConsoleTail {
    static let most = 64 << 10
    private var bytes: [UInt8] = []

    mutating func append(_ more: some Collection<UInt8>) {
        bytes += more
        // Cut at twice the size, so that a flood isn't moved about byte by byte.
        if bytes.count > 2 * Self.most { bytes.removeFirst(bytes.count - Self.most) }
    }

    /// The last lines, safe to print: only printable ASCII, at most 160 bytes of each line.
    func lastLines(_ count: Int) -> [String] { lines.suffix(count).map(Self.text) }

    /// What the kernel said of its panic, before the registers and the stack; nil when there was none.
    var panicLine: String? { lines.lazy.map(Self.text).first { $0.contains("Kernel panic - not syncing") } }

    private var lines: [ArraySlice<UInt8>] {
        bytes.suffix(Self.most).split { $0 == 0x0a || $0 == 0x0d }
    }

    private static func text(_ line: ArraySlice<UInt8>) -> String {
        String(decoding: line.prefix(160).map { (0x20..<0x7f).contains($0) ? $0 : 0x3f }, as: UTF8.self)
    }
}
