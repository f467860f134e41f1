"""What the scikit-learn door says."""

TEXTS = {
    "estimators.warm_start_shape": (
        "warm_start=True would start at a coef_ of shape {found}, and these rows need {needed}: give rows of the same columns and outputs, or set warm_start=False.",
        "warm_start=True 要从形状为 {found} 的 coef_ 开始，而这些数据需要 {needed}：请给出列数和输出数相同的数据，或设 warm_start=False。",
    ),
    "estimators.other_outputs": (
        "the rows have {found} outputs and partial_fit began with {needed}: give the same outputs, or call fit to begin anew.",
        "数据有 {found} 个输出，而 partial_fit 开始时有 {needed} 个：请给出相同的输出，或调用 fit 重新开始。",
    ),
}
