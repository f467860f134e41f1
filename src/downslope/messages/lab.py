"""What the lab says: its refusals and what it tells of a run. The words on the page stand in lab_page.py."""

from . import lab_course, lab_page

TEXTS: dict[str, tuple[str, str]] = {
    # what is refused
    "lab.not_known": (
        "{name} = {value} is not known: choose one of {known}.",
        "没有 {name} = {value}：可选 {known}。",
    ),
    "lab.not_truth": ("{name} = {value} must be true or false.", "{name} = {value} 应为 true 或 false。"),
    "lab.not_word": (
        "{name} = {value} must be a text that is neither empty nor too long.",
        "{name} = {value} 应为一段文字，不能为空，也不能过长。",
    ),
    "lab.not_number": ("{name} = {value} must be a finite number.", "{name} = {value} 应为有限的数。"),
    "lab.not_whole": (
        "{name} = {value} must be a whole number from {least} to {most}.",
        "{name} = {value} 应为 {least} 到 {most} 之间的整数。",
    ),
    "lab.not_list": ("{name} = {value} must be a list of numbers.", "{name} = {value} 应为一列数。"),
    "lab.not_mapping": (
        '{name} = {value} must map names to values, as in {{"x": 1}}.',
        '{name} = {value} 应为名称到数值的对应，如 {{"x": 1}}。',
    ),
    "lab.grid": (
        "the grid of {name} must be [first, last, step] with a step above 0 and at most {most} values.",
        "{name} 的网格应为 [起点, 终点, 步长]，步长大于 0，最多 {most} 个值。",
    ),
    "lab.no_problem": (
        "there is no kind of problem {asked}: choose one of {known}.",
        "没有 {asked} 这种问题：可选 {known}。",
    ),
    "lab.preset": (
        "there is no preset {asked!r}: choose one of {known}.",
        "没有预设函数 {asked!r}：可选 {known}。",
    ),
    "lab.variables": (
        "{formula} has {found} variables: the lab shows functions of 1 to {most}. More are for downslope minimize.",
        "{formula} 有 {found} 个变量：实验室可显示 1 到 {most} 个变量的函数，更多变量请用 downslope minimize。",
    ),
    "lab.rows": (
        "{rows} rows of X and {targets} values of y: the rows must be equally long, as many as the targets, and hold at most {most} numbers. A file takes more.",
        "X 有 {rows} 行，y 有 {targets} 个值：各行长度须相同，行数须与目标值个数相同，总共最多 {most} 个数。更多数据请用文件。",
    ),
    "lab.no_task": (
        'task = {asked} must be "regression" or "classes".',
        'task = {asked} 应为 "regression" 或 "classes"。',
    ),
    "lab.points": (
        "{found} points: set 2 to {most}, each of {width} numbers.",
        "有 {found} 个点：请设置 2 到 {most} 个点，每个点 {width} 个数。",
    ),
    "lab.point_class": (
        "class {found:g}: a point is of class 0 or 1.",
        "类别 {found:g}：点的类别只能是 0 或 1。",
    ),
    "lab.no_file": (
        "the rows of {name} are no longer here: choose the file again.",
        "{name} 的数据已不在：请重新选择文件。",
    ),
    "lab.how_many_runs": ("ask for 1 to {most} runs, in a list.", "请以列表给出 1 到 {most} 次运行。"),
    "lab.suffix": (
        "{name} is no table that the lab reads: send a file that ends in {known}.",
        "{name} 不是实验室能读取的表格：请使用以 {known} 结尾的文件。",
    ),
    "lab.too_long": (
        "this took longer than {seconds:g} s and was stopped: ask for fewer epochs, fewer rows or fewer runs.",
        "计算超过 {seconds:g} 秒，已停止：请减少训练轮次、数据行或运行次数。",
    ),
    "lab.memory": (
        "this takes more memory than the lab allows: use fewer rows or columns, or downslope fit.",
        "所需内存超过实验室的上限：请减少行或列，或使用 downslope fit。",
    ),
    "lab.busy": (
        "the lab is busy: nothing was free within {seconds:g} s. Try again in a moment.",
        "实验室正忙：{seconds:g} 秒内没有空闲。请稍后再试。",
    ),
    "lab.gone": ("nobody waits for this any more.", "已无人等待这次计算。"),
    "lab.failed": (
        "the lab failed at this, which is a fault of its own; the terminal that it was started in tells more.",
        "实验室在此出错，这是它自身的缺陷；启动它的终端里有更多信息。",
    ),
    "lab.not_json": ("the request is not a JSON object.", "请求不是 JSON 对象。"),
    "lab.too_large": ("the request is too large.", "请求过大。"),
    "lab.content_type": (
        "a request must say Content-Type: application/json, a file application/octet-stream.",
        "请求须注明 Content-Type: application/json，文件须注明 application/octet-stream。",
    ),
    "lab.method": ("this address takes another method.", "此地址不接受这种请求方法。"),
    "lab.not_there": ("there is nothing at this address.", "此地址没有内容。"),
    "lab.host": (
        "the lab does not answer to the name {host}: open it by the address that it told.",
        "实验室不以 {host} 这个名称应答：请用它给出的地址打开。",
    ),
    "lab.origin": ("the lab answers to its own page only.", "实验室只应答自己的页面。"),
    "lab.token": (
        "open the lab by the whole address that it told, token and all.",
        "请用实验室给出的完整地址（含令牌）打开。",
    ),
    "lab.steer": (
        'do = {asked} must be "pause", "go" or "stop".',
        'do = {asked} 应为 "pause"、"go" 或 "stop"。',
    ),
    "lab.library_missing": (
        "the lab needs {library}, which is not installed: pip install 'downslope[lab]'.",
        "实验室需要 {library}，但尚未安装：请运行 pip install 'downslope[lab]'。",
    ),
    "lab.no_script": (
        "a plain loop repeats runs at one fixed learning rate by {known}: choose one of these, or take the run as Downslope.",
        "普通循环只能重现固定学习率下的 {known}：请选用其中之一，或导出为 Downslope 代码。",
    ),
    "lab.no_script_for": (
        "{formula} holds max or min, for which {library} has no like of the same name: take the run as Downslope.",
        "{formula} 含有 max 或 min，{library} 中没有同名的对应函数：请导出为 Downslope 代码。",
    ),
    # what is told
    "lab.script_head": (
        "The minimum of {formula}, with {library} alone.",
        "求 {formula} 的最小值，只用 {library}。",
    ),
    "lab.your_rows": ("the rows of your file", "你文件中的数据"),
    "lab.title_trace": ("A trace", "下降记录"),
    "lab.title_rows": ("{count} rows", "{count} 行数据"),
    "lab.title_points": ("{count} points", "{count} 个点"),
    "lab.plane": (
        "The plane in which this descent mostly walks; it shows {share:.1%} of the way.",
        "这次下降主要经过的平面，包含了路程的 {share:.1%}。",
    ),
    "lab.one_row": ("row {number}: {place}", "第 {number} 行：{place}"),
    "lab.rows_seen": ("{count} rows: {numbers}", "{count} 行：{numbers}"),
    "lab.thinned": (
        "{kept} of {made} updates are shown, evenly taken.",
        "共 {made} 次更新，均匀显示其中 {kept} 次。",
    ),
    "lab.formula_function": ("function", "函数"),
    "lab.formula_gradient": ("gradient", "梯度"),
    "lab.formula_model": ("model", "模型"),
    "lab.formula_loss": ("objective", "目标函数"),
    # menus
    "lab.rows_all": ("all rows", "全部数据行"),
    "lab.rows_one": ("one row", "一行"),
    "lab.rows_batch": ("a batch", "一小批"),
    "lab.short_all": ("all rows", "全部数据"),
    "lab.short_one": ("one row", "单行"),
    "lab.short_batch": ("batches of {size}", "每批 {size} 行"),
    "lab.direction_steepest": ("steepest descent", "最速下降"),
    "lab.direction_momentum": ("momentum", "动量"),
    "lab.direction_nesterov": ("Nesterov", "Nesterov 加速"),
    "lab.direction_adagrad": ("Adagrad", "Adagrad"),
    "lab.direction_rmsprop": ("RMSprop", "RMSprop"),
    "lab.direction_adam": ("Adam", "Adam"),
    "lab.direction_adamw": ("AdamW", "AdamW"),
    "lab.direction_lbfgs": ("L-BFGS", "L-BFGS"),
    "lab.direction_newton": ("Newton", "牛顿法"),
    "lab.direction_closed_form": ("closed form", "正规方程"),
    "lab.direction_exhaustive": ("exhaustive search", "穷举法"),
    "lab.schedule_constant": ("constant", "固定"),
    "lab.schedule_inverse": ("inverse scaling", "反比衰减"),
    "lab.schedule_step": ("step decay", "阶梯衰减"),
    "lab.schedule_exponential": ("exponential", "指数衰减"),
    "lab.schedule_cosine": ("cosine", "余弦"),
    "lab.schedule_onecycle": ("one cycle", "单周期"),
    "lab.schedule_armijo": ("Armijo search", "Armijo 线搜索"),
    "lab.schedule_wolfe": ("strong Wolfe search", "强 Wolfe 线搜索"),
    "lab.order_shuffle": ("shuffled", "打乱"),
    "lab.order_cyclic": ("in order", "按顺序"),
    "lab.order_replacement": ("drawn with replacement", "有放回抽取"),
    "lab.loss_squared": ("squared", "平方"),
    "lab.loss_absolute": ("absolute", "绝对值"),
    "lab.loss_huber": ("Huber", "Huber"),
    "lab.loss_quantile": ("quantile", "分位数"),
    "lab.loss_log": ("log loss", "对数损失"),
    "lab.loss_squared_hinge": ("squared hinge", "平方合页"),
    "lab.loss_smoothed_hinge": ("smoothed hinge", "平滑合页"),
    "lab.loss_poisson": ("Poisson", "泊松"),
    "lab.penalty_none": ("none", "无"),
    "lab.penalty_l2": ("L2", "L2"),
    "lab.penalty_l1": ("L1", "L1"),
    "lab.penalty_elasticnet": ("elastic net", "弹性网"),
    "lab.activation_sigmoid": ("sigmoid", "sigmoid"),
    "lab.activation_tanh": ("tanh", "tanh"),
    "lab.activation_relu": ("ReLU", "ReLU"),
    "lab.activation_gelu": ("GELU", "GELU"),
    # presets
    "lab.preset_bowl": ("Bowl", "圆碗"),
    "lab.preset_stretched": ("Stretched bowl", "拉长的碗"),
    "lab.preset_waves": ("Waves", "波浪"),
    "lab.preset_saddle": ("Saddle", "鞍面"),
    "lab.preset_monkey_saddle": ("Monkey saddle", "猴鞍面"),
    "lab.preset_plateau": ("Plateau", "高原"),
    "lab.preset_rosenbrock": ("Rosenbrock's valley", "Rosenbrock 峡谷"),
    "lab.preset_himmelblau": ("Himmelblau's four minima", "Himmelblau 四极小"),
    "lab.preset_beale": ("Beale", "Beale 函数"),
    "lab.preset_rastrigin": ("Rastrigin's egg box", "Rastrigin 蛋格"),
    "lab.about_bowl": (
        "Round and smooth: every step points at the minimum.",
        "圆而光滑：每一步都指向最小值。",
    ),
    "lab.about_stretched": (
        "Twenty times steeper one way: a fixed step zigzags there, or crawls the other way.",
        "一个方向陡二十倍：固定步长要么在那里来回折返，要么在另一方向爬行。",
    ),
    "lab.about_waves": (
        "Where it ends depends on where it starts.",
        "终点取决于起点。",
    ),
    "lab.about_saddle": (
        "From y = 0 it stops at a point that is no minimum.",
        "从 y = 0 出发，会停在并非最小值的点上。",
    ),
    "lab.about_monkey_saddle": (
        "Three ways down and three ways up meet; even the curvature is 0 there.",
        "三条下坡与三条上坡在此交汇，连曲率都是 0。",
    ),
    "lab.about_plateau": (
        "Far out the slope is next to nothing: descent seems to stand still.",
        "远处坡度几乎为零：下降看起来停滞不前。",
    ),
    "lab.about_rosenbrock": (
        "A bent valley: finding it is easy, following it is slow.",
        "弯曲的峡谷：走进去容易，沿着走很慢。",
    ),
    "lab.about_himmelblau": (
        "Four minima of the same depth.",
        "四个同样深的极小值。",
    ),
    "lab.about_beale": (
        "Flat in the middle, steep at the corners.",
        "中间平坦，四角陡峭。",
    ),
    "lab.about_rastrigin": (
        "A hundred small valleys around the lowest one.",
        "最低谷的周围有上百个小谷。",
    ),
    **lab_course.TEXTS,
    **lab_page.TEXTS,
}
