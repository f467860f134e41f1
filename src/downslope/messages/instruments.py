"""What the instruments of insight/ say: gradient check, standard errors, one step in numbers."""

TEXTS: dict[str, tuple[str, str]] = {
    # the gradient check
    "instruments.gradient_right": (
        "The gradient is right: {compared} coordinate(s) agree with differences of f (relative error {error}), and the Taylor remainder falls with slope {slope} (2 is right, 1 is wrong).",
        "梯度正确：{compared} 个分量与 f 的差分一致（相对误差 {error}），泰勒余项以斜率 {slope} 下降（2 为正确，1 为错误）。",
    ),
    "instruments.gradient_straight": (
        "The gradient is right: {compared} coordinate(s) agree with differences of f (relative error {error}), and the Taylor remainder is rounding alone (slope {slope}).",
        "梯度正确：{compared} 个分量与 f 的差分一致（相对误差 {error}），泰勒余项只剩舍入误差（斜率 {slope}）。",
    ),
    "instruments.gradient_near_kink": (
        "The gradient is right here: {compared} coordinate(s) agree with differences of f (relative error {error}); but the Taylor remainder falls with slope {slope}, not 2: f bends sharply nearby.",
        "此处的梯度正确：{compared} 个分量与 f 的差分一致（相对误差 {error}）；但泰勒余项的斜率是 {slope} 而不是 2：f 在附近有急弯。",
    ),
    "instruments.gradient_wrong": (
        "The gradient is wrong: {count} of {size} coordinate(s) differ from f's own slope, and the Taylor remainder falls with slope {slope} (2 is right, 1 is wrong).",
        "梯度错误：{size} 个分量中有 {count} 个与 f 的实际斜率不同，泰勒余项以斜率 {slope} 下降（2 为正确，1 为错误）。",
    ),
    "instruments.wrong_coordinate": (
        "{name}: given {given}, right {measured}.",
        "{name}：给出 {given}，正确值 {measured}。",
    ),
    "instruments.more": ("And {count} more.", "另外还有 {count} 个。"),
    # the likely slip
    "instruments.slip_zero": (
        "Every coordinate is 0: is the gradient returned before it is computed?",
        "所有分量都是 0：是不是在算出梯度之前就返回了？",
    ),
    "instruments.slip_sign_everywhere": (
        "It is the right one with its sign turned: put a minus before it.",
        "它恰好与正确的梯度符号相反：请在前面加一个负号。",
    ),
    "instruments.slip_half": (
        "It is half of the right one: the factor 2 of a derived square is missing.",
        "它是正确梯度的一半：对平方求导时漏了因子 2。",
    ),
    "instruments.slip_double": (
        "It is twice the right one: a factor 2 is too much (f may hold ½, or a term is added twice).",
        "它是正确梯度的两倍：多了因子 2（f 里可能有 ½，或者某一项加了两次）。",
    ),
    "instruments.slip_sign_double": (
        "It is −2 times the right one: the sign is turned, and a factor 2 is too much.",
        "它是正确梯度的 −2 倍：符号相反，并且多了因子 2。",
    ),
    "instruments.slip_times_rows": (
        "It is {rows} times the right one, and there are {rows} rows: 1/n is missing.",
        "它是正确梯度的 {rows} 倍，而数据正好有 {rows} 行：漏了 1/n。",
    ),
    "instruments.slip_over_rows": (
        "It is the right one divided by {rows}, and there are {rows} rows: 1/n is taken twice.",
        "它是正确梯度除以 {rows}，而数据正好有 {rows} 行：1/n 除了两次。",
    ),
    "instruments.slip_times_rows_double": (
        "It is 2·{rows} times the right one, and there are {rows} rows: 1/n is missing, and a factor 2 is too much.",
        "它是正确梯度的 2·{rows} 倍，而数据有 {rows} 行：漏了 1/n，还多了因子 2。",
    ),
    "instruments.slip_times_rows_half": (
        "It is {rows}/2 times the right one, and there are {rows} rows: 1/n is missing, and so is the factor 2 of a derived square.",
        "它是正确梯度的 {rows}/2 倍，而数据有 {rows} 行：漏了 1/n，对平方求导的因子 2 也漏了。",
    ),
    "instruments.slip_times_rows_sign": (
        "It is −{rows} times the right one, and there are {rows} rows: 1/n is missing, and the sign is turned.",
        "它是正确梯度的 −{rows} 倍，而数据有 {rows} 行：漏了 1/n，符号也反了。",
    ),
    "instruments.slip_times_whole": (
        "It is {whole} times the right one: if there are {whole} rows, 1/n is missing.",
        "它是正确梯度的 {whole} 倍：如果数据有 {whole} 行，就是漏了 1/n。",
    ),
    "instruments.slip_over_whole": (
        "It is the right one divided by {whole}: if there are {whole} rows, 1/n is taken twice.",
        "它是正确梯度除以 {whole}：如果数据有 {whole} 行，就是 1/n 除了两次。",
    ),
    "instruments.slip_ratio": (
        "Every coordinate is {ratio} times the right one: look for that factor.",
        "所有分量都是正确值的 {ratio} 倍：请查找这个因子。",
    ),
    "instruments.slip_last_row": (
        "It is the gradient of the last of {rows} rows alone: each row replaces the sum instead of adding to it (= in place of +=).",
        "它只是 {rows} 行中最后一行的梯度：每一行覆盖了总和，而不是加到总和上（写成了 =，应为 +=）。",
    ),
    "instruments.slip_last_row_over_rows": (
        "It is the gradient of the last of {rows} rows alone, over {rows}: each row replaces the sum instead of adding to it (= in place of +=).",
        "它只是 {rows} 行中最后一行的梯度再除以 {rows}：每一行覆盖了总和，而不是加到总和上（写成了 =，应为 +=）。",
    ),
    "instruments.slip_first_row": (
        "It is the gradient of the first of {rows} rows alone: does return stand inside the loop?",
        "它只是 {rows} 行中第一行的梯度：return 是不是写在循环里面了？",
    ),
    "instruments.slip_first_row_over_rows": (
        "It is the gradient of the first of {rows} rows alone, over {rows}: does return stand inside the loop?",
        "它只是 {rows} 行中第一行的梯度再除以 {rows}：return 是不是写在循环里面了？",
    ),
    "instruments.slip_penalty": (
        "What is missing is {price} times the weights: the gradient of the L2 penalty, {price}·½‖w‖², is forgotten.",
        "缺少的部分是权重的 {price} 倍：漏了 L2 惩罚 {price}·½‖w‖² 的梯度。",
    ),
    "instruments.slip_penalty_twice": (
        "{price} times the weights is too much: an L2 penalty is in the gradient that is not in f, or is there twice.",
        "多出的部分是权重的 {price} 倍：梯度里有 f 中没有的 L2 惩罚，或者加了两次。",
    ),
    "instruments.slip_penalty_l1": (
        "What is missing is {price} times the signs of the weights: the gradient of the L1 penalty, {price}·‖w‖₁, is forgotten.",
        "缺少的部分是权重符号的 {price} 倍：漏了 L1 惩罚 {price}·‖w‖₁ 的梯度。",
    ),
    "instruments.slip_penalty_l1_twice": (
        "{price} times the signs of the weights is too much: an L1 penalty is in the gradient that is not in f, or is there twice.",
        "多出的部分是权重符号的 {price} 倍：梯度里有 f 中没有的 L1 惩罚，或者加了两次。",
    ),
    "instruments.slip_exchanged": (
        "The numbers are right but stand in each other's places: {names}.",
        "数值是对的，但位置互换了：{names}。",
    ),
    "instruments.slip_left_out": (
        "Left at 0: {names}. Nothing is computed for it.",
        "一直是 0：{names}。没有计算这一部分。",
    ),
    "instruments.slip_sign": (
        "The sign is turned: {names}.",
        "符号反了：{names}。",
    ),
    "instruments.slip_double_here": (
        "Twice what is right: {names}. A factor 2 is too much there.",
        "是正确值的两倍：{names}。那里多了因子 2。",
    ),
    "instruments.slip_half_here": (
        "Half of what is right: {names}. A factor 2 is missing there.",
        "是正确值的一半：{names}。那里漏了因子 2。",
    ),
    "instruments.slip_ratio_here": (
        "{ratio} times what is right: {names}. Look for that factor there.",
        "是正确值的 {ratio} 倍：{names}。请在那里查找这个因子。",
    ),
    "instruments.slip_constant": (
        "{names} is off by the same amount wherever it is looked at: a term is forgotten whose slope is {constant}.",
        "{names} 在各处都差同一个数：漏了一项，它的斜率是 {constant}。",
    ),
    "instruments.slip_other": (
        "No usual slip explains it: compare the wrong coordinates with the formula, term by term.",
        "没有常见的疏漏能解释它：请把错误的分量与公式逐项对照。",
    ),
    # the command
    "instruments.subject": ("{name}, checked at {place}", "{name}，检查位置 {place}"),
    "instruments.no_such_file": (
        "{path}: no such file. Give a Python file and the function in it: FILE.py:function.",
        "{path}：没有这个文件。请给出 Python 文件和其中的函数：FILE.py:function。",
    ),
    "instruments.no_function_named": (
        "{asked}: the function is missing. Write FILE.py:function, for example model.py:loss.",
        "{asked}：缺少函数名。请写成 FILE.py:function，例如 model.py:loss。",
    ),
    "instruments.does_not_run": (
        "{path} does not run: {reason}",
        "{path} 无法运行：{reason}",
    ),
    "instruments.no_such_function": (
        "{path} has no function {asked}. It has: {known}.",
        "{path} 中没有函数 {asked}。其中有：{known}。",
    ),
    "instruments.gradient_not_found": (
        "{path} has no gradient of {name} by one of its usual names ({usual}): name it with --gradient. Functions there: {known}.",
        "{path} 中没有以常用名称（{usual}）命名的 {name} 的梯度：请用 --gradient 指明。其中的函数有：{known}。",
    ),
    "instruments.call_failed": (
        "{name} can not be called at {place}: {reason}. Give a place that it takes, --at 1,2.",
        "无法在 {place} 处调用 {name}：{reason}。请给出它能接受的位置，例如 --at 1,2。",
    ),
    # what can not be checked
    "instruments.kink": (
        "f has a kink here: along {name} its slopes on the two sides differ by {gap} however near they are taken, so there is no gradient. Check at another place.",
        "f 在这里有尖点：沿 {name} 两侧的斜率无论多近都相差 {gap}，因此没有梯度。请换一个位置检查。",
    ),
    "instruments.no_gradient": (
        "{formula} brings no gradient of its own, so there is nothing to check: give one, gradient=.",
        "{formula} 自身不带梯度，没有可检查的内容：请给出 gradient=。",
    ),
    # standard errors
    "instruments.estimate": ("estimate", "估计值"),
    "instruments.error": ("standard error", "标准误"),
    "instruments.rests_on_t": (
        "{rows} rows, Student's t with {degrees} degrees of freedom.",
        "{rows} 行，自由度为 {degrees} 的 t 分布。",
    ),
    "instruments.rests_on_z": (
        "{rows} rows, z: standard errors from the information matrix.",
        "{rows} 行，z 值：标准误来自信息矩阵。",
    ),
    "instruments.deviation": (
        "Standard deviation of the residuals: {deviation}.",
        "残差的标准差：{deviation}。",
    ),
    "instruments.base": (
        "Weights are told relative to those of the class {base}.",
        "权重均相对于类别 {base} 给出。",
    ),
    "instruments.robust": (
        "Robust (HC1): each row may have a variance of its own.",
        "稳健标准误（HC1）：允许各行的方差不同。",
    ),
    "instruments.analytic_weights": (
        "Row weights count as precision, not as repeated rows; only their ratios matter.",
        "行权重表示精度而不是重复次数，只有它们的比例起作用。",
    ),
    "instruments.no_rows_behind": (
        "Standard errors are for models learned from rows, and {formula} is a function: minimise a loss over data with fit.",
        "标准误只适用于从数据行学到的模型，而 {formula} 是一个函数：请用 fit 在数据上最小化损失。",
    ),
    "instruments.penalised": (
        "A penalty ({penalty}, alpha {alpha:g}) pulls the weights towards 0, so standard errors of least squares or likelihood would be false: fit without a penalty.",
        "惩罚项（{penalty}，alpha {alpha:g}）把权重拉向 0，最小二乘或似然的标准误会是错的：请不带惩罚地拟合。",
    ),
    "instruments.no_errors_for_loss": (
        "No standard errors are known for the loss {loss}: they are for squared, log and poisson.",
        "损失 {loss} 没有已知的标准误：可用于 squared、log 和 poisson。",
    ),
    "instruments.separable": (
        "The classes are separable, so the weights grow without end and have no standard error: add a penalty (which gives none either), or more rows.",
        "各类别可以完全分开，权重会无限增大，没有标准误：请加入更多数据行，或加惩罚项（但那样也没有标准误）。",
    ),
    "instruments.other_columns": (
        "These rows make other weights ({found}) than the run holds ({needed}): give the columns that it learned from.",
        "这些数据行对应的权重（{found}）与运行记录中的（{needed}）不同：请给出训练时所用的列。",
    ),
    "instruments.too_few_rows": (
        "{rows} rows for {columns} weights leave nothing to judge their spread by: give more rows, or fewer columns.",
        "{rows} 行对 {columns} 个权重，没有剩余信息来判断误差：请增加行数，或减少列数。",
    ),
    "instruments.dependent": (
        "Only {rank} of {columns} weights can be told apart, so standard errors are not defined: leave out columns that are combinations of others.",
        "{columns} 个权重中只有 {rank} 个可以区分，标准误没有定义：请去掉可由其他列组合得到的列。",
    ),
    "instruments.not_arrived": (
        'The descent did not arrive ({verdict}: the slope is still {slope} of its usual size), so standard errors would be false: go on, or fit with method="auto".',
        '下降没有到达最小值（{verdict}：斜率仍为通常大小的 {slope}），标准误会是错的：请继续训练，或用 method="auto" 拟合。',
    ),
    "instruments.other_rows": (
        "The weights are not the minimum over these rows (the slope is {slope} of its usual size): give the rows that they were learned from, without those held out.",
        "这些权重不是这些数据行上的最小值（斜率为通常大小的 {slope}）：请给出训练所用的行，不包括留出的行。",
    ),
    "instruments.no_errors_for_net": (
        "The weights of a net have no standard errors: many other weights predict the same.",
        "神经网络的权重没有标准误：许多不同的权重给出同样的预测。",
    ),
    # one step in numbers
    "instruments.step_of_all": (
        "Update {step}, in pass {epoch}, by {method}, learning rate η = {rate}. It looks at all {rows} rows.",
        "第 {step} 次更新（第 {epoch} 遍），方法 {method}，学习率 η = {rate}。使用全部 {rows} 行。",
    ),
    "instruments.step_of_some": (
        "Update {step}, in pass {epoch}, by {method}, learning rate η = {rate}. It looks at {count} row(s): {rows}.",
        "第 {step} 次更新（第 {epoch} 遍），方法 {method}，学习率 η = {rate}。使用 {count} 行：{rows}。",
    ),
    "instruments.step_recorded": (
        "Update {step}, in pass {epoch}, by {method}, learning rate η = {rate}. It looked at {rows} row(s), which are not at hand.",
        "第 {step} 次更新（第 {epoch} 遍），方法 {method}，学习率 η = {rate}。当时使用了 {rows} 行，这些行现在不在手边。",
    ),
    "instruments.step_of_function": (
        "Update {step} (epoch {epoch}) by {method}, learning rate η = {rate}.",
        "第 {step} 次更新（第 {epoch} 轮），方法 {method}，学习率 η = {rate}。",
    ),
    "instruments.standardised": (
        "The descent runs in standardised columns: {columns}.",
        "下降在标准化后的列上进行：{columns}。",
    ),
    "instruments.row": ("row", "行"),
    "instruments.prediction": ("prediction", "预测值"),
    "instruments.chance": ("chance", "概率"),
    "instruments.residual": ("residual", "残差"),
    "instruments.slope": ("slope of the loss", "损失的斜率"),
    "instruments.weighted_slope": ("weight × slope of the loss", "权重 × 损失的斜率"),
    "instruments.more_rows": ("… and {count} more rows", "……另有 {count} 行"),
    "instruments.more_weights": ("… and {count} more weights", "……另有 {count} 个权重"),
    "instruments.value_of_rows": ("Loss of these rows: {value}.", "这些行的损失：{value}。"),
    "instruments.value_of_function": (
        "f = {formula}; at {place} it is {value}.",
        "f = {formula}；在 {place} 处的值是 {value}。",
    ),
    "instruments.shrunk": (
        "then nearer to 0 by the L1 price, η·λ = {price}: {new}",
        "再按 L1 惩罚 η·λ = {price} 向 0 靠近：{new}",
    ),
    "instruments.change": (
        "{name}: {old} → {new}, a change of {change}; −η·g alone would be {plain}.",
        "{name}：{old} → {new}，变化 {change}；若只用 −η·g 则为 {plain}。",
    ),
    "instruments.in_units": (
        "In the units of the columns: {weights}.",
        "换回原来各列的单位：{weights}。",
    ),
    "instruments.no_such_step": (
        "There is no update {asked}: this run made {last}. Ask for one from 1 to {last}.",
        "没有第 {asked} 次更新：这次运行共 {last} 次。请给出 1 到 {last} 之间的数。",
    ),
    "instruments.no_updates": (
        '{method} makes no updates by a gradient, so there is no step to show: use method="gd" to see steps.',
        '{method} 不用梯度更新，没有可展示的步骤：要看步骤请用 method="gd"。',
    ),
    "instruments.no_step_for_net": (
        "One update in numbers is for linear models and functions: a net has too many weights to tell one by one.",
        "逐步的数字展示只适用于线性模型和函数：神经网络的权重太多，无法逐个列出。",
    ),
    "instruments.step_not_kept": (
        "Update {asked} was not kept in the trace, or the one before it was not: near it there are {near}.",
        "轨迹中没有保留第 {asked} 次更新，或者没有保留它的前一次：附近保留的有 {near}。",
    ),
    "instruments.rows_for_step": (
        "The descent ran in standardised columns, so its update can only be told with the rows: give them, --data FILE.",
        "下降在标准化后的列上进行，要写出这次更新需要数据行：请用 --data FILE 给出。",
    ),
    "instruments.step_differs": (
        "Update {step} made again from these rows is not the one that was recorded: give the rows that were learned from, without those held out.",
        "用这些行重新计算的第 {step} 次更新与记录不符：请给出训练所用的行，不包括留出的行。",
    ),
}
