extension Chinese {
    /// Images: their store, their layers and the commands on them.
    static let images: Table = [
        // What an image says of itself.
        "{} is no SHA-256 digest": "{} 不是 SHA-256 摘要",
        "write the image again with podman, skopeo or umoci, and import that":
            "用 podman、skopeo 或 umoci 重新写出该镜像，再导入",
        "cannot use the image {}": "无法使用镜像 {}", "its schema is version {}, and not 2": "它的格式版本是 {}，而不是 2",
        "it has {} layers, and at most {} can be stacked": "它有 {} 层，而最多只能叠放 {} 层",
        "its blob {} has {} bytes": "它的数据块 {} 有 {} 字节", "a layer of it is of the kind {}": "它有一层的类型是 {}",
        "it has {} layers and {} digests of layers": "它有 {} 层，却有 {} 个层摘要",

        // Blobs and layers.
        "the blob {} is damaged": "数据块 {} 已损坏", "the blob {} of {} is damaged": "{2} 的数据块 {1} 已损坏",
        "its {} bytes are not those that its digest is of": "它的 {} 字节与其摘要不符",
        "its bytes are not those that its digest is of": "它的内容与其摘要不符", "make it again": "重新制作它",
        "remove the image, then import or pull it again": "删除该镜像，然后重新导入或拉取",
        "cannot read the blob {}": "无法读取数据块 {}", "import or pull the image again": "重新导入或拉取该镜像",
        "cannot copy the blob {}": "无法复制数据块 {}", "cannot unpack a layer": "无法解开一个层",
        "cannot unpack into {}": "无法解开到 {}", "it is compressed more than once": "它被压缩了不止一次",
        "it unpacks to more than {}": "它解开后超过 {}",
        "each byte of it unpacks to more than {}, as no real files do": "它的每个字节解开后超过 {} 字节，真实的文件不会如此",
        "what is in it has not the digest {} that the image's configuration names": "它的内容没有镜像配置所写的摘要 {}",
        "use an image of whose origin you are sure, or leave out of it what is not needed":
            "使用来源可靠的镜像，或去掉其中用不到的内容",
        "libarchive has no memory": "libarchive 得不到内存", "it has more than {} entries": "它有超过 {} 个条目",
        "cannot unpack the layer's entry \"{}\"": "无法解开该层的条目“{}”",
        "\"..\" would lead out of the layer": "“..”会引到该层之外", "its path is too long or too deep": "它的路径太长或太深",
        "the root of a layer is a directory": "层的根必须是目录",
        "the way to it is no directory of the layer": "通往它的路径不是该层中的目录",
        "it is a device, and those are in /dev alone": "它是设备，而设备只能在 /dev 里",
        "it is neither file, directory, link nor FIFO": "它不是文件、目录、链接或 FIFO",
        "it is a hard link to the layer itself": "它是指向该层自身的硬链接",
        "it is a hard link to {}, and the layer has no such file": "它是指向 {} 的硬链接，而该层没有这个文件",
        "with it the layer's files have more than {}": "加上它，该层的文件就超过 {}",
        "it has more bytes than it says": "它的字节比它所说的多", "its owner is no user's number": "它的属主不是用户编号",
        "cannot write the layer of {}": "无法写出 {} 的层", "\"/{}\" can't be in a layer": "“/{}”不能放进层里",
        "leave it out of the directory": "把它从该目录中去掉",
        "there its name would take another file away": "在层里，这个名字会使另一个文件消失", "it is a socket": "它是套接字",
        "it became shorter meanwhile": "它在此期间变短了", "cannot read \"/{}\" of {}": "无法读取 {2} 的“/{1}”",
        "cannot make \"/{}\" in {}": "无法在 {2} 里建立“/{1}”",
        "cannot merge the layers of an image": "无法合并镜像的各层",
        "together their digest is {}, and merged it is {}": "各层合起来的摘要是 {}，合并后却是 {}",
        "the tree has more than {} entries": "该文件树有超过 {} 个条目",
        "cannot look at \"/{}\"": "无法查看“/{}”", "\"/{}\" can't be walked": "无法遍历“/{}”",
        "cannot keep the layer {}": "无法保留层 {}", "cannot hold the layer {}": "无法占住层 {}", "try again": "请重试",

        // The store.
        "the image {} can't run here": "镜像 {} 不能在这里运行",
        "it is for {}, and this machine is linux/{}": "它用于 {}，而本机是 linux/{}",
        "pull or import it for this machine's architecture": "拉取或导入适合本机体系结构的镜像",
        "cannot unpack the image {}": "无法解开镜像 {}", "{}, in the image {}": "{}（在镜像 {} 中）",
        "{} is the beginning of several images' digests": "有多个镜像的摘要以 {} 开头",
        "make room in the file systems of lab's cache and of /tmp, or say with LAB_HOME where there is more":
            "在 lab 缓存和 /tmp 所在的文件系统中腾出空间，或用 LAB_HOME 指定空间更大的位置",
        "try it by hand: skopeo inspect {}; a registry without a certificate takes --tls-verify false":
            "手工试一下：skopeo inspect {}；没有证书的镜像仓库需要 --tls-verify false",
        "see that it can be written to, and who may: skopeo login; a registry without a certificate takes --tls-verify false":
            "确认那里可写、且有权写入：skopeo login；没有证书的镜像仓库需要 --tls-verify false",
        "save it again with docker save or podman save, or name what it is: docker-archive, oci-archive":
            "用 docker save 或 podman save 重新保存，或写明它的格式：docker-archive、oci-archive",
        "give more of its digits, or its name": "多写几位摘要，或写镜像的名字", "there is no image {}{}": "没有名为 {} 的镜像{}",
        "lab image ls shows those that there are; lab image pull and import bring others":
            "lab image ls 列出现有的镜像；lab image pull 和 import 带来别的镜像",
        "another lab is changing the images in {}": "另一个 lab 正在改动 {} 中的镜像",
        "{} is no name of an image": "{} 不是镜像的名字",
        "a name has letters and digits, with / - . _ : @ + between them":
            "名字由字母和数字组成，其间可以有 / - . _ : @ +",
        "give one with --name": "用 --name 指定一个名字",
        "{} replaces {}; `lab image gc` removes what only that had":
            "{} 取代了 {}；`lab image gc` 会删除只属于后者的内容",

        // Where images come from and go to.
        "cannot import {}": "无法导入 {}", "there is no directory with an index.json": "没有含 index.json 的目录",
        "name an image layout: oci:DIR or oci:DIR:NAME": "指定一个镜像布局：oci:DIR 或 oci:DIR:NAME",
        "of an archive that docker or podman saved say docker-archive:FILE":
            "若是 docker 或 podman 保存的归档，写成 docker-archive:FILE",
        "cannot pull {}": "无法拉取 {}", "cannot push to {}": "无法推送到 {}",
        "cannot choose an image of {}": "无法从 {} 中选出镜像",
        "it has none of the name {}": "其中没有名为 {} 的镜像", "it has none": "其中没有镜像",
        "it has these names: {}": "其中有这些名字：{}",
        "it has several": "其中有多个镜像", "name one of them, oci:DIR:NAME: {}": "指定其中一个，oci:DIR:NAME：{}",
        "it has none for linux/{}, which this machine is": "其中没有适合本机 linux/{} 的镜像",

        // Recipes.
        "a recipe": "配方", "a recipe has \"packages\", \"files\" or both": "配方里要有“packages”、“files”，或两者都有",
        "\"suite\" is that of \"packages\", and there are none": "“suite”是“packages”的版本，而这里没有软件包",
        "\"network\" is that of \"run\", and there is nothing to run": "“network”用于“run”，而这里没有要运行的命令",
        "it must be a release of the distribution, like bookworm": "它必须是发行版的版本名，如 bookworm",
        "a package's name has lower-case letters, digits and + - .": "软件包名由小写字母、数字和 + - . 组成",
        "a file": "文件", "it must be a path in the recipe's directory": "它必须是配方所在目录里的路径",
        "it must be three or four octal digits, like 0644": "它必须是三到四位八进制数字，如 0644",
        "{} must be a mapping of names to texts": "{} 必须是名字到文字的映射",
        "it must be an absolute path without \"..\"": "它必须是不含“..”的绝对路径",
        "it holds a zero byte": "它含有零字节",
        "{} has more than {} items": "{} 超过 {} 项",

        // The making of an image.
        "an image": "镜像", "packages of {}: {}": "{} 的软件包：{}", "running {}": "正在运行 {}",
        "an image's packages are Debian's, and this is not Debian": "镜像的软件包来自 Debian，而本机不是 Debian",
        "say which release they are of: suite: bookworm": "写明它们属于哪个版本：suite: bookworm",
        "cannot run {} in the image": "无法在镜像里运行 {}", "it ended with status {}": "它以状态 {} 结束",
        "mend the command in the recipe": "改正配方里的命令",
        "mend the command in the recipe; where it needs the network, say network: true":
            "改正配方里的命令；若它需要网络，写上 network: true",
        "cannot remove \"/{}\"": "无法删除“/{}”", "cannot copy {} to {} of the image": "无法把 {} 复制到镜像的 {}",
        "mend the recipe": "改正配方", "it is neither a file nor a directory": "它既不是文件也不是目录",
        "a name in it is no text: {}": "其中有一个名字不是文字：{}",
        "it leads out of the recipe's directory": "它引到配方所在目录之外", "bind root": "绑定挂载根",

        // Commands.
        "removed {} blobs ({}), {} unpacked layers and {} disks of VMs ({})":
            "删除了 {} 个数据块（{}）、{} 个解开的层和 {} 个虚拟机磁盘（{}）",
        "{} layers and disks are in use and stay until the next time": "有 {} 个层和磁盘正在使用，留到下次再删",
        "NAME": "名字",
        "DIGEST": "摘要",
        "LAYERS": "层数", "SIZE": "大小", "LAYER": "层", "UNPACKED": "已解开", "SHARED WITH": "共用者",
        "CREATED": "建立时间",
        "CREATED BY": "建立方式", "shared with other images": "与其他镜像共用",
        "tree": "文件树",
        "platform": "平台", "name": "名字", "digest": "摘要", "created": "建立时间",
    ]
}
