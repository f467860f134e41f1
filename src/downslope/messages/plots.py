"""What plots/ says."""

TEXTS: dict[str, tuple[str, str]] = {
    # axes and titles
    "plots.epoch": ("epoch", "轮次"),
    "plots.loss": ("loss", "损失"),
    "plots.loss_above": ("loss − minimum", "损失 − 最小值"),
    "plots.loss_title": ("Loss over epochs", "损失随轮次的变化"),
    "plots.weight": ("weight", "权重"),
    "plots.weights_title": ("Weights over epochs", "权重随轮次的变化"),
    "plots.curve_title": ("Loss over the weight", "损失随权重的变化"),
    "plots.contours_title": ("The path over the surface", "曲面上的下降路径"),
    "plots.function_title": ("The descent on the curve", "曲线上的下降过程"),
    "plots.fitted_title": ("Fitted line", "拟合直线"),
    "plots.against_title": ("Predicted against observed", "预测值与实际值"),
    "plots.residuals_title": ("Residuals", "残差"),
    "plots.remainder_title": ("Taylor remainder of the gradient", "梯度的泰勒余项"),
    "plots.remainder_t": ("t", "步长 t"),
    "plots.remainder": ("|f(x + t·d) − f(x) − t·g·d|", "余项 |f(x + t·d) − f(x) − t·g·d|"),
    "plots.slope": ("slope {slope}", "斜率 {slope}"),
    "plots.observed": ("observed", "实际值"),
    "plots.predicted": ("predicted", "预测值"),
    "plots.residual": ("observed − predicted", "实际值 − 预测值"),
    "plots.regions_title": ("Where each class is predicted", "各类别的预测区域"),
    "plots.held": ("others at their medians: {told}", "其余特征取中位数：{told}"),
    "plots.held_at": ("{name} {value:.4g}", "{name} {value:.4g}"),
    "plots.half": ("50%", "50%"),
    "plots.border": ("border", "分界线"),
    "plots.scatter_title": ("Rows by the class predicted", "按预测类别着色的数据点"),
    "plots.wrong": ("wrong: {count} of {rows}", "误判：{rows} 个中 {count} 个"),
    "plots.confusion_title": ("Confusion matrix", "混淆矩阵"),
    "plots.confusion_rows": ("Confusion matrix, {rows}", "混淆矩阵（{rows}）"),
    "plots.class_true": ("true class", "真实类别"),
    "plots.class_predicted": ("predicted class", "预测类别"),
    "plots.class": ("class {number}", "类别 {number}"),
    "plots.roc_title": ("ROC: hits against false alarms", "ROC：命中率与误报率"),
    "plots.roc_rows": ("ROC: hits against false alarms, {rows}", "ROC：命中率与误报率（{rows}）"),
    "plots.false_alarms": ("false alarms, share of the other rows", "误报率（占其余行的比例）"),
    "plots.hits": ("hits, share of the class's rows", "命中率（占该类别行的比例）"),
    "plots.area": ("{name}area {area:.4f}", "{name}面积 {area:.4f}"),
    "plots.by_chance": ("by chance", "随机猜测"),
    # names of lines and points
    "plots.training": ("training", "训练"),
    "plots.validation": ("validation", "验证"),
    "plots.validation_of": ("{name}, validation", "{name}（验证）"),
    "plots.feature": ("feature {number}", "特征 {number}"),
    "plots.run": ("run {number}", "运行 {number}"),
    "plots.target": ("target", "目标"),
    "plots.start": ("start", "起点"),
    "plots.end": ("end", "终点"),
    "plots.minimum": ("minimum", "最小值点"),
    "plots.best": ("lowest: {name} = {weight:.6g}", "最低处：{name} = {weight:.6g}"),
    "plots.gradient": ("gradient, size {size:.3g}", "梯度，大小 {size:.3g}"),
    "plots.unequal": ("the axes are not to the same scale", "两轴比例不同"),
    "plots.frame": ("epoch {epoch:.4g}: {name} = {value:.6g}", "第 {epoch:.4g} 轮：{name} = {value:.6g}"),
    # what does not fit on the axes
    "plots.grows": (
        "{name}epoch {epoch:.4g}: {value:.3g}, grows without bound",
        "{name}第 {epoch:.4g} 轮：{value:.3g}，无限增大",
    ),
    "plots.falls": (
        "{name}epoch {epoch:.4g}: {value:.3g}, falls without bound",
        "{name}第 {epoch:.4g} 轮：{value:.3g}，无限减小",
    ),
    "plots.not_finite": (
        "{name}epoch {epoch:.4g}: {value}, not finite",
        "{name}第 {epoch:.4g} 轮：{value}，不是有限数",
    ),
    "plots.outside": (
        "{name}epoch {epoch:.4g}: {value:.3g}, outside the range",
        "{name}第 {epoch:.4g} 轮：{value:.3g}，超出范围",
    ),
    "plots.prefix": ("{name}, ", "{name}，"),
    # what is at fault
    "plots.no_steps": (
        "Nothing to draw: the trace has no steps. Descend for at least one epoch first.",
        "没有可画的内容：轨迹中没有任何一步。请先下降至少一轮。",
    ),
    "plots.wrong_weights": (
        "This picture shows {wanted} weight(s), and the trace has {found}: draw plots.loss or plots.weights.",
        "这幅图只能显示 {wanted} 个权重，而轨迹中有 {found} 个：请改用 plots.loss 或 plots.weights。",
    ),
    "plots.shapes": (
        "Arrays of different lengths cannot be drawn together: {first} has {first_size} values, {second} has {second_size}. Give one value for each row.",
        "长度不同的数组不能画在一起：{first} 有 {first_size} 个值，{second} 有 {second_size} 个。请让每行对应一个值。",
    ),
    "plots.no_such_feature": (
        "There is no feature {asked!r} to draw over: give two of {known}, or their numbers from 0.",
        "没有名为 {asked!r} 的特征可用作坐标轴：请从 {known} 中给出两个，或给出从 0 数起的序号。",
    ),
    "plots.one_class": (
        "A ROC curve compares two classes, and these rows hold one only: give rows of both.",
        "ROC 曲线比较两个类别，而这些数据只有一个类别：请给出两个类别的数据。",
    ),
    "plots.not_square": (
        "The confusion matrix has shape {shape} for {classes} classes: give a row and a column for each class.",
        "混淆矩阵的形状是 {shape}，而类别有 {classes} 个：请让每个类别各占一行一列。",
    ),
    "plots.all_empty": (
        "Nothing to draw: the function has no finite value around the path. Choose a start inside its domain.",
        "没有可画的内容：函数在路径附近没有有限值。请在定义域内选择起点。",
    ),
    "plots.unknown_suffix": (
        "{path}: pictures cannot be written as {suffix}. Known: {known}.",
        "{path}：无法把图片写成 {suffix} 格式。可用的格式：{known}。",
    ),
    "plots.no_such_folder": (
        "{path}: the folder {folder} does not exist. Make it first, or choose another path.",
        "{path}：文件夹 {folder} 不存在。请先创建它，或换一个路径。",
    ),
    "plots.exists": (
        "{path} exists already and was left as it is. Choose another path, or overwrite it with --force (in Python: overwrite=True).",
        "{path} 已存在，未作改动。请换一个路径，或用 --force 覆盖（在 Python 中：overwrite=True）。",
    ),
    "plots.not_written": (
        "{path} could not be written: {reason}. Nothing was left behind; free some space or choose another path.",
        "无法写入 {path}：{reason}。没有留下残缺的文件；请腾出空间，或换一个路径。",
    ),
}
