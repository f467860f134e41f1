"""What the check of a script says of training loops, nets and rows."""

TEXTS = {
    # ── calls and order ─────────────────────────────────────────────────────────────────────────
    "scripts.not_called": (
        "{name} is only named: without () it does nothing.",
        "只写了名字 {name}：没有 () 就什么也不做。",
    ),
    "scripts.evidence_not_called": (
        "the line is an expression that is thrown away; calls of {name} here: 0.",
        "这一行只是一个被丢弃的表达式；此处对 {name} 的调用为 0 次。",
    ),
    "scripts.clip_after_step": (
        "The gradient is clipped after the step that used it: clip between backward and step.",
        "梯度在更新之后才裁剪：应在 backward 与 step 之间裁剪。",
    ),
    "scripts.evidence_clip_after_step": (
        "line {step} has stepped already; nothing uses the clipped gradient.",
        "第 {step} 行已完成更新，裁剪后的梯度没有被使用。",
    ),
    "scripts.scheduler_before_optimizer": (
        "The scheduler steps before the optimizer: step the optimizer first.",
        "调度器先于优化器更新：应先调用优化器的 step。",
    ),
    "scripts.evidence_scheduler_before_optimizer": (
        "the first step of the optimizer stands in line {step}: the first value of the schedule is never used.",
        "优化器第一次更新在第 {step} 行：调度的第一个学习率从未使用。",
    ),
    "scripts.scheduler_each_batch": (
        "{kind} counts epochs here, and is stepped for every batch: step it once after the loop over the batches.",
        "{kind} 在这里按轮计数，却每批都更新：应在遍历各批之后更新一次。",
    ),
    "scripts.evidence_scheduler_each_batch": (
        "it stands in the loop of line {loop}, inside the epochs of line {epochs}: the rate falls once for every batch.",
        "它位于第 {loop} 行的循环内，外层是第 {epochs} 行的各轮：学习率每批下降一次。",
    ),
    "scripts.made_in_loop": (
        "{name} is made anew in every pass of the loop: what was learned before is thrown away. Make it before the loop.",
        "每次循环都重新创建 {name}：之前学到的全部丢弃。应在循环之前创建。",
    ),
    "scripts.evidence_made_in_loop": (
        "the loop of line {loop} begins with new weights in each pass.",
        "第 {loop} 行的循环每次都从新的权重开始。",
    ),
    "scripts.evidence_made_in_loop_optimizer": (
        "the loop of line {loop} begins with empty momentum and averages in each pass.",
        "第 {loop} 行的循环每次都从空的动量和平均值开始。",
    ),
    "scripts.old_parameters": (
        "The optimizer does not hold the weights that learn: make it after the net is complete.",
        "优化器没有持有正在学习的权重：应在网络完成之后再创建优化器。",
    ),
    "scripts.evidence_old_parameters": (
        "the loss reaches 0 of the weights that line {step} moves.",
        "损失涉及的权重中，第 {step} 行会更新的有 0 个。",
    ),
    "scripts.evidence_old_parameters_layer": (
        "{layer} is put in at line {line}, after the optimizer was made: it never moves.",
        "{layer} 在第 {line} 行才加入，晚于优化器的创建：它永远不会更新。",
    ),
    "scripts.best_not_copied": (
        "{name} is no copy: it holds the same tensors, which go on changing. Take copy.deepcopy(…).",
        "{name} 不是副本：其中是同一批张量，会继续变化。应使用 copy.deepcopy(…)。",
    ),
    "scripts.evidence_best_not_copied": (
        "after the next step (line {step}) it holds the new weights: at the end, the last ones and not the best.",
        "下一次更新（第 {step} 行）后它就是新的权重：最后得到的是最后一轮，而不是最好的一轮。",
    ),
    # ── graph ───────────────────────────────────────────────────────────────────────────────────
    "scripts.graph_cut": (
        "The predictions leave the graph here, so backward cannot reach the weights.",
        "预测值在这里脱离了计算图，backward 到不了权重。",
    ),
    "scripts.evidence_graph_cut_detach": (
        "detach (or .data) gives a tensor without a graph; the backward of line {backward} gives 0 weights a gradient.",
        "detach（或 .data）得到不带计算图的张量；第 {backward} 行的 backward 使 0 个权重得到梯度。",
    ),
    "scripts.evidence_graph_cut_no_grad": (
        "nothing is recorded under no_grad; the backward of line {backward} gives 0 weights a gradient.",
        "no_grad 之下不记录计算图；第 {backward} 行的 backward 使 0 个权重得到梯度。",
    ),
    "scripts.evidence_graph_cut_tensor": (
        "a new tensor is made from the numbers alone; the backward of line {backward} gives 0 weights a gradient.",
        "这里仅用数值新建了张量；第 {backward} 行的 backward 使 0 个权重得到梯度。",
    ),
    "scripts.evidence_graph_cut_numpy": (
        "a plain number or a NumPy array has no graph; the backward of line {backward} gives 0 weights a gradient.",
        "普通数值或 NumPy 数组没有计算图；第 {backward} 行的 backward 使 0 个权重得到梯度。",
    ),
    "scripts.evidence_graph_cut_argmax": (
        "argmax and comparisons have no slope; the backward of line {backward} gives 0 weights a gradient.",
        "argmax 与比较没有导数；第 {backward} 行的 backward 使 0 个权重得到梯度。",
    ),
    "scripts.evidence_leaf_replaced_parameter": (
        "{name} is only a name in this loop: the weights of the net are never changed.",
        "{name} 只是循环里的一个名字：网络的权重从未改变。",
    ),
    # ── losses and scores ───────────────────────────────────────────────────────────────────────
    "scripts.softmax_before_nll": (
        "NLLLoss takes logarithms of probabilities: use log_softmax before it, or CrossEntropyLoss on raw scores.",
        "NLLLoss 需要概率的对数：应先做 log_softmax，或对原始得分使用 CrossEntropyLoss。",
    ),
    "scripts.evidence_softmax_before_nll": (
        "after {squash} the loss of line {loss} is −p, between −1 and 0: it hardly punishes a wrong class.",
        "{squash} 之后，第 {loss} 行的损失等于 −p，在 −1 到 0 之间：几乎不惩罚错误的类别。",
    ),
    "scripts.evidence_softmax_before_nll_scores": (
        "the last operation is {squash}, which gives any number: the loss of line {loss} falls without end.",
        "最后一步是 {squash}，可输出任意数：第 {loss} 行的损失会无限下降。",
    ),
    "scripts.cross_entropy_one_output": (
        "A cross-entropy over one output is always 0: for two classes use BCEWithLogitsLoss, or two outputs.",
        "只有一个输出时交叉熵恒为 0：两类问题应使用 BCEWithLogitsLoss，或用两个输出。",
    ),
    "scripts.evidence_cross_entropy_one_output": (
        "the scores have shape {shape}: the softmax of one number is 1, and ln 1 = 0.",
        "得分的形状为 {shape}：一个数的 softmax 是 1，而 ln 1 = 0。",
    ),
    "scripts.class_targets": (
        "A cross-entropy takes the number of the class for each row: whole numbers (long), shape (n,).",
        "交叉熵的目标是每行的类别编号：整数（long），形状 (n,)。",
    ),
    "scripts.evidence_class_targets_float": (
        "the targets are floating-point numbers of shape {shape}: PyTorch stops at the first batch.",
        "目标是形状 {shape} 的浮点数：PyTorch 在第一批就会报错。",
    ),
    "scripts.evidence_class_targets_column": (
        "the targets have shape {shape}, one axis too many: PyTorch stops at the first batch.",
        "目标的形状为 {shape}，多了一个轴：PyTorch 在第一批就会报错。",
    ),
    "scripts.squashed_regression": (
        "The output of a regression goes through {squash}: targets outside its range can never be predicted.",
        "回归的输出经过了 {squash}：超出其范围的目标永远预测不到。",
    ),
    "scripts.evidence_squashed_regression": (
        "the predictions in the loss of line {loss} lie in {low} … {high}; where {squash} is flat, nothing is learned.",
        "第 {loss} 行的损失中，预测值只能在 {low} 到 {high} 之间；{squash} 平坦之处学不到东西。",
    ),
    "scripts.wrong_axis": (
        "{name} goes along the rows of the batch (dim 0): the classes stand along dim 1.",
        "{name} 沿着批中的各行（dim 0）进行：类别在 dim 1 上。",
    ),
    "scripts.evidence_wrong_axis": (
        "shape {shape}: along dim 0 the rows of a batch are compared with one another.",
        "形状 {shape}：沿 dim 0 比较的是同一批中的不同行。",
    ),
    "scripts.count_over_batches": (
        "A count of rows is divided by the number of batches: divide by the number of rows.",
        "行数被除以了批数：应除以总行数。",
    ),
    "scripts.evidence_count_over_batches": (
        "{count} counts batches: with b rows in each, the accuracy comes out b times too large.",
        "{count} 是批数：每批 b 行时，准确率会大 b 倍。",
    ),
    # ── nets ────────────────────────────────────────────────────────────────────────────────────
    "scripts.no_super_init": (
        "{name} does not call super().__init__(): PyTorch stops at its first layer.",
        "{name} 没有调用 super().__init__()：放入第一个层时 PyTorch 就会报错。",
    ),
    "scripts.evidence_no_super_init": (
        "calls of super().__init__ in {name}.__init__: 0.",
        "{name}.__init__ 中对 super().__init__ 的调用为 0 次。",
    ),
    "scripts.layers_in_list": (
        "{name} is a plain Python container: parameters() does not find the layers in it. Use nn.ModuleList or nn.ModuleDict.",
        "{name} 是普通的 Python 容器：parameters() 找不到其中的层。应使用 nn.ModuleList 或 nn.ModuleDict。",
    ),
    "scripts.evidence_layers_in_list": (
        "layers with weights in it: {layers} (as far as the text tells); of these the optimizer gets 0.",
        "其中带权重的层：{layers}（就文本所见）；优化器得到其中的 0 个。",
    ),
    "scripts.zero_weights": (
        "Hidden weights all begin at one number: the units of the layer stay equal for ever. Begin with random numbers.",
        "隐藏层的权重全部相同：该层的单元将永远一样。应随机初始化。",
    ),
    "scripts.evidence_zero_weights": (
        "{name}: every hidden unit gets the same gradient, so the layer is worth one unit.",
        "{name}：所有隐藏单元得到相同的梯度，整层只相当于一个单元。",
    ),
    "scripts.dropout_always_on": (
        "F.dropout does not know the mode of the net: without training=self.training it stays on after eval().",
        "F.dropout 不知道网络的模式：没有 training=self.training，eval() 之后它仍在起作用。",
    ),
    "scripts.evidence_dropout_always_on": (
        "{call}: training is True by default, in the test as well.",
        "{call}：training 默认为 True，测试时也是如此。",
    ),
    "scripts.no_train": (
        "The net is switched to eval() in the loop, and never back: call train() at the start of each epoch.",
        "循环中切换到了 eval()，之后没有切换回来：每轮开始应调用 train()。",
    ),
    "scripts.evidence_no_train": (
        "eval() in line {eval}; from the second pass of the loop of line {loop} on, the net learns in eval mode.",
        "第 {eval} 行调用 eval()；从第 {loop} 行循环的第二次起，网络在 eval 模式下训练。",
    ),
    "scripts.batch_norm_one_row": (
        "The last batch has one row, and batch norm cannot learn from one: PyTorch stops there. Use drop_last=True.",
        "最后一批只有一行，批量归一化无法处理：PyTorch 会在此报错。应使用 drop_last=True。",
    ),
    "scripts.evidence_batch_norm_one_row": (
        "{rows} rows in batches of {batch} leave {rows} mod {batch} = 1 for {layer}.",
        "{rows} 行按每批 {batch} 行划分，{rows} 除以 {batch} 余 1，留给 {layer}。",
    ),
    # ── rows ────────────────────────────────────────────────────────────────────────────────────
    "scripts.two_orders": (
        "Rows and targets are shuffled by two permutations: no row keeps its own target. Use one for both.",
        "数据与目标用了两个不同的排列打乱：每一行都对不上自己的目标。应共用一个排列。",
    ),
    "scripts.evidence_two_orders": (
        "line {first} draws one order, this line draws another.",
        "第 {first} 行抽了一个顺序，这一行又抽了另一个。",
    ),
    "scripts.test_rows_trained": (
        "The loop that learns goes over the held-out rows ({name}): what is then measured on them says nothing.",
        "训练循环用的是留出数据（{name}）：之后再用它们评估就没有意义。",
    ),
    "scripts.evidence_test_rows_trained": (
        "the loss of {name} is sent backward in line {backward}.",
        "{name} 的损失在第 {backward} 行做了反向传播。",
    ),
    "scripts.scaled_before_split": (
        "The scale is learned from all rows, and the split comes later: fit it on the training rows only.",
        "先用全部数据计算了缩放，之后才划分：应只用训练数据拟合。",
    ),
    "scripts.evidence_scaled_before_split": (
        "scaled here, split in line {split}: mean and deviation contain the held-out rows.",
        "在此缩放，第 {split} 行才划分：均值和标准差里含有留出数据。",
    ),
    "scripts.fitted_on_test": (
        "The held-out rows are scaled by their own mean and deviation: use transform with what the training rows gave.",
        "留出数据用了自己的均值和标准差：应沿用训练数据拟合的结果，只调用 transform。",
    ),
    "scripts.evidence_fitted_on_test": (
        "{name}: the same row gets another value than in training.",
        "{name}：同一行得到的数值与训练时不同。",
    ),
    "scripts.sum_with_rate": (
        "The loss is a sum over the rows, with a rate that suits their mean: divide by the number of rows.",
        "损失是各行之和，学习率却是按平均值取的：应除以行数。",
    ),
    "scripts.evidence_sum_with_rate": (
        "n = {rows} rows and rate {rate:g} (line {line}): for standardised columns rate · 2n is 2 or more, and the descent diverges.",
        "n = {rows} 行，学习率 {rate:g}（第 {line} 行）：对标准化的列，学习率 · 2n 达到 2 或更大，下降会发散。",
    ),
}
