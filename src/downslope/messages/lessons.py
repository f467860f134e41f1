"""What the lessons say. A part of several lines has as many in each language."""

TEXTS: dict[str, tuple[str, str]] = {
    "lessons.unknown": (
        "there is no lesson {asked!r}: choose one of {known}.",
        "没有第 {asked!r} 课：可选 {known}。",
    ),
    "lessons.unknown_setting": (
        "lesson {number} has no setting {asked!r}. What it takes: {known}.",
        "第 {number} 课没有 {asked!r} 这个设置。可用的设置：{known}。",
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
    # 5
    "lessons.5_title": ("Minimum of y = 2x², derivative by hand", "求 y = 2x² 的最小值：手写导数"),
    "lessons.5_dataset": (
        "No rows this time: a function is given. The start is drawn from [−1000, 1000): x = {start:g}.",
        "这次没有数据行，直接给出函数。起点从 [−1000, 1000) 中随机抽取：x = {start:g}。",
    ),
    "lessons.5_model": (
        """\
f(x) = 2x²
f′(x) = 4x, worked out by hand""",
        """\
f(x) = 2x²
f′(x) = 4x，由我们手工求出""",
    ),
    "lessons.5_training": (
        """\
x ← x − 0.01·4x = 0.96·x, 1,000 times over
In each line, f and x are those after the update.""",
        """\
x ← x − 0.01·4x = 0.96·x，重复 1000 次
每行里的 f 和 x 都是更新之后的值。""",
    ),
    "lessons.5_outcome": (
        """\
Verdict: {verdict}
By descent:  x = {x:.6g}, and x₀·0.96¹⁰⁰⁰ = {start:g}·{factor:.4g} = {expected:.6g}.
Exactly:     f′(x) = 0 only at x = {exact:g}; f″ = {curvature:g} there, so it is {kind}, with f = {exact_value:g}.
Pitfall: local minima. x·cos(0.15πx) has many valleys, and the start decides which one is found:
    from x = 1.5    to x = {first_x:.5f}, f = {first_value:.5f}
    from x = 2.2    to x = {second_x:.5f}, f = {second_value:.5f}
Verdict on the first: {valley}""",
        """\
诊断：{verdict}
梯度下降：x = {x:.6g}，而 x₀·0.96¹⁰⁰⁰ = {start:g}·{factor:.4g} = {expected:.6g}。
精确求解：f′(x) = 0 只有一个解 x = {exact:g}；此处 f″ = {curvature:g}，所以是{kind}，f = {exact_value:g}。
易错点：局部最小值。x·cos(0.15πx) 有许多低谷，停在哪一个取决于从哪里出发：
    从 x = 1.5 出发    到 x = {first_x:.5f}，f = {first_value:.5f}
    从 x = 2.2 出发    到 x = {second_x:.5f}，f = {second_value:.5f}
前一次的诊断：{valley}""",
    ),
    "lessons.5_inference": (
        "The answer is the place itself: f({x:.4g}) is as good as the lowest value, f({exact:g}) = {exact_value:g}.",
        "这里要的答案就是最低点的位置：f({x:.4g}) 与最小值 f({exact:g}) = {exact_value:g} 已没有实际差别。",
    ),
    "lessons.5_learned": (
        """\
Each step takes off the same share, 4%, so x nears 0 quickly and never quite gets there.
Descent finds a low place near its start; only algebra, or many starts, can say that none is lower.""",
        """\
每一步都缩小同样的比例（4%），所以 x 很快接近 0，但永远不会恰好等于 0。
梯度下降只能找到起点附近的低处；是否还有更低的地方，要靠解方程，或多换几个起点。""",
    ),
    "lessons.kind_minimum": ("a minimum", "最小值点"),
    # 6
    "lessons.6_title": ("Minimum of x² + y² + z², partial derivatives", "求 x² + y² + z² 的最小值：偏导数"),
    "lessons.6_dataset": (
        "Again a function, now of three variables. The start is drawn: ({start_x:g}, {start_y:g}, {start_z:g}).",
        "还是函数，这次有三个变量。起点随机抽取：({start_x:g}, {start_y:g}, {start_z:g})。",
    ),
    "lessons.6_model": (
        """\
f(x, y, z) = x² + y² + z²
∂f/∂x = 2x     ∂f/∂y = 2y     ∂f/∂z = 2z      each with the other two held still""",
        """\
f(x, y, z) = x² + y² + z²
∂f/∂x = 2x     ∂f/∂y = 2y     ∂f/∂z = 2z     对一个变量求导时，把另外两个看作常数""",
    ),
    "lessons.6_training": (
        """\
Each coordinate steps against its own partial derivative, 1,000 times over:
    x ← x − 0.01·2x = 0.98·x,  and so for y and z
In each line, f and the point are those after the update.""",
        """\
每个坐标都逆着自己的偏导数走，重复 1000 次：
    x ← x − 0.01·2x = 0.98·x，y、z 同理
每行里的 f 和坐标都是更新之后的值。""",
    ),
    "lessons.6_outcome": (
        """\
Verdict: {verdict}
start · 0.98¹⁰⁰⁰ = start · {factor:.4g} gives {expected_x:.6g}, {expected_y:.6g}, {expected_z:.6g}: the same.
Pitfall: saddle points. Go down x² − y² from (1, 0): y stays 0, and x shrinks to {saddle_x:.3g}.
    {saddle}
From (1, 0.001) instead:
    {nudged}""",
        """\
诊断：{verdict}
起点 · 0.98¹⁰⁰⁰ = 起点 · {factor:.4g}，算得 {expected_x:.6g}、{expected_y:.6g}、{expected_z:.6g}，完全一致。
易错点：鞍点。让 x² − y² 从 (1, 0) 下降：y 一直是 0，x 缩小到 {saddle_x:.3g}。
    {saddle}
改从 (1, 0.001) 出发：
    {nudged}""",
    ),
    "lessons.6_inference": (
        "The lowest point, as descent has it: ({x:.6g}, {y:.6g}, {z:.6g}). The exact one is (0, 0, 0).",
        "梯度下降给出的最低点：({x:.6g}, {y:.6g}, {z:.6g})。精确的最低点是 (0, 0, 0)。",
    ),
    "lessons.6_learned": (
        """\
The gradient is the list of partial derivatives: with many variables, each takes the same step.
A gradient of zero only says that the ground is level there; it may still be no minimum.""",
        """\
把各个偏导数排在一起就是梯度：变量再多，每个坐标也都走同样的一步。
梯度为零只说明那里是平的，未必是最小值。""",
    ),
    # 8
    "lessons.8_title": ("Linear regression with 13 features", "13 个特征的线性回归"),
    "lessons.8_dataset": (
        """\
200 rows, made with a fixed seed: 13 features whose sizes run from hundredths to thousands,
y = X·w + 5 + noise of standard deviation 1, with weights w drawn at random.""",
        """\
用固定的随机种子生成 200 行数据：13 个特征，大小从百分之几到几千不等，
y = X·w + 5 + 标准差为 1 的噪声，其中权重 w 随机抽取。""",
    ),
    "lessons.8_model": (
        """\
prediction     ŷ = X·w + b          13 weights and a bias
loss           F(w, b) = mean of (X·w + b − y)²
gradient       (2/n)·Xᵀ(X·w + b − y) for w, the mean of 2(X·w + b − y) for b""",
        """\
预测值      ŷ = X·w + b          13 个权重和 1 个偏置
损失        F(w, b) = (X·w + b − y)² 的平均值
梯度        对 w 是 (2/n)·Xᵀ(X·w + b − y)，对 b 是 2(X·w + b − y) 的平均值""",
    ),
    "lessons.8_training": (
        """\
The closed form solves for the point where the gradient is zero. Three descents walk there:
with all rows at an update (gd), with one row (sgd), and with 20 (minibatch).
Features are standardised inside; the weights are told in the units of the data.""",
        """\
正规方程（closed_form）直接解出梯度为零的点。另外三种方法一步步走过去：
每次更新用全部数据（gd）、一行（sgd）或 20 行（minibatch）。
训练时特征先标准化，给出的权重仍以原来的单位计。""",
    ),
    "lessons.8_outcome": (
        """\
Verdict on gd: {verdict}
The weight that is farthest from the closed form, in standard errors (what new rows would change):
    gd           {distance_gd:.2g} after {gd_epochs:g} epochs
    sgd          {distance_sgd:.2g} after 100
    minibatch    {distance_minibatch:.2g} after 100
All agree to 0.05 standard errors. sgd and minibatch see some of the rows at a time, which is noisy.
Pitfall: features of very different sizes. Not standardised, gd stays {unscaled:.1f} standard errors away:
    {bare}""",
        """\
gd 的诊断：{verdict}
与正规方程的解相差最大的权重差多少个标准误（换一批数据，权重大致会变动一个标准误）：
    gd           {gd_epochs:g} 轮后 {distance_gd:.2g}
    sgd          100 轮后 {distance_sgd:.2g}
    minibatch    100 轮后 {distance_minibatch:.2g}
差别都在 0.05 个标准误以内。sgd 和 minibatch 差的那一点是噪声：每次更新只看部分数据。
易错点：特征大小悬殊。如果不做标准化，gd 还差 {unscaled:.1f} 个标准误：
    {bare}""",
    ),
    "lessons.8_inference": (
        """\
Prediction for the first row:
    closed_form {prediction_closed_form:.6f}   gd {prediction_gd:.6f}   sgd {prediction_sgd:.6f}   minibatch {prediction_minibatch:.6f}""",
        """\
对第一行数据的预测：
    closed_form {prediction_closed_form:.6f}   gd {prediction_gd:.6f}   sgd {prediction_sgd:.6f}   minibatch {prediction_minibatch:.6f}""",
    ),
    "lessons.8_learned": (
        """\
One minimum, four ways to it: the method decides the cost, not the answer.
Standardised features make the valley round, and descent then needs few steps.""",
        """\
最小值只有一个，通向它的路有四条：方法影响的是代价，不是答案。
特征标准化之后，损失的“山谷”变得圆整，梯度下降只需很少几步。""",
    ),
    "lessons.scaled": ("standardised", "标准化"),
    "lessons.unscaled": ("as they are", "未标准化"),
    # 9
    "lessons.9_title": ("Normal equation against descent", "正规方程与梯度下降"),
    "lessons.9_dataset": (
        "100 rows: x = 2·U(0, 1), y = 4 + 3x + noise of standard deviation 1. A fixed seed draws them.",
        "100 行数据：x = 2·U(0, 1)，y = 4 + 3x + 标准差为 1 的噪声，用固定的随机种子抽取。",
    ),
    "lessons.9_model": (
        """\
prediction     ŷ = w·x + b = A·θ          A has the columns x and 1, θ = (w, b)
loss           F(θ) = mean of (A·θ − y)²
gradient       F′(θ) = (2/n)·Aᵀ(A·θ − y)""",
        """\
预测值      ŷ = w·x + b = A·θ          A 的两列是 x 和 1，θ = (w, b)
损失        F(θ) = (A·θ − y)² 的平均值
梯度        F′(θ) = (2/n)·Aᵀ(A·θ − y)""",
    ),
    "lessons.9_training": (
        """\
Normal equation: F′(θ) = 0 means AᵀA·θ = Aᵀy. For d weights, AᵀA costs O(n·d²) and the solve O(d³).
Descent costs O(n·d) an epoch. gd stops when its gradient is near zero; sgd (one row an update)
and minibatch (ten) make 200 epochs, with steps that shrink as 1/(1 + epoch)^0.75.
The seconds are measured here and now, the quickest of three runs.""",
        """\
正规方程：F′(θ) = 0 即 AᵀA·θ = Aᵀy。有 d 个权重时，算 AᵀA 要 O(n·d²)，求解要 O(d³)。
梯度下降每轮要 O(n·d)。gd 在梯度接近零时停止；sgd（每次一行）
和 minibatch（每次十行）各跑 200 轮，学习率按 1/(1 + 轮次)^0.75 减小。
耗时是当场实测的，取三次中最快的一次。""",
    ),
    "lessons.9_header": (
        "method          seconds   epochs  updates   loss − min          w          b",
        "方法                 秒     轮次     更新  损失−最小值          w          b",
    ),
    "lessons.9_outcome": (
        """\
Verdict on closed_form: {solved}
Verdict on gd: {ended}
sgd makes a hundred updates in an epoch, cheap but noisy; minibatch makes ten, less noisy, longer.""",
        """\
closed_form 的诊断：{solved}
gd 的诊断：{ended}
sgd 一轮更新一百次，每次便宜但噪声大；minibatch 一轮更新十次，噪声较小，步子可以迈得更大。""",
    ),
    "lessons.9_inference": (
        """\
Prediction for x = 1.5 (without noise it would be 8.5):
    closed_form {prediction_closed_form:.5f}   gd {prediction_gd:.5f}   sgd {prediction_sgd:.5f}   minibatch {prediction_minibatch:.5f}""",
        """\
对 x = 1.5 的预测（没有噪声时应为 8.5）：
    closed_form {prediction_closed_form:.5f}   gd {prediction_gd:.5f}   sgd {prediction_sgd:.5f}   minibatch {prediction_minibatch:.5f}""",
    ),
    "lessons.9_learned": (
        """\
With few weights, solve: it is exact and quick. With very many, d³ is out of reach; descent is not.
Batch descent is smooth, stochastic descent noisy; a mini-batch lies between the two.""",
        """\
权重不多时直接求解：又快又精确。权重非常多时 d³ 的代价难以承受，梯度下降却仍然可行。
批量梯度下降平稳，随机梯度下降有噪声，小批量介于两者之间。""",
    ),
}
