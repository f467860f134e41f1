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
    "estimators.loss_for_numbers": (
        'the {loss} loss predicts numbers, and LinearClassifier tells classes apart: use loss="log", "squared_hinge" or "smoothed_hinge", or LinearRegressor.',
        '{loss} 损失预测的是数值，而 LinearClassifier 用于分类：请用 loss="log"、"squared_hinge" 或 "smoothed_hinge"，或改用 LinearRegressor。',
    ),
    "estimators.loss_for_classes": (
        'the {loss} loss tells classes apart, and LinearRegressor predicts numbers: use loss="squared", "huber", "absolute", "quantile" or "poisson", or LinearClassifier.',
        '{loss} 损失用于分类，而 LinearRegressor 预测的是数值：请用 loss="squared"、"huber"、"absolute"、"quantile" 或 "poisson"，或改用 LinearClassifier。',
    ),
    "estimators.net_loss_for_numbers": (
        'the {loss} loss predicts numbers, and NetClassifier tells classes apart: use loss="log", "squared_hinge" or "smoothed_hinge", or NetRegressor.',
        '{loss} 损失预测的是数值，而 NetClassifier 用于分类：请用 loss="log"、"squared_hinge" 或 "smoothed_hinge"，或改用 NetRegressor。',
    ),
    "estimators.net_loss_for_classes": (
        'the {loss} loss tells classes apart, and NetRegressor predicts numbers: use loss="squared", "huber", "absolute", "quantile" or "poisson", or NetClassifier.',
        '{loss} 损失用于分类，而 NetRegressor 预测的是数值：请用 loss="squared"、"huber"、"absolute"、"quantile" 或 "poisson"，或改用 NetClassifier。',
    ),
    "estimators.warm_start_net": (
        "warm_start=True would start at a net of {found} weights, and this one has {needed}: keep hidden, the columns and the outputs as they were, or set warm_start=False.",
        "warm_start=True 要从一个有 {found} 个权重的网络开始，而这个网络有 {needed} 个：请保持 hidden、列和输出不变，或设 warm_start=False。",
    ),
    "estimators.classes_needed": (
        "partial_fit can not tell from the first rows which classes will come: give all of them to its first call, classes=[…].",
        "partial_fit 无法从第一批数据得知今后会有哪些类别：请在第一次调用时给出全部类别，classes=[…]。",
    ),
    "estimators.other_classes": (
        "partial_fit was given the classes {found}, and it began with {known}: give the same, or call fit to begin anew.",
        "partial_fit 得到的类别是 {found}，而开始时是 {known}：请给出相同的类别，或调用 fit 重新开始。",
    ),
    "estimators.class_weight": (
        'class_weight was {found!r}: it must be None, "balanced", or a dict from classes to numbers, such as {{"yes": 2.0}}.',
        'class_weight 为 {found!r}：它必须是 None、"balanced"，或从类别到数字的字典，例如 {{"yes": 2.0}}。',
    ),
    "estimators.class_weight_label": (
        "class_weight names the class {found!r}, which y does not hold; its classes are {known}.",
        "class_weight 中的类别 {found!r} 不在 y 中；y 的类别有 {known}。",
    ),
    "estimators.balanced_pieces": (
        'class_weight="balanced" needs all rows at once, and partial_fit sees a piece: give a dict from classes to numbers, or call fit.',
        'class_weight="balanced" 需要一次看到全部数据，而 partial_fit 只看到一部分：请给出从类别到数字的字典，或调用 fit。',
    ),
}
