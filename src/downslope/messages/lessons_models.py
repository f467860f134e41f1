"""What lessons 8 to 12, on models, say; see lessons.py, which holds them all."""

TEXTS: dict[str, tuple[str, str]] = {
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
    # 10
    "lessons.10_title": ("A linear layer in PyTorch", "PyTorch 的线性层"),
    "lessons.10_dataset": (
        "Two rows of two features:  (1, 2) → 3  and  (3, 4) → 7",
        "两行数据，每行两个特征：(1, 2) → 3，(3, 4) → 7",
    ),
    "lessons.10_model": (
        """\
prediction     ŷ = w1·x1 + w2·x2 + b          in PyTorch: torch.nn.Linear(2, 1)
loss           mean of (ŷ − y)²               in PyTorch: torch.nn.MSELoss()
Three unknowns, w1, w2 and b, and two equations: w1 + 2·w2 + b = 3 and 3·w1 + 4·w2 + b = 7.""",
        """\
预测值      ŷ = w1·x1 + w2·x2 + b          即 PyTorch 的 torch.nn.Linear(2, 1)
损失        (ŷ − y)² 的平均值              即 PyTorch 的 torch.nn.MSELoss()
未知数有三个：w1、w2、b；方程只有两个：w1 + 2·w2 + b = 3 和 3·w1 + 4·w2 + b = 7。""",
    ),
    "lessons.10_training": (
        """\
From the weights that PyTorch draws for the layer, learning rate 0.01, 100 epochs. The loop:
    for epoch in range(100):
        for x, y in batches:
            loss = mse(layer(x), y)     # forward
            optimizer.zero_grad()       # clear
            loss.backward()             # backward
            optimizer.step()            # update: torch.optim.SGD
In batches of all rows, of one, and of a few: of two rows, a few are all.
In each line, the loss of the rows of the last update of that epoch, before it.""",
        """\
从 PyTorch 为这一层抽取的权重出发，学习率 0.01，共 100 轮。循环如下：
    for epoch in range(100):
        for x, y in batches:
            loss = mse(layer(x), y)     # 正向传播
            optimizer.zero_grad()       # 梯度清零
            loss.backward()             # 反向传播
            optimizer.step()            # 更新：torch.optim.SGD
每批分别取全部、一行和几行：总共只有两行，取“几行”就等于取全部。
每行显示该轮最后一次更新所用数据的损失（更新之前）。""",
    ),
    "lessons.10_header": (
        " epoch             all             one           a few",
        "  轮次        全部数据            一行            几行",
    ),
    "lessons.10_outcome": (
        """\
The loss fell from {loss_before:.4g} to {loss_all:.3g} (all), {loss_one:.3g} (one) and {loss_few:.3g} (a few).
Downslope and the loop in PyTorch differ by at most {away:.2g} in any weight.
Verdict: {verdict}
The answers (w1, w2, b) are a line, (1, 1, 0) + t·(1, −1, 1), all of them with the loss 0:
    (1, 1, 0)     (0, 2, −1)     (2, 0, 1)     …
10,000 epochs reach that line, and the start decides where:
    from PyTorch's weights   ({end_w1_layer:.4f}, {end_w2_layer:.4f}, {end_b_layer:.4f})
    from (0, 0, 0)           ({end_w1_zero:.4f}, {end_w2_zero:.4f}, {end_b_zero:.4f})     the shortest of all
    from (1, −1, 0)          ({end_w1_other:.4f}, {end_w2_other:.4f}, {end_b_other:.4f})""",
        """\
损失从 {loss_before:.4g} 降到 {loss_all:.3g}（全部）、{loss_one:.3g}（一行）和 {loss_few:.3g}（几行）。
Downslope 与 PyTorch 循环得到的权重，最大只差 {away:.2g}。
诊断：{verdict}
答案 (w1, w2, b) 构成一条直线 (1, 1, 0) + t·(1, −1, 1)，线上各点的损失都是 0：
    (1, 1, 0)     (0, 2, −1)     (2, 0, 1)     …
训练 10000 轮，都会到达这条直线，落在哪一点取决于起点：
    从 PyTorch 的权重出发    ({end_w1_layer:.4f}, {end_w2_layer:.4f}, {end_b_layer:.4f})
    从 (0, 0, 0) 出发        ({end_w1_zero:.4f}, {end_w2_zero:.4f}, {end_b_zero:.4f})     所有答案中长度最短的
    从 (1, −1, 0) 出发       ({end_w1_other:.4f}, {end_w2_other:.4f}, {end_b_other:.4f})""",
    ),
    "lessons.10_inference": (
        """\
For (5, 6), which like both rows has x2 = x1 + 1, all answers agree: {alike_first:g}, {alike_second:g}, {alike_third:g}.
For (6, 5) they do not: {unlike_first:g}, {unlike_second:g}, {unlike_third:g}; from PyTorch's weights, {unlike_found:.4g}.""",
        """\
对 (5, 6)，它和两行数据一样满足 x2 = x1 + 1，各个答案的预测相同：{alike_first:g}、{alike_second:g}、{alike_third:g}。
对 (6, 5) 则各不相同：{unlike_first:g}、{unlike_second:g}、{unlike_third:g}；从 PyTorch 的权重出发得到 {unlike_found:.4g}。""",
    ),
    "lessons.10_learned": (
        """\
A loss of 0 does not mean that the weights are known: fewer equations than unknowns leave a choice.
Descent ends at the answer nearest to its start. More rows, or a penalty, make it a single one.""",
        """\
损失为 0 不等于权重已经确定：方程比未知数少，答案就不唯一。
梯度下降停在离起点最近的答案上。增加数据或加上正则化，答案才会唯一。""",
    ),
    "lessons.10_picture": ("A line of answers: w1 + w2 = 2", "答案是一条直线：w1 + w2 = 2"),
    "lessons.batch_all": ("all rows", "全部数据"),
    "lessons.batch_one": ("one row", "一行"),
    # 11
    "lessons.11_title": ("A net for two classes", "二分类神经网络"),
    "lessons.11_dataset": (
        """\
1,000 rows of 4 features in two classes, 0 and 1, from scikit-learn:
    make_classification(n_samples=1000, n_features=4, n_informative=2,
                        n_redundant=0, random_state=42)
Two features tell the classes apart; the other two are noise. The net is not told which.""",
        """\
由 scikit-learn 生成 1000 行数据，4 个特征，分为 0、1 两类：
    make_classification(n_samples=1000, n_features=4, n_informative=2,
                        n_redundant=0, random_state=42)
其中两个特征能区分类别，另外两个只是噪声。网络事先并不知道是哪两个。""",
    ),
    "lessons.11_model": (
        """\
hidden layer     h = σ(W₁x + b₁)             4 → 10
output           p = σ(W₂h + b₂)             10 → 1, the chance of class 1
sigmoid          σ(z) = 1/(1 + e⁻ᶻ)
loss             binary cross-entropy: mean of −y·log p − (1 − y)·log(1 − p)
{weights:g} weights in all. Downslope leaves the last σ to the loss, loss="log": the same function, and finite
where p would round to 0 or 1.""",
        """\
隐藏层      h = σ(W₁x + b₁)             4 → 10
输出        p = σ(W₂h + b₂)             10 → 1，即属于类别 1 的概率
sigmoid     σ(z) = 1/(1 + e⁻ᶻ)
损失        二元交叉熵：−y·log p − (1 − y)·log(1 − p) 的平均值
共 {weights:g} 个权重。Downslope 把最后一个 σ 放进损失（loss="log"）：函数不变，
而且当 p 会舍入成 0 或 1 时，损失仍然有限。""",
    ),
    "lessons.11_training": (
        """\
In Downslope:
    net = Net((10,), "sigmoid")
    ds.fit(rows, net=net, loss="log", method=ds.GD(0.1), scale=False, epochs=1000)
In PyTorch, from the same weights:
    model = Sequential(Linear(4, 10), Sigmoid(), Linear(10, 1), Sigmoid())
    for epoch in range(1000):
        loss = BCELoss()(model(X), y)   # forward, all rows
        optimizer.zero_grad()           # clear
        loss.backward()                 # backward
        optimizer.step()                # update: SGD, learning rate 0.1
Both were run just now; the losses are those before the update.""",
        """\
用 Downslope 写：
    net = Net((10,), "sigmoid")
    ds.fit(rows, net=net, loss="log", method=ds.GD(0.1), scale=False, epochs=1000)
用 PyTorch 写，从同样的权重出发：
    model = Sequential(Linear(4, 10), Sigmoid(), Linear(10, 1), Sigmoid())
    for epoch in range(1000):
        loss = BCELoss()(model(X), y)   # 正向传播，用全部数据
        optimizer.zero_grad()           # 梯度清零
        loss.backward()                 # 反向传播
        optimizer.step()                # 更新：SGD，学习率 0.1
两种写法刚刚都运行过；损失是更新之前的。""",
    ),
    "lessons.11_header": (
        " epoch         Downslope      PyTorch loop",
        "  轮次         Downslope      PyTorch 循环",
    ),
    "lessons.11_outcome": (
        """\
Verdict: {verdict}
In no epoch do the two losses differ by more than {away:.2g}.
Accuracy on the rows that it learned from: {accuracy:.1%}, in the loop {loop_accuracy:.1%}.
Wrong: {missed_0:g} rows of class 0 and {missed_1:g} of class 1. On new rows, expect somewhat less.
Pitfall: the picture. Features x1 and x2 are drawn, and there the classes lie all over each other;
x1 and x3, on the right, show what the net has seen. Two features chosen blindly may hide it.""",
        """\
诊断：{verdict}
在每一轮里，两者的损失相差都不超过 {away:.2g}。
在训练数据上的准确率：{accuracy:.1%}；PyTorch 循环为 {loop_accuracy:.1%}。
判错的：类别 0 有 {missed_0:g} 行，类别 1 有 {missed_1:g} 行。换成新数据，准确率通常会略低一些。
易错点：画图。左图用的是特征 x1 和 x2，两类混在一起；
右图改用 x1 和 x3，才看得出网络学到了什么。随手选两个特征，可能什么也看不出来。""",
    ),
    "lessons.11_inference": (
        "For the row ({row}), the chance of class 1 is {chance:.4f}; its class is {true:g}.",
        "对数据 ({row})，预测它属于类别 1 的概率为 {chance:.4f}；它的真实类别是 {true:g}。",
    ),
    "lessons.11_learned": (
        """\
A net is trained as a line is: dataset, model, loss, and steps against the gradient.
Only the model has changed, and with it the borders that it can draw.""",
        """\
训练神经网络和拟合直线是同一回事：数据集、模型、损失，再逆着梯度一步步走。
变的只是模型，以及它能画出的分界线。""",
    ),
    # 12
    "lessons.12_title": ("Softmax regression", "多分类 softmax 回归"),
    "lessons.12_dataset": (
        """\
The 1,000 rows of lesson 11. Three classes are expected, 0, 1 and 2, as the course does it,
and class 2 never occurs: the model has to find that out as well.""",
        """\
第 11 课的 1000 行数据。按课程的写法，模型预备了 0、1、2 三个类别，
而类别 2 从未出现：这一点也要靠模型自己学到。""",
    ),
    "lessons.12_model": (
        """\
scores           z = W·x + b                 4 → 3, one score for each class
softmax          pₖ = exp zₖ / Σⱼ exp zⱼ     scores become chances that add up to 1
cross-entropy    mean of −log p of the class that is right
In PyTorch, CrossEntropyLoss takes the scores, and applies the softmax itself.""",
        """\
得分        z = W·x + b                 4 → 3，每个类别一个得分
softmax     pₖ = exp zₖ / Σⱼ exp zⱼ     把得分变成和为 1 的概率
交叉熵      −log p 的平均值，p 是正确类别的概率
PyTorch 的 CrossEntropyLoss 接收的就是得分，softmax 由它自己来做。""",
    ),
    "lessons.12_training": (
        """\
In Downslope:
    ds.fit(rows, net=Net(()), loss="log", method=ds.GD(0.1), scale=False, epochs=1000)
In PyTorch, from the same weights; and with the slip, a second softmax before the loss:
    model = Linear(4, 3)                                   # right
    model = Sequential(Linear(4, 3), Softmax(dim=1))       # the slip
    loss = CrossEntropyLoss()(model(X), y)
All rows at an update, learning rate 0.1, 1,000 epochs; the losses are those before the update.""",
        """\
用 Downslope 写：
    ds.fit(rows, net=Net(()), loss="log", method=ds.GD(0.1), scale=False, epochs=1000)
用 PyTorch 写，从同样的权重出发；另外再故意犯一个错，在损失之前多加一层 softmax：
    model = Linear(4, 3)                                   # 正确
    model = Sequential(Linear(4, 3), Softmax(dim=1))       # 错误
    loss = CrossEntropyLoss()(model(X), y)
每次更新用全部数据，学习率 0.1，共 1000 轮；损失是更新之前的。""",
    ),
    "lessons.12_header": (
        " epoch         Downslope      PyTorch loop   doubled softmax",
        "  轮次         Downslope      PyTorch 循环      双重 softmax",
    ),
    "lessons.12_outcome": (
        """\
Verdict: {verdict}
In no epoch do the losses of Downslope and of the right loop differ by more than {away:.2g}.
Accuracy on the same rows: {accuracy:.1%}. Class 2 is given a chance of {third:.2%} on average.
Pitfall: the doubled softmax ends at a loss of {doubled_loss:.4f}, where {loss:.4f} was to be had. Its first
softmax hands on numbers from 0 to 1; even (1, 0, 0), for a row that it is sure of, becomes
    e/(e + 2) = 0.576,  with the loss  ln(1 + (K − 1)/e) = ln(1 + 2/e) = {floor:.3f}  for K = 3 classes,
and no training gets below that. The accuracy, {doubled_accuracy:.1%}, hides it: the order of the scores is
the same. Small slopes make it slow, and the chances that it tells are wrong.
Asked to train such a module, Downslope refuses:
    {refusal}""",
        """\
诊断：{verdict}
在每一轮里，Downslope 与正确的 PyTorch 循环，损失相差都不超过 {away:.2g}。
在同样的数据上，准确率为 {accuracy:.1%}；类别 2 得到的平均概率是 {third:.2%}。
易错点：双重 softmax。它的损失停在 {doubled_loss:.4f}，而正确的做法能降到 {loss:.4f}。第一个 softmax
交出的数都在 0 到 1 之间；哪怕对某一行完全有把握，输出 (1, 0, 0)，再做一次 softmax 就成了
    e/(e + 2) = 0.576，损失为 ln(1 + (K − 1)/e) = ln(1 + 2/e) = {floor:.3f}（K = 3 个类别），
怎么训练也不可能更低。准确率 {doubled_accuracy:.1%} 掩盖了这个错误：各类得分的大小顺序没有变。
但梯度变小了，训练很慢，给出的概率也是错的。
如果让 Downslope 训练这样的模块，它会拒绝：
    {refusal}""",
    ),
    "lessons.12_inference": (
        """\
For the first row, the chances of the classes 0, 1 and 2 are {chance_0:.4f}, {chance_1:.4f} and {chance_2:.4f}.
Its class is {true:g}.""",
        """\
对第一行数据，预测它属于类别 0、1、2 的概率分别为 {chance_0:.4f}、{chance_1:.4f}、{chance_2:.4f}。
它的真实类别是 {true:g}。""",
    ),
    "lessons.12_learned": (
        """\
One score for each class, one softmax, one cross-entropy. Ask whether the loss applies its own.
A good accuracy does not prove that the loss is right: look at how low it could get.""",
        """\
每个类别一个得分，做一次 softmax，再算交叉熵。用之前先问清：这个损失自带 softmax 吗？
准确率高不等于损失写对了：还要看看它最低能降到多少。""",
    ),
    "lessons.right": ("done right", "正确"),
    "lessons.doubled": ("doubled softmax", "双重 softmax"),
    "lessons.floor": ("ln(1 + 2/e) = {floor:.3f}", "ln(1 + 2/e) = {floor:.3f}"),
}
