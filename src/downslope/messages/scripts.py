"""What the check of a script says: each mistake, and by what it shows."""

from . import scripts_training

TEXTS = {
    # ── files ───────────────────────────────────────────────────────────────────────────────────
    "scripts.no_such_file": (
        "{path}: there is no such file. Give the path of a Python script.",
        "{path}：没有这个文件。请给出 Python 脚本的路径。",
    ),
    "scripts.is_a_folder": (
        "{path} is a folder: give one script in it.",
        "{path} 是文件夹：请给出其中的一个脚本。",
    ),
    "scripts.no_file": (
        "{path} is a device or a pipe, not a file: save the script in a file and give its path.",
        "{path} 是设备或管道，不是文件：请把脚本保存为文件，再给出其路径。",
    ),
    "scripts.unreadable": (
        "{path} cannot be read ({reason}): check its permissions.",
        "{path} 无法读取（{reason}）：请检查权限。",
    ),
    "scripts.not_text": (
        "{path} is not text: a Python script is text in UTF-8, or in the encoding that its first line declares.",
        "{path} 不是文本：Python 脚本应是 UTF-8 文本，或采用首行声明的编码。",
    ),
    "scripts.not_notebook": (
        "{path} is not a Jupyter notebook (JSON with a list of cells): save it again from Jupyter, or export it as a .py script.",
        "{path} 不是 Jupyter 笔记本（含单元格列表的 JSON）：请在 Jupyter 中重新保存，或导出为 .py 脚本。",
    ),
    "scripts.other_kernel": (
        "{path} is a notebook in {language}: this check reads Python only.",
        "{path} 是 {language} 语言的笔记本：本检查只读 Python。",
    ),
    "scripts.too_long": (
        "{path} holds {size} characters, and this check reads at most {limit}: check one script at a time.",
        "{path} 有 {size} 个字符，本检查最多读 {limit} 个：请逐个检查脚本。",
    ),
    "scripts.syntax": (
        "{path}, line {line}, column {column}: Python {python} cannot parse this ({reason}): {source}. Correct it first, then check again.",
        "{path} 第 {line} 行第 {column} 列：Python {python} 无法解析（{reason}）：{source}。请先改正，再检查。",
    ),
    "scripts.syntax_in_cell": (
        "{path}, cell {cell}, line {line}, column {column}: Python {python} cannot parse this ({reason}): {source}. Correct it first, then check again.",
        "{path} 第 {cell} 个单元格第 {line} 行第 {column} 列：Python {python} 无法解析（{reason}）：{source}。请先改正，再检查。",
    ),
    "scripts.too_deep": (
        "{path} is nested too deeply to be read: check a shorter script.",
        "{path} 嵌套过深，无法阅读：请检查更短的脚本。",
    ),
    # ── the page ────────────────────────────────────────────────────────────────────────────────
    "scripts.place_in_cell": (
        "{path}, cell {cell}, line {line}: {code}",
        "{path} 第 {cell} 个单元格第 {line} 行：{code}",
    ),
    "scripts.place": ("{path}, line {line}: {code}", "{path} 第 {line} 行：{code}"),
    "scripts.shows": ("It shows: {evidence}", "证据：{evidence}"),
    "scripts.mended": ("Mended:", "改为："),
    "scripts.mended_at": ("Mended, before line {line}:", "改法，在第 {line} 行之前加上："),
    "scripts.healthy": (
        "{path}: none of the {count} mistakes that this check knows.",
        "{path}：没有发现本检查所知的 {count} 种错误。",
    ),
    "scripts.found": ("findings: {count}", "共发现：{count}"),
    # ── names ───────────────────────────────────────────────────────────────────────────────────
    "scripts.undefined": (
        "The name {name} is used, but nothing imports or assigns it: Python stops here with a NameError.",
        "用到了名字 {name}，但没有任何地方导入或定义它：运行到这里会报 NameError。",
    ),
    "scripts.evidence_undefined": (
        "uses of {name}: {count}; places that define it: 0.",
        "{name} 被使用 {count} 次，被定义 0 次。",
    ),
    # ── losses ──────────────────────────────────────────────────────────────────────────────────
    "scripts.softmax_before_cross_entropy": (
        "CrossEntropyLoss takes the logarithm of a softmax itself, so it needs the raw scores; after {squash} the scores lie in 0 … 1 and the classes can hardly be told apart.",
        "CrossEntropyLoss 内部已含 softmax 和对数，需要原始得分；先做 {squash} 后得分都落在 0 到 1 之间，各类几乎拉不开差距。",
    ),
    "scripts.evidence_softmax_before_cross_entropy": (
        "with K = {classes} classes the loss of line {loss} cannot go below ln(1 + (K − 1)/e) = {floor:.3f}, however good the net is.",
        "类别数 K = {classes} 时，无论网络多好，第 {loss} 行的损失都不会低于 ln(1 + (K − 1)/e) = {floor:.3f}。",
    ),
    "scripts.evidence_softmax_before_cross_entropy_classes": (
        "with K classes the loss of line {loss} cannot go below ln(1 + (K − 1)/e), which is {floor:.3f} for K = {classes} and more for more.",
        "有 K 类时，第 {loss} 行的损失不会低于 ln(1 + (K − 1)/e)；K = {classes} 时为 {floor:.3f}，类别越多越大。",
    ),
    "scripts.sigmoid_before_logits": (
        "BCEWithLogitsLoss applies the sigmoid itself, so it needs the raw score; here the sigmoid is applied twice.",
        "BCEWithLogitsLoss 内部已含 sigmoid，需要原始得分；这里 sigmoid 被做了两次。",
    ),
    "scripts.evidence_sigmoid_before_logits": (
        "σ(σ(z)) stays within 0.5 … {highest:.3f}: in the loss of line {loss}, a row of class 0 never costs less than ln 2 = {floor:.3f}.",
        "σ(σ(z)) 只能取 0.5 到 {highest:.3f}：在第 {loss} 行的损失中，类别 0 的一行损失永远不低于 ln 2 = {floor:.3f}。",
    ),
    "scripts.raw_scores": (
        "BCELoss takes probabilities between 0 and 1, and the net ends without a sigmoid: use BCEWithLogitsLoss.",
        "BCELoss 需要 0 到 1 之间的概率，而网络末尾没有 sigmoid：请改用 BCEWithLogitsLoss。",
    ),
    "scripts.evidence_raw_scores": (
        "the last layer is {layer} (line {made}), which gives any number; the loss of line {loss} takes ln of it, and PyTorch stops at the first one outside 0 … 1.",
        "最后一层是 {layer}（第 {made} 行），可输出任意数；第 {loss} 行的损失要对它取对数，一旦超出 0 到 1，PyTorch 就会报错。",
    ),
    "scripts.broadcast": (
        "A column is compared with a flat vector: the shapes are broadcast, and every prediction meets every row's target.",
        "拿一列与一维向量比较：形状会被广播，每个预测值都与所有行的目标相减。",
    ),
    "scripts.evidence_broadcast": (
        "shapes {predicted} and {target} make {differences} differences for n = {rows} rows, and {strangers} of them compare a row with another row's target.",
        "形状 {predicted} 与 {target} 对 n = {rows} 行产生 {differences} 个差，其中 {strangers} 个是拿一行与别的行的目标相比。",
    ),
    "scripts.evidence_broadcast_rows": (
        "shapes {predicted} and {target} make n² differences for n rows, and n² − n of them compare a row with another row's target.",
        "形状 {predicted} 与 {target} 对 n 行产生 n² 个差，其中 n² − n 个是拿一行与别的行的目标相比。",
    ),
    "scripts.one_score": (
        "argmax looks for the largest of several outputs, and here there is one: compare it with a border instead.",
        "argmax 在多个输出中找最大者，而这里只有一个输出：应当与界限比较。",
    ),
    "scripts.evidence_one_score": (
        "along an axis of length 1 (shape {shape}) argmax is 0 for every row: class 1 is never predicted.",
        "在长度为 1 的轴上（形状 {shape}），argmax 对每一行都是 0：永远不会预测出类别 1。",
    ),
    # ── sums ────────────────────────────────────────────────────────────────────────────────────
    "scripts.one_row": (
        "The sum over the rows holds one row only.",
        "本应对所有行求和，结果却只算了一行。",
    ),
    "scripts.evidence_one_row_first": (
        "the return stands inside the loop of line {loop}: it leaves at the first of n = {rows} rows, and {rows} − 1 rows are never seen.",
        "return 写在第 {loop} 行的循环内：n = {rows} 行只看了第一行，其余 {rows} − 1 行从未用到。",
    ),
    "scripts.evidence_one_row_first_rows": (
        "the return stands inside the loop of line {loop}: it leaves at the first row, whatever n is.",
        "return 写在第 {loop} 行的循环内：无论有多少行，看完第一行就返回了。",
    ),
    "scripts.evidence_one_row_last": (
        "{name} is assigned anew in every pass of the loop of line {loop}: after n = {rows} rows only the last one is in it.",
        "第 {loop} 行的循环每次都重新给 {name} 赋值：n = {rows} 行过后，只剩最后一行。",
    ),
    "scripts.evidence_one_row_last_rows": (
        "{name} is assigned anew in every pass of the loop of line {loop}: after n rows only the last one is in it.",
        "第 {loop} 行的循环每次都重新给 {name} 赋值：n 行过后，只剩最后一行。",
    ),
    "scripts.last_batch_loss": (
        "What is reported for the epoch is the loss of its last batch alone: sum over the batches, and divide.",
        "作为整轮损失报告的，其实只是最后一批的损失：应当逐批累加再求平均。",
    ),
    "scripts.evidence_last_batch_loss": (
        "{name} is assigned anew in every pass of the loop of line {loop}: of {rows} losses the last one is shown.",
        "第 {loop} 行的循环每次都重新给 {name} 赋值：{rows} 个损失中只显示了最后一个。",
    ),
    "scripts.evidence_last_batch_loss_rows": (
        "{name} is assigned anew in every pass of the loop of line {loop}, and read after it.",
        "第 {loop} 行的循环每次都重新给 {name} 赋值，而它在循环之后才被读取。",
    ),
    "scripts.graph_kept": (
        "{total} collects the loss as a tensor, and with it the graph that made it: take its number, {name}.item().",
        "{total} 把损失作为张量收集，连同产生它的计算图：应当只取数值 {name}.item()。",
    ),
    "scripts.evidence_graph_kept": (
        "every pass of the loop of line {loop} keeps one more graph: memory grows, and nothing is ever freed.",
        "第 {loop} 行的循环每跑一次就多保留一个计算图：内存不断增长，得不到释放。",
    ),
    "scripts.missing_mean": (
        "{name} returns the sum over the rows, and is used as their mean: divide by the number of rows.",
        "{name} 返回的是各行之和，却被当作平均值使用：应当除以行数。",
    ),
    "scripts.evidence_missing_mean": (
        "n = {rows} rows: measured against the mean in {cost}, value and step are {rows} times too large.",
        "n = {rows} 行：与 {cost} 所说的平均相比，数值和步长都大了 {rows} 倍。",
    ),
    "scripts.evidence_missing_mean_rows": (
        "measured against the mean in {cost}, value and step are n times too large for n rows.",
        "与 {cost} 所说的平均相比，n 行时数值和步长都大了 n 倍。",
    ),
    "scripts.batch_mean": (
        "The sum over a batch is divided by the rows of all batches: divide by the rows of {batch}.",
        "一批之和除以了全部数据的行数：应当除以 {batch} 的行数。",
    ),
    "scripts.evidence_batch_mean": (
        "with b rows in {batch} and n = {whole} in all, the step is n/b times too small.",
        "{batch} 有 b 行，全部共 n = {whole} 行，步长小了 n/b 倍。",
    ),
    # ── updates ─────────────────────────────────────────────────────────────────────────────────
    "scripts.wrong_sign": (
        "The update goes up the slope of the loss: a descent subtracts the gradient.",
        "更新方向是沿损失上升：梯度下降应当减去梯度。",
    ),
    "scripts.evidence_wrong_sign": (
        "{gradient} grows with prediction − target, and {name} moves by {operator} a positive rate times it: the loss rises with every step.",
        "{gradient} 随“预测 − 目标”增大，而 {name} 按 {operator} 正学习率乘以它移动：每一步损失都会上升。",
    ),
    "scripts.evidence_wrong_sign_negative": (
        "{gradient} is target − prediction, which is minus the slope, and {name} moves by {operator} a positive rate times it: the loss rises with every step.",
        "{gradient} 是“目标 − 预测”，即负的斜率，而 {name} 按 {operator} 正学习率乘以它移动：每一步损失都会上升。",
    ),
    "scripts.no_zero_grad": (
        "backward adds to the gradient that is there, and nothing clears it between two steps.",
        "backward 会把新梯度加到已有的梯度上，而两步之间没有清零。",
    ),
    "scripts.evidence_no_zero_grad": (
        "in the loop of line {loop}, step k goes along the sum of k gradients: of {passes} at the end.",
        "在第 {loop} 行的循环里，第 k 步沿 k 个梯度之和前进：到最后是 {passes} 个之和。",
    ),
    "scripts.evidence_no_zero_grad_passes": (
        "in the loop of line {loop}, step k goes along the sum of k gradients.",
        "在第 {loop} 行的循环里，第 k 步沿 k 个梯度之和前进。",
    ),
    "scripts.zero_before_step": (
        "The gradient is cleared after backward and before the step, which then finds none.",
        "梯度在 backward 之后、step 之前被清零，step 时已没有梯度。",
    ),
    "scripts.evidence_zero_before_step": (
        "computed in line {backward}, cleared here, used in line {step}: the weights never move.",
        "第 {backward} 行算出，在此清零，第 {step} 行才用：权重从不移动。",
    ),
    "scripts.no_backward": (
        "The optimizer steps, and nothing computes a gradient: loss.backward() is missing.",
        "优化器在更新，但没有任何地方计算梯度：缺少 loss.backward()。",
    ),
    "scripts.evidence_no_backward": (
        "calls of backward: 0; the step of line {step} finds every gradient None, and moves nothing.",
        "backward 调用了 0 次；第 {step} 行更新时所有梯度都是 None，什么也不会动。",
    ),
    "scripts.no_step": (
        "Gradients are computed, and nothing uses them: {name}.step() is missing.",
        "算出了梯度却没有使用：缺少 {name}.step()。",
    ),
    "scripts.evidence_no_step": (
        "{name} is made in line {made}; calls of its step: 0. The loss stays as it began.",
        "{name} 在第 {made} 行创建，step 调用了 0 次。损失将一直不变。",
    ),
    "scripts.leaf_replaced": (
        "{name} = {name} − … makes a new tensor, which is no leaf: backward leaves no gradient in it. Change {name} in place, under no_grad.",
        "{name} = {name} − … 产生一个新张量，它不是叶子，backward 不会给它留下梯度。应在 no_grad 下原地修改 {name}。",
    ),
    "scripts.evidence_leaf_replaced": (
        "after 1 step {name}.grad is None, and step 2 cannot be computed.",
        "1 步之后 {name}.grad 为 None，第 2 步无法计算。",
    ),
    "scripts.update_outside_no_grad": (
        "{name} requires a gradient and is changed in place while the graph is recorded: put the update under torch.no_grad().",
        "{name} 需要梯度，却在记录计算图时被原地修改：应把更新放在 torch.no_grad() 之下。",
    ),
    "scripts.evidence_update_outside_no_grad": (
        "PyTorch stops at step 1: a leaf that requires grad ({name}) is used in an in-place operation.",
        "PyTorch 在第 1 步就会报错：需要梯度的叶子张量（{name}）被用于原地操作。",
    ),
    # ── mode and order ──────────────────────────────────────────────────────────────────────────
    "scripts.no_eval": (
        "{model} predicts held-out rows as if it were still learning: call {model}.eval() first, and {model}.train() before learning on.",
        "{model} 仍以训练方式预测留出数据：预测前应调用 {model}.eval()，继续训练前再调用 {model}.train()。",
    ),
    "scripts.evidence_no_eval": (
        "{layer} (line {made}) stays on: a share {share} of its inputs is set to 0 at random, and the same rows give another answer each time.",
        "{layer}（第 {made} 行）仍在起作用：随机把比例为 {share} 的输入置 0，同样的数据每次结果都不同。",
    ),
    "scripts.evidence_no_eval_batch": (
        "{layer} (line {made}) goes on scaling by the batch at hand: the answer for a row depends on the rows beside it.",
        "{layer}（第 {made} 行）仍按当前这批数据缩放：一行的结果取决于同批的其他行。",
    ),
    "scripts.not_shuffled": (
        "The training rows come in one fixed order: shuffle them in every epoch.",
        "训练数据总按固定顺序出现：每一轮都应打乱。",
    ),
    "scripts.evidence_not_shuffled": (
        "the labels stand in blocks ({labels}) and a batch has {batch} rows: most batches hold one class only, and the last one wins.",
        "标签成块排列（{labels}），每批 {batch} 行：多数批次只有一个类别，最后出现的类别占上风。",
    ),
    "scripts.evidence_not_shuffled_rows": (
        "{name} has stochastic in its name, and draws nothing: every pass of line {passes} visits the rows of line {loop} in the same order.",
        "{name} 名为随机，却没有任何随机：第 {passes} 行的每一轮都按同样的顺序走完第 {loop} 行的数据。",
    ),
    **scripts_training.TEXTS,
}
