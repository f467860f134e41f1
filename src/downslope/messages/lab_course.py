"""The questions of the lessons in the lab: what is asked, and what is said of a right and of a wrong answer."""

TEXTS: dict[str, tuple[str, str]] = {
    "lab.ask_1_a": ("Which of the 41 weights has the lowest MSE?", "41 个权重中，哪一个的均方误差最小？"),
    "lab.right_1_a": ("Yes: at w = 2 every prediction is right.", "对：w = 2 时每个预测都准确。"),
    "lab.wrong_1_a": ("Look where the curve touches 0.", "看看曲线在哪里碰到 0。"),
    "lab.ask_1_b": ("What is the MSE at w = 0?", "w = 0 时均方误差是多少？"),
    "lab.right_1_b": ("Yes: (4 + 16 + 36)/3.", "对：(4 + 16 + 36)/3。"),
    "lab.wrong_1_b": (
        "At w = 0 every prediction is 0: take the mean of 2², 4² and 6².",
        "w = 0 时预测全为 0：求 2²、4²、6² 的平均值。",
    ),
    "lab.ask_1_c": (
        "Search more finely: try more than 100 values of w.",
        "搜索得更细一些：尝试 100 个以上的 w。",
    ),
    "lab.right_1_c": (
        "Right. Ten times finer costs ten times as much, and with two weights a hundred times.",
        "对。细十倍就贵十倍；若有两个权重，则贵一百倍。",
    ),
    "lab.wrong_1_c": ("Make the step of the grid smaller, such as 0.01.", "把网格步长调小，例如 0.01。"),
    "lab.ask_2_a": (
        "From w = 1: what is the gradient of the first step?",
        "从 w = 1 出发，第一步的梯度是多少？",
    ),
    "lab.right_2_a": (
        "Yes: the mean of 2x(w·x − y) is (−2 − 8 − 18)/3.",
        "对：2x(w·x − y) 的平均值是 (−2 − 8 − 18)/3。",
    ),
    "lab.wrong_2_a": (
        "Go to the first step and read the numbers under the picture; mind the sign.",
        "回到第一步，看图下的数字；注意正负号。",
    ),
    "lab.ask_2_b": ("Make it diverge.", "让它发散。"),
    "lab.right_2_b": (
        "Right: above 2/L = 0.2142857 every step overshoots by more than it gains.",
        "对：超过 2/L = 0.2142857，每一步越过的都比前进的多。",
    ),
    "lab.wrong_2_b": ("Take a larger learning rate: above 0.2142857.", "取更大的学习率：大于 0.2142857。"),
    "lab.ask_2_c": (
        "Reach w = 2 in at most two epochs, by steepest descent on all rows.",
        "用全部数据的最速下降，在两轮之内到达 w = 2。",
    ),
    "lab.right_2_c": (
        "Right: on a parabola of one weight the step 1/L lands on the minimum.",
        "对：对单个权重的抛物线，步长 1/L 恰好落在最小值上。",
    ),
    "lab.wrong_2_c": (
        "Press the button for the best learning rate, and set the epochs to 1 or 2.",
        "按下最佳学习率按钮，并把轮次设为 1 或 2。",
    ),
    "lab.ask_3_a": (
        "From w = 1: what is the gradient of the row (3, 6) alone?",
        "从 w = 1 出发，只看 (3, 6) 这一行，梯度是多少？",
    ),
    "lab.right_3_a": ("Yes: 2·3·(3 − 6).", "对：2·3·(3 − 6)。"),
    "lab.wrong_3_a": (
        "Put x = 3, y = 6 and w = 1 into 2x(w·x − y).",
        "把 x = 3、y = 6、w = 1 代入 2x(w·x − y)。",
    ),
    "lab.ask_3_b": (
        "Mend the slip: one row at a time, but every row in its turn.",
        "改正这个错误：每次一行，但依次用到每一行。",
    ),
    "lab.right_3_b": ("Right: now every row has its say.", "对：现在每一行都起作用。"),
    "lab.wrong_3_b": (
        'Leave "one row", and choose the order "in order".',
        "保持“一行”，把顺序改为“按顺序”。",
    ),
    "lab.ask_4_a": (
        "Three rows, one at a time, 100 epochs: how many updates?",
        "三行数据，每次一行，100 轮：一共更新多少次？",
    ),
    "lab.right_4_a": ("Yes: three in each epoch.", "对：每轮三次。"),
    "lab.wrong_4_a": ("An epoch is one pass over all rows.", "一轮就是把全部数据走一遍。"),
    "lab.ask_4_b": ("Try batches of two rows.", "试试每批两行。"),
    "lab.right_4_b": (
        "Right: two updates in an epoch, the second with the row that is left.",
        "对：每轮两次更新，第二次只剩一行。",
    ),
    "lab.wrong_4_b": ("Choose a batch, and the size 2.", "选择“一小批”，大小设为 2。"),
    "lab.ask_5_a": ("By which factor does each epoch multiply x?", "每一轮把 x 乘以多少？"),
    "lab.right_5_a": ("Yes: x − 0.01·4x = 0.96·x.", "对：x − 0.01·4x = 0.96·x。"),
    "lab.wrong_5_a": ("Put f′ = 4x into x − 0.01·f′.", "把 f′ = 4x 代入 x − 0.01·f′。"),
    "lab.ask_5_b": (
        "Which learning rate reaches the minimum in one step, from anywhere?",
        "多大的学习率能从任何起点一步到达最小值？",
    ),
    "lab.right_5_b": ("Yes: x − 0.25·4x = 0.", "对：x − 0.25·4x = 0。"),
    "lab.wrong_5_b": ("Solve x − t·4x = 0 for t.", "对 t 求解 x − t·4x = 0。"),
    "lab.ask_5_c": ("Make it diverge.", "让它发散。"),
    "lab.right_5_c": (
        "Right: beyond 2/L = 0.5 the factor 1 − 4t is below −1.",
        "对：超过 2/L = 0.5，因子 1 − 4t 小于 −1。",
    ),
    "lab.wrong_5_c": ("Take a learning rate above 0.5.", "取大于 0.5 的学习率。"),
    "lab.ask_6_a": ("By which factor does each epoch multiply x, y and z?", "每一轮把 x、y、z 乘以多少？"),
    "lab.right_6_a": (
        "Yes: each goes its own way, x − 0.01·2x = 0.98·x.",
        "对：各走各的，x − 0.01·2x = 0.98·x。",
    ),
    "lab.wrong_6_a": ("The partial derivative by x is 2x.", "对 x 的偏导数是 2x。"),
    "lab.ask_6_b": (
        "Reach the minimum within 50 epochs, by steepest descent.",
        "用最速下降在 50 轮之内到达最小值。",
    ),
    "lab.right_6_b": ("Right: at 0.5 one epoch would do.", "对：学习率为 0.5 时一轮就够了。"),
    "lab.wrong_6_b": (
        "Set the epochs to 50, and a learning rate near 0.5.",
        "把轮次设为 50，学习率取 0.5 左右。",
    ),
    "lab.ask_7_a": (
        "Which slope of 2x² does automatic differentiation give at x = 1?",
        "自动求导给出 2x² 在 x = 1 处的斜率是多少？",
    ),
    "lab.right_7_a": (
        "Yes: exactly 4x, with no rounding of differences.",
        "对：正是 4x，没有差分的舍入误差。",
    ),
    "lab.wrong_7_a": ("It is the derivative itself: 4x.", "它就是导数本身：4x。"),
    "lab.ask_7_b": (
        "Let momentum carry x to within 0.000001 of the minimum.",
        "用动量把 x 带到距最小值 0.000001 以内。",
    ),
    "lab.right_7_b": (
        "Right: it overshoots, comes back, and is there sooner.",
        "对：它会冲过头再折返，却到得更早。",
    ),
    "lab.wrong_7_b": ("Choose the direction “momentum” and run again.", "方向选“动量”，再运行一次。"),
    "lab.ask_8_a": (
        "How many numbers does the model learn, the bias included?",
        "模型要学习多少个数（含偏置）？",
    ),
    "lab.right_8_a": ("Yes: 13 weights and a bias.", "对：13 个权重和一个偏置。"),
    "lab.wrong_8_a": ("One weight for each feature, and one number more.", "每个特征一个权重，再加一个数。"),
    "lab.ask_8_b": (
        "Switch the scaling off, and run steepest descent on all rows.",
        "关闭缩放，用全部数据做最速下降。",
    ),
    "lab.right_8_b": (
        "Right: it crawls. The largest column sets the step, and the small ones hardly move.",
        "对：它在爬行。最大的列决定步长，小的列几乎不动。",
    ),
    "lab.wrong_8_b": (
        "Untick “scale”, and choose all rows, steepest descent.",
        "取消“缩放”，选择全部数据与最速下降。",
    ),
    "lab.ask_9_a": (
        "100 rows, one at a time, 200 epochs: how many updates?",
        "100 行数据，每次一行，200 轮：一共更新多少次？",
    ),
    "lab.right_9_a": (
        "Yes. Each costs next to nothing, but the solve needs none of them.",
        "对。每次几乎不费力，但直接求解一次也不需要。",
    ),
    "lab.wrong_9_a": ("Each epoch makes one update for each row.", "每轮对每一行更新一次。"),
    "lab.ask_9_b": ("Run Newton's method: how many steps does it need?", "运行牛顿法：它需要几步？"),
    "lab.right_9_b": (
        "Right: on a parabola its first step is the normal equation.",
        "对：在抛物面上，它的第一步就是正规方程。",
    ),
    "lab.wrong_9_b": ("Choose the direction “Newton”, all rows.", "方向选“牛顿法”，使用全部数据。"),
    "lab.ask_10_a": (
        "All of (1, 1, 0) + t·(1, −1, 1) fit both rows. Which t gives w1 = 2?",
        "(1, 1, 0) + t·(1, −1, 1) 都能拟合两行数据。t 取多少时 w1 = 2？",
    ),
    "lab.right_10_a": (
        "Yes: (2, 0, 1) fits as well as (1, 1, 0).",
        "对：(2, 0, 1) 与 (1, 1, 0) 拟合得一样好。",
    ),
    "lab.wrong_10_a": ("The first weight is 1 + t.", "第一个权重是 1 + t。"),
    "lab.ask_10_b": (
        "Make the answer single: put a price on large weights.",
        "让答案唯一：给大的权重加上代价。",
    ),
    "lab.right_10_b": (
        "Right: of all answers L2 prefers the one with the smallest weights.",
        "对：在所有答案中，L2 偏爱权重最小的那个。",
    ),
    "lab.wrong_10_b": ("Choose the penalty L2, with an alpha above 0.", "选择 L2 惩罚，alpha 大于 0。"),
    "lab.ask_11_a": ("How many weights has the net 4 → 10 → 1?", "4 → 10 → 1 的网络有多少个权重？"),
    "lab.right_11_a": ("Yes: 4·10 + 10, and 10·1 + 1.", "对：4·10 + 10，再加 10·1 + 1。"),
    "lab.wrong_11_a": (
        "A layer from a to b has a·b weights and b biases.",
        "从 a 到 b 的一层有 a·b 个权重和 b 个偏置。",
    ),
    "lab.ask_11_b": ("Bring the accuracy above 90%.", "把准确率提高到 90% 以上。"),
    "lab.right_11_b": (
        "Right: plain descent was only slow; the net can do more.",
        "对：普通下降只是慢，网络本身能做得更好。",
    ),
    "lab.wrong_11_b": ("Adam gets further in as many epochs.", "同样的轮次里，Adam 走得更远。"),
    "lab.ask_12_a": (
        "With a doubled softmax and three classes the loss never falls below which value?",
        "softmax 重复、共三类时，损失永远不会低于多少？",
    ),
    "lab.right_12_a": ("Yes: ln(1 + 2/e).", "对：ln(1 + 2/e)。"),
    "lab.wrong_12_a": (
        "A first softmax gives at best (1, 0, 0): put that into a second one.",
        "第一个 softmax 最好也只能给出 (1, 0, 0)：把它代入第二个。",
    ),
    "lab.ask_12_b": ("Reach a loss below 0.34 with Adam.", "用 Adam 把损失降到 0.34 以下。"),
    "lab.right_12_b": (
        "Right: on this loss both end at the same place, for it has one minimum.",
        "对：这个损失只有一个最小值，两种方法终点相同。",
    ),
    "lab.wrong_12_b": ("Choose the direction “Adam” and run again.", "方向选“Adam”，再运行一次。"),
}
