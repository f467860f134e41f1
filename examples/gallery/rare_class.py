# %% [markdown] lang="en"
# # A rare class: weights, thresholds, calibrated chances
# About one row in twenty is a fraud. A model that is right in most rows still misses most frauds, because it calls fraud only what has a chance above one half.

# %% [markdown] lang="zh"
# # 少数类：类别权重、阈值与校准的概率
# 大约每二十行有一行是欺诈。一个在大多数行上正确的模型，仍然会漏掉大部分欺诈，因为它只把概率超过一半的行称为欺诈。

# %%
import numpy as np
import pandas as pd
from sklearn.metrics import confusion_matrix

import downslope as ds

rng = np.random.default_rng(1)
n = 4000
X = rng.normal(size=(n, 3))
table = pd.DataFrame(X, columns=["amount", "distance", "hour"])
table["kind"] = np.where(1.6 * X[:, 0] + X[:, 1] + rng.logistic(size=n) > 4.2, "fraud", "fine")
train, test = ds.Dataset.read(table[:3000], target="kind"), table[3000:]


def errors(solution):
    predicted = solution.predict(test.drop(columns="kind"))
    (_, alarms), (missed, found) = confusion_matrix(test["kind"], predicted, labels=["fine", "fraud"])
    return f"frauds found {found}, missed {missed}; false alarms {alarms}"


plain = ds.fit(train)
print(f"{np.mean(table['kind'] == 'fraud'):.1%} of the rows are frauds")
print("plain:", errors(plain))

# %% [markdown] lang="en"
# If a missed fraud costs ten false alarms, say so: the threshold is then chosen on rows that did not train the model, and the chances stay as they are.

# %% [markdown] lang="zh"
# 如果漏掉一次欺诈的代价相当于十次误报，就这样写明：阈值由没有参与训练的行来选择，概率保持不变。

# %%
cost = ds.fit(train, threshold="cost:10:1")
print(f"threshold {cost.threshold:.3f}:", errors(cost))

# %% [markdown] lang="en"
# Class weights move the decision too, but they change the loss, and with it the chances: they are now those of a table in which both classes weigh the same.

# %% [markdown] lang="zh"
# 类别权重也会移动决策，但它改变了损失，因而也改变了概率：现在它们是两类权重相同的表中的概率。

# %%
weighted = ds.fit(train, class_weights="balanced")
print("balanced:", errors(weighted))
for name, model in (("plain", plain), ("balanced", weighted)):
    print(f"{name}: mean chance of a fraud {model.probabilities(test.drop(columns='kind'))[:, 1].mean():.3f}")

# %% [markdown] lang="en"
# Calibration repairs them: of the rows with a chance of 20%, about 20% are frauds again.

# %% [markdown] lang="zh"
# 校准可以修正：概率为 20% 的行中，又有大约 20% 是欺诈。

# %%
import matplotlib.pyplot as plt

repaired = ds.fit(train, class_weights="balanced", calibrate="platt")
figure, axes = plt.subplots(1, 2, figsize=(10, 4.5), layout="constrained")
for ax, name, model in zip(axes, ("balanced", "balanced and calibrated"), (weighted, repaired)):
    ds.plots.calibration(ds.ClassDiagnostics.from_solution(model, ds.Dataset.read(test, target="kind")), ax)
    ax.set_title(name, loc="left")
plt.show()
