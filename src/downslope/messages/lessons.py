"""What the lessons say. A part of several lines has as many in each language."""

from . import lessons_functions, lessons_models

TEXTS: dict[str, tuple[str, str]] = {
    "lessons.unknown": (
        "there is no lesson {asked!r}: choose one of {known}.",
        "没有第 {asked!r} 课：可选 {known}。",
    ),
    "lessons.unknown_setting": (
        "lesson {number} has no setting {asked!r}. What it takes: {known}.",
        "第 {number} 课没有 {asked!r} 这个设置。可用的设置：{known}。",
    ),
    "lessons.no_torch": (
        "lesson {number} runs on PyTorch, which is not installed: pip install 'downslope[torch]'.",
        "第 {number} 课需要 PyTorch，但尚未安装：请运行 pip install 'downslope[torch]'。",
    ),
    # the frame
    "lessons.heading": ("Lesson {number} · {title}", "第 {number} 课 · {title}"),
    "lessons.stage": ("[{place}/{stages}] {stage}", "[{place}/{stages}] {stage}"),
    "lessons.dataset": ("Dataset", "数据集"),
    "lessons.model": ("Model", "模型"),
    "lessons.training": ("Training", "训练"),
    "lessons.inference": ("Inference", "推理"),
    "lessons.learned": ("What was learned", "小结"),
    "lessons.next": ("Try next", "接着试试"),
    "lessons.epoch": (
        "epoch {epoch:>2}   loss {loss:<23} gradient {gradient:<24} w {w}",
        "第 {epoch:>2} 轮   损失 {loss:<23} 梯度 {gradient:<24} w {w}",
    ),
    "lessons.point": (
        "epoch {epoch:>3}   f = {value:<13.6g} {place}",
        "第 {epoch:>3} 轮   f = {value:<13.6g} {place}",
    ),
    # 1
    "lessons.1_title": ("Exhaustive search", "穷举法"),
    "lessons.1_dataset": (
        """\
Three rows (x, y):  (1, 2)  (2, 4)  (3, 6)
You see at a glance that y is twice x. The program has to find that out.""",
        """\
三行数据 (x, y)：(1, 2)  (2, 4)  (3, 6)
我们一眼就能看出 y 是 x 的两倍，程序却得自己去找。""",
    ),
    "lessons.1_model": (
        """\
prediction               ŷ = w·x          with one weight w, not known yet
loss of one row          (ŷ − y)²
mean squared error       MSE(w) = mean of (w·x − y)² over the rows
In verdicts and commands a weight bears the name of its column: there w is called x.""",
        """\
预测值            ŷ = w·x          只有一个权重 w，尚未知道
单行的损失        (ŷ − y)²
均方误差          MSE(w) = 各行 (w·x − y)² 的平均值
在诊断和命令里，权重以它所在的列命名：那里的 x 就是 w。""",
    ),
    "lessons.1_training": (
        "Here training is trying: {count:g} values of w, from 0.0 to 4.0 in steps of 0.1. The lowest MSE wins.",
        "这里的训练就是逐个尝试：w 从 0.0 到 4.0，步长 0.1，共 {count:g} 个值，取均方误差最小的那个。",
    ),
    "lessons.1_row": (
        "    x = {x:g}   y = {y:g}   prediction = {prediction:<6.4g} loss = {loss:.6g}",
        "    x = {x:g}   y = {y:g}   预测值 = {prediction:<6.4g} 损失 = {loss:.6g}",
    ),
    "lessons.1_outcome": (
        """\
MSE(0) = {mse_0:.6g}   MSE(0.1) = {mse_0_1:.7g}   MSE(2) = {mse_2:.6g}   MSE(4) = {mse_4:.6g}
Verdict: {verdict}""",
        """\
MSE(0) = {mse_0:.6g}   MSE(0.1) = {mse_0_1:.7g}   MSE(2) = {mse_2:.6g}   MSE(4) = {mse_4:.6g}
诊断：{verdict}""",
    ),
    "lessons.1_inference": (
        "With w = {best_w:g}, the model answers for an x that it has never seen: f(4) = {prediction:g}.",
        "取 w = {best_w:g}，模型就能回答它没见过的 x：f(4) = {prediction:g}。",
    ),
    "lessons.1_learned": (
        """\
Exhaustive search finds the best value of its grid, and knows nothing of what lies between.
Two weights already need 41² = 1,681 tries and ten need 41¹⁰: something cleverer is called for.""",
        """\
穷举法能找到网格上最好的值，但网格之间的情况它一无所知。
两个权重就要试 41² = 1681 次，十个权重要试 41¹⁰ 次：得换个更聪明的办法。""",
    ),
    # 2
    "lessons.2_title": ("Batch gradient descent", "批量梯度下降"),
    "lessons.2_dataset": (
        "The three rows of lesson 1:  (1, 2)  (2, 4)  (3, 6)",
        "还是第 1 课的三行数据：(1, 2)  (2, 4)  (3, 6)",
    ),
    "lessons.2_model": (
        """\
prediction       ŷ = w·x
loss             F(w) = mean of (w·x − y)²
gradient         F′(w) = mean of 2x·(w·x − y), the slope of the loss at w""",
        """\
预测值      ŷ = w·x
损失        F(w) = (w·x − y)² 的平均值
梯度        F′(w) = 2x·(w·x − y) 的平均值，即损失在 w 处的斜率""",
    ),
    "lessons.2_training": (
        """\
Start at w = 1. Every epoch looks at all three rows and takes one step against the gradient:
    w ← w − 0.01·F′(w)          0.01 is the learning rate; there are 100 epochs
In each line, loss and gradient are those before the step, and w is the weight after it.""",
        """\
从 w = 1 出发。每个训练轮次（epoch）都用上全部三行，逆着梯度走一步：
    w ← w − 0.01·F′(w)          0.01 是学习率，共 100 轮
每行里的损失和梯度是更新之前的，w 是更新之后的。""",
    ),
    "lessons.2_outcome": (
        """\
Verdict: {verdict}
Pitfall: the learning rate. The curvature is L = 2·mean(x²) = {curvature:.4f},
and above 2/L = {bound:.7f} each step overshoots by more than the one before.
    0.3 is too large:
        {large}
    0.000001 is too small, w has come from 1 to {slow_w:.6f}:
        {small}""",
        """\
诊断：{verdict}
易错点：学习率。曲率 L = 2·mean(x²) = {curvature:.4f}，
学习率一旦超过 2/L = {bound:.7f}，每一步都会冲过头，而且越冲越远。
    0.3 太大：
        {large}
    0.000001 太小，w 只从 1 走到 {slow_w:.6f}：
        {small}""",
    ),
    "lessons.2_inference": (
        "f(4) = 4w: {before} before training, {after} after it. The rows say 8.",
        "f(4) = 4w：训练前是 {before}，训练后是 {after}。按数据的规律应为 8。",
    ),
    "lessons.2_learned": (
        """\
The gradient tells which way is up and how steeply, so no value needs to be tried blindly.
Steps that are too long climb instead of descending; steps that are too short never arrive.""",
        """\
梯度指出哪边是上坡、坡有多陡，于是不必再盲目地逐个尝试。
步子太大，损失不降反升；步子太小，走很久也到不了。""",
    ),
    # 3
    "lessons.3_title": ("One fixed row", "固定样本"),
    "lessons.3_dataset": (
        "Three rows are given,  (1, 2)  (2, 4)  (3, 6),  but by a slip only the last one is used.",
        "给了三行数据：(1, 2)  (2, 4)  (3, 6)，但因为一个小错误，真正用到的只有最后一行。",
    ),
    "lessons.3_model": (
        """\
ŷ = w·x, the loss and its gradient as in lesson 2. This is the slip:
    def gradient(w):
        for x, y in rows:
            g = 2 * x * (w * x - y)        # each row overwrites the one before
        return g                           # what is left is the last row's""",
        """\
ŷ = w·x，损失和梯度与第 2 课相同。错误出在这里：
    def gradient(w):
        for x, y in rows:
            g = 2 * x * (w * x - y)        # 每一行都覆盖了前一行
        return g                           # 最后只剩下末行的梯度""",
    ),
    "lessons.3_training": (
        """\
It should have added the rows up and divided by 3. (With return in the loop, only the first counts.)
Downslope repeats the slip on purpose: row order [2], the third row at every update.
Learning rate 0.01, 100 epochs.""",
        """\
本该把各行加起来再除以 3。（如果把 return 写进循环里，就只有第一行起作用。）
下面故意重现这个错误：取行顺序为 [2]，每次更新都只看第三行。
学习率 0.01，共 100 轮。""",
    ),
    "lessons.3_outcome": (
        """\
Verdict: {verdict}
It goes unnoticed because all three rows lie on y = 2x, and the third one is the steepest:
the loss even falls faster, to {loss:.3g} where lesson 2 comes to {batch_loss:.3g}.
Change the last row to (3, 9), and it shows:
    the slip    w = {slip_w:.4f}, loss {slip_loss:.4f}
    all rows    w = {right_w:.4f}, loss {right_loss:.4f}""",
        """\
诊断：{verdict}
这个错误不容易发现，因为三行都落在 y = 2x 上，而第三行的坡最陡，
损失反而降得更快：这里降到 {loss:.3g}，第 2 课只降到 {batch_loss:.3g}。
把最后一行改成 (3, 9)，问题就暴露了：
    出错的程序    w = {slip_w:.4f}，损失 {slip_loss:.4f}
    用全部数据    w = {right_w:.4f}，损失 {right_loss:.4f}""",
    ),
    "lessons.3_inference": (
        "f(4) = {after}: close to 8, by luck.",
        "f(4) = {after}：很接近 8，但只是碰巧。",
    ),
    "lessons.3_learned": (
        "A falling loss does not prove that the program is right. Ask which rows each update looks at.",
        "损失在下降，并不说明程序写对了。要问一问：每次更新到底看了哪些数据？",
    ),
    "lessons.rate": ("rate {rate}", "学习率 {rate}"),
    "lessons.one_row": ("row (3, 6) only", "只用 (3, 6)"),
    "lessons.all_rows": ("all rows", "全部数据"),
    # 4
    "lessons.4_title": ("Stochastic gradient descent", "随机梯度下降"),
    "lessons.4_dataset": (
        "The three rows once more:  (1, 2)  (2, 4)  (3, 6)",
        "仍是那三行数据：(1, 2)  (2, 4)  (3, 6)",
    ),
    "lessons.4_model": (
        """\
ŷ = w·x. Now one row alone gives the loss and the gradient:
    loss (w·x − y)²        gradient 2x·(w·x − y)""",
        """\
ŷ = w·x。现在损失和梯度都只由一行数据算出：
    损失 (w·x − y)²        梯度 2x·(w·x − y)""",
    ),
    "lessons.4_training": (
        """\
Start at w = 1, learning rate 0.01. Every row brings an update: three an epoch, {updates:g} in 100.
Here the rows are taken in order; the line of an epoch shows its last update, that of (3, 6).""",
        """\
从 w = 1 出发，学习率 0.01。每看一行就更新一次，一轮更新三次，100 轮共 {updates:g} 次。
这里按顺序取行；每轮只显示最后一次更新，也就是 (3, 6) 的那次。""",
    ),
    "lessons.4_outcome": (
        """\
Verdict: {verdict}
By its definition, stochastic descent draws the row. Both ways of drawing, with a fixed seed:
    shuffled, each row once an epoch:           f(4) = {shuffle}
    with replacement, a row may come twice:     f(4) = {replacement}""",
        """\
诊断：{verdict}
按定义，随机梯度下降应当随机抽取一行。两种抽法如下（随机种子固定）：
    打乱顺序，每轮每行各用一次：          f(4) = {shuffle}
    有放回地抽取，同一行可能抽到多次：    f(4) = {replacement}""",
    ),
    "lessons.4_inference": (
        "f(4) = {cyclic} with the rows in order.",
        "按顺序取行时，f(4) = {cyclic}。",
    ),
    "lessons.4_learned": (
        """\
Three small updates for one look at the rows: after 100 epochs it is far closer than lesson 2.
Here all rows agree on w = 2. Where rows disagree, each pulls its own way, and steps must shrink.""",
        """\
看一遍数据就更新三次，所以同样 100 轮，比第 2 课接近得多。
这里各行都同意 w = 2；如果各行意见不一，每一步就会各拉各的，学习率得逐渐减小才行。""",
    ),
    "lessons.order_cyclic": ("in order", "按顺序"),
    "lessons.order_shuffle": ("shuffled", "打乱顺序"),
    "lessons.order_replacement": ("with replacement", "有放回抽取"),
}
TEXTS |= lessons_functions.TEXTS | lessons_models.TEXTS
