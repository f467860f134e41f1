"""What export, in inference/, says; and what an exported script says of itself."""

TEXTS: dict[str, tuple[str, str]] = {
    # what is at fault
    "export.library_missing": (
        "a graph is written and checked with onnx and onnxruntime, and {library} is not installed: pip install 'downslope[onnx]'",
        "写出并检查 ONNX 图需要 onnx 和 onnxruntime，而 {library} 没有安装：请运行 pip install 'downslope[onnx]'",
    ),
    "export.unknown_library": (
        "there is no script for {asked!r}: use one of {known}.",
        "无法为 {asked!r} 写出脚本：可用 {known}。",
    ),
    "export.function": (
        "{formula} is a function that was minimised: it predicts nothing, so there is nothing to export. Export a run of `downslope fit`.",
        "{formula} 是被最小化的函数：它不做预测，没有可导出的内容。请导出 `downslope fit` 的运行记录。",
    ),
    "export.module": (
        "this run trained a PyTorch module of your own, {module}, whose arithmetic only it knows: use torch.onnx.export on it, or train a net with net=Net(…).",
        "这次训练的是您自己的 PyTorch 模块 {module}，它怎样计算只有它自己知道：请对它使用 torch.onnx.export，或用 net=Net(…) 训练神经网络。",
    ),
    "export.net_size": (
        "the net has {weights:,} weights, and a script holds no more than {most:,}: write a graph with --onnx, or export_onnx.",
        "该神经网络有 {weights:,} 个权重，而脚本最多容纳 {most:,} 个：请用 --onnx 或 export_onnx 写成 ONNX 图。",
    ),
    "export.no_answer": (
        "this run ended without an answer ({stopped}), so it is not exported: `downslope inspect` tells what would help.",
        "这次运行没有得到答案（{stopped}），因此不予导出：`downslope inspect` 会说明怎样改进。",
    ),
    "export.differs": (
        "the graph's {output} is not what `predict` gives on {rows} rows to 1e-6, so it was not written: another version of onnxruntime may help.",
        "在 {rows} 行数据上，ONNX 图的 {output} 与 `predict` 的结果相差超过 1e-6，因此没有写出：换一个版本的 onnxruntime 也许可行。",
    ),
    # what a script says of itself
    "export.script_head": (
        "Predicts {target}: minimises {objective} by {method}, with {library} alone.",
        "预测 {target}：用 {method} 最小化 {objective}，只需要 {library}。",
    ),
    "export.script_usage": (
        "python THIS_FILE [TRAINING.csv [NEW.csv]] trains, prints the weights, and predicts the rows of NEW.csv.",
        "运行方式：python 本文件 [训练数据.csv [新数据.csv]]；先训练并打印权重，再预测新数据的各行。",
    ),
    "export.net_head": (
        "Predicts {target} by a net that was trained to minimise {objective}, with {library} alone.",
        "预测 {target}：使用以最小化 {objective} 训练好的神经网络，只需要 {library}。",
    ),
    "export.net_usage": (
        "python THIS_FILE [NEW.csv] predicts the rows of NEW.csv.",
        "运行方式：python 本文件 [新数据.csv]；预测新数据的各行。",
    ),
    "export.net_run": (
        "It is not trained anew: LAYERS holds the weights that {method} found in {epochs} epochs, for columns as they are. Dropout ({dropout} in training) is off.",
        "不再重新训练：LAYERS 是 {method} 经过 {epochs} 轮找到的权重，直接用于原始的列。dropout（训练时为 {dropout}）已关闭。",
    ),
    "export.net_scores": ("One layer after the other, up to the scores z.", "逐层计算，直到得分 z。"),
    "export.net_made": ("The net with its weights.", "装好权重的神经网络。"),
    "export.net_no_data": (
        "Give the CSV file to predict: python THIS_FILE NEW.csv",
        "请给出要预测的 CSV 文件：python 本文件 新数据.csv",
    ),
    "export.script_by": ("Written by Downslope {version}.", "由 Downslope {version} 写出。"),
    "export.script_kept": (
        "So the script predicts with the weights that the run found, WEIGHTS and INTERCEPT below.",
        "因此脚本用这次运行找到的权重（下面的 WEIGHTS 和 INTERCEPT）来预测。",
    ),
    "export.differs_search": (
        "Differs: {method} looks for its step, and did not end where the gradient is zero to the last digit.",
        "不同之处：{method} 的步长靠搜索得到，而且没有停在梯度恰好为零之处。",
    ),
    "export.differs_kink": (
        "Differs: the run ended with one more step, of 1/L, which sets weights to exactly 0.",
        "不同之处：运行在最后多走了一步（步长 1/L），使一些权重恰好为 0。",
    ),
    "export.differs_rounding": (
        "Differs: where a slope is zero but for its last digits, rounding decides which way the weights move.",
        "不同之处：斜率除末几位外为零时，权重往哪边走由舍入决定。",
    ),
    "export.differs_order": (
        "Differs: PyTorch draws the rows in another order than the run did.",
        "不同之处：PyTorch 随机取行的顺序与运行时不同。",
    ),
    "export.differs_rows": (
        "Differs: the rows were taken in an order that counts those of weight 0, which are left out here.",
        "不同之处：给定的取行顺序包括权重为 0 的行，而这里不含这些行。",
    ),
    "export.differs_method": (
        "Differs: {method} is not written out here; the same objective is minimised by another descent.",
        "不同之处：这里没有写出 {method}，而是用另一种下降方法最小化同一个目标。",
    ),
    "export.differs_held_out": (
        "Differs: the run held out some rows, and the script learns from all that it is given.",
        "不同之处：运行时留出了一部分数据，而脚本用给它的全部数据训练。",
    ),
    "export.differs_source": (
        "Differs: the rows did not come from one CSV file; save them as one, with the same column names.",
        "不同之处：训练数据不是来自单个 CSV 文件；请把它们存成一个，列名不变。",
    ),
    "export.differs_unsure": (
        "Differs: the run did not end in the one minimum that there is, so its weights may come out otherwise.",
        "不同之处：运行没有停在唯一的极小值上，因此训练可能得到不同的权重。",
    ),
    "export.script_read": (
        "The rows of a CSV file, as column: cell.",
        "CSV 文件的各行，形式为“列: 单元格”。",
    ),
    "export.script_ending": ("lines behind the rows", "数据之后的行"),
    "export.script_no_columns": ("no line holds the column names", "没有一行含有这些列名："),
    "export.script_named": ("The names of the columns.", "各列的名称。"),
    "export.script_minutes": ("Minutes since midnight.", "自零点起的分钟数。"),
    "export.script_number": (
        "A number; what is missing, or none, stands at the training mean.",
        "一个数；缺失值和非数值取训练数据的均值。",
    ),
    "export.script_truth": ("1 for yes, 0 for no.", "是为 1，否为 0。"),
    "export.script_days": ("Days since 1970-01-01.", "自 1970-01-01 起的天数。"),
    "export.script_indicators": (
        "1 for its own category, 0 for the others; what training did not see stands at the training mean.",
        "属于该类别为 1，否则为 0；训练时没有见过的值取训练数据的均值。",
    ),
    "export.script_encode": (
        "Each row as numbers, in the order of FEATURES.",
        "把每一行变成数，按 FEATURES 的顺序。",
    ),
    "export.script_labelled": (
        "The rows whose target is known, as numbers, and what is to be predicted.",
        "目标已知的各行（已变成数），以及要预测的值。",
    ),
    "export.script_value": ("The loss of each row.", "每一行的损失。"),
    "export.script_slope": ("Its derivative by z.", "损失对 z 的导数。"),
    "export.script_bend": ("Its second derivative by z.", "损失对 z 的二阶导数。"),
    "export.script_rate": (
        "The learning rate of an update, counted from 0.",
        "第 update 次更新（从 0 数起）的学习率。",
    ),
    "export.script_train": (
        "Weights and intercept: the descent runs in standardised columns Z, with weights theta.",
        "权重与截距：在标准化的列 Z 上下降，其权重为 theta。",
    ),
    "export.script_predict": ("One list for each row.", "每一行一个列表。"),
    "export.script_found": ("as the run found them", "运行所得"),
    "export.script_no_data": (
        "Give the CSV file to learn from: python THIS_FILE TRAINING.csv",
        "请给出训练用的 CSV 文件：python 本文件 训练数据.csv",
    ),
}
