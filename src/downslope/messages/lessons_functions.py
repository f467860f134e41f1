"""What lessons 5 to 7, on functions, say; see lessons.py, which holds them all."""

TEXTS: dict[str, tuple[str, str]] = {
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
    # 7
    "lessons.7_title": ("Lessons 5 and 6 by automatic differentiation", "第 5、6 课改用自动求导"),
    "lessons.7_dataset": (
        "The starts of lessons 5 and 6: x = {start:g}, and ({start_x:g}, {start_y:g}, {start_z:g}).",
        "起点与第 5、6 课相同：x = {start:g}，以及 ({start_x:g}, {start_y:g}, {start_z:g})。",
    ),
    "lessons.7_model": (
        """\
f(x) = 2x²     and     f(x, y, z) = x² + y² + z²
No derivative is given: PyTorch notes every operation that f does, and goes back over its notes.""",
        """\
f(x) = 2x²     和     f(x, y, z) = x² + y² + z²
这次不给导数：PyTorch 记下计算 f 的每一步运算，再沿着记录反向推出导数。""",
    ),
    "lessons.7_training": (
        """\
In Downslope:
    ds.minimize(lambda x: 2 * x**2, {start:g}, learning_rate=0.01, epochs=1000)
In a plain PyTorch loop, the same in four moves:
    x = torch.tensor({start}, dtype=torch.float64, requires_grad=True)
    for epoch in range(1000):
        y = 2 * x**2                # 1  forward: f at x
        y.backward()                # 2  backward: f′(x) is added to x.grad
        with torch.no_grad():       # 3  update, without tracking: a step is no part of f
            x -= 0.01 * x.grad
        x.grad.zero_()              # 4  clear the gradient, or the next one is added to it
Both were run just now. The lines are Downslope's, with f and x after the update.""",
        """\
用 Downslope 写：
    ds.minimize(lambda x: 2 * x**2, {start:g}, learning_rate=0.01, epochs=1000)
用 PyTorch 自己写循环，同样的事分四步：
    x = torch.tensor({start}, dtype=torch.float64, requires_grad=True)
    for epoch in range(1000):
        y = 2 * x**2                # 1  正向传播：算出 f(x)
        y.backward()                # 2  反向传播：把 f′(x) 累加到 x.grad
        with torch.no_grad():       # 3  更新，不跟踪：走一步不属于 f 的计算
            x -= 0.01 * x.grad
        x.grad.zero_()              # 4  梯度清零，否则下一次的梯度会累加上去
两种写法刚刚都运行过。下面是 Downslope 的输出，f 和 x 都是更新之后的值。""",
    ),
    "lessons.7_outcome": (
        """\
Verdict: {verdict}
The two ways differ, in parts of the result, over all four coordinates:
    Downslope against the loop in float64      {away_float64:.2g}
    Downslope against the loop in float32      {away_float32:.2g}     (float32 holds 7 digits)
    Downslope against start·0.96¹⁰⁰⁰, ·0.98¹⁰⁰⁰  {away_exact:.2g}
Pitfall: the fourth move. Without it x.grad is the sum of all slopes so far, and x swings past 0
and back: after 1,000 epochs x = {uncleared_x:.4g}, and it still swings as far as {uncleared_swing:.4g}.""",
        """\
诊断：{verdict}
两种写法的相对误差（四个坐标中最大的）：
    Downslope 与 float64 循环                  {away_float64:.2g}
    Downslope 与 float32 循环                  {away_float32:.2g}     （float32 只有约 7 位有效数字）
    Downslope 与 起点·0.96¹⁰⁰⁰、·0.98¹⁰⁰⁰        {away_exact:.2g}
易错点：漏掉第 4 步。这时 x.grad 是至今所有梯度之和，x 会在 0 的两侧来回摆动：
1000 轮之后 x = {uncleared_x:.4g}，摆幅仍有 {uncleared_swing:.4g}。""",
    ),
    "lessons.7_inference": (
        """\
x = {x:.6g}, which lesson 5 says is {expected:.6g};
(x, y, z) = ({bowl_x:.6g}, {bowl_y:.6g}, {bowl_z:.6g}), as in lesson 6.""",
        """\
x = {x:.6g}，第 5 课的结果是 {expected:.6g}；
(x, y, z) = ({bowl_x:.6g}, {bowl_y:.6g}, {bowl_z:.6g})，与第 6 课相同。""",
    ),
    "lessons.7_learned": (
        """\
Write f and the derivative comes by itself: forward, backward, update without tracking, clear.
It is exact up to rounding: no formula is guessed, and no small difference is taken.""",
        """\
只要写出 f，导数就自动求出：正向传播、反向传播、不跟踪地更新、梯度清零。
结果除舍入误差外是精确的：它不是用差商近似出来的。""",
    ),
    "lessons.7_picture": ("With the gradient cleared, and without", "梯度清零与不清零"),
    "lessons.cleared": ("cleared", "清零"),
    "lessons.uncleared": ("not cleared", "不清零"),
}
