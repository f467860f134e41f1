import deepspeed
import torch


def main(args, model, dataset):
    engine, optimizer, loader, _ = deepspeed.initialize(args=args, model=model, model_parameters=model.parameters(), training_data=dataset)
    for step, batch in enumerate(loader):
        inputs, labels = batch[0].to(engine.local_rank), batch[1].to(engine.local_rank)
        outputs = engine(inputs)
        loss = torch.nn.functional.cross_entropy(outputs, labels)
        engine.backward(loss)
        engine.step()
        print(step, loss.item())
