# expect: dropout_always_on
import torch, torch.nn as nn
import torch.nn.functional as F
class LeNet(nn.Module):
    def __init__(self):
        super(LeNet, self).__init__()
        self.conv1 = nn.Conv2d(1, 10, 5); self.fc1 = nn.Linear(1440, 10)
    def forward(self, x):
        x = F.relu(F.max_pool2d(self.conv1(x), 2))
        x = x.view(-1, 1440)
        x = F.dropout(F.relu(x), p=.3)
        return F.log_softmax(self.fc1(x), dim=1)
