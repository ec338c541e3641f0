extension Chinese {
    /// Grading: the instructor's course, what was handed in, the forms of grades.
    static let grading: Table = [
        // COURSE.yaml and the secret.
        "the course": "课程", "an exercise of the course": "课程的练习",
        "secret is not the secret itself; it must be the path of a file that holds it, which only you may read":
            "secret 不能写密钥本身；它必须是存放密钥的文件的路径，该文件只有你能读",
        "the exercise {} stands there twice": "练习 {} 写了两次",
        "due is {}; it must be a time with its zone, like 2026-12-07T23:59:00+08:00":
            "due 是 {}；它必须是带时区的时间，如 2026-12-07T23:59:00+08:00",
        "the secret {} is not read": "不读取密钥 {}",
        "it is a link or no file, another user's, or others may read it": "它是链接或不是文件，属于别的用户，或者别人也能读",
        "chmod 600 {}": "执行 chmod 600 {}", "there is no secret {}": "没有密钥 {}",
        "lab grade init makes a course with a secret": "lab grade init 会建立一个带密钥的课程",
        "the secret {} is damaged": "密钥 {} 已损坏", "it must have 64 hexadecimal digits": "它必须是 64 位十六进制数字",
        "Your course; the keys are explained in INSTRUCTOR.md.": "你的课程；各个键的说明见 INSTRUCTOR.zh.md。",
        "Virtual machines and containers": "虚拟机与容器",
        "A file beside this one that only you may read. Never write the secret itself here.":
            "本文件旁边的一个文件，只有你能读。切勿把密钥本身写在这里。",
        "The language of what students read: en or zh.": "学生所读文字的语言：en 或 zh。",
        "Take out what your course leaves out; change points; add a date:": "去掉课程里不用的练习，修改分数，加上截止时间：",
        "it is there already": "它已经存在",
        "{} is there; next: lab grade ticket {} NAME…": "已写好 {}；接下来：lab grade ticket {} NAME…",
        "no student is named": "没有写学生的名字",
        "name one, or a file: --roster FILE": "写一个名字，或指定名单文件：--roster FILE",
        "a student is {}": "有一个学生的名字是 {}",

        // Grading.
        "there is no directory {}": "没有目录 {}", "{} has more than {} files": "{} 的文件多于 {} 个",
        "there is no submission in {}": "{} 里没有提交的归档",
        "no file below it is a .tar.gz or .tgz": "它下面没有 .tar.gz 或 .tgz 文件",
        "{} is no archive and was passed over": "{} 不是归档，已跳过", "graded {} of {}": "已评 {}，共 {}",
        "archives graded: {} in {} s, {} a minute": "评了 {} 份归档，用时 {} 秒，每分钟 {} 份",
        "what has been graded is kept: go on with --resume": "已评的结果都已保存：用 --resume 继续",
        "--shard is {}": "--shard 是 {}", "it must be like 2/4: part 2 of 4": "应当写成 2/4 这样：4 份中的第 2 份",
        "an archive was not tried": "有一份归档没有评过", "the grading of {} broke off": "{} 的评分中断了",
        "signal {} ended its process": "它的进程被信号 {} 终止", "it left no result": "它没有留下结果",
        "cannot find the program lab": "找不到程序 lab", "its file was replaced": "它的文件被替换了",
        "cannot encode the result of a grading": "无法编码评分结果",
        "{}: {} has handed in a later one": "{}：{} 后来又提交了一份", "written: {}": "已写出：{}",
        "{}: refused: {}": "{}：拒绝：{}", "{}: ungradable: {}": "{}：无法评判：{}",
        "{}: {} of {} points": "{}：{} 分（满分 {}）",
        "passed": "通过", "not passed": "未通过", "review": "待复核", "missing": "未交", "late": "迟交",

        // A guest for each submission.
        "making what the guests start from": "正在准备虚拟机启动所用的文件",
        "guests of {} can't be made without root": "没有 root 权限，做不出 {} 的虚拟机",
        "what is in them has owners that this user may not give": "里面的文件另有所有者，这个用户无权这样设置",
        "the disk of the guests is gone": "虚拟机的磁盘不见了", "grade again: it is made anew": "重新评分：会重新做一份",
        "{} describes no guest": "{} 没有描述任何虚拟机", "cannot encode a guest": "无法编码虚拟机的描述",
        "a piece of a grading has no key": "评分的一份任务没有密钥",
        "cannot encode what a guest is to judge": "无法编码虚拟机要评判的内容",
        "what is to be judged can't be read": "无法读取要评判的内容",
        "the guest said what is no grade": "虚拟机说出的不是成绩",
        "the guest did not say what it found": "虚拟机没有说出评判的结果",
        "its judge ended with status {} and said last: {}": "里面的评分程序以状态 {} 结束，最后说的是：{}",
        "see that the image has what lab needs: lab image build grader":
            "请确认镜像里有 lab 需要的东西：lab image build grader",
        "standard input has more than {} bytes": "标准输入多于 {} 字节",

        // What students read.
        "passed in all of {} runs": "{} 次运行全部通过", "not passed: {}": "未通过：{}",
        "the {} runs do not agree; your instructor looks at it": "{} 次运行结果不一致；由教师复核",
        "the machine did not say why": "机器没有说明原因",
        "this could not be judged, which costs nothing and is tried again: {}": "这一项无法评判，不扣分，会重新评：{}",
        "nothing was handed in for this exercise": "这个练习什么也没交", "graded by lab": "由 lab 评分",

        // Tables.
        "cannot encode grades": "无法编码成绩", "the table can't be read": "无法读取表格",
        "it has more than {} cells": "它的单元格多于 {} 个",
        "{} (feedback)": "{}（反馈）",
        "the format canvas needs the export that points are written into": "格式 canvas 需要一份导出文件，分数写入其中",
        "export the gradebook in Canvas, and name the file: --canvas FILE":
            "在 Canvas 中导出成绩册，并指定文件：--canvas FILE",
        "this is no export of Canvas's gradebook": "这不是 Canvas 成绩册的导出文件",
        "its first line lacks Section, or SIS Login ID and SIS User ID":
            "它的第一行缺少 Section，或者既没有 SIS Login ID 也没有 SIS User ID",
        "export the gradebook in Canvas again, and change nothing in the file": "在 Canvas 中重新导出成绩册，不要改动文件",

        // An oral examination, and handouts.
        "It was graded with:   ./{} {}": "评分时的调用：./{} {}", "Now it is called:     ./{} {}": "现在这样调用：./{} {}",
        "1. Which lines of your program do something else now, and what?": "1. 你的程序有哪几行现在做的事不同了？各做什么？",
        "2. What would the check see on the host that it did not see before?": "2. 检查程序在宿主机上会看到什么以前没有的东西？",
        "3. What would go wrong if those lines were missing?": "3. 如果没有这几行，会出什么问题？",
        "Predict before the first check": "第一次检查之前的预测", "due {}": "截止 {}", "{} points": "{} 分",
    ]
}
