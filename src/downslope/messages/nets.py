"""What model/nets says."""

TEXTS = {
    "nets.no_torch": (
        "nets run on PyTorch, which is not installed: pip install 'downslope[torch]'.",
        "神经网络需要 PyTorch，但尚未安装：请运行 pip install 'downslope[torch]'。",
    ),
    "nets.hidden": (
        "hidden was {asked!r}, and {size!r} is no size of a layer: give whole numbers of at least 1, such as (10,) or (64, 32).",
        "hidden 为 {asked!r}，其中 {size!r} 不能作为层的大小：请给出不小于 1 的整数，例如 (10,) 或 (64, 32)。",
    ),
    "nets.activation": (
        "unknown activation {asked!r}: use one of {known}.",
        "没有名为 {asked!r} 的激活函数：可用 {known}。",
    ),
    "nets.dropout": (
        "dropout was {asked!r}: it is the share of units left out, at least 0 and below 1, for example 0.2.",
        "dropout 为 {asked!r}：它是被丢弃单元的比例，须不小于 0 且小于 1，例如 0.2。",
    ),
    "nets.dtype": (
        "unknown dtype {asked!r}: use one of {known}.",
        "没有名为 {asked!r} 的数据类型：可用 {known}。",
    ),
    "nets.device": (
        "there is no device {asked!r} on this machine: use one of {known}.",
        "本机没有设备 {asked!r}：可用 {known}。",
    ),
    "nets.too_large": (
        "hidden={hidden} makes {weights:,} weights, which take {needed} GB to train, and {free} GB of memory are free: use smaller layers.",
        "hidden={hidden} 共有 {weights:,} 个权重，训练需要 {needed} GB 内存，而可用内存为 {free} GB：请减小各层的大小。",
    ),
    "nets.sparse": (
        "a net needs sparse rows filled in: {rows:,} × {columns:,} numbers take {needed} GB, and {free} GB of memory are free: use fewer columns, or a linear model.",
        "神经网络需要把稀疏数据展开：{rows:,} × {columns:,} 个数占 {needed} GB，而可用内存为 {free} GB：请减少列数，或改用线性模型。",
    ),
    "nets.no_parameters": (
        "{module} has no parameter with requires_grad=True that its output depends on, so there is nothing to learn.",
        "{module} 的输出不依赖任何 requires_grad=True 的参数，没有可以学习的东西。",
    ),
    "nets.mixed": (
        "the module's parameters are of several kinds ({found}): bring them to one dtype and one device, for example by module.float().",
        "模块的参数种类不一（{found}）：请统一数据类型和设备，例如 module.float()。",
    ),
    "nets.forward": (
        "the module cannot take rows of shape {shape}: {error}",
        "模块无法处理形状为 {shape} 的输入：{error}",
    ),
    "nets.output": (
        "for 2 rows the module gives {found}, and the {loss} loss needs {wanted} for this y: let the last layer have {k} output(s), and keep the columns (no squeeze).",
        "对 2 行输入，模块的输出为 {found}，而 {loss} 损失对这个 y 需要 {wanted}：请让最后一层有 {k} 个输出，并保留列维度（不要 squeeze）。",
    ),
    "nets.sigmoid": (
        "the module ends in {layer}, and the log loss applies its own: twice over, every chance stays between 0.5 and 0.73. Leave the last one out, so that the module ends in the raw score.",
        "模块以 {layer} 结尾，而对数损失自带一个：用了两次，预测概率就只能在 0.5 到 0.73 之间。请去掉最后这一层，让模块输出原始得分。",
    ),
    "nets.softmax": (
        "the module ends in {layer}, and the log loss applies its own softmax: twice over, the loss of {classes} classes cannot go below ln(1 + {others}/e) = {floor}. Leave the last layer out, so that the module ends in raw scores.",
        "模块以 {layer} 结尾，而对数损失自带 softmax：用了两次，{classes} 个类别的损失就不会低于 ln(1 + {others}/e) = {floor}。请去掉最后这一层，让模块输出原始得分。",
    ),
    "nets.softmax_of_one": (
        "the module ends in {layer} over a single score, which is the same number for every row: leave it out, so that the module ends in the raw score.",
        "模块以 {layer} 结尾，而它只作用于一个得分，对每一行的结果都相同：请去掉它，让模块输出原始得分。",
    ),
    "nets.log_softmax": (
        "the module ends in LogSoftmax, and the log loss applies its own: the second changes nothing, and scores are expected here, not log chances. Leave it out, so that the module ends in raw scores.",
        "模块以 LogSoftmax 结尾，而对数损失自带一个：第二个不起作用，而这里需要的是得分，不是对数概率。请去掉它，让模块输出原始得分。",
    ),
}
