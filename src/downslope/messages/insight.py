"""What insight/ says: verdicts, and what to do about them."""

TEXTS = {
    # ---- converged, each way of it ----------------------------------------------------------------------
    "insight.not_judged": (
        "Not judged, as asked: after {epochs} epochs the loss is {loss:.6g}, and the gradient {gradient:.2g}.",
        "按要求未作诊断：{epochs} 轮后损失为 {loss:.6g}，梯度为 {gradient:.2g}。",
    ),
    "insight.converged": (
        "Converged: after {epochs} epochs the loss is {loss:.6g} and its largest gradient component {gradient:.2g}, which is as good as zero.",
        "已收敛：{epochs} 轮后损失为 {loss:.6g}，梯度最大分量为 {gradient:.2g}，可视为零。",
    ),
    "insight.solved": (
        "Solved exactly, in one step: the loss is {loss:.6g}, and the slope that is left is {gradient:.2g}.",
        "一步求得精确解：损失为 {loss:.6g}，剩余斜率为 {gradient:.2g}。",
    ),
    "insight.solved_nearly": (
        "Solved in one step: the loss is {loss:.6g}, and rounding leaves a slope of {gradient:.2g}.",
        "一步求解：损失为 {loss:.6g}，舍入误差留下的斜率为 {gradient:.2g}。",
    ),
    "insight.rounded": (
        "Converged: after {epochs} epochs the loss is {loss:.6g}, at most {gap:.2g} above the minimum (its kink was rounded over a width of {width:.2g}).",
        "已收敛：{epochs} 轮后损失为 {loss:.6g}，最多比最小值高 {gap:.2g}（尖点在宽度 {width:.2g} 内被磨圆）。",
    ),
    "insight.converged_drawn": (
        "Converged as far as the rows can tell: after {epochs} epochs the loss is {loss:.6g}, and its gradient is {error:.2g} of its own standard error over the rows.",
        "已收敛到数据所能分辨的程度：{epochs} 轮后损失为 {loss:.6g}，梯度只有其自身标准误的 {error:.2g} 倍。",
    ),
    "insight.stopped_early": (
        "Stopped early, as asked: the loss on the rows held out was no better than {lowest:.6g} for {passes} epochs; the weights that were best on them are kept.",
        "按要求提前停止：留出数据上的损失连续 {passes} 轮没有低于 {lowest:.6g}；保留了在留出数据上最好的权重。",
    ),
    "insight.settled": (
        "Settled: after {epochs} epochs the loss is {loss:.6g}, and the last quarter of them brought less than a hundredth of its fall.",
        "已稳定：{epochs} 轮后损失为 {loss:.6g}，最后四分之一轮次带来的下降不到总下降的百分之一。",
    ),
    "insight.best_of_grid": (
        "The best of {tried} combinations is {best}, inside the grid, with the loss {loss:.6g}.",
        "在 {tried} 种组合中，最好的是 {best}，位于网格内部，损失为 {loss:.6g}。",
    ),
    "insight.minimum": (
        "A minimum: after {epochs} epochs the value is {loss:.6g}, the largest gradient component {gradient:.2g}, and the function curves upward every way (least curvature {lowest_curvature:.4g}). No lower place was seen around it.",
        "到达极小值：{epochs} 轮后函数值为 {loss:.6g}，梯度最大分量为 {gradient:.2g}，且各方向都向上弯（最小曲率 {lowest_curvature:.4g}）。在它周围没有看到更低的点。",
    ),
    "insight.flat": (
        "A lowest place: the largest gradient component is {gradient:.2g} after {epochs} epochs, as good as zero, at the value {loss:.6g}; along some direction the function is level here, and no lower place was seen.",
        "到达最低处：{epochs} 轮后梯度最大分量为 {gradient:.2g}，可视为零，函数值为 {loss:.6g}；此处沿某个方向是平的，也没有看到更低的点。",
    ),
    # ---- places of a function that are no lowest ones ------------------------------------------------------
    "insight.saddle": (
        "A saddle point: the largest gradient component is {gradient:.2g}, but nothing is lowest here. Along {direction} the function curves downward (curvature {lowest_curvature:.4g}).",
        "鞍点：梯度最大分量为 {gradient:.2g}，但这里并不是最低点。沿 {direction} 方向函数向下弯（曲率 {lowest_curvature:.4g}）。",
    ),
    "insight.inflection": (
        "A level place, but no minimum: the largest gradient component is {gradient:.2g} and next to nothing curves there (least curvature {lowest_curvature:.2g}), yet the function falls on without a rise between, to {lower:.6g} at {place}.",
        "平坦处，但不是极小值：梯度最大分量为 {gradient:.2g}，几乎没有弯曲（最小曲率 {lowest_curvature:.2g}），而函数从这里一路继续下降，在 {place} 处为 {lower:.6g}。",
    ),
    "insight.kink": (
        "A minimum at a kink: after {epochs} epochs the value is {loss:.6g}, and the function rises to every side that was looked at, though its slope jumps there and is not zero.",
        "尖点处的极小值：{epochs} 轮后函数值为 {loss:.6g}；斜率在这里跳变而不为零，但所看的各个方向上函数都上升。",
    ),
    "insight.maximum": (
        "A maximum: the largest gradient component is {gradient:.2g}, and the function curves downward every way (curvature {lowest_curvature:.4g}).",
        "极大值点：梯度最大分量为 {gradient:.2g}，而函数各方向都向下弯（曲率 {lowest_curvature:.4g}）。",
    ),
    "insight.local_minimum": (
        "A local minimum: the value is {loss:.6g} and the largest gradient component {gradient:.2g}, but at {place} the function is {lower:.6g}, and a descent from there ends lower.",
        "局部极小值：函数值为 {loss:.6g}，梯度最大分量为 {gradient:.2g}，但在 {place} 处函数只有 {lower:.6g}，从那里出发会到达更低的地方。",
    ),
    "insight.plateau": (
        "A plateau: the largest gradient component is only {gradient:.2g} and nothing curves upward (curvature {lowest_curvature:.2g}), so that {epochs} epochs led nowhere; farther off the function is {lower:.6g}, here {loss:.6g}.",
        "平台：梯度最大分量只有 {gradient:.2g}，且没有向上的弯曲（曲率 {lowest_curvature:.2g}），所以 {epochs} 轮几乎没有前进；远处函数值为 {lower:.6g}，此处为 {loss:.6g}。",
    ),
    "insight.plateau_net": (
        "A plateau: after {epochs} epochs the net is no better than the best constant (loss {loss:.6g}, constant {null:.6g}); its units are saturated or dead, and pass no slope on.",
        "平台：{epochs} 轮后网络并不比最好的常数更好（损失 {loss:.6g}，常数 {null:.6g}）；它的单元已饱和或失活，不再传递斜率。",
    ),
    "insight.wrong_gradient": (
        "The derivative is wrong: at {at} the slope along {variable} is {measured:.6g} by differences of the function, and {told:.6g} by the derivative that was given.",
        "导数有误：在 {at} 处，由函数差分得到沿 {variable} 的斜率为 {measured:.6g}，而给出的导数是 {told:.6g}。",
    ),
    # ---- no answer -----------------------------------------------------------------------------------------
    "insight.diverged": (
        "Diverged: the steps were too long, and the loss grew to {loss:.4g} after {epochs} epochs; the last finite weights are kept, and they are no answer.",
        "发散：步子太大，{epochs} 轮后损失增大到 {loss:.4g}；保留了最后一组有限的权重，但它们不是答案。",
    ),
    "insight.diverged_beyond": (
        "Diverged: the learning rate {learning_rate:.6g} is {excess:.4g} times its bound {bound:.7g} (curvature L = {curvature:.6g}), and the loss grew to {loss:.4g} after {epochs} epochs; the last finite weights are kept, and they are no answer.",
        "发散：学习率 {learning_rate:.6g} 是上界 {bound:.7g} 的 {excess:.4g} 倍（曲率 L = {curvature:.6g}），{epochs} 轮后损失增大到 {loss:.4g}；保留了最后一组有限的权重，但它们不是答案。",
    ),
    "insight.diverged_beyond_column": (
        "Diverged: the learning rate {learning_rate:.6g} is {excess:.4g} times its bound {bound:.7g} (curvature L = {curvature:.6g}, {column_share:.0%} of its direction is {column}, and row {row} alone makes {row_share:.0%} of it), and the loss grew to {loss:.4g} after {epochs} epochs; the last finite weights are kept, and they are no answer.",
        "发散：学习率 {learning_rate:.6g} 是上界 {bound:.7g} 的 {excess:.4g} 倍（曲率 L = {curvature:.6g}，其方向的 {column_share:.0%} 是 {column}，第 {row} 行独占其中 {row_share:.0%}），{epochs} 轮后损失增大到 {loss:.4g}；保留了最后一组有限的权重，但它们不是答案。",
    ),
    "insight.diverged_in_layer": (
        "Diverged: the steps were too long, and the loss grew to {loss:.4g}; in epoch {epoch} the first gradient that is not a finite number is that of {where}. The last finite weights are kept, and they are no answer.",
        "发散：步子太大，损失增大到 {loss:.4g}；第 {epoch} 轮中最先出现非有限梯度的是 {where}。保留了最后一组有限的权重，但它们不是答案。",
    ),
    "insight.not_finite": (
        "No finite number: after {epochs} epochs the loss is {loss:.4g}, without having grown before; the first that is not a finite number is that of {where}.",
        "出现非有限数：{epochs} 轮后损失变为 {loss:.4g}，而此前并没有增大；最先出现非有限数的是 {where}。",
    ),
    "insight.not_finite_slope": (
        "No finite number: in epoch {epoch} the gradient of {where} is not finite, while the loss is still {loss:.4g}. The last finite weights are kept, and they are no answer.",
        "出现非有限数：第 {epoch} 轮中 {where} 的梯度不是有限数，而损失仍为 {loss:.4g}。保留了最后一组有限的权重，但它们不是答案。",
    ),
    "insight.overflow": (
        "Too large: the loss is {loss}, as its sums of squares are beyond the largest floating-point number. Divide the target, or the columns, by a power of ten.",
        "数值过大：损失为 {loss}，因为平方和超出了浮点数的最大值。请将目标列或特征列除以 10 的某次幂。",
    ),
    "insight.left_domain": (
        "No finite number: update {epochs} led to {where}, where the function or its slope has no finite value; the last value before was {loss:.6g}.",
        "出现非有限数：第 {epochs} 次更新到达 {where}，那里函数或其斜率没有有限的值；此前最后的函数值为 {loss:.6g}。",
    ),
    "insight.unbounded": (
        "No minimum: the function falls without end, to {loss:.4g} after {epochs} epochs.",
        "没有最小值：函数无止境地下降，{epochs} 轮后为 {loss:.4g}。",
    ),
    "insight.unattained": (
        "No minimum in sight: after {epochs} epochs the value is {loss:.6g}, and along the way that it went the function only falls, as far as was looked: it is {lower:.6g} at {place}.",
        "看不到最小值：{epochs} 轮后函数值为 {loss:.6g}，沿着走过的方向函数一直下降，直到所看的最远处：在 {place} 处为 {lower:.6g}。",
    ),
    # ---- rows -----------------------------------------------------------------------------------------------
    "insight.separable": (
        "No minimum: a plane separates the classes, with all {rows} rows on their right side, so the log loss falls for ever as the weights grow; after {epochs} epochs it is {loss:.3g}. The classes are predicted right, but the weights and the probabilities mean nothing.",
        "没有最小值：一个平面就能把各类别完全分开，{rows} 行全在正确的一侧，权重越大对数损失越小，没有尽头；{epochs} 轮后损失为 {loss:.3g}。类别可以分对，但权重和概率没有意义。",
    ),
    "insight.no_events": (
        "No minimum: none of the {rows} rows has an event (y is 0), so the loss falls for ever as the predicted count goes to 0; after {epochs} epochs it is {loss:.3g}, and the weights mean nothing.",
        "没有最小值：{rows} 行都没有事件（y 为 0），预测计数趋于 0 时损失不断下降；{epochs} 轮后损失为 {loss:.3g}，权重没有意义。",
    ),
    "insight.quasi_separable": (
        "No minimum along some weights: {faults}. Their weights grow without end; what is said of the other {on_plane} of {rows} rows stands. After {epochs} epochs the loss is {loss:.6g}.",
        "沿某些权重没有最小值：{faults}。它们的权重会无限增大；{rows} 行中其余 {on_plane} 行的结论仍然成立。{epochs} 轮后损失为 {loss:.6g}。",
    ),
    "insight.quasi_separable_somewhere": (
        "No minimum along some weights: a combination of columns separates some rows from the others, and its weights grow without end; what is said of the other {on_plane} of {rows} rows stands. After {epochs} epochs the loss is {loss:.6g}.",
        "沿某些权重没有最小值：若干列的组合把一部分行与其余行分开，其权重会无限增大；{rows} 行中其余 {on_plane} 行的结论仍然成立。{epochs} 轮后损失为 {loss:.6g}。",
    ),
    "insight.level_of_one": ("{level}: all {rows} rows are {there}", "{level}：{rows} 行全是 {there}"),
    "insight.level_lacks": (
        "{level}: none of {rows} rows is {lacking}",
        "{level}：{rows} 行中没有 {lacking}",
    ),
    "insight.at_fault": ("{columns} alone separate some rows", "{columns} 单独就能分开一部分行"),
    "insight.collinear": (
        "No single answer: {dependent} are combinations of each other, so many weights predict the same; these have the loss {loss:.6g}.",
        "答案不唯一：{dependent} 可以互相组合得出，许多权重的预测相同；这一组的损失为 {loss:.6g}。",
    ),
    "insight.collinear_how": (
        "No single answer: {columns} weights, but the rows pin down only {rank} of them. {combination}, so many weights predict the same; these have the loss {loss:.6g}.",
        "答案不唯一：有 {columns} 个权重，而数据只能确定其中 {rank} 个。{combination}，因此许多权重的预测相同；这一组的损失为 {loss:.6g}。",
    ),
    "insight.unused_rows": (
        "Only {used} of {rows} rows was ever used: every update looked at the same rows, as happens when a gradient function returns inside or after its loop. The loss over all rows is {loss:.6g}.",
        "{rows} 行数据里只用到了 {used} 行：每次更新看到的都是同样的数据，这正是梯度函数在循环里面或循环之后返回时会出的错。全部数据上的损失为 {loss:.6g}。",
    ),
    "insight.sorted_rows": (
        "Rows in order: each pass takes them in the same order, in which y is like its neighbour (correlation {correlation:.2g}, by chance at most {by_chance:.2g}), so that the last rows of a pass have the last word. The loss over all rows is {loss:.6g}.",
        "数据行有序：每一轮都按同样的顺序取行，而相邻行的 y 很相似（相关 {correlation:.2g}，随机排列最多 {by_chance:.2g}），于是一轮中最后的行说了算。全部数据上的损失为 {loss:.6g}。",
    ),
    "insight.noise_floor": (
        "At the noise floor: with the constant learning rate {rate:.4g} the loss stays {level:.2g} above the minimum, as each update looks at some rows only; theory predicts {predicted:.2g} for rows drawn anew.",
        "到达噪声底：学习率恒为 {rate:.4g} 时，损失停在比最小值高 {level:.2g} 的地方，因为每次更新只看部分数据；对重新抽取的数据，理论预测为 {predicted:.2g}。",
    ),
    "insight.noise_floor_unknown": (
        "At the noise floor: with the constant learning rate {rate:.4g} the loss no longer falls, as each update looks at some rows only; it goes up and down around {loss:.6g}.",
        "到达噪声底：学习率恒为 {rate:.4g} 时损失不再下降，因为每次更新只看部分数据；它在 {loss:.6g} 附近上下波动。",
    ),
    "insight.overfitting": (
        "Overfitting: on the rows held out the loss was {lowest:.6g} after epoch {best_epoch} and has risen to {held_out:.6g}, while that of the rows learned from fell to {loss:.6g}.",
        "过拟合：留出数据上的损失在第 {best_epoch} 轮后为 {lowest:.6g}，之后升到 {held_out:.6g}，而训练数据上的损失降到了 {loss:.6g}。",
    ),
    "insight.badly_scaled": (
        "Badly scaled: {high} is {ratio:.3g} times as large as {low}, so that a step short enough for the one is next to nothing for the other; after {epochs} epochs the loss is {loss:.6g}, and the largest gradient component {gradient:.2g}.",
        "尺度悬殊：{high} 是 {low} 的 {ratio:.3g} 倍，对前者足够短的步子对后者几乎等于不动；{epochs} 轮后损失为 {loss:.6g}，梯度最大分量为 {gradient:.2g}。",
    ),
    "insight.badly_centred": (
        "Badly scaled: columns such as {high} lie far from 0 beside their spread, so that weights and intercept hold each other back; after {epochs} epochs the loss is {loss:.6g}, and the largest gradient component {gradient:.2g}.",
        "尺度不当：{high} 这样的列离 0 很远而变化很小，权重与截距互相牵制；{epochs} 轮后损失为 {loss:.6g}，梯度最大分量为 {gradient:.2g}。",
    ),
    # ---- the way -----------------------------------------------------------------------------------------------
    "insight.epochs_exhausted": (
        "Not there yet: all {epochs} epochs are used, the loss is {loss:.6g}, and the largest gradient component is still {gradient:.2g}.",
        "尚未到达：{epochs} 轮已用完，损失为 {loss:.6g}，梯度最大分量仍有 {gradient:.2g}。",
    ),
    "insight.epochs_more": (
        "Not there yet: all {epochs} epochs are used, the loss is {loss:.6g}, and the largest gradient component is still {gradient:.2g}. As it went, about {more} more epochs are needed.",
        "尚未到达：{epochs} 轮已用完，损失为 {loss:.6g}，梯度最大分量仍有 {gradient:.2g}。按目前的速度，大约还需要 {more} 轮。",
    ),
    "insight.too_slow": (
        "Too slow: after {epochs} epochs the loss is {loss:.6g}. The learning rate {learning_rate:.4g} is far below the bound {bound:.7g} (curvature L = {curvature:.6g}); with {best:.6g} about {needed} epochs are enough.",
        "太慢：{epochs} 轮后损失为 {loss:.6g}。学习率 {learning_rate:.4g} 远小于上界 {bound:.7g}（曲率 L = {curvature:.6g}）；用 {best:.6g} 大约 {needed} 轮就够了。",
    ),
    "insight.oscillating": (
        "Oscillating: each step with the learning rate {learning_rate:.4g} crosses the valley and the next one comes back (cosine of two gradients {cosine:.2f}); after {epochs} epochs the loss is {loss:.6g}.",
        "振荡：学习率为 {learning_rate:.4g} 时每一步都跨过谷底，下一步又退回来（相邻梯度夹角余弦 {cosine:.2f}）；{epochs} 轮后损失为 {loss:.6g}。",
    ),
    "insight.oscillating_bound": (
        "Oscillating: the learning rate {learning_rate:.4g} is so near its bound {bound:.7g} (curvature L = {curvature:.6g}) that each step crosses the valley and the next one comes back (cosine of two gradients {cosine:.2f}); after {epochs} epochs the loss is {loss:.6g}.",
        "振荡：学习率 {learning_rate:.4g} 太接近上界 {bound:.7g}（曲率 L = {curvature:.6g}），每一步都跨过谷底，下一步又退回来（相邻梯度夹角余弦 {cosine:.2f}）；{epochs} 轮后损失为 {loss:.6g}。",
    ),
    "insight.oscillating_beyond": (
        "Oscillating: the learning rate {learning_rate:.4g} is {excess:.4g} times its bound {bound:.7g} (curvature L = {curvature:.6g}), so each step crosses the valley and the next one comes back (cosine of two gradients {cosine:.2f}); after {epochs} epochs the loss is {loss:.6g}.",
        "振荡：学习率 {learning_rate:.4g} 是上界 {bound:.7g} 的 {excess:.4g} 倍（曲率 L = {curvature:.6g}），每一步都跨过谷底，下一步又退回来（相邻梯度夹角余弦 {cosine:.2f}）；{epochs} 轮后损失为 {loss:.6g}。",
    ),
    "insight.oscillating_loss_beyond": (
        "Oscillating: the learning rate {learning_rate:.4g} is {excess:.4g} times its bound {bound:.7g} (curvature L = {curvature:.6g}), so the loss rose in {rises:.0%} of the last updates and is no lower at their end; after {epochs} epochs it is {loss:.6g}.",
        "振荡：学习率 {learning_rate:.4g} 是上界 {bound:.7g} 的 {excess:.4g} 倍（曲率 L = {curvature:.6g}），最后的更新中有 {rises:.0%} 使损失上升，最终也没有更低；{epochs} 轮后损失为 {loss:.6g}。",
    ),
    "insight.oscillating_loss": (
        "Oscillating: with the learning rate {learning_rate:.4g} the loss rose in {rises:.0%} of the last updates and is no lower at their end; after {epochs} epochs it is {loss:.6g}.",
        "振荡：学习率为 {learning_rate:.4g} 时，最后的更新中有 {rises:.0%} 使损失上升，最终也没有更低；{epochs} 轮后损失为 {loss:.6g}。",
    ),
    "insight.no_progress": (
        "No more progress: the loss stays at {loss:.6g} and the largest gradient component at {gradient:.2g} after {epochs} epochs.",
        "不再下降：{epochs} 轮后损失停在 {loss:.6g}，梯度最大分量停在 {gradient:.2g}。",
    ),
    "insight.interrupted": (
        "Interrupted after {epochs} epochs: the weights learned so far are kept, the loss is {loss:.6g}.",
        "在 {epochs} 轮后被中断：已学到的权重保留了下来，损失为 {loss:.6g}。",
    ),
    "insight.seconds": (
        "Interrupted, as time is up: after {epochs} epochs in {seconds:.4g} seconds the loss is {loss:.6g}, and the largest gradient component {gradient:.2g}.",
        "时间到而中断：在 {seconds:.4g} 秒内完成 {epochs} 轮，损失为 {loss:.6g}，梯度最大分量为 {gradient:.2g}。",
    ),
    "insight.paused": (
        "Paused after {epochs} passes: the loss on the rows of the last one is {loss:.6g}; the next pass goes on from here.",
        "已完成 {epochs} 轮并暂停：最后一轮数据上的损失为 {loss:.6g}；下一轮会从这里继续。",
    ),
    "insight.exhausted": (
        "The best of {tried} combinations is {best}, on the edge of the grid ({edge}), with the loss {loss:.6g}.",
        "在 {tried} 种组合中，最好的是 {best}，落在网格的边缘（{edge}），损失为 {loss:.6g}。",
    ),
    "insight.decayed": (
        "AdamW's decay of {decay:g} pulls the weights toward 0 beyond the objective: after {epochs} epochs the loss is {loss:.6g}, and this is not its minimum (largest gradient component {gradient:.2g}).",
        "AdamW 的衰减 {decay:g} 会在目标函数之外把权重拉向 0：{epochs} 轮后损失为 {loss:.6g}，这并不是它的最小值（梯度最大分量为 {gradient:.2g}）。",
    ),
    "insight.unjudged": (
        "Could not be judged: {judgements}.",
        "未能作出的判断：{judgements}。",
    ),
    # ---- remedies ------------------------------------------------------------------------------------------------
    "insight.remedy_best_rate": (
        "Take the best fixed learning rate, {best:.6g}; it must stay below {bound:.7g} (curvature L = {curvature:.6g}).",
        "请取最好的固定学习率 {best:.6g}；它必须小于 {bound:.7g}（曲率 L = {curvature:.6g}）。",
    ),
    "insight.remedy_shorter": (
        "Take a learning rate that fits the curvature of the steps taken.",
        "请取与所走路径的曲率相称的学习率。",
    ),
    "insight.remedy_calmer": (
        "Or take a smaller learning rate: with this one a first step goes down.",
        "或者取更小的学习率：用这个值，第一步会使损失下降。",
    ),
    "insight.remedy_auto_rate": (
        "Let the learning rate be chosen; where updates look at some rows, it falls with time.",
        "让程序选择学习率；每次更新只看部分数据时，学习率会随时间减小。",
    ),
    "insight.remedy_surest": (
        "Let the method be chosen (here {chosen}), and its steps with it.",
        "让程序选择方法（此处为 {chosen}）及其步长。",
    ),
    "insight.remedy_surest_net": (
        "Take L-BFGS on all rows, which finds its step lengths by a line search.",
        "请在全部数据上使用 L-BFGS，它用线搜索自行确定步长。",
    ),
    "insight.remedy_other_method": (
        "Another method may get further from here.",
        "换一种方法也许能走得更远。",
    ),
    "insight.remedy_more_epochs": (
        "Allow more epochs.",
        "请增加训练轮次。",
    ),
    "insight.remedy_no_clock": (
        "Lift the limit on the time.",
        "请取消时间限制。",
    ),
    "insight.remedy_go_on": (
        "To go on, start from these weights (warm_start=True, or --start); a run with --out and --checkpoint goes on with --resume.",
        "要继续，请从这组权重开始（warm_start=True，或 --start）；带有 --out 和 --checkpoint 的训练可用 --resume 继续。",
    ),
    "insight.remedy_scale": (
        "Standardise the columns; a rate that was made for the others no longer fits.",
        "请将各列标准化；为原来各列选的学习率不再适用。",
    ),
    "insight.remedy_smaller_rate": (
        "A smaller learning rate, or one that falls with time, comes closer; which one, only trials can tell.",
        "更小的或随时间衰减的学习率可以更接近最小值；取多少只能靠尝试。",
    ),
    "insight.remedy_bounded_function": (
        "No program can find what is not there: check the sign of the function, or look for its maximum.",
        "没有的东西任何程序都找不到：请检查函数的符号，或改求最大值。",
    ),
    "insight.remedy_add_penalty": (
        "Add an L2 penalty, which bounds the weights; this alpha has the least loss on rows that were left out.",
        "请加上 L2 惩罚项，让权重有界；这个 alpha 在留出的数据上损失最小。",
    ),
    "insight.remedy_add_l2": (
        "Add a small L2 penalty, which makes the answer single.",
        "请加上一个小的 L2 惩罚项，使答案唯一。",
    ),
    "insight.remedy_drop_column": (
        "Or leave out a column that the others make up ({extra}).",
        "或去掉可由其他列组合得出的列（{extra}）。",
    ),
    "insight.remedy_use_all_rows": (
        "Let the gradient sum over all rows.",
        "让梯度对所有数据行求和。",
    ),
    "insight.remedy_draw_rows": (
        "Or draw the rows of each pass anew.",
        "或者每一轮重新抽取数据行。",
    ),
    "insight.remedy_shuffle": (
        "Shuffle the rows of each pass.",
        "请在每一轮打乱数据行的顺序。",
    ),
    "insight.remedy_stop_early": (
        "Stop where the rows held out stop gaining, and keep the weights that are best on them.",
        "请在留出数据不再改善时停止，并保留在其上最好的权重。",
    ),
    "insight.remedy_regularise": (
        "Or give it more rows, fewer features or a penalty; which of them, only you can say.",
        "或者用更多数据、更少特征或惩罚项；选哪一种只有您能决定。",
    ),
    "insight.remedy_nudge_start": (
        "Start a little down the side of it.",
        "请把起点挪到它一侧稍低的地方。",
    ),
    "insight.remedy_other_start": (
        "Start from the lower place that was seen.",
        "请从所看到的更低的地方出发。",
    ),
    "insight.remedy_usual_start": (
        "Start from the usual first weights.",
        "请从通常的初始权重出发。",
    ),
    "insight.remedy_other_seed": (
        "Draw other first weights.",
        "请换一组随机初始权重。",
    ),
    "insight.remedy_own_derivative": (
        "Leave the derivative to the program.",
        "请让程序自己求导数。",
    ),
    "insight.remedy_wider_grid": (
        "Widen the grid around the best.",
        "请在最好点的周围扩大网格。",
    ),
    "insight.remedy_no_decay": (
        "For the minimum take Adam; a penalty keeps weights small within the objective.",
        "要得到最小值请用 Adam；若希望权重较小，请在目标函数里加惩罚项。",
    ),
    # ---- applying --------------------------------------------------------------------------------------------------
    "insight.nothing_to_fix": (
        "there is nothing to fix: the verdict is {code}",
        "没有需要修正的：诊断为 {code}",
    ),
    "insight.no_program_can": (
        "nothing can be applied to the verdict {code}: {why}",
        "诊断 {code} 没有可以应用的修改：{why}",
    ),
    "insight.rows_gone": (
        "the rows that were learned from are no longer in memory: fit again, or load a run that was saved",
        "训练数据已不在内存中：请重新训练，或载入保存过的运行记录",
    ),
    # landscapes
    "insight.plane_share": (
        "The plane of ‘{across}’ and ‘{up}’ shows {share:.3g}% of the way that the descent went.",
        "由“{across}”和“{up}”张成的平面显示了下降路程的 {share:.3g}%。",
    ),
    "insight.path_1": ("path, 1st way", "路径第一方向"),
    "insight.path_2": ("path, 2nd way", "路径第二方向"),
    "insight.stiffest": ("stiffest, {value:.3g}", "最陡，{value:.3g}"),
    "insight.flattest": ("flattest, {value:.3g}", "最平，{value:.3g}"),
    "insight.plane_one_weight": (
        "a plane needs two weights, and there is only {name}: leave the plane out, one weight has a curve",
        "平面需要两个权重，而这里只有 {name}：请去掉平面选项，一个权重画成曲线即可",
    ),
    "insight.plane_no_path": (
        'the descent never moved, so its path has no plane: ask for "curvature" or for two weights',
        "下降过程没有移动，路径没有所在的平面：请改用 curvature，或给出两个权重",
    ),
    "insight.plane_weight": (
        '"{asked}" is no weight and no plane: {known} would do',
        "“{asked}”既不是权重也不是平面的名称：可以用 {known}",
    ),
    "insight.plane_two": (
        '"{asked}" is no plane: give path, curvature, or two different weights, as x1,x2',
        "“{asked}”不是平面：请用 path、curvature，或两个不同的权重，如 x1,x2",
    ),
    "insight.plane_needs_function": (
        "what was minimised is a callable, which a solution does not keep: give it again with function=Function.of(f)",
        "被最小化的是可调用对象，解中不保存它：请用 function=Function.of(f) 再次给出",
    ),
}
