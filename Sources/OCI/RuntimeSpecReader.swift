// The reading of a config.json, word by word. By hand: what the compiler makes of Decodable describes several types for each part
// when it is first used, and a runtime uses each once. `RuntimeSpecTests/roundTrip` holds it to all that is written.

extension RuntimeSpec: JSONReadable {
    package static var required: [String] { ["ociVersion"] }

    package mutating func take(_ name: String, _ value: JSONNode) throws(JSONProblem) {
        switch name {
        case "ociVersion": ociVersion = try value.string()
        case "root": root = try value.part()
        case "mounts": mounts = try value.array()
        case "process": process = try value.part()
        case "hostname": hostname = try value.string()
        case "domainname": domainname = try value.string()
        case "hooks": hooks = try value.part()
        case "annotations": annotations = try value.dictionary()
        case "linux": linux = try value.part()
        default: break
        }
    }
}

extension RuntimeSpec.Root: JSONReadable {
    package static var required: [String] { ["path"] }

    package mutating func take(_ name: String, _ value: JSONNode) throws(JSONProblem) {
        switch name {
        case "path": path = try value.string()
        case "readonly": readonly = try value.flag()
        default: break
        }
    }
}

extension RuntimeSpec.Mount: JSONReadable {
    package static var required: [String] { ["destination"] }

    package mutating func take(_ name: String, _ value: JSONNode) throws(JSONProblem) {
        switch name {
        case "destination": destination = try value.string()
        case "type": type = try value.string()
        case "source": source = try value.string()
        case "options": options = try value.texts()
        case "uidMappings": uidMappings = try value.array()
        case "gidMappings": gidMappings = try value.array()
        default: break
        }
    }
}

extension RuntimeSpec.Hooks: JSONReadable {
    package mutating func take(_ name: String, _ value: JSONNode) throws(JSONProblem) {
        switch name {
        case "prestart": prestart = try value.array()
        case "createRuntime": createRuntime = try value.array()
        case "createContainer": createContainer = try value.array()
        case "startContainer": startContainer = try value.array()
        case "poststart": poststart = try value.array()
        case "poststop": poststop = try value.array()
        default: break
        }
    }
}

extension RuntimeSpec.Hook: JSONReadable {
    package static var required: [String] { ["path"] }

    package mutating func take(_ name: String, _ value: JSONNode) throws(JSONProblem) {
        switch name {
        case "path": path = try value.string()
        case "args": args = try value.texts()
        case "env": env = try value.texts()
        case "timeout": timeout = try value.integer()
        default: break
        }
    }
}

extension RuntimeSpec.IDMapping: JSONReadable {
    package static var required: [String] { ["containerID", "hostID", "size"] }

    package mutating func take(_ name: String, _ value: JSONNode) throws(JSONProblem) {
        switch name {
        case "containerID": containerID = try value.integer()
        case "hostID": hostID = try value.integer()
        case "size": size = try value.integer()
        default: break
        }
    }
}

extension RuntimeSpec.Process: JSONReadable {
    package static var required: [String] { ["cwd"] }

    package mutating func take(_ name: String, _ value: JSONNode) throws(JSONProblem) {
        switch name {
        case "terminal": terminal = try value.flag()
        case "consoleSize": consoleSize = try value.part()
        case "cwd": cwd = try value.string()
        case "env": env = try value.texts()
        case "args": args = try value.texts()
        case "rlimits": rlimits = try value.array()
        case "user": user = try value.part()
        case "capabilities": capabilities = try value.part()
        case "noNewPrivileges": noNewPrivileges = try value.flag()
        case "apparmorProfile": apparmorProfile = try value.string()
        case "selinuxLabel": selinuxLabel = try value.string()
        case "oomScoreAdj": oomScoreAdj = try value.integer()
        case "scheduler": scheduler = try value.part()
        case "ioPriority": ioPriority = try value.part()
        case "execCPUAffinity": execCPUAffinity = try value.part()
        default: break
        }
    }
}

extension RuntimeSpec.Scheduler: JSONReadable {
    package static var required: [String] { ["policy"] }

    package mutating func take(_ name: String, _ value: JSONNode) throws(JSONProblem) {
        switch name {
        case "policy": policy = try value.string()
        case "nice": nice = try value.integer()
        case "priority": priority = try value.integer()
        case "flags": flags = try value.texts()
        case "runtime": runtime = try value.integer()
        case "deadline": deadline = try value.integer()
        case "period": period = try value.integer()
        default: break
        }
    }
}

extension RuntimeSpec.IOPriority: JSONReadable {
    package static var required: [String] { ["class", "priority"] }

    package mutating func take(_ name: String, _ value: JSONNode) throws(JSONProblem) {
        switch name {
        case "class": `class` = try value.string()
        case "priority": priority = try value.integer()
        default: break
        }
    }
}

extension RuntimeSpec.CPUAffinity: JSONReadable {
    package mutating func take(_ name: String, _ value: JSONNode) throws(JSONProblem) {
        switch name {
        case "initial": initial = try value.string()
        case "final": final = try value.string()
        default: break
        }
    }
}

extension RuntimeSpec.ConsoleSize: JSONReadable {
    package static var required: [String] { ["height", "width"] }

    package mutating func take(_ name: String, _ value: JSONNode) throws(JSONProblem) {
        switch name {
        case "height": height = try value.integer()
        case "width": width = try value.integer()
        default: break
        }
    }
}

extension RuntimeSpec.Rlimit: JSONReadable {
    package static var required: [String] { ["type", "soft", "hard"] }

    package mutating func take(_ name: String, _ value: JSONNode) throws(JSONProblem) {
        switch name {
        case "type": type = try value.string()
        case "soft": soft = try value.integer()
        case "hard": hard = try value.integer()
        default: break
        }
    }
}

extension RuntimeSpec.User: JSONReadable {
    package static var required: [String] { ["uid", "gid"] }

    package mutating func take(_ name: String, _ value: JSONNode) throws(JSONProblem) {
        switch name {
        case "uid": uid = try value.integer()
        case "gid": gid = try value.integer()
        case "umask": umask = try value.integer()
        case "additionalGids": additionalGids = try value.integers()
        default: break
        }
    }
}

extension RuntimeSpec.Capabilities: JSONReadable {
    package mutating func take(_ name: String, _ value: JSONNode) throws(JSONProblem) {
        switch name {
        case "effective": effective = try value.texts()
        case "bounding": bounding = try value.texts()
        case "inheritable": inheritable = try value.texts()
        case "permitted": permitted = try value.texts()
        case "ambient": ambient = try value.texts()
        default: break
        }
    }
}

extension RuntimeSpec.Linux: JSONReadable {
    package mutating func take(_ name: String, _ value: JSONNode) throws(JSONProblem) {
        switch name {
        case "namespaces": namespaces = try value.array()
        case "uidMappings": uidMappings = try value.array()
        case "gidMappings": gidMappings = try value.array()
        case "timeOffsets": timeOffsets = try value.part()
        case "devices": devices = try value.array()
        case "netDevices": netDevices = try value.json()
        case "cgroupsPath": cgroupsPath = try value.string()
        case "resources": resources = try value.part()
        case "intelRdt": intelRdt = try value.json()
        case "sysctl": sysctl = try value.stringMap()
        case "seccomp": seccomp = try value.part()
        case "rootfsPropagation": rootfsPropagation = try value.string()
        case "maskedPaths": maskedPaths = try value.texts()
        case "readonlyPaths": readonlyPaths = try value.texts()
        case "mountLabel": mountLabel = try value.string()
        case "personality": personality = try value.part()
        default: break
        }
    }
}

extension RuntimeSpec.Namespace: JSONReadable {
    package static var required: [String] { ["type"] }

    package mutating func take(_ name: String, _ value: JSONNode) throws(JSONProblem) {
        switch name {
        case "type": type = try value.string()
        case "path": path = try value.string()
        default: break
        }
    }
}

extension RuntimeSpec.TimeOffsets: JSONReadable {
    package mutating func take(_ name: String, _ value: JSONNode) throws(JSONProblem) {
        switch name {
        case "monotonic": monotonic = try value.part()
        case "boottime": boottime = try value.part()
        default: break
        }
    }
}

extension RuntimeSpec.TimeOffset: JSONReadable {
    package mutating func take(_ name: String, _ value: JSONNode) throws(JSONProblem) {
        switch name {
        case "secs": secs = try value.integer()
        case "nanosecs": nanosecs = try value.integer()
        default: break
        }
    }
}

extension RuntimeSpec.Device: JSONReadable {
    package static var required: [String] { ["type", "path"] }

    package mutating func take(_ name: String, _ value: JSONNode) throws(JSONProblem) {
        switch name {
        case "type": type = try value.string()
        case "path": path = try value.string()
        case "major": major = try value.integer()
        case "minor": minor = try value.integer()
        case "fileMode": fileMode = try value.integer()
        case "uid": uid = try value.integer()
        case "gid": gid = try value.integer()
        default: break
        }
    }
}

extension RuntimeSpec.Personality: JSONReadable {
    package static var required: [String] { ["domain"] }

    package mutating func take(_ name: String, _ value: JSONNode) throws(JSONProblem) {
        switch name {
        case "domain": domain = try value.string()
        case "flags": flags = try value.texts()
        default: break
        }
    }
}

extension RuntimeSpec.HugepageLimit: JSONReadable {
    package static var required: [String] { ["pageSize", "limit"] }

    package mutating func take(_ name: String, _ value: JSONNode) throws(JSONProblem) {
        switch name {
        case "pageSize": pageSize = try value.string()
        case "limit": limit = try value.integer()
        default: break
        }
    }
}

extension RuntimeSpec.Resources: JSONReadable {
    package mutating func take(_ name: String, _ value: JSONNode) throws(JSONProblem) {
        switch name {
        case "devices": devices = try value.array()
        case "memory": memory = try value.part()
        case "cpu": cpu = try value.part()
        case "pids": pids = try value.part()
        case "blockIO": blockIO = try value.part()
        case "hugepageLimits": hugepageLimits = try value.array()
        case "network": network = try value.part()
        case "rdma": rdma = try value.parts()
        case "unified": unified = try value.stringMap()
        default: break
        }
    }
}

extension RuntimeSpec.BlockIO: JSONReadable {
    package mutating func take(_ name: String, _ value: JSONNode) throws(JSONProblem) {
        switch name {
        case "weight": weight = try value.integer()
        case "leafWeight": leafWeight = try value.integer()
        case "weightDevice": weightDevice = try value.array()
        case "throttleReadBpsDevice": throttleReadBpsDevice = try value.array()
        case "throttleWriteBpsDevice": throttleWriteBpsDevice = try value.array()
        case "throttleReadIOPSDevice": throttleReadIOPSDevice = try value.array()
        case "throttleWriteIOPSDevice": throttleWriteIOPSDevice = try value.array()
        default: break
        }
    }
}

extension RuntimeSpec.WeightDevice: JSONReadable {
    package static var required: [String] { ["major", "minor"] }

    package mutating func take(_ name: String, _ value: JSONNode) throws(JSONProblem) {
        switch name {
        case "major": major = try value.integer()
        case "minor": minor = try value.integer()
        case "weight": weight = try value.integer()
        case "leafWeight": leafWeight = try value.integer()
        default: break
        }
    }
}

extension RuntimeSpec.ThrottleDevice: JSONReadable {
    package static var required: [String] { ["major", "minor", "rate"] }

    package mutating func take(_ name: String, _ value: JSONNode) throws(JSONProblem) {
        switch name {
        case "major": major = try value.integer()
        case "minor": minor = try value.integer()
        case "rate": rate = try value.integer()
        default: break
        }
    }
}

extension RuntimeSpec.Network: JSONReadable {
    package mutating func take(_ name: String, _ value: JSONNode) throws(JSONProblem) {
        switch name {
        case "classID": classID = try value.integer()
        case "priorities": priorities = try value.array()
        default: break
        }
    }
}

extension RuntimeSpec.InterfacePriority: JSONReadable {
    package static var required: [String] { ["name", "priority"] }

    package mutating func take(_ name: String, _ value: JSONNode) throws(JSONProblem) {
        switch name {
        case "name": self.name = try value.string()
        case "priority": priority = try value.integer()
        default: break
        }
    }
}

extension RuntimeSpec.RDMA: JSONReadable {
    package mutating func take(_ name: String, _ value: JSONNode) throws(JSONProblem) {
        switch name {
        case "hcaHandles": hcaHandles = try value.integer()
        case "hcaObjects": hcaObjects = try value.integer()
        default: break
        }
    }
}

extension RuntimeSpec.DeviceRule: JSONReadable {
    package static var required: [String] { ["allow"] }

    package mutating func take(_ name: String, _ value: JSONNode) throws(JSONProblem) {
        switch name {
        case "allow": allow = try value.flag()
        case "type": type = try value.string()
        case "major": major = try value.integer()
        case "minor": minor = try value.integer()
        case "access": access = try value.string()
        default: break
        }
    }
}

extension RuntimeSpec.Memory: JSONReadable {
    package mutating func take(_ name: String, _ value: JSONNode) throws(JSONProblem) {
        switch name {
        case "limit": limit = try value.integer()
        case "swap": swap = try value.integer()
        case "reservation": reservation = try value.integer()
        case "swappiness": swappiness = try value.integer()
        case "kernel": kernel = try value.json()
        case "kernelTCP": kernelTCP = try value.json()
        case "disableOOMKiller": disableOOMKiller = try value.flag()
        case "checkBeforeUpdate": checkBeforeUpdate = try value.flag()
        default: break
        }
    }
}

extension RuntimeSpec.CPU: JSONReadable {
    package mutating func take(_ name: String, _ value: JSONNode) throws(JSONProblem) {
        switch name {
        case "quota": quota = try value.integer()
        case "period": period = try value.integer()
        case "shares": shares = try value.integer()
        case "burst": burst = try value.integer()
        case "realtimeRuntime": realtimeRuntime = try value.integer()
        case "realtimePeriod": realtimePeriod = try value.integer()
        case "cpus": cpus = try value.string()
        case "mems": mems = try value.string()
        case "idle": idle = try value.integer()
        default: break
        }
    }
}

extension RuntimeSpec.Pids: JSONReadable {
    package static var required: [String] { ["limit"] }

    package mutating func take(_ name: String, _ value: JSONNode) throws(JSONProblem) {
        switch name {
        case "limit": limit = try value.integer()
        default: break
        }
    }
}

extension RuntimeSpec.Seccomp: JSONReadable {
    package static var required: [String] { ["defaultAction"] }

    package mutating func take(_ name: String, _ value: JSONNode) throws(JSONProblem) {
        switch name {
        case "defaultAction": defaultAction = try value.string()
        case "defaultErrnoRet": defaultErrnoRet = try value.integer()
        case "architectures": architectures = try value.texts()
        case "flags": flags = try value.texts()
        case "listenerPath": listenerPath = try value.string()
        case "listenerMetadata": listenerMetadata = try value.string()
        case "syscalls": syscalls = try value.array()
        default: break
        }
    }
}

extension RuntimeSpec.Syscall: JSONReadable {
    package static var required: [String] { ["names", "action"] }

    package mutating func take(_ name: String, _ value: JSONNode) throws(JSONProblem) {
        switch name {
        case "names": names = try value.texts()
        case "action": action = try value.string()
        case "errnoRet": errnoRet = try value.integer()
        case "args": args = try value.array()
        default: break
        }
    }
}

extension RuntimeSpec.SyscallArgument: JSONReadable {
    package static var required: [String] { ["index", "value", "op"] }

    package mutating func take(_ name: String, _ value: JSONNode) throws(JSONProblem) {
        switch name {
        case "index": index = try value.integer()
        case "value": self.value = try value.integer()
        case "valueTwo": valueTwo = try value.integer()
        case "op": op = try value.string()
        default: break
        }
    }
}
