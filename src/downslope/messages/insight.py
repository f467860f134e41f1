"""What insight/ says: verdicts, and what to do about them."""

TEXTS = {
    "insight.solved": (
        "Solved exactly, in one step: the loss is {loss:.6g}, and the slope that is left is {gradient:.2g}.",
        "一步求得精确解：损失为 {loss:.6g}，剩余斜率为 {gradient:.2g}。",
    ),
    "insight.converged": (
        "Converged: after {epochs} epochs the loss is {loss:.6g} and its gradient {gradient:.2g}, which is as good as zero.",
        "已收敛：{epochs} 轮后损失为 {loss:.6g}，梯度为 {gradient:.2g}，可视为零。",
    ),
    "insight.rounded": (
        "Converged: after {epochs} epochs the loss is {loss:.6g}, at most {gap:.2g} above the minimum (its kink was rounded over a width of {width:.2g}).",
        "已收敛：{epochs} 轮后损失为 {loss:.6g}，最多比最小值高 {gap:.2g}（尖点在宽度 {width:.2g} 内被磨圆）。",
    ),
    "insight.minimum": (
        "A minimum: after {epochs} epochs the value is {loss:.6g}, the gradient {gradient:.2g}, and the function curves upward every way (least curvature {lowest_curvature:.4g}). There may be lower ones elsewhere.",
        "到达极小值：{epochs} 轮后函数值为 {loss:.6g}，梯度为 {gradient:.2g}，且各方向都向上弯（最小曲率 {lowest_curvature:.4g}）。别处可能还有更低的点。",
    ),
    "insight.flat": (
        "The gradient is {gradient:.2g} after {epochs} epochs, as good as zero, at the value {loss:.6g}; along some direction the function is flat here, so this may be a minimum or a plateau.",
        "{epochs} 轮后梯度为 {gradient:.2g}，可视为零，函数值为 {loss:.6g}；此处沿某个方向是平的，可能是极小值，也可能是平台。",
    ),
    "insight.saddle": (
        "A saddle point: the gradient is {gradient:.2g}, but nothing is lowest here. Along one direction the function curves downward (curvature {lowest_curvature:.4g}).",
        "鞍点：梯度为 {gradient:.2g}，但这里并不是最低点。沿某个方向函数向下弯（曲率 {lowest_curvature:.4g}）。",
    ),
    "insight.maximum": (
        "A maximum: the gradient is {gradient:.2g}, and the function curves downward every way (curvature {lowest_curvature:.4g}).",
        "极大值点：梯度为 {gradient:.2g}，而函数各方向都向下弯（曲率 {lowest_curvature:.4g}）。",
    ),
    "insight.epochs_exhausted": (
        "Not there yet: all {epochs} epochs are used, the loss is {loss:.6g}, and the gradient is still {gradient:.2g}.",
        "尚未到达：{epochs} 轮已用完，损失为 {loss:.6g}，梯度仍有 {gradient:.2g}。",
    ),
    "insight.rate_too_small": (
        "Hardly moved: after {epochs} epochs the loss is {loss:.6g}. The learning rate {learning_rate:.4g} is far below the bound {bound:.7g} (2/L, curvature L = {curvature:.6g}).",
        "几乎没有前进：{epochs} 轮后损失为 {loss:.6g}。学习率 {learning_rate:.4g} 远小于上界 {bound:.7g}（2/L，曲率 L = {curvature:.6g}）。",
    ),
    "insight.no_progress": (
        "No more progress: the loss stays at {loss:.6g} and the gradient at {gradient:.2g} after {epochs} epochs.",
        "不再下降：{epochs} 轮后损失停在 {loss:.6g}，梯度停在 {gradient:.2g}。",
    ),
    "insight.diverged": (
        "Diverged: the steps were too long, and the loss grew to {loss:.4g} after {epochs} epochs; the last finite weights are kept, and they are no answer.",
        "发散：步子太大，{epochs} 轮后损失增大到 {loss:.4g}；保留了最后一组有限的权重，但它们不是答案。",
    ),
    "insight.unbounded": (
        "No minimum: the function falls without end, to {loss:.4g} after {epochs} epochs.",
        "没有最小值：函数无止境地下降，{epochs} 轮后为 {loss:.4g}。",
    ),
    "insight.separable": (
        "No minimum: a plane separates the classes with no row on its wrong side ({on_plane} on the plane itself), so the log loss falls for ever as the weights grow; after {epochs} epochs it is {loss:.3g}. The classes are told apart, but weights and chances mean nothing.",
        "没有最小值：一个平面就能把各类别分开，没有一行落在错误的一侧（恰在平面上的有 {on_plane} 行），权重越大对数损失越小，没有尽头；{epochs} 轮后损失为 {loss:.3g}。类别可以分对，但权重和概率没有意义。",
    ),
    "insight.interrupted": (
        "Interrupted after {epochs} epochs: the weights learned so far are kept, the loss is {loss:.6g}.",
        "在 {epochs} 轮后被中断：已学到的权重保留了下来，损失为 {loss:.6g}。",
    ),
    "insight.paused": (
        "Paused after {epochs} passes: the loss on the rows of the last one is {loss:.6g}; the next pass goes on from here.",
        "已完成 {epochs} 轮并暂停：最后一轮数据上的损失为 {loss:.6g}；下一轮会从这里继续。",
    ),
    "insight.seconds": (
        "Time is up: after {epochs} epochs in {seconds:.4g} seconds the loss is {loss:.6g}, and the gradient {gradient:.2g}.",
        "时间到：在 {seconds:.4g} 秒内完成 {epochs} 轮，损失为 {loss:.6g}，梯度为 {gradient:.2g}。",
    ),
    "insight.validation": (
        "Stopped early: the loss on the rows held out was no better than {lowest:.6g} for {passes} epochs; the weights that were best on them are kept.",
        "提前停止：留出数据上的损失连续 {passes} 轮没有低于 {lowest:.6g}；保留了在留出数据上最好的权重。",
    ),
    "insight.exhausted": (
        "The best of {tried} combinations is {best}, with the loss {loss:.6g}.",
        "在 {tried} 种组合中，最好的是 {best}，损失为 {loss:.6g}。",
    ),
    "insight.collinear": (
        "No single answer: {columns} weights, but the rows pin down only {rank} of them. {dependent} are combinations of each other, so many weights predict the same; these have the loss {loss:.6g}.",
        "答案不唯一：有 {columns} 个权重，而数据只能确定其中 {rank} 个。{dependent} 可以互相组合得出，许多权重的预测相同；这一组的损失为 {loss:.6g}。",
    ),
    "insight.unused_rows": (
        "Only {used} of {rows} rows was ever used: every update looked at the same rows, as happens when a gradient function returns inside or after its loop. The loss over all rows is {loss:.6g}.",
        "{rows} 行数据里只用到了 {used} 行：每次更新看到的都是同样的数据，这正是梯度函数在循环里面或循环之后返回时会出的错。全部数据上的损失为 {loss:.6g}。",
    ),
    "insight.decayed": (
        "AdamW's decay of {decay:g} pulls the weights toward 0 beyond the objective: after {epochs} epochs the loss is {loss:.6g}, and this is not its minimum (gradient {gradient:.2g}).",
        "AdamW 的衰减 {decay:g} 会在目标函数之外把权重拉向 0：{epochs} 轮后损失为 {loss:.6g}，这并不是它的最小值（梯度 {gradient:.2g}）。",
    ),
    "insight.remedy_below_bound": (
        "Take a learning rate below {bound:.7g} (2/L, curvature L = {curvature:.6g}); {best:.6g} is the best fixed one.",
        "请取小于 {bound:.7g} 的学习率（2/L，曲率 L = {curvature:.6g}）；最好的固定学习率是 {best:.6g}。",
    ),
    "insight.remedy_auto_rate": (
        'Or let learning_rate="auto" choose it.',
        '或者用 learning_rate="auto" 让程序来选。',
    ),
    "insight.remedy_best_rate": (
        'Take a learning rate near {best:.6g}, or "auto".',
        '请取接近 {best:.6g} 的学习率，或写 "auto"。',
    ),
    "insight.remedy_bounded_function": (
        "Check the sign of the function, or look for its maximum.",
        "请检查函数的符号，或改求最大值。",
    ),
    "insight.remedy_add_penalty": (
        'Add penalty="l2" with an alpha such as 0.01, which holds the weights.',
        '请加上 penalty="l2" 和 alpha（例如 0.01），让权重有界。',
    ),
    "insight.remedy_go_on": (
        "To go on, start again from these weights (warm_start=True, or --start).",
        "要继续，请从这组权重重新开始（warm_start=True，或 --start）。",
    ),
    "insight.remedy_more_time": (
        'Allow more seconds, or use method="lbfgs".',
        '请给更多时间，或用 method="lbfgs"。',
    ),
    "insight.remedy_regularise": (
        'More rows, fewer features or a penalty (penalty="l2") would let it learn longer.',
        '更多数据、更少特征或加惩罚项（penalty="l2"）可以让它学得更久。',
    ),
    "insight.remedy_more_epochs": (
        "Allow more epochs.",
        "请增加训练轮次。",
    ),
    "insight.remedy_faster_method": (
        'Or use method="lbfgs" or "newton", which need far fewer.',
        '或用 method="lbfgs" 或 "newton"，所需轮次少得多。',
    ),
    "insight.remedy_lbfgs": (
        'Or use method="lbfgs" on all rows, which needs far fewer.',
        '或用 method="lbfgs" 并使用全部数据行，所需轮次少得多。',
    ),
    "insight.remedy_non_finite": (
        "The first slope that was not a finite number is that of {where}: take a smaller learning rate, or look at what goes into it.",
        "最先出现非有限斜率的是 {where}：请取更小的学习率，或检查流入它的数值。",
    ),
    "insight.remedy_exact_method": (
        'Or use method="auto": without the noise of drawn rows it ends at the minimum itself.',
        '或用 method="auto"：没有抽样噪声，它会停在最小值本身。',
    ),
    "insight.remedy_smaller_rate": (
        "A smaller learning rate, or one that falls with time, comes closer.",
        "更小的或随时间衰减的学习率可以更接近最小值。",
    ),
    "insight.remedy_nudge_start": (
        "Start a little to the side of it.",
        "请把起点稍微挪开一点。",
    ),
    "insight.remedy_wider_grid": (
        "It lies on the edge of the grid ({edge}): widen the grid.",
        "它落在网格的边缘（{edge}）：请扩大网格。",
    ),
    "insight.remedy_drop_column": (
        "Leave out one of these columns.",
        "请去掉其中一列。",
    ),
    "insight.remedy_add_l2": (
        'Or add penalty="l2" with a small alpha, which makes the answer single.',
        '或加上 penalty="l2" 和一个小的 alpha，使答案唯一。',
    ),
    "insight.remedy_use_all_rows": (
        'Let the gradient sum over all rows: method="gd", or order="shuffle".',
        '让梯度对所有数据行求和：method="gd"，或 order="shuffle"。',
    ),
    "insight.remedy_no_decay": (
        'For the minimum use method="adam", with penalty="l2" if the weights should be small.',
        '要得到最小值请用 method="adam"；若希望权重较小，加上 penalty="l2"。',
    ),
    # landscapes
    "insight.plane_share": (
        "The plane of ‘{across}’ and ‘{up}’ shows {share:.3g}% of the way that the descent went.",
        "由“{across}”和“{up}”张成的平面显示了下降路程的 {share:.3g}%。",
    ),
    "insight.path_1": ("path, 1st way", "路径第一方向"),
    "insight.path_2": ("path, 2nd way", "路径第二方向"),
    "insight.stiffest": ("stiffest, {value:.3g}", "最陡，{value:.3g}"),
    "insight.flattest": ("flattest, {value:.3g}", "最平，{value:.3g}"),
    "insight.plane_one_weight": (
        "a plane needs two weights, and there is only {name}: leave the plane out, one weight has a curve",
        "平面需要两个权重，而这里只有 {name}：请去掉平面选项，一个权重画成曲线即可",
    ),
    "insight.plane_no_path": (
        'the descent never moved, so its path has no plane: ask for "curvature" or for two weights',
        "下降过程没有移动，路径没有所在的平面：请改用 curvature，或给出两个权重",
    ),
    "insight.plane_weight": (
        '"{asked}" is no weight and no plane: {known} would do',
        "“{asked}”既不是权重也不是平面的名称：可以用 {known}",
    ),
    "insight.plane_two": (
        '"{asked}" is no plane: give path, curvature, or two different weights, as x1,x2',
        "“{asked}”不是平面：请用 path、curvature，或两个不同的权重，如 x1,x2",
    ),
    "insight.plane_needs_function": (
        "what was minimised is a callable, which a solution does not keep: give it again with function=Function.of(f)",
        "被最小化的是可调用对象，解中不保存它：请用 function=Function.of(f) 再次给出",
    ),
}
