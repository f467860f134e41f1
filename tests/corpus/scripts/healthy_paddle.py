import paddle
import paddle.nn.functional as F

net = paddle.nn.Linear(13, 1)
opt = paddle.optimizer.SGD(learning_rate=0.01, parameters=net.parameters())
for epoch in range(10):
    for x, y in [(paddle.randn([10, 13]), paddle.randn([10, 1]))]:
        loss = F.mse_loss(net(x), y)
        loss.backward()
        opt.step()
        opt.clear_grad()
