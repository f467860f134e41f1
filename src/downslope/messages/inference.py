"""What inference/ says."""

TEXTS = {
    "inference.setting": (
        "{name} was {value}: it must be a finite number, {least:g} or above.",
        "{name} 为 {value}：它必须是不小于 {least:g} 的有限数。",
    ),
    "inference.unknown_setting": (
        "unknown setting {asked!r}: there are {known}.",
        "没有名为 {asked!r} 的设置：可用 {known}。",
    ),
    "inference.no_target": (
        "the dataset has no y to learn: name the column with target=, or give y.",
        "数据集没有要学习的 y：请用 target= 指定目标列，或给出 y。",
    ),
    "inference.patience_without_rows": (
        "patience is {patience}, but no rows are held out: give validation=, or --validate 0.2.",
        "patience 为 {patience}，却没有留出数据：请给出 validation=，或 --validate 0.2。",
    ),
    "inference.start_name": (
        "the start names {asked!r}, which is no weight here: the weights are {known}.",
        "起点里的 {asked!r} 不是这里的权重：权重有 {known}。",
    ),
    "inference.start_value": (
        "the start of {name} was {value}: it must be a finite number.",
        "{name} 的起点为 {value}：它必须是有限数。",
    ),
    "inference.no_probabilities": (
        'the {loss} loss has no probabilities: train with loss="log", or use the scores.',
        '{loss} 损失没有概率：请用 loss="log" 训练，或使用得分。',
    ),
    "inference.net_weights": (
        "a net has no single weight for each feature: its weights are in `params`, under `names`.",
        "神经网络没有与特征一一对应的权重：权重在 `params` 中，名字在 `names` 中。",
    ),
    "inference.own_module": (
        "a module of your own can not be kept as a run, which holds no code: keep it with torch.save(module.state_dict(), FILE).",
        "自己编写的模块不能存为运行记录，因为记录中不含代码：请用 torch.save(module.state_dict(), FILE) 保存。",
    ),
    "inference.columns": (
        "the rows have {found} columns and the model was trained on {needed}: give the same columns, in the same order.",
        "数据有 {found} 列，而模型是用 {needed} 列训练的：请按同样的顺序给出同样的列。",
    ),
    "inference.function_predicts": (
        "{formula} is a function that was minimised: it has no rows to predict.",
        "{formula} 是被最小化的函数：没有数据行可以预测。",
    ),
    "inference.no_such_run": (
        "{path}: no such run. Give the folder that `downslope fit --out` wrote.",
        "{path}：找不到这个运行记录。请给出 `downslope fit --out` 写出的文件夹。",
    ),
    "inference.not_a_run": (
        "{path} is not a run: a run is the folder that `downslope fit --out` wrote.",
        "{path} 不是运行记录：运行记录是 `downslope fit --out` 写出的文件夹。",
    ),
    "inference.damaged": (
        "{path} is damaged: {file} is not what was written. Train again, or restore it from a copy.",
        "{path} 已损坏：{file} 与写入时不一致。请重新训练，或从备份恢复。",
    ),
    "inference.newer_run": (
        "{path} is a run of format {found}, and this version reads up to {known}: upgrade Downslope.",
        "{path} 的格式版本为 {found}，本版本最多读到 {known}：请升级 Downslope。",
    ),
    "inference.run_exists": (
        "{path} exists already: choose another name, or replace it with --force (force=True).",
        "{path} 已存在：请换一个名字，或用 --force（force=True）替换。",
    ),
    "inference.not_a_run_to_replace": (
        "{path} exists and is not a run, so it is not replaced: choose another name.",
        "{path} 已存在且不是运行记录，因此不会替换：请换一个名字。",
    ),
    "inference.cannot_write": (
        "{path} can not be written: {why}. Nothing was left half-written.",
        "无法写入 {path}：{why}。没有留下写了一半的文件。",
    ),
    "inference.rows_needed": (
        "The rows of this run ({source}) can not be read again: give them, summary(data) or --data FILE.",
        "无法重新读取这次运行的数据行（{source}）：请提供数据，summary(data) 或 --data FILE。",
    ),
}
