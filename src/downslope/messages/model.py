"""What model/ says."""

TEXTS = {
    "model.unknown_loss": (
        "unknown loss {asked!r}: use one of {known}.",
        "没有名为 {asked!r} 的损失：可用 {known}。",
    ),
    "model.unknown_penalty": (
        "unknown penalty {asked!r}: use one of {known}.",
        "没有名为 {asked!r} 的惩罚项：可用 {known}。",
    ),
    "model.no_parameter": (
        "{asked!r} has a number after a colon, and {name} takes none: write {name!r}.",
        "{asked!r} 的冒号后带了数字，而 {name} 没有参数：请写 {name!r}。",
    ),
    "model.not_a_number": (
        "{asked!r}: {found!r} after the colon is not a number that fits; write for example 'huber:1.35' or 'momentum:0.9'.",
        "{asked!r}：冒号后的 {found!r} 不是合适的数字；例如写 'huber:1.35' 或 'momentum:0.9'。",
    ),
    "model.huber_delta": (
        "Huber's delta was {delta}: it must be a number above 0, in the units of the target.",
        "Huber 的 delta 为 {delta}：它必须大于 0，单位与目标列相同。",
    ),
    "model.quantile_level": (
        "the quantile was {level}: it must lie between 0 and 1, for example 'quantile:0.9'.",
        "分位数为 {level}：它必须在 0 与 1 之间，例如 'quantile:0.9'。",
    ),
    "model.elasticnet_ratio": (
        "the elastic net's ratio was {ratio}: it must lie between 0 (all L2) and 1 (all L1).",
        "弹性网的比例为 {ratio}：它必须在 0（全为 L2）与 1（全为 L1）之间。",
    ),
    "model.negative_counts": (
        'the Poisson loss counts, and the smallest y is {found:g}: use counts of 0 or more, or loss="squared".',
        'Poisson 损失用于计数，而最小的 y 是 {found:g}：请使用不小于 0 的计数，或 loss="squared"。',
    ),
    "model.numbers_needed": (
        "the {loss} loss predicts numbers, and the target '{column}' holds classes ({classes}, …): use loss=\"log\", or a numeric target.",
        '{loss} 损失预测的是数值，而目标列「{column}」是类别（{classes}……）：请用 loss="log"，或选择数值列。',
    ),
    "model.alpha": (
        "alpha was {alpha}: the price of large weights must be a finite number, 0 or above.",
        "alpha 为 {alpha}：惩罚系数必须是有限数，且不小于 0。",
    ),
    "model.column_too_large": (
        "the numbers in column {column!r} are so large that their squares are beyond float64: divide the column by a power of ten.",
        "列「{column}」中的数太大，其平方超出了 float64 的范围：请将该列除以 10 的某个幂。",
    ),
    "model.own_penalty": (
        "{name} is a penalty of your own, whose value and prox no method asks for: use one of {known}.",
        "{name} 是你自己编写的惩罚项，没有方法会用到它的取值和近端映射：请从 {known} 中选择。",
    ),
    "model.penalty_on": (
        "penalty_on was {asked!r}: choose one of {known}.",
        "penalty_on 为 {asked!r}：请从 {known} 中选择。",
    ),
    "model.penalty_on_unscaled": (
        'penalty_on="standardised" needs columns that are standardised: leave scale on, or take penalty_on="raw".',
        'penalty_on="standardised" 需要标准化的列：请保持 scale 开启，或使用 penalty_on="raw"。',
    ),
    "model.alpha_without_penalty": (
        'alpha is {alpha} but there is no penalty: choose penalty="l2", "l1" or "elasticnet", or leave alpha at 0.',
        'alpha 为 {alpha}，却没有选惩罚项：请选 penalty="l2"、"l1" 或 "elasticnet"，或让 alpha 保持 0。',
    ),
    "model.squares_overflow": (
        "some numbers are so large that their squares overflow: give these columns in larger units.",
        "有些数大到平方后溢出：请为这些列换用更大的单位。",
    ),
}
