"""What cli/ says."""

TEXTS: dict[str, tuple[str, str]] = {
    # ── lines on stderr ─────────────────────────────────────────────────────────────────────────
    "cli.error": ("error: {reason}", "错误：{reason}"),
    "cli.warning": ("warning: {reason}", "警告：{reason}"),
    "cli.note": ("note: {note}", "提示：{note}"),
    "cli.system": (
        "the system refused: {reason}. Look at the path, its permissions and the space on the disk.",
        "系统拒绝了操作：{reason}。请检查路径、权限和磁盘空间。",
    ),
    "cli.interrupted": (
        "interrupted before anything was learned",
        "已中断，尚未学到任何东西",
    ),
    "cli.workers_and_cluster": (
        "--workers starts a cluster here, --cluster uses one that runs: give one of the two.",
        "--workers 在本机启动集群，--cluster 使用正在运行的集群：两者只能给一个。",
    ),
    "cli.cluster_net": (
        "a net is trained on one machine: leave out --workers and --cluster, or --hidden.",
        "神经网络只在一台机器上训练：请去掉 --workers 和 --cluster，或去掉 --hidden。",
    ),
    "cli.memory": (
        "there is not enough memory for this: give fewer rows or columns, for example by a SQL query.",
        "内存不足：请减少行或列，例如用一条 SQL 查询来读取数据。",
    ),
    "cli.memory_used": (
        "memory: at most {limit} for rows; the whole process, libraries included, used {peak} at its peak",
        "内存：数据行最多 {limit}；整个进程（含程序库）峰值 {peak}",
    ),
    "cli.address_space": (
        "the libraries do not fit in the address space of this process ({limit}, as ulimit -v set it): {reason}. Allow at least 4 GB.",
        "程序库放不进本进程的地址空间（{limit}，由 ulimit -v 设定）：{reason}。请至少允许 4 GB。",
    ),
    # ── what is wrong with a request ────────────────────────────────────────────────────────────
    "cli.unknown_command": (
        "there is no command {asked}: use {known}.",
        "没有 {asked} 这个命令：可用 {known}。",
    ),
    "cli.unknown_option": (
        "{command} has no option {asked}: did you mean {known}?",
        "{command} 没有选项 {asked}：是否想写 {known}？",
    ),
    "cli.missing": (
        "{command} needs {needed}, which is missing: `{command} --help` tells what to give.",
        "{command} 缺少 {needed}：用 `{command} --help` 查看应当给出什么。",
    ),
    "cli.option_value": (
        "{asked} has no value: write it as {asked} VALUE; `{command} --help` tells which.",
        "{asked} 后面没有值：请写成 {asked} 值；用 `{command} --help` 查看可用的值。",
    ),
    "cli.extra": (
        "{command} does not know what to do with {extra}: leave it out, or put quotes around what has spaces.",
        "{command} 不知道如何处理 {extra}：请去掉它；含空格的内容请加引号。",
    ),
    "cli.usage": (
        "{reason} `{command} --help` tells what can be asked.",
        "{reason} 用 `{command} --help` 查看用法。",
    ),
    "cli.language": (
        "--lang was {asked!r}: use one of {known}.",
        "--lang 为 {asked!r}：可用 {known}。",
    ),
    "cli.number": (
        "{option} was {asked!r}: it must be a number, such as 0.1.",
        "{option} 为 {asked!r}：它必须是一个数，例如 0.1。",
    ),
    "cli.whole": (
        "{option} was {asked!r}: it must be a whole number, such as 100.",
        "{option} 为 {asked!r}：它必须是整数，例如 100。",
    ),
    "cli.whole_from": (
        "{option} was {asked!r}: it must be a whole number, {least} or above.",
        "{option} 为 {asked!r}：它必须是不小于 {least} 的整数。",
    ),
    "cli.alpha_missing": (
        "--penalty {penalty} has no price: give --alpha too, such as --alpha 0.1.",
        "--penalty {penalty} 还缺少惩罚系数：请同时给出 --alpha，例如 --alpha 0.1。",
    ),
    "cli.pair": (
        "{option} was given {asked!r}: write a name, = and a value, such as {option} {example}.",
        "{option} 的值为 {asked!r}：请写成“名字=值”，例如 {option} {example}。",
    ),
    "cli.pair_twice": (
        "{option} names {name} twice: give it one value.",
        "{option} 里 {name} 出现了两次：请只给一个值。",
    ),
    "cli.grid": (
        "--grid of {name} was {asked!r}: write first:last:step, such as {name}=0:4:0.1, with a step that leads there.",
        "--grid 中 {name} 为 {asked!r}：请写成“起:止:步长”，例如 {name}=0:4:0.1，并让步长能走到终点。",
    ),
    "cli.net_only": (
        "{option} is for nets, and without --hidden the model is linear: add --hidden 10, or leave out {option}.",
        "{option} 用于神经网络，而没有 --hidden 时模型是线性的：请加上 --hidden 10，或去掉 {option}。",
    ),
    "cli.net_intercept": (
        "--no-intercept is for linear models, and --hidden asks for a net, whose units have biases: leave out one of the two.",
        "--no-intercept 用于线性模型，而 --hidden 要求神经网络，其单元都带偏置：请去掉其中之一。",
    ),
    "cli.grid_method": (
        "--grid is for exhaustive search, and the method is {method}: leave out --grid, or use --method exhaustive.",
        "--grid 用于穷举法，而方法为 {method}：请去掉 --grid，或用 --method exhaustive。",
    ),
    "cli.methods": (
        "--methods was {asked!r}: give two or more different ones, such as closed_form,gd,adam.",
        "--methods 为 {asked!r}：请给出两种以上不同的方法，例如 closed_form,gd,adam。",
    ),
    "cli.no_such_lesson": (
        "there is no lesson {asked}: the lessons are {known}.",
        "没有第 {asked} 课：现有 {known}。",
    ),
    "cli.no_picture": (
        "lesson {number} has no picture: leave out --plot.",
        "第 {number} 课没有图：请去掉 --plot。",
    ),
    "cli.class_held_out": (
        "all rows with '{value}' in the target '{column}' ({count} of them) fell among those held out, so that training never sees this class: choose another --seed, hold out fewer, or give --validate a file.",
        "目标列「{column}」中值为「{value}」的行（共 {count} 行）全被留出，训练看不到这个类别：请换一个 --seed、减小留出比例，或让 --validate 指向一个文件。",
    ),
    "cli.export_what": (
        "say what to write of {run}: --onnx MODEL.onnx, or --code numpy (or pytorch) with --out SCRIPT.py.",
        "请说明要写出 {run} 的什么：--onnx MODEL.onnx，或 --code numpy（或 pytorch）加 --out SCRIPT.py。",
    ),
    # ── files to be written ─────────────────────────────────────────────────────────────────────
    "cli.suffix": (
        "{path}: {suffix} is no ending that can be written here. Known: {known}.",
        "{path}：这里无法写成 {suffix} 格式。可用的格式：{known}。",
    ),
    "cli.is_a_folder": (
        "{path} is a folder, and a file is to be written: choose another name.",
        "{path} 是文件夹，而这里要写入文件：请换一个名字。",
    ),
    "cli.exists": (
        "{path} exists already: choose another name, or replace it with --force.",
        "{path} 已存在：请换一个名字，或用 --force 替换。",
    ),
    "cli.no_such_folder": (
        "{path} can not be written: there is no folder {folder}. Make it first, or choose another path.",
        "无法写入 {path}：文件夹 {folder} 不存在。请先创建它，或换一个路径。",
    ),
    "cli.not_written": (
        "{path} can not be written: {reason}. Choose another path, or make room.",
        "无法写入 {path}：{reason}。请换一个路径，或腾出空间。",
    ),
    "cli.not_csv": (
        "these rows can not be written as CSV ({reason}): use --out FILE.parquet.",
        "这些数据无法写成 CSV（{reason}）：请用 --out FILE.parquet。",
    ),
    # ── answers ─────────────────────────────────────────────────────────────────────────────────
    "cli.minimised": (
        "minimised: the mean of {formula}, with {model}; rows: {rows:,}, columns: {columns:,}, method: {method}",
        "最小化：{formula} 的均值，其中 {model}；行数：{rows:,}，列数：{columns:,}，方法：{method}",
    ),
    "cli.own_code": (
        "your own code raised {kind}: {reason}; its traceback stands above.",
        "你自己的代码抛出了 {kind}：{reason}；其回溯信息见上。",
    ),
    "cli.penalty_on_raw": (
        "the penalty is on the weights w in your columns' own units (--penalty-on standardised: on σ·w)",
        "惩罚项作用于以各列原单位计的权重 w（--penalty-on standardised：作用于 σ·w）",
    ),
    "cli.penalty_on_standardised": (
        "the penalty is on σ·w, the weights of standardised columns (--penalty-on raw: on w)",
        "惩罚项作用于 σ·w，即标准化各列的权重（--penalty-on raw：作用于 w）",
    ),
    "cli.net": (
        "net: {sizes} units, {activation}; weights: {weights:,}",
        "神经网络：各层单元数 {sizes}，激活函数 {activation}；权重数：{weights:,}",
    ),
    "cli.net_dropout": (
        "net: {sizes} units, {activation}, dropout {dropout}; weights: {weights:,}",
        "神经网络：各层单元数 {sizes}，激活函数 {activation}，dropout {dropout}；权重数：{weights:,}",
    ),
    "cli.feature": ("feature", "特征"),
    "cli.weight": ("weight", "权重"),
    "cli.effect": ("one standard deviation changes {target} by", "每变化一个标准差，{target} 变化"),
    "cli.effect_odds": (
        "one standard deviation multiplies the odds of {name} by",
        "每变化一个标准差，{name} 的几率乘以",
    ),
    "cli.effect_times": ("one standard deviation multiplies {target} by", "每变化一个标准差，{target} 乘以"),
    "cli.intercept": ("intercept", "截距"),
    "cli.classes": ("classes", "类别"),
    "cli.loss_chosen": (
        "the target '{column}' holds {count} classes, so the loss is log; --loss chooses another",
        "目标列「{column}」有 {count} 个类别，因此损失取 log；可用 --loss 另选",
    ),
    "cli.accuracy": ("accuracy", "准确率"),
    "cli.log_loss": ("log loss", "对数损失"),
    "cli.no_mistakes": ("{rows}: no mistakes", "{rows}：没有误判"),
    "cli.next": ("; ", "；"),
    "cli.mistakes": ("{rows}, mistakes: {told}", "{rows}，误判：{told}"),
    "cli.mistake": (
        "{true} taken for {taken}, {count} of {all}",
        "{true} 误判为 {taken}（{all} 个中的 {count} 个）",
    ),
    "cli.more_weights": (
        "the {shown} largest of {count:,} weights; --json tells all",
        "只显示 {count:,} 个权重中最大的 {shown} 个；--json 给出全部",
    ),
    "cli.more_outputs": (
        "the columns of the first {shown} of {count:,} are shown; --json tells all",
        "只显示 {count:,} 个中前 {shown} 个的列；--json 给出全部",
    ),
    "cli.rows_training": ("training rows", "训练数据"),
    "cli.rows_validation": ("rows held out", "留出数据"),
    "cli.written": ("written: {path}", "已写入：{path}"),
    "cli.predicted": (
        "predicted {rows:,} rows, in the column {columns} ({speed} rows/s)",
        "已预测 {rows:,} 行，结果在列 {columns} 中（每秒 {speed} 行）",
    ),
    "cli.predicting": ("predicting", "预测中"),
    "cli.left_out": (
        "{skipped:,} rows were left out, and what is written has {rows:,} rows.",
        "跳过了 {skipped:,} 行，写出的结果有 {rows:,} 行。",
    ),
    "cli.no_rows_to_write": (
        "{path} holds no rows: nothing was written for it.",
        "{path} 没有数据行：没有为它写出文件。",
    ),
    "cli.written_files": ("written: {count} files in {folder}", "已写入 {folder}：{count} 个文件"),
    "cli.files_before": (
        "{count} files in {folder} were there already and are left as they are.",
        "{folder} 中有 {count} 个文件已存在，保持不变。",
    ),
    "cli.broken_off": ("broken off: no file is written.", "已中断：没有写出文件。"),
    "cli.broken_off_files": (
        "broken off: {done} of {count} files are written, each of them whole. --resume writes the others.",
        "已中断：{count} 个文件中写完了 {done} 个，每个都是完整的。用 --resume 写其余的。",
    ),
    "cli.files_there": (
        "{count} of {all} files are there already, first {path}: --force replaces them, --resume writes the others only.",
        "{all} 个文件中有 {count} 个已存在，第一个是 {path}：--force 替换它们，--resume 只写其余的。",
    ),
    "cli.same_name": (
        "{first} and {second} would both be written as {path}: predict them one by one, or into folders of their own.",
        "{first} 和 {second} 都会写成 {path}：请分别预测，或写入不同的文件夹。",
    ),
    "cli.onto_rows": (
        "{path} holds the rows that are to be predicted: write to another folder.",
        "{path} 就是待预测的数据：请写入另一个文件夹。",
    ),
    "cli.query_into_folder": (
        "{path} is a folder, and what a query gives has no file name: name a file, such as {example}.",
        "{path} 是文件夹，而查询的结果没有文件名：请给出文件名，例如 {example}。",
    ),
    "cli.resume_one": (
        "--resume is for a folder of predictions (--out predictions/): a single file is written whole or not at all.",
        "--resume 用于预测结果的文件夹（--out predictions/）：单个文件要么完整写出，要么不写。",
    ),
    "cli.export_checked": (
        "checked: the graph predicts what `predict` does, to 1e-6",
        "已核对：ONNX 图的预测与 `predict` 一致，误差在 1e-6 以内",
    ),
    "cli.ended": (
        "loss: {loss:.9g}; epochs: {epochs:,}; seconds: {seconds}",
        "损失：{loss:.9g}；轮次：{epochs:,}；秒：{seconds}",
    ),
    "cli.proof": (
        "F is at most {gap:.2g} above its minimum.",
        "F 最多比其最小值高 {gap:.2g}。",
    ),
    "cli.setting": ("setting", "设置"),
    "cli.value": ("value", "值"),
    "cli.variable": ("variable", "变量"),
    "cli.formula": ("formula", "公式"),
    "cli.targets": ("target", "目标"),
    "cli.method": ("method", "方法"),
    "cli.stopped": ("stopped", "停止原因"),
    "cli.loss": ("loss", "损失"),
    "cli.verdict": ("verdict", "诊断"),
    "cli.before": ("before", "之前"),
    "cli.after": ("after", "之后"),
    "cli.fixed_by": ("The same again, {change}:", "再来一次，{change}："),
    "cli.fixed_saved": (
        "The run that was kept is the one after the change.",
        "保存的是修改之后的运行。",
    ),
    "cli.help_no_verdict": (
        "do not judge how it ended: no call of the function beyond those of the descent",
        "不对结果作诊断：除下降本身外不再调用函数",
    ),
    "cli.fix_without_verdict": (
        "--fix applies the verdict's remedy, and --no-verdict asks for none: leave out one of them",
        "--fix 要应用诊断给出的修正，而 --no-verdict 不作诊断：请去掉其中一个",
    ),
    "cli.help_fix": (
        "Apply the first remedy of the verdict, run again, and show both.",
        "应用诊断的第一条建议，重新运行，并把两次结果都显示出来。",
    ),
    "cli.gap": ("above the best", "高出最优"),
    "cli.epochs": ("epochs", "轮次"),
    "cli.seconds": ("seconds", "秒"),
    # ── minimize ────────────────────────────────────────────────────────────────────────────────
    "cli.start": ("start: {at}", "起点：{at}"),
    "cli.start_drawn": (
        "start: {at} (drawn by seed {seed}; --start chooses it)",
        "起点：{at}（由种子 {seed} 随机抽取；可用 --start 指定）",
    ),
    "cli.update": ("update", "更新"),
    "cli.gradient": ("gradient", "梯度"),
    "cli.kind": ("kind", "类型"),
    "cli.kind_minimum": ("minimum", "极小值"),
    "cli.kind_maximum": ("maximum", "极大值"),
    "cli.kind_saddle": ("saddle", "鞍点"),
    "cli.kind_undecided": ("undecided", "未定"),
    "cli.exact": ("exact", "精确解"),
    "cli.descent": ("descent", "下降所得"),
    "cli.critical_infinite": (
        "there are infinitely many exact points; the nearest are shown",
        "精确解有无穷多个；只显示最近的几个",
    ),
    "cli.critical_unknown": (
        "algebra found no complete answer here: there may be other exact points",
        "代数方法未能给出完整答案：可能还有其他精确解",
    ),
    "cli.critical_none": ("the gradient is nowhere 0", "梯度处处不为 0"),
    # ── lessons ─────────────────────────────────────────────────────────────────────────────────
    "cli.lesson_how": (
        "`downslope lesson N` tells one of them; --plot FILE draws its picture.",
        "`downslope lesson N` 讲其中一课；--plot FILE 画出它的图。",
    ),
    # ── progress ────────────────────────────────────────────────────────────────────────────────
    "cli.progress": ("epoch {done:,} of {total:,}", "第 {done:,} 轮，共 {total:,} 轮"),
    "cli.progress_tried": ("{done:,} of {total:,} tried", "已试 {done:,} 种，共 {total:,} 种"),
    "cli.progress_loss": ("loss {loss:.6g}", "损失 {loss:.6g}"),
    "cli.reading": ("reading", "读取"),
    "cli.progress_rows": ("{words}: {rows:,} rows", "{words}：{rows:,} 行"),
    "cli.progress_rows_speed": ("{rows} rows/s", "每秒 {rows} 行"),
    "cli.progress_bytes_speed": ("{size}/s", "每秒 {size}"),
    "cli.progress_left": ("{left} left", "剩余 {left}"),
    "cli.progress_memory": ("memory {now} (peak {peak})", "内存 {now}（峰值 {peak}）"),
    # ── help ────────────────────────────────────────────────────────────────────────────────────
    "cli.help": (
        "Gradient descent you can see, trust and scale: linear models, and any differentiable function.",
        "看得见、信得过、用得大的梯度下降：线性模型，以及任何可微函数。",
    ),
    "cli.help_version": ("Tell the version.", "显示版本。"),
    "cli.help_install_completion": (
        "Install completion for the current shell.",
        "为当前 shell 安装命令补全。",
    ),
    "cli.help_show_completion": ("Show the completion script.", "显示命令补全脚本。"),
    "cli.help_certify": (
        "Tell what the curvature says before a descent: safe steps, the noise floor, epochs to expect, the column to blame.",
        "在下降之前说明曲率：安全步长、噪声下限、预计轮数，以及造成病态的列。",
    ),
    "cli.help_certify_rate": (
        "A learning rate to judge: monotone, oscillating or diverging.",
        "要判断的学习率：单调、振荡或发散。",
    ),
    "cli.help_check_gradient": (
        "Check whether a gradient is the one of its function. This runs the file.",
        "检查一个梯度是否正确。会运行给出的文件。",
    ),
    "cli.help_subject": (
        "A Python file, which is run, and the function in it.",
        "Python 文件（会被运行）及其中的函数。",
    ),
    "cli.help_gradient_name": (
        "The gradient in the file; without it function_gradient, grad_function or the like.",
        "文件中的梯度函数；默认取 function_gradient、grad_function 等。",
    ),
    "cli.help_at": (
        "Where to check, one number for each variable; without it, drawn by seed 0.",
        "检查的位置，每个变量一个数；不给出则按种子 0 随机选取。",
    ),
    "cli.help_fit": (
        "Fit a linear model, or a net, to the rows of a table: coefficients, loss, why it stopped; a run and a picture.",
        "用表中的数据拟合线性模型或神经网络：给出系数、损失和停止原因，并可保存运行记录和图。",
    ),
    "cli.help_predict": (
        "Predict the rows of a table with a run: its columns, then the prediction, as CSV or Parquet.",
        "用运行记录预测表中的数据：输出原有各列和预测值，格式为 CSV 或 Parquet。",
    ),
    "cli.help_minimize": (
        "Minimise a formula such as 'x^2 + y^2', watch it go down, and see the exact answer beside.",
        "求公式（例如 'x^2 + y^2'）的最小值：逐步观察下降过程，并与精确解对照。",
    ),
    "cli.help_compare": (
        "Minimise the same objective by several methods, side by side.",
        "用几种方法最小化同一个目标，并排比较。",
    ),
    "cli.help_inspect": (
        "Tell what a run holds: settings, weights, metrics, verdict.",
        "查看运行记录的内容：设置、权重、指标和结论。",
    ),
    "cli.help_export": (
        "Write a run as an ONNX graph, or as a script that needs NumPy or PyTorch alone.",
        "把运行记录写成 ONNX 图，或只需要 NumPy 或 PyTorch 的脚本。",
    ),
    "cli.help_onnx": ("Write an ONNX graph to this .onnx file.", "把 ONNX 图写入这个 .onnx 文件。"),
    "cli.help_code": ("Write a script: numpy or pytorch.", "写出脚本：numpy 或 pytorch。"),
    "cli.help_out_script": (
        "Write the script to this .py file, not to the screen.",
        "把脚本写入这个 .py 文件，而不是显示在屏幕上。",
    ),
    "cli.help_errors": (
        "Standard errors, p and intervals of the weights.",
        "权重的标准误、p 值和置信区间。",
    ),
    "cli.help_robust": (
        "With --errors: robust to unequal noise (HC1).",
        "与 --errors 同用：对不等方差稳健（HC1）。",
    ),
    "cli.help_step": (
        "One update of the descent, with its real numbers.",
        "用真实数字写出某一次更新。",
    ),
    "cli.help_rows": (
        "The rows of the fit, where their file has moved.",
        "训练所用的数据，当原文件已移走时给出。",
    ),
    "cli.help_check": (
        "Read a PyTorch or NumPy training script, without running it, for the mistakes that learners make.",
        "阅读 PyTorch 或 NumPy 训练脚本（不运行），找出初学者常犯的错误。",
    ),
    "cli.help_script": ("The script, a .py file.", "脚本，.py 文件。"),
    "cli.help_lesson": (
        "Tell a lesson of the course as it runs; without a number, list them.",
        "边运行边讲解课程中的一课；不给编号则列出全部。",
    ),
    "cli.help_data": (
        "A CSV, Parquet or JSON file, a glob, or a SQL query.",
        "CSV、Parquet 或 JSON 文件，通配符，或一条 SQL 查询。",
    ),
    "cli.help_run": ("The folder that `fit --out` wrote.", "`fit --out` 写出的文件夹。"),
    "cli.help_expression": ("A formula, such as '2*x^2'.", "公式，例如 '2*x^2'。"),
    "cli.help_lab": (
        "Open the lab: a page on this machine where descents are watched, compared and explained.",
        "打开实验室：本机上的一个页面，可以观看、比较和解释下降过程。",
    ),
    "cli.help_report": (
        "Write a run as a page in one file, which opens offline and plays.",
        "把运行记录写成单个网页文件，可离线打开并播放。",
    ),
    "cli.help_opened_run": ("A saved run to open.", "要打开的运行记录。"),
    "cli.help_port": ("The port of the page; 0 takes any that is free.", "页面的端口；0 表示任选空闲端口。"),
    "cli.help_host": (
        "The address to serve at; anywhere but on this machine the page asks for a token.",
        "服务地址；若不限于本机，页面会要求令牌。",
    ),
    "cli.help_no_browser": ("Do not open a browser.", "不打开浏览器。"),
    "cli.help_page": ("Write the page to this .html file.", "把页面写入这个 .html 文件。"),
    "cli.help_show_lab": (
        "Show the fit in a page as it goes, with pause and stop.",
        "在页面中实时显示拟合过程，可暂停和停止。",
    ),
    "cli.lab_open": (
        "The lab is open at {address} (Ctrl-C ends it).",
        "实验室已打开：{address}（Ctrl-C 结束）。",
    ),
    "cli.lab_stays": ("The page stays open until Ctrl-C.", "页面保持打开，按 Ctrl-C 结束。"),
    "cli.lab_port": (
        "the lab can not be served at {host}, port {port}: {reason}. Choose another --port; 0 takes any that is free.",
        "无法在 {host} 的端口 {port} 打开实验室：{reason}。请换一个 --port；0 表示任选空闲端口。",
    ),
    "cli.help_lesson_number": ("The number of the lesson.", "课的编号。"),
    "cli.help_target": (
        "The column to predict; several with commas.",
        "要预测的列；多列用逗号分隔。",
    ),
    "cli.help_features": (
        "The columns to learn from; by default all others.",
        "用来学习的列；默认为其余所有列。",
    ),
    "cli.help_exclude": (
        "Columns to leave out, where --features does not name the columns to use.",
        "不使用的列；在没有用 --features 指定要用的列时有效。",
    ),
    "cli.help_memory": (
        "memory for rows, such as 2GB; by default half of what is free. Rows that do not fit are read in parts. The libraries take 250 to 450 MB more",
        "数据行可占用的内存，例如 2GB；默认是空闲内存的一半。放不下的行分段读取。程序库另外占用 250 到 450 MB",
    ),
    "cli.help_workers": (
        "start so many workers on this machine, of one core each, and keep the rows in their memory",
        "在本机启动这么多个 worker（各用一个核），行留在它们的内存里",
    ),
    "cli.help_cluster": (
        "the address of a Dask cluster that runs, such as tcp://10.0.0.1:8786: rows stay in its workers' memory",
        "正在运行的 Dask 集群的地址，例如 tcp://10.0.0.1:8786：行留在各 worker 的内存里",
    ),
    "cli.help_on_bad_row": (
        "skip leaves out and counts rows with a hole or a text among numbers, fail refuses the first of them; without it holes are filled with the mean",
        "skip 跳过并计数有空缺或数值列中出现文本的行，fail 遇到第一行就报错；不设置时空缺以均值填补",
    ),
    "cli.help_trust_source": (
        "With --resume: run the SQL query that the run got its rows by. Without it the query is only shown.",
        "与 --resume 合用：执行该运行读取数据的 SQL 查询；不设置时只显示查询。",
    ),
    "cli.help_out_encoding": (
        "The encoding of a CSV file with predictions, such as utf-8-sig for Excel; by default that of the rows.",
        "写出预测 CSV 时的编码，例如供 Excel 使用的 utf-8-sig；默认与输入相同。",
    ),
    "cli.written_in": (
        "{path} is in {encoding}, as its rows were (--out-encoding utf-8-sig for UTF-8).",
        "{path} 的编码为 {encoding}，与输入相同（--out-encoding utf-8-sig 可改为 UTF-8）。",
    ),
    "cli.help_encoding": (
        "The encoding of text files, such as gb18030 or cp1252; by default it is found out.",
        "文本文件的编码，如 gb18030 或 cp1252；默认自动判断。",
    ),
    "cli.help_header": (
        "Whether the first line holds the column names; by default it is found out.",
        "首行是否为列名；默认自动判断。",
    ),
    "cli.help_weights": ("A column of row weights.", "行权重所在的列。"),
    "cli.help_validate": (
        "The share of rows to hold out, such as 0.2; or a file of other rows.",
        "留出数据的比例，例如 0.2；或另一个数据文件。",
    ),
    "cli.help_loss": (
        "For numbers squared, absolute, huber:1.35 or quantile:0.9; for counts poisson; for classes log, "
        "squared_hinge or smoothed_hinge. By default squared, or log where the target is text.",
        "数值用 squared、absolute、huber:1.35 或 quantile:0.9；计数用 poisson；类别用 log、squared_hinge 或 "
        "smoothed_hinge。默认为 squared；目标列是文本时为 log。",
    ),
    "cli.help_penalty": ("l2, l1 or elasticnet:0.5.", "l2、l1 或 elasticnet:0.5。"),
    "cli.help_penalty_on": (
        "Whose weights the penalty is on: those of the columns as they are, or of standardised columns.",
        "惩罚项作用于哪些权重：原始各列的，还是标准化各列的。",
    ),
    "cli.help_alpha": ("The price of large weights.", "惩罚系数。"),
    "cli.help_no_intercept": ("Fit without an intercept.", "不用截距。"),
    "cli.help_hidden": (
        "Train a net with hidden layers of these sizes: 10, or 64,32.",
        "训练神经网络，各隐藏层的大小如 10 或 64,32。",
    ),
    "cli.help_activation": (
        "Of a net: sigmoid (if nothing is said), tanh, relu, gelu.",
        "神经网络的激活函数：sigmoid（默认）、tanh、relu、gelu。",
    ),
    "cli.help_dropout": (
        "Of a net: the share of hidden units left out at each update, such as 0.1.",
        "神经网络每次更新时丢弃的隐藏单元比例，例如 0.1。",
    ),
    "cli.help_no_scale": (
        "Descend the columns as they are, not standardised.",
        "直接在原始的列上下降，不做标准化。",
    ),
    "cli.help_derivative": (
        "The derivative, if it is to be given: one formula for each variable, with commas.",
        "手写的导数：每个变量一个公式，用逗号分隔。",
    ),
    "cli.help_method": (
        "gd, sgd, minibatch, momentum, nesterov, adagrad, rmsprop, adam, adamw, lbfgs, subsampled, newton, "
        "coordinate, closed_form, exhaustive or auto; a constant after a colon, such as momentum:0.95.",
        "gd、sgd、minibatch、momentum、nesterov、adagrad、rmsprop、adam、adamw、lbfgs、subsampled、newton、"
        "coordinate、closed_form、exhaustive 或 auto；冒号后可带常数，例如 momentum:0.95。",
    ),
    "cli.help_methods": (
        "The methods to compare, such as closed_form,gd,sgd,adam.",
        "要比较的方法，例如 closed_form,gd,sgd,adam。",
    ),
    "cli.help_learning_rate": (
        "A number; auto; a schedule such as cosine:0.1, step:0.1:0.5:10, inverse:0.1, exponential:0.1:0.95, "
        "onecycle:0.1; or a search: armijo, wolfe.",
        "一个数；auto；衰减方案，例如 cosine:0.1、step:0.1:0.5:10、inverse:0.1、exponential:0.1:0.95、"
        "onecycle:0.1；或线搜索 armijo、wolfe。",
    ),
    "cli.help_batch_size": ("Rows in a batch.", "每批的行数。"),
    "cli.help_order": (
        "shuffle, cyclic or replacement; or row numbers from 0, such as 2,0,1.",
        "shuffle、cyclic 或 replacement；或从 0 数起的行号，例如 2,0,1。",
    ),
    "cli.help_starts": (
        "Descend from N starts drawn from [−10, 10), and tell where each ended.",
        "从 [−10, 10) 中随机抽取 N 个起点分别下降，并列出各自停在哪里。",
    ),
    "cli.help_start": (
        "Where to start; several with commas. Weights not named start at 0.",
        "起点；多个用逗号分隔。未提到的权重从 0 开始。",
    ),
    "cli.help_grid": (
        "The values to try by exhaustive search; several weights with commas.",
        "穷举法要试的值；多个权重用逗号分隔。",
    ),
    "cli.help_epochs": ("The most passes over the rows.", "最多训练多少轮。"),
    "cli.help_tol": (
        "The relative size of a gradient that counts as zero; 0 runs all epochs.",
        "梯度相对小到多少算作零；为 0 时跑完所有轮次。",
    ),
    "cli.help_patience": (
        "Stop when the rows held out were predicted no better for so many epochs.",
        "留出数据连续这么多轮没有变好就停止。",
    ),
    "cli.help_seconds": ("The most seconds to take.", "最多用多少秒。"),
    "cli.help_seed": ("The seed of all that is drawn.", "随机种子。"),
    "cli.help_out": ("Keep the run in this folder.", "把运行记录保存到这个文件夹。"),
    "cli.help_checkpoint": (
        "Keep the state in the --out folder every so many seconds, to go on from after a stop.",
        "每隔这么多秒把进度存到 --out 文件夹，中断后可以继续。",
    ),
    "cli.help_log": (
        "Write each step to this file as it is made, as JSON Lines; tensorboard:FOLDER and mlflow:FOLDER write for those.",
        "把每一步随时写入这个文件（JSON Lines）；也可用 tensorboard:文件夹 和 mlflow:文件夹。",
    ),
    "cli.help_resume": (
        "Go on with this run; --epochs makes it longer. DATA, if given, is read for its rows.",
        "继续这次运行；--epochs 可以延长。如给出 DATA，则从中读取数据。",
    ),
    "cli.help_out_table": (
        "Write to this .csv or .parquet file, not to the screen; into a folder (predictions/), a file for each file that is read.",
        "写入这个 .csv 或 .parquet 文件，而不是显示在屏幕上；写入文件夹（predictions/）时，每个输入文件对应一个输出文件。",
    ),
    "cli.help_lacking": (
        "Leave files of the --out folder that are there already, and write the others.",
        "--out 文件夹中已有的文件保持不变，只写其余的。",
    ),
    "cli.help_plot": (
        "Draw a picture: .png, .svg, or .gif, which moves.",
        "画图：.png、.svg，或会动的 .gif。",
    ),
    "cli.help_force": ("Replace what is there.", "替换已有的文件。"),
    "cli.help_json": (
        "One JSON object on stdout, and nothing else.",
        "在标准输出上只给出一个 JSON 对象。",
    ),
    "cli.help_lang": ("The language to speak.", "使用的语言。"),
    "cli.help_plane": (
        "The plane of the picture: of the path, of the stiffest and flattest direction, or of two weights.",
        "图所在的平面：路径所在的平面、最陡与最平的方向，或两个权重。",
    ),
    "cli.help_surface": ("Draw the plane in three dimensions.", "把平面画成三维曲面。"),
    "cli.plane_without_plot": (
        "{asked} says how a picture is drawn, and none was asked for: add --plot FILE",
        "{asked} 说明图如何绘制，但没有要求画图：请加上 --plot FILE",
    ),
}
