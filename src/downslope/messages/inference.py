"""What inference/ says."""

TEXTS = {
    "inference.net_in_memory": (
        "A net learns from rows in memory, and these {rows} rows are streamed: allow more memory (memory=, --memory), or fit a linear model.",
        "神经网络需要内存中的数据行，而这 {rows} 行是流式读取的：请放宽内存限制（memory=、--memory），或拟合线性模型。",
    ),
    "inference.rows_in_memory": (
        "This needs all rows of {source} in memory, and they do not fit: give some of them (--data, data=).",
        "这一步需要把 {source} 的所有行放进内存，但放不下：请只给出其中一部分（--data、data=）。",
    ),
    "inference.path_penalty": (
        'a path asks for penalty="l1", "l2" or "elasticnet", and {asked} has no price to vary.',
        '路径需要 penalty="l1"、"l2" 或 "elasticnet"，而 {asked} 没有可变的惩罚系数。',
    ),
    "inference.path_outputs": (
        "a path is of one target and there are {outputs}: take them one by one, or fit them together at one alpha.",
        "路径只针对一个目标，而这里有 {outputs} 个：请逐个求路径，或在单个 alpha 下一起拟合。",
    ),
    "inference.path_gap": (
        'at {count} of {alphas} alphas the duality gap is above tol {tol:g}: {gap:.3g} of F of the best constant at alpha {alpha:.4g}. Path.converged tells which; penalty="elasticnet:0.99" or a larger tol ends there.',
        '{alphas} 个 alpha 中有 {count} 个的对偶间隙大于 tol {tol:g}：在 alpha {alpha:.4g} 处为最佳常数模型的 F 的 {gap:.3g}。Path.converged 指出是哪些；可改用 penalty="elasticnet:0.99" 或更大的 tol。',
    ),
    "inference.path_alphas": (
        "alphas was {found}: give how many, 1 or more, or the prices themselves, numbers of 0 or more.",
        "alphas 为 {found}：请给出个数（不小于 1），或直接给出各个惩罚系数（不小于 0 的数）。",
    ),
    "inference.path_no_end": (
        "l2 leaves no weight at 0, so that no price is the highest: give the alphas themselves, for example np.geomspace(1, 1e-3, 20).",
        "l2 不会让权重恰好为 0，因此没有最大的惩罚系数：请直接给出 alphas，例如 np.geomspace(1, 1e-3, 20)。",
    ),
    "inference.path_eps": (
        "eps was {eps}: the last price over the first must lie between 0 and 1.",
        "eps 为 {eps}：最后一个惩罚系数与第一个之比必须在 0 与 1 之间。",
    ),
    "inference.formula_gone": (
        "{formula} was no formula but a function of a program, which a run does not hold: minimize it again there",
        "{formula} 不是公式，而是某个程序里的函数，运行记录中没有保存：请在原程序中重新求解",
    ),
    "inference.setting": (
        "{name} was {value}: it must be a finite number, {least:g} or above.",
        "{name} 为 {value}：它必须是不小于 {least:g} 的有限数。",
    ),
    "inference.unknown_setting": (
        "unknown setting {asked!r}: there are {known}.",
        "没有名为 {asked!r} 的设置：可用 {known}。",
    ),
    "inference.no_dataset": (
        "rows to learn from are needed, and this is a {found}: make a Dataset with ds.Dataset.read(FILE, target=…) or ds.Dataset.from_arrays(X, y).",
        "需要训练用的数据集，而这里是 {found}：请用 ds.Dataset.read(文件, target=…) 或 ds.Dataset.from_arrays(X, y) 建立数据集。",
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
    "inference.bound_optimizer": (
        "{optimizer} holds parameters of its own, and these are others: give a function that makes it of those it is handed, such as method=lambda p: torch.optim.{optimizer}(p).",
        "{optimizer} 绑定的是别的参数：请给出一个用所传入参数创建优化器的函数，例如 method=lambda p: torch.optim.{optimizer}(p)。",
    ),
    "inference.by_tensor": (
        "{optimizer} looks at each tensor as a whole, and here all weights are one vector: it would not do what it does to a module's layers. Take one that treats each weight by itself, such as torch.optim.Adam.",
        "{optimizer} 按整个张量更新，而这里所有权重是一个向量：结果会与逐层更新不同。请换用逐个权重更新的优化器，例如 torch.optim.Adam。",
    ),
    "inference.no_optimizer": (
        "method is a function that gave {found}, and an optimizer of torch.optim is needed, or a pair (optimizer, scheduler): method=lambda p: torch.optim.Adam(p, lr=0.01).",
        "method 是一个返回 {found} 的函数，而这里需要 torch.optim 的优化器，或 (优化器, 调度器)：method=lambda p: torch.optim.Adam(p, lr=0.01)。",
    ),
    "inference.module_raw": (
        "a module of your own gets the columns as they are, not standardised: scale them before, or in its first layer.",
        "自己编写的模块得到的是未经标准化的原始列：请事先缩放，或在其第一层中缩放。",
    ),
    "inference.optimizer_step": (
        "{optimizer} can not descend one vector of all weights: {reason}. Use another optimizer of torch.optim, or a method by its name.",
        "{optimizer} 无法对由全部权重组成的一个向量进行下降：{reason}。请换用 torch.optim 的其他优化器，或按名字选择方法。",
    ),
    "inference.not_called": (
        "method is {name} itself, which makes a method when it is called: write method=ds.{name}().",
        "method 是 {name} 本身，调用后才得到方法：请写 method=ds.{name}()。",
    ),
    "inference.closure": (
        '{optimizer} asks for a closure, to look at the loss as often as it likes: use method="lbfgs", which searches along a line too.',
        '{optimizer} 需要闭包以便多次计算损失：请用 method="lbfgs"，它同样沿直线搜索。',
    ),
    "inference.optimizer_kept": (
        'an optimizer of torch.optim is code, which no run holds: train with a method by name, such as method="adam", or keep solution.params.',
        'torch.optim 的优化器是代码，运行记录无法保存：请用有名字的方法训练，例如 method="adam"，或自行保存 solution.params。',
    ),
    "inference.direction_kept": (
        "{name} is a direction of your own, which is code, and no run holds code: train with a method by name, or keep solution.params.",
        "{name} 是你自己编写的方向，属于代码，运行记录不保存代码：请用有名字的方法训练，或自行保存 solution.params。",
    ),
    "inference.columns": (
        "the rows have {found} columns and the model was trained on {needed}: give the same columns, in the same order.",
        "数据有 {found} 列，而模型是用 {needed} 列训练的：请按同样的顺序给出同样的列。",
    ),
    "inference.function_predicts": (
        "{formula} is a function that was minimised: it has no rows to predict.",
        "{formula} 是被最小化的函数：没有数据行可以预测。",
    ),
    "inference.no_encoding": (
        "this run was trained on rows in memory ({source}), and does not know what the columns of a table are to it: predict with solution.predict(X) in Python.",
        "这个运行记录是用内存中的数据（{source}）训练的，不知道表中的列如何对应：请在 Python 里用 solution.predict(X) 预测。",
    ),
    "inference.all_skipped": (
        "{source}: all {count:,} rows are at fault and were left out, so that none is left to predict. Without --on-bad-row skip the first of them is told.",
        "{source}：全部 {count:,} 行都有问题并被跳过，没有剩下可预测的行。去掉 --on-bad-row skip 会指出第一处问题。",
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
    "inference.wrong_content": (
        "{file} in {path} is not what Downslope writes: {reason}. Restore the run from a copy, or make it again.",
        "{path} 中的 {file} 不是 Downslope 写出的内容：{reason}。请从备份恢复该运行，或重新生成。",
    ),
    "inference.cannot_write": (
        "{path} can not be written: {why}. Nothing was left half-written.",
        "无法写入 {path}：{why}。没有留下写了一半的文件。",
    ),
    "inference.rows_needed": (
        "The rows of this run ({source}) can not be read again: give them, summary(data) or --data FILE.",
        "无法重新读取这次运行的数据行（{source}）：请提供数据，summary(data) 或 --data FILE。",
    ),
    # several starts
    "inference.starts_count": (
        "starts was {found!r}: give a whole number from 1 to {most}, or a row of numbers for each start.",
        "起点数为 {found!r}：请给出 1 到 {most} 之间的整数，或逐个给出每个起点。",
    ),
    "inference.starts_box": (
        "box was {found!r}: give the lowest and the highest value of a start, such as (-10, 10).",
        "box 为 {found!r}：请给出起点的最小值和最大值，例如 (-10, 10)。",
    ),
    "inference.starts_or_start": (
        "--starts draws the starts and --start gives one: leave one of them out.",
        "--starts 随机抽取多个起点，--start 指定一个起点：两者只能用其一。",
    ),
    "inference.starts_without": (
        "--{name} does not go with --starts, where every descent makes all its epochs: leave one of them out.",
        "--{name} 不能与 --starts 同用，因为每次下降都会跑完全部轮次：请去掉其中一个。",
    ),
    "inference.starts_found": (
        "The lowest of {starts} descents ended at {lowest}, where f = {value:.6g}. Minima found: {minima}. There may be lower ones elsewhere.",
        "{starts} 次下降中，最低的停在 {lowest}，f = {value:.6g}；共找到 {minima} 个极小值点。别处可能还有更低的点。",
    ),
    "inference.starts_none": (
        "None of {starts} descents ended: f falls without end, or the learning rate is too large.",
        "{starts} 次下降都没有停下：f 可能没有最小值，也可能是学习率太大。",
    ),
    "inference.starts_from": ("{name} from", "{name} 起"),
    "inference.starts_to": ("{name} to", "{name} 止"),
    "inference.starts_reached": ("starts", "起点数"),
    "inference.starts_more": (
        "The first {shown} of {count} starts.",
        "共 {count} 个起点，只列出前 {shown} 个。",
    ),
    "inference.kind_minimum": ("minimum", "极小值"),
    "inference.kind_maximum": ("maximum", "极大值"),
    "inference.kind_saddle": ("saddle", "鞍点"),
    "inference.kind_flat": ("flat", "平坦"),
    "inference.kind_slope": ("on a slope", "仍在坡上"),
    "inference.kind_escaped": ("ran away", "无限远离"),
    "inference.kind_outside": ("outside the domain", "在定义域外"),
    "inference.starts_slope": (
        "On a slope still, after all epochs: {count}. Allow more epochs, or a larger learning rate.",
        "轮次用完时仍在坡上的：{count} 个。请增加轮次，或增大学习率。",
    ),
    "inference.starts_escaped": (
        "Ran away without bound: {count}. Make the learning rate smaller; if that does not help, f has no lowest value there.",
        "无限远离的：{count} 个。请减小学习率；若仍不行，说明 f 在那里没有最小值。",
    ),
    "inference.starts_outside": (
        "Not begun, as f has no finite value at the start: {count}.",
        "起点处 f 没有有限值，因而没有开始的：{count} 个。",
    ),
    # why "auto" took a method
    "inference.auto_net": (
        "auto took Adam on batches of 32: a net of {weights:,} weights has no curvature that is cheap to find",
        "auto 选择了 32 行一批的 Adam：{weights:,} 个权重的网络，其曲率不便求得",
    ),
    "inference.local_passes": (
        "local passes, averaged: in each epoch every one of {shards} shards sweeps its own rows from the same weights, and the weights are averaged by rows. This is not the {method} of one machine.",
        "局部遍历再平均：每个 epoch 中 {shards} 个分片各自从同一组权重出发扫一遍自己的行，再按行数平均权重。这与单机的 {method} 不同。",
    ),
    "inference.auto_drawn": (
        "auto took a stochastic method, as a batch size or an order was given",
        "auto 选择了随机方法，因为给出了批大小或行的顺序",
    ),
    "inference.auto_coordinate": (
        "auto took coordinate descent: the penalty {penalty} has a kink, where most weights rest at 0, and the loss has none",
        "auto 选择了坐标下降：惩罚 {penalty} 有折点，多数权重停在 0，而损失处处光滑",
    ),
    "inference.auto_unbounded_kink": (
        "auto took descent with a line search: the penalty {penalty} has a kink, and the loss bends without bound",
        "auto 选择了带线搜索的梯度下降：惩罚 {penalty} 有折点，而损失的曲率没有上界",
    ),
    "inference.auto_kink": (
        "auto took Nesterov's method: the penalty {penalty} has a kink, which second derivatives can not pass",
        "auto 选择了 Nesterov 方法：惩罚 {penalty} 有折点，二阶导数无法越过",
    ),
    "inference.auto_rate_given": (
        "auto took plain descent, as a learning rate was given: {rate}",
        "auto 选择了普通梯度下降，因为给出了学习率：{rate}",
    ),
    "inference.auto_closed_form": (
        "auto took the closed form: a squared loss with {columns:,} columns is solved at once",
        "auto 选择了闭式解：{columns:,} 列的平方损失可以一次解出",
    ),
    "inference.auto_gradients": (
        "auto took L-BFGS: a Hessian of {weights:,} weights would cost more than it saves",
        "auto 选择了 L-BFGS：{weights:,} 个权重的 Hessian 得不偿失",
    ),
    "inference.auto_no_hessian": (
        "auto took L-BFGS: there are no second derivatives of the {weights:,} weights",
        "auto 选择了 L-BFGS：这 {weights:,} 个权重没有二阶导数",
    ),
    "inference.auto_many_rows": (
        "auto took Newton's steps with the Hessian of some rows: {rows:,} rows are plenty for {weights:,} weights",
        "auto 选择了只用部分行求 Hessian 的牛顿法：{rows:,} 行对 {weights:,} 个权重绰绰有余",
    ),
    "inference.auto_newton": (
        "auto took Newton's method: a Hessian of {weights:,} weights is small",
        "auto 选择了牛顿法：{weights:,} 个权重的 Hessian 很小",
    ),
}
