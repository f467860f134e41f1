import torch
from ignite.engine import Events, create_supervised_evaluator, create_supervised_trainer
from ignite.metrics import Accuracy

model = torch.nn.Linear(4, 2)
optimizer = torch.optim.Adam(model.parameters())
criterion = torch.nn.CrossEntropyLoss()
trainer = create_supervised_trainer(model, optimizer, criterion)
evaluator = create_supervised_evaluator(model, metrics={"accuracy": Accuracy()})


@trainer.on(Events.EPOCH_COMPLETED)
def log(engine):
    evaluator.run([(torch.randn(8, 4), torch.randint(0, 2, (8,)))])
    print(evaluator.state.metrics)


trainer.run([(torch.randn(8, 4), torch.randint(0, 2, (8,)))], max_epochs=3)
