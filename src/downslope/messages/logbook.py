"""What is said of logs."""

TEXTS = {
    "logbook.what": (
        "log was {found!r}: give the name of a file, tensorboard:FOLDER, mlflow:FOLDER or mlflow:URI; or several of them.",
        "log 为 {found!r}：请给出文件名、tensorboard:文件夹、mlflow:文件夹或 mlflow:URI；也可以给出多个。",
    ),
    "logbook.kind": (
        "{asked} names none of the writers that are known here, {known}; for a file of that name give ./{asked}.",
        "{asked} 不是这里认识的写法：可用 {known}。若确实要写入这个名字的文件，请写成 ./{asked}。",
    ),
    "logbook.twice": (
        "{target} is named twice: a log is written once.",
        "{target} 出现了两次：同一份日志只写一次。",
    ),
    "logbook.taken": (
        "{target} is to hold the log, and {option} too: choose another name for one of them.",
        "{target} 既要存日志，又是 {option} 的位置：请给其中一个换个名字。",
    ),
    "logbook.exists": (
        "{path} exists already: choose another name, or replace it with --force (in Python: ds.Logbook(…, force=True)).",
        "{path} 已存在：请换一个名字，或用 --force 替换（在 Python 中：ds.Logbook(…, force=True)）。",
    ),
    "logbook.no_log": (
        "{path} is no log of Downslope, and only such a file is replaced or written on: choose another name.",
        "{path} 不是 Downslope 的日志，只有这样的文件才会被替换或续写：请换一个名字。",
    ),
    "logbook.is_a_folder": (
        "{path} is a folder, and the log is a file: choose another name.",
        "{path} 是文件夹，而日志是文件：请换一个名字。",
    ),
    "logbook.is_a_file": (
        "{path} is a file, and a folder is needed for the log: choose another name.",
        "{path} 是文件，而这种日志需要一个文件夹：请换一个名字。",
    ),
    "logbook.no_such_folder": (
        "the log can not be written to {path}: there is no folder {folder}. Make it first, or choose another path.",
        "无法把日志写入 {path}：文件夹 {folder} 不存在。请先创建它，或换一个路径。",
    ),
    "logbook.not_written": (
        "the log can not be written to {target}: {reason}. Choose another place, or make room.",
        "无法把日志写入 {target}：{reason}。请换一个位置，或腾出空间。",
    ),
    "logbook.not_installed": (
        "{target} needs {library}, which is not installed: pip install {library}.",
        "{target} 需要 {library}，但尚未安装：请运行 pip install {library}。",
    ),
    "logbook.given_up": (
        "the log {target} ends at step {step}: {reason}. The descent goes on without it.",
        "日志 {target} 到第 {step} 步为止：{reason}。下降继续进行，不再写入。",
    ),
}
