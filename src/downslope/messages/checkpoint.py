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
        "{path} holds no checkpoint to go on from: it is written by --out RUN --checkpoint 60, of fit or minimize.",
        "{path} 中没有可以继续的存档：存档由 fit 或 minimize 的 --out RUN --checkpoint 60 写出。",
    ),
    "checkpoint.unfinished": (
        "{path} is not finished: go on with `downslope {command} --resume {path}`.",
        "{path} 尚未完成：请用 `downslope {command} --resume {path}` 继续。",
    ),
    "checkpoint.only_code": (
        "{path} holds a checkpoint and no more, as what it trains is code: go on in Python, with ds.resume({path!r}, …, {needed}).",
        "{path} 只有存档，因为所训练的是代码：请在 Python 中用 ds.resume({path!r}, …, {needed}) 继续。",
    ),
    "checkpoint.damaged": (
        "the checkpoint in {path} is damaged: it is not what was written. Train again, or restore it from a copy.",
        "{path} 中的存档已损坏：内容与写入时不一致。请重新训练，或从备份恢复。",
    ),
    "checkpoint.in_use": (
        "{path} is being written by another training. Wait for it to end, or give another folder.",
        "{path} 正由另一个训练写入。请等它结束，或换一个文件夹。",
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
    "checkpoint.module_needed": (
        "{path} trains a module of your own, which is code and in no file: give it again, ds.resume(…, module=module).",
        "{path} 训练的是自己编写的模块，代码不在文件里：请重新给出，ds.resume(…, module=module)。",
    ),
    "checkpoint.method_needed": (
        "{path} trains with an optimizer of torch.optim, which is code and in no file: give it again, ds.resume(…, method=lambda p: torch.optim.SGD(p, …)).",
        "{path} 用的是 torch.optim 的优化器，代码不在文件里：请重新给出，ds.resume(…, method=lambda p: torch.optim.SGD(p, …))。",
    ),
    "checkpoint.f_needed": (
        "{path} minimises a Python function, which is code and in no file: give it again, ds.resume(…, f=f).",
        "{path} 求的是 Python 函数的最小值，代码不在文件里：请重新给出，ds.resume(…, f=f)。",
    ),
    "checkpoint.derivative_needed": (
        "{path} follows a derivative that is a Python function, which is code and in no file: give it again, ds.resume(…, derivative=g).",
        "{path} 所用的导数是 Python 函数，代码不在文件里：请重新给出，ds.resume(…, derivative=g)。",
    ),
    "checkpoint.no_code": (
        "{path} goes on as it was begun, and needs no {name}= for that: leave it out.",
        "{path} 会按开始时的方式继续，不需要 {name}=：请去掉它。",
    ),
    "checkpoint.other_module": (
        "{path} trains another module: its {name} is {then}, and here it is {now}. Give one with the same parameters.",
        "{path} 训练的是另一个模块：其 {name} 为 {then}，而这里是 {now}。请给出参数相同的模块。",
    ),
    "checkpoint.other_optimizer": (
        "{path} was begun with {name} {then}, and here it is {now}: give the optimizer that it was begun with.",
        "{path} 开始时的 {name} 为 {then}，而这里是 {now}：请给出开始时的优化器。",
    ),
    "checkpoint.other_function": (
        "{path} minimises {then}, and {now} is another function, by its name, its derivative or its values: give the one that it was begun with.",
        "{path} 求的是 {then} 的最小值，而 {now} 的名字、导数或取值不同：请给出开始时的函数。",
    ),
    "checkpoint.module_remembers": (
        "two calls of the module with the same weights and draws differ, so that no checkpoint tells how it goes on: keep what it remembers in buffers, and draw with PyTorch's own generator.",
        "权重和随机数相同时，两次调用该模块的结果不同，因此存档无法还原：请把它要记住的内容放进 buffer，并只用 PyTorch 自带的随机数生成器。",
    ),
    "checkpoint.optimizer_state": (
        "the state of {optimizer} can not be told in plain numbers ({why}): leave the checkpoint out, or choose another optimizer.",
        "{optimizer} 的状态无法用普通数值写出（{why}）：请去掉存档，或换一个优化器。",
    ),
    "checkpoint.optimizer_remembers": (
        "{optimizer} remembers or draws more than its state_dict tells, so that no checkpoint tells how it goes on: leave the checkpoint out, or choose another optimizer.",
        "{optimizer} 还有 state_dict 以外的状态或随机数，存档无法还原：请去掉存档，或换一个优化器。",
    ),
    "checkpoint.function_draws": (
        "two calls of {formula} at the start differ, so that no checkpoint tells how it goes on: leave the checkpoint out, or draw nothing in it.",
        "在起点两次调用 {formula} 的结果不同，存档无法还原：请去掉存档，或不要在其中使用随机数。",
    ),
    "checkpoint.other_command": (
        "{path} is a run of `{command}`: go on with `downslope {command} --resume {path}`.",
        "{path} 是 `{command}` 的运行记录：请用 `downslope {command} --resume {path}` 继续。",
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
    "checkpoint.starts": (
        "--starts makes many short descents, none of which is kept: leave out --starts, or {option}.",
        "--starts 会做许多次短的下降，都不保存：请去掉 --starts 或 {option}。",
    ),
    "checkpoint.query": (
        "The run {path} reads its rows by this SQL query, which was not run: {query} - Give the rows again (DATA, dataset=), or trust the query (--trust-source, trust_source=True).",
        "运行 {path} 通过以下 SQL 查询读取数据，查询尚未执行：{query}。请重新给出数据（DATA，dataset=），或声明信任该查询（--trust-source，trust_source=True）。",
    ),
    "checkpoint.settings": (
        "--resume goes on with the settings that {path} was begun with: leave {option} out. Only --epochs may grow.",
        "--resume 沿用 {path} 开始时的设置：请去掉 {option}。只有 --epochs 可以增大。",
    ),
}
