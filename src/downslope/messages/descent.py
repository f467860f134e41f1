"""What descent/ says."""

TEXTS = {
    "descent.coordinate_parts": (
        'coordinate descent needs the columns of all rows in memory for {loss} loss, and these rows are streamed: use method="nesterov".',
        '对 {loss} 损失，坐标下降需要所有数据行的各列都在内存中，而这些行是流式读取的：请用 method="nesterov"。',
    ),
    "descent.unknown_method": (
        "unknown method {asked!r}: use one of {known}.",
        "没有名为 {asked!r} 的方法：可用 {known}。",
    ),
    "descent.learning_rate": (
        'the learning rate was {rate}: it must be a finite number above 0, for example 0.01, or "auto".',
        '学习率为 {rate}：它必须是大于 0 的有限数，例如 0.01，或写 "auto"。',
    ),
    "descent.learning_rate_word": (
        "the learning rate was {asked!r}: give a number above 0, auto, or one of {known}.",
        "学习率为 {asked!r}：请给出大于 0 的数、auto，或 {known} 之一。",
    ),
    "descent.epochs": (
        "epochs was {epochs}: it must be a whole number, 1 or above.",
        "训练轮次为 {epochs}：它必须是不小于 1 的整数。",
    ),
    "descent.batch_size": (
        "the batch size was {size}: it must be a whole number of rows, 1 or above.",
        "批量大小为 {size}：它必须是不小于 1 的整数行数。",
    ),
    "descent.order": (
        "unknown row order {asked!r}: use {known}, or a list of row numbers.",
        "没有名为 {asked!r} 的取行顺序：可用 {known}，或给出行号列表。",
    ),
    "descent.given_rows": (
        "the row order {asked} does not fit: there are {rows} rows, numbered 0 to {last}.",
        "取行顺序 {asked} 不合适：共有 {rows} 行，编号为 0 到 {last}。",
    ),
    "descent.at_least": (
        "{name} was {value}: it must be a number, {least} or above.",
        "{name} 为 {value}：它必须是不小于 {least} 的数。",
    ),
    "descent.fraction": (
        "{name} was {value}: it must be a number from 0 to below 1.",
        "{name} 为 {value}：它必须在 0（含）与 1（不含）之间。",
    ),
    "descent.no_rows": (
        '{method} draws rows, and a function has none: use method="gd", "momentum", "adam", "lbfgs" or "newton".',
        '{method} 要抽取数据行，而函数没有数据行：请用 method="gd"、"momentum"、"adam"、"lbfgs" 或 "newton"。',
    ),
    "descent.needs_all_rows": (
        '{method} learns curvature from exact gradients, and some of the rows give noisy ones: leave out the batch size, or use method="adam".',
        '{method} 要从精确梯度学习曲率，而部分数据行的梯度带噪声：请去掉批量大小，或用 method="adam"。',
    ),
    "descent.growing_momentum": (
        "nesterov's growing momentum needs exact gradients, and some of the rows give noisy ones: write nesterov:0.9, or leave out the batch size.",
        "nesterov 的递增动量需要精确梯度，而部分数据行的梯度带噪声：请写 nesterov:0.9，或去掉批量大小。",
    ),
    "descent.search_needs_all_rows": (
        '{search} compares exact values along a line, and some of the rows give noisy ones: use all rows (method="gd"), or a schedule.',
        '{search} 要沿直线比较精确的函数值，而部分数据行的值带噪声：请用全部数据行（method="gd"），或换成衰减方案。',
    ),
    "descent.search_needs_descent": (
        'a line search needs a direction that goes down at every step, and {method} may not: use method="gd", "lbfgs" or "newton", or a number.',
        '线搜索需要每一步都下降的方向，而 {method} 不能保证：请用 method="gd"、"lbfgs" 或 "newton"，或给出一个学习率数值。',
    ),
    "descent.kink": (
        '{penalty} has a kink and {method} needs a smooth penalty: use method="coordinate" or "nesterov", or penalty="l2".',
        '{penalty} 有尖点，而 {method} 需要光滑的惩罚项：请用 method="coordinate" 或 "nesterov"，或 penalty="l2"。',
    ),
    "descent.wolfe_kink": (
        '{penalty} has a kink and a strong Wolfe search needs slopes everywhere: use an Armijo search, or penalty="l2".',
        '{penalty} 有尖点，而强 Wolfe 搜索处处需要斜率：请用 Armijo 搜索，或 penalty="l2"。',
    ),
    "descent.noisy": (
        '{method} needs exact values along a line, and with dropout two looks at the same weights differ: use method="adam", give gd a learning rate, or leave dropout out.',
        '{method} 需要沿直线的精确函数值，而使用 dropout 时对同一组权重的两次计算结果不同：请用 method="adam"，或给 gd 一个学习率，或去掉 dropout。',
    ),
    "descent.matrix_memory": (
        '{method} needs a matrix of {weights} × {weights} numbers, {needed} GB with its factors, and {free} GB are free: use method="lbfgs".',
        '{method} 需要一个 {weights} × {weights} 的矩阵，连同分解共 {needed} GB，而可用内存只有 {free} GB：请用 method="lbfgs"。',
    ),
    "descent.no_hessian": (
        '{method} needs second derivatives and there are none here: use method="lbfgs".',
        '{method} 需要二阶导数，而这里没有：请用 method="lbfgs"。',
    ),
    "descent.order_of_all": (
        '{method} looks at all rows at every update, so an order changes nothing: add a batch size, or use method="sgd".',
        '{method} 每次更新都使用全部数据行，顺序不起作用：请加上批量大小，或用 method="sgd"。',
    ),
    "descent.closed_form_loss": (
        'the closed form solves a squared loss over rows, and this is none: use method="newton" or "lbfgs".',
        '正规方程只能求解数据行上的平方损失，这里不是：请用 method="newton" 或 "lbfgs"。',
    ),
    "descent.closed_form_kink": (
        '{penalty} has a kink and the closed form needs a smooth penalty: use method="coordinate" or "nesterov", or penalty="l2".',
        '{penalty} 有尖点，而正规方程需要光滑的惩罚项：请用 method="coordinate" 或 "nesterov"，或 penalty="l2"。',
    ),
    "descent.coordinate_rows": (
        'coordinate descent needs the columns of a linear model, and here are none: use method="lbfgs" for a function, "adam" for a net.',
        '坐标下降需要线性模型的数据列，而这里没有：函数请用 method="lbfgs"，网络请用 "adam"。',
    ),
    "descent.coordinate_outputs": (
        'coordinate descent fits {outputs} outputs where rows are in memory and weights at most 2,000: use method="nesterov", or fit them one by one.',
        '坐标下降只在数据位于内存且权重不超过 2000 个时拟合 {outputs} 个输出：请用 method="nesterov"，或逐个拟合。',
    ),
    "descent.coordinate_loss": (
        '{loss} loss has a kink and coordinate descent needs a smooth loss: use method="nesterov", or loss="huber".',
        '{loss} 损失有尖点，而坐标下降需要光滑的损失：请用 method="nesterov"，或 loss="huber"。',
    ),
    "descent.takes_no_rows": (
        "{method} takes no batch size and no order: leave them out.",
        "{method} 不用批量大小，也不用取行顺序：请去掉它们。",
    ),
    "descent.takes_no_rate": (
        "{method} takes no learning rate: leave it out.",
        "{method} 不用学习率：请去掉它。",
    ),
    "descent.grid_missing": (
        'exhaustive search needs a grid: say which weights and which values, for example --grid x=0:4:0.1, or ds.Exhaustive({{"x": [0, 1, 2]}}).',
        '穷举法需要网格：请说明哪些权重、取哪些值，例如 --grid x=0:4:0.1，或 ds.Exhaustive({{"x": [0, 1, 2]}})。',
    ),
    "descent.grid_weights": (
        "the grid has {found} weights: exhaustive search takes one, two or three.",
        "网格里有 {found} 个权重：穷举法只适用于一到三个。",
    ),
    "descent.grid_values": (
        "the grid of {name} is empty or has a value that is not finite: give numbers, for example 0:4:0.1.",
        "{name} 的网格为空或含有非有限值：请给出数字，例如 0:4:0.1。",
    ),
    "descent.grid_size": (
        "the grid has {count} combinations and at most {most} are tried: take wider steps.",
        "网格共有 {count} 种组合，最多只试 {most} 种：请加大步长。",
    ),
    "descent.grid_name": (
        "the grid names {asked!r}, which is no weight here: the weights are {known}.",
        "网格里的 {asked!r} 不是这里的权重：权重有 {known}。",
    ),
    "descent.start_shape": (
        "the start has shape {found}: one number for each of the {size} weights is needed.",
        "起点的形状为 {found}：需要为 {size} 个权重各给一个数。",
    ),
    "descent.start_not_finite": (
        "the loss at the start is {value}: begin nearer to 0.",
        "起点处的损失为 {value}：请从更接近 0 的地方开始。",
    ),
    "descent.auto_needs_curvature": (
        '"auto" can not find a learning rate for {method} on a function whose curvature is not known: give a number, or use method="gd" or "lbfgs".',
        '函数的曲率未知，"auto" 无法为 {method} 找到学习率：请给出一个数，或用 method="gd" 或 "lbfgs"。',
    ),
}
