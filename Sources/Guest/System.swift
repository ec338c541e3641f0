import CGuest

/// system: in a machine, becomes the init of the system on its disk, which starts lab-guest again as a service. It says
/// nothing itself, and its end would be the kernel's panic: so it reports only that it could not begin.
func startSystem(_ session: inout Session) -> Int32 {
    do throws(Failure) {
        try session.machine.enterDisk("ext4")
        cguest_execute("/sbin/init")
        throw Failure("cannot execute /sbin/init")
    } catch {
        complain(error)
        return Status.system
    }
}
