"""What is said of checkpoints."""

TEXTS = {
    "checkpoint.seconds": (
        "checkpoint was {found!r}: give the seconds between two checkpoints, 0 or more.",
        "checkpoint 为 {found!r}：请给出两次存档之间的秒数，不小于 0。",
    ),
    "checkpoint.at_once": (
        "{method} does not descend, so there is nothing to go on with: leave the checkpoint out, or choose a method such as gd.",
        "{method} 不是逐步下降的方法，没有可以继续的进度：请去掉存档，或改用 gd 等方法。",
    ),
    "checkpoint.none": (
        "{path} holds no checkpoint to go on from: it is written by `downslope fit --out RUN --checkpoint 60`.",
        "{path} 中没有可以继续的存档：存档由 `downslope fit --out RUN --checkpoint 60` 写出。",
    ),
    "checkpoint.unfinished": (
        "{path} is not finished: go on with `downslope fit --resume {path}`.",
        "{path} 尚未完成：请用 `downslope fit --resume {path}` 继续。",
    ),
    "checkpoint.damaged": (
        "the checkpoint in {path} is damaged: it is not what was written. Train again, or restore it from a copy.",
        "{path} 中的存档已损坏：内容与写入时不一致。请重新训练，或从备份恢复。",
    ),
    "checkpoint.rows_needed": (
        "{path} was trained on {source}, which can not be read again: give the same rows, resume(path, dataset).",
        "{path} 是用 {source} 训练的，无法重新读取：请给出同样的数据，resume(path, dataset)。",
    ),
    "checkpoint.other_training": (
        "{path} was trained on other rows ({then}) than these ({now}): give the same rows, in the same order, or train anew.",
        "{path} 训练所用的数据（{then}）与现在的（{now}）不同：请按同样的顺序给出同样的数据，或重新训练。",
    ),
    "checkpoint.other_validation": (
        "{path} held out other rows ({then}) than these ({now}): give the same ones, validation= or --validate.",
        "{path} 留出的验证数据（{then}）与现在的（{now}）不同：请给出同样的数据，validation= 或 --validate。",
    ),
    "checkpoint.fewer_epochs": (
        "{path} has made {made} epochs already, and {asked} were asked for: ask for {made} or more.",
        "{path} 已训练 {made} 轮，而要求的是 {asked} 轮：请要求不少于 {made} 轮。",
    ),
    "checkpoint.laid_out": (
        "The way so far was laid out for {before} epochs: with {epochs} in all it ends elsewhere than one run of {epochs} would.",
        "此前的步骤是按 {before} 轮安排的：总共 {epochs} 轮时，结果与一次跑完 {epochs} 轮并不完全相同。",
    ),
    "checkpoint.without_out": (
        "--checkpoint needs a folder to write to: give --out RUN.",
        "--checkpoint 需要写入的文件夹：请给出 --out RUN。",
    ),
    "checkpoint.fix": (
        "--fix runs anew with other settings, which is no going on: leave out --fix, or --checkpoint and --resume.",
        "--fix 会换一组设置重新运行，不属于继续训练：请去掉 --fix，或去掉 --checkpoint 和 --resume。",
    ),
    "checkpoint.settings": (
        "--resume goes on with the settings that {path} was begun with: leave {option} out. Only --epochs may grow.",
        "--resume 沿用 {path} 开始时的设置：请去掉 {option}。只有 --epochs 可以增大。",
    ),
}
