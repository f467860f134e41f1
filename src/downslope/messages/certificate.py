"""What insight/certificate.py says: the curvature before a descent, and what follows from it."""

TEXTS = {
    # the curvature
    "certificate.quadratic": (
        "F is a parabola: steepest curvature L = {L}, flattest μ = {mu}, condition number κ = L/μ = {condition}.",
        "F 是二次函数：最大曲率 L = {L}，最小曲率 μ = {mu}，条件数 κ = L/μ = {condition}。",
    ),
    "certificate.quadratic_wide": (
        "F is a parabola: steepest curvature L = {L}; the flattest, μ, lies between {mu} and {most} (64 Lanczos steps, each a pass over the rows), so the condition number κ = L/μ is {least_condition} or more.",
        "F 是二次函数：最大曲率 L = {L}；最小曲率 μ 介于 {mu} 与 {most} 之间（64 步 Lanczos，每步遍历一次数据），因此条件数 κ = L/μ 不小于 {least_condition}。",
    ),
    "certificate.flat": (
        "F is a parabola: steepest curvature L = {L}; it is level along {flat} direction(s), so μ = 0 and κ = ∞, and many weights are equally good. The flattest curvature above 0 is {slowest}.",
        "F 是二次函数：最大曲率 L = {L}；它沿 {flat} 个方向是平的，因此 μ = 0、κ = ∞，有许多组权重同样好。大于 0 的最小曲率为 {slowest}。",
    ),
    "certificate.bound": (
        "The curvature of F is nowhere above L = {L} and nowhere below μ = {mu} (κ = {condition}): bounds, which need not be reached.",
        "F 的曲率处处不超过 L = {L}，也不低于 μ = {mu}（κ = {condition}）：这是界，不一定达到。",
    ),
    "certificate.bound_above": (
        "The curvature of F is nowhere above L = {L}: a bound, which need not be reached. How flat F may be is not known, so neither is κ.",
        "F 的曲率处处不超过 L = {L}：这是上界，不一定达到。F 最平处的曲率未知，因此条件数 κ 也未知。",
    ),
    "certificate.local": (
        "At {place} the curvature lies between μ = {mu} and L = {L} (κ = {condition}); elsewhere it may differ.",
        "在 {place} 处，曲率介于 μ = {mu} 与 L = {L} 之间（κ = {condition}）；别处可能不同。",
    ),
    "certificate.downward": (
        "At {place} F curves downward along some direction (curvature {mu}), and its largest curvature has the size L = {L}: this is not near a minimum.",
        "在 {place} 处，F 沿某个方向向下弯（曲率 {mu}），曲率的最大绝对值为 L = {L}：这里不在极小值附近。",
    ),
    "certificate.infinite": (
        "L is infinite: the slope of F jumps at a kink or steepens without end, so no fixed step is safe everywhere. Use a falling step, a line search, or the automatic one.",
        "L 为无穷大：F 的斜率在尖点处跳变，或无限变陡，因此没有处处安全的固定步长。请使用递减步长、线搜索或自动步长。",
    ),
    "certificate.unknown": (
        "L is not known: there is no Hessian to take it from, so no step can be promised. Use a line search, or the automatic step.",
        "L 未知：没有可用的 Hessian 矩阵，无法保证任何步长。请使用线搜索或自动步长。",
    ),
    "certificate.level": (
        "F is level: its slope is the same everywhere (L = 0), so there is nothing to bound a step by.",
        "F 没有曲率：斜率处处相同（L = 0），因此步长没有上界。",
    ),
    # what follows from it
    "certificate.scaled": (
        "All steps are for standardised columns, where the descent runs.",
        "所有步长都针对标准化后的列，下降就在那里进行。",
    ),
    "certificate.steps": (
        "Fixed step of gd: below 2/L = {bound}; best 2/(L + μ) = {best} (a μ below L/100 counts as L/100).",
        "gd 的固定步长：应小于 2/L = {bound}；最佳为 2/(L + μ) = {best}（小于 L/100 的 μ 按 L/100 计）。",
    ),
    "certificate.momentum": (
        "Best heavy-ball momentum: β = (√κ − 1)²/(√κ + 1)² = {beta}, with the step 4/(√L + √μ)² = {step}.",
        "重球法的最佳动量：β = (√κ − 1)²/(√κ + 1)² = {beta}，步长 4/(√L + √μ)² = {step}。",
    ),
    "certificate.row_step": (
        "One row at a time: a step of 1/max Lᵢ = {step} is safe for every row.",
        "逐行更新：步长 1/max Lᵢ = {step} 对每一行都安全。",
    ),
    "certificate.noise": (
        "Noise floor: sgd at the constant step {rate}, rows drawn with replacement, ends about {floor} above the minimum, t·E‖∇Fᵢ‖²/(2(2 − t·L̄)); in shuffled order, lower.",
        "噪声下限：sgd 以恒定步长 {rate}、有放回抽取各行，最终约高出最小值 {floor}，即 t·E‖∇Fᵢ‖²/(2(2 − t·L̄))；打乱顺序时更低。",
    ),
    "certificate.noise_without_end": (
        "Noise floor: sgd at the constant step {rate} has none ({floor}): the noise grows faster than it is damped.",
        "噪声下限：sgd 在恒定步长 {rate} 下没有下限（{floor}）：噪声的增长快于衰减。",
    ),
    # which column
    "certificate.cause_scale": (
        "The conditioning comes from the sizes of the columns: {columns}, the first {ratio} times as large as the second. Scaling the columns cures it.",
        "条件数大是因为各列大小悬殊：{columns}，前者是后者的 {ratio} 倍。对各列做标准化即可解决。",
    ),
    "certificate.cause_correlation": (
        "The conditioning comes from columns that nearly say the same: {columns} (κ = {ratio} once all columns are of one size). Leave one out, or add an L2 penalty.",
        "条件数大是因为有几列几乎表达同样的内容：{columns}（各列大小统一后 κ = {ratio}）。请去掉其中一列，或加 L2 惩罚。",
    ),
    "certificate.cause_constant": (
        "The conditioning comes from columns that say nothing, being constant: {columns} (κ = {ratio}). Leave them out.",
        "条件数大是因为有不含信息的常数列：{columns}（κ = {ratio}）。请去掉它们。",
    ),
    # epochs
    "certificate.predicted": (
        "Predicted epochs k until F − F* is {tolerance} of what it was, from the worst start:",
        "预计所需轮数 k（从最不利的起点，使 F − F* 降到最初的 {tolerance}）：",
    ),
    "certificate.at_most": (
        "At most so many epochs k until F − F* is {tolerance} of what it was:",
        "使 F − F* 降到最初的 {tolerance}，所需轮数 k 至多为：",
    ),
    "certificate.at_least": (
        "Epochs k until F − F* is {tolerance} of what it was, from the worst start, where μ is as large as it can be; at least so many:",
        "使 F − F* 降到最初的 {tolerance} 所需的轮数 k（最不利的起点，按 μ 的上限计），至少为：",
    ),
    "certificate.if_so": (
        "If the curvature were the same everywhere, epochs k until F − F* is {tolerance} of what it was:",
        "假如曲率处处相同，使 F − F* 降到最初的 {tolerance} 所需的轮数 k：",
    ),
    "certificate.no_epochs": (
        "No number of epochs can be predicted: no curvature above 0 is known for the flattest direction.",
        "无法预计轮数：最平的方向上没有已知的正曲率。",
    ),
    "certificate.never": ("never", "不收敛"),
    "certificate.method": ("method", "方法"),
    "certificate.step": ("step t", "步长 t"),
    "certificate.epochs": ("epochs k", "轮数 k"),
    "certificate.formula": ("from", "依据"),
    # a learning rate, judged
    "certificate.zone_monotone": (
        "Learning rate {rate} is in the monotone zone (up to 1/L; it is {share} of the bound {bound}): each step of gd multiplies the distance along the steepest direction by {factor}, without overshooting.",
        "学习率 {rate} 处于单调区（不超过 1/L，是上界 {bound} 的 {share} 倍）：gd 每一步把最陡方向上的距离乘以 {factor}，不会越过最低点。",
    ),
    "certificate.zone_oscillating": (
        "Learning rate {rate} is in the oscillating zone (1/L to 2/L; it is {share} of the bound {bound}): each step of gd multiplies the distance along the steepest direction by {factor}, to and fro across the bottom.",
        "学习率 {rate} 处于振荡区（1/L 到 2/L，是上界 {bound} 的 {share} 倍）：gd 每一步把最陡方向上的距离乘以 {factor}，在谷底两侧来回摆动。",
    ),
    "certificate.zone_diverging": (
        "Learning rate {rate} is in the diverging zone (above 2/L; it is {share} times the bound {bound}): each step of gd multiplies the distance along the steepest direction by {factor}.",
        "学习率 {rate} 处于发散区（大于 2/L，是上界 {bound} 的 {share} 倍）：gd 每一步把最陡方向上的距离乘以 {factor}。",
    ),
    "certificate.zone_unproven": (
        "Learning rate {rate} is above 2/L, {share} times the bound {bound}: where the curvature reaches L, a step of gd multiplies the distance by {factor}; elsewhere it may still go down, but nothing proves it.",
        "学习率 {rate} 大于 2/L，是上界 {bound} 的 {share} 倍：在曲率达到 L 的地方，gd 每一步把距离乘以 {factor}；别处仍可能下降，但没有保证。",
    ),
    # one descent, foretold, and then as it was
    "certificate.foreseen_epochs": (
        "From this start, F − F* will be {tolerance} of what it is now after {epochs} epochs.",
        "从这个起点出发，{epochs} 轮后 F − F* 将降到现在的 {tolerance}。",
    ),
    "certificate.foreseen_never": (
        "From this start, F − F* will never be {tolerance} of what it is now ({epochs} epochs).",
        "从这个起点出发，F − F* 永远降不到现在的 {tolerance}（{epochs} 轮）。",
    ),
    "certificate.foreseen_noise": (
        "At this learning rate it will end about {noise} above the minimum, if rows are drawn with replacement; in shuffled order, lower.",
        "按这个学习率，若有放回地抽取各行，最终约高出最小值 {noise}；打乱顺序时更低。",
    ),
    "certificate.actual_epochs": (
        "Predicted beside actual: F − F* is {tolerance} of what it was at the start after {predicted} epochs; it was after {actual}.",
        "预测与实际：预计 {predicted} 轮后 F − F* 降到起点处的 {tolerance}；实际用了 {actual} 轮。",
    ),
    "certificate.actual_not_yet": (
        "Predicted beside actual: F − F* is {tolerance} of what it was at the start after {predicted} epochs; after {done} it is not there yet.",
        "预测与实际：预计 {predicted} 轮后 F − F* 降到起点处的 {tolerance}；{done} 轮后尚未达到。",
    ),
    "certificate.actual_noise": (
        "Predicted beside actual: {predicted} above the minimum as the noise floor, with replacement; over the last half of the passes it was {actual} on average.",
        "预测与实际：有放回抽取时，噪声下限预计高出最小值 {predicted}；后一半轮次平均实际高出 {actual}。",
    ),
    # what can not be asked
    "certificate.method_unknown": (
        "No epochs are predicted for {asked!r}: ask for one of {known}.",
        "无法预计 {asked!r} 的轮数：可用 {known}。",
    ),
    "certificate.learning_rate": (
        "The learning rate was {asked}: it must be a number above 0, such as 0.1.",
        "学习率为 {asked}：它必须是大于 0 的数，例如 0.1。",
    ),
    "certificate.tolerance": (
        "The tolerance was {asked}: it must lie between 0 and 1, such as 1e-6.",
        "容差为 {asked}：它必须介于 0 和 1 之间，例如 1e-6。",
    ),
    "certificate.no_place": (
        "The curvature of {formula} changes from place to place: say where to take it, at={{{example}}}.",
        "{formula} 的曲率随位置变化：请用 at={{{example}}} 指明在哪里计算。",
    ),
}
