# %% [markdown] lang="en"
# # From a messy CSV file to an ONNX graph
# A telephone company wants to know which customers will leave. Its table has dates, text, amounts with a
# currency sign and a thousands separator, and missing values. Here such a table is made; yours comes from a file.

# %% [markdown] lang="zh"
# # 从杂乱的 CSV 文件到 ONNX 图
# 一家电话公司想知道哪些客户会流失。它的表里有日期、文本、带货币符号和千位分隔符的金额，还有缺失值。这里先生成这样一张表；您的表来自文件。

# %%
import numpy as np
import pandas as pd

import downslope as ds

rng = np.random.default_rng(7)
n = 2000
months = rng.integers(1, 72, n)
contract = rng.choice(["monthly", "yearly", "two years"], n, p=[0.55, 0.25, 0.2])
paid = months * rng.normal(65, 20, n).clip(15)
score = 1.2 * (contract == "monthly") - 0.04 * months + 0.8 * rng.normal(size=n)
table = pd.DataFrame(
    {
        "since": pd.Timestamp("2026-11-01") - pd.to_timedelta(30 * months, unit="D"),
        "contract": np.where(rng.random(n) < 0.03, "", contract),
        "paid": [f"${amount:,.2f}" for amount in paid],
        "calls": np.where(rng.random(n) < 0.1, "n/a", rng.poisson(3, n).astype(str)),
        "left": np.where(score > 0.2, "yes", "no"),
    }
)
table.to_csv("customers.csv", index=False)
table.head()

# %% [markdown] lang="en"
# `Dataset.read` infers the types, and notes what it did. A date becomes a number of days, a text column an
# indicator per category, and a missing number the mean of its column.

# %% [markdown] lang="zh"
# `Dataset.read` 推断各列的类型，并记下它做了什么。日期变成天数，文本列变成每个类别一个指示变量，缺失的数用该列的均值填补。

# %%
rows = ds.Dataset.read("customers.csv", target="left")
print(*rows.notes_text(), sep="\n")
print("columns of X:", ", ".join(rows.features))

# %% [markdown] lang="en"
# A logistic regression with an L2 penalty, its strength chosen by cross-validation. A fifth of the rows is set
# aside and only measures.

# %% [markdown] lang="zh"
# 带 L2 惩罚的逻辑回归，惩罚的强度由交叉验证选择。五分之一的行留作测试，只用来度量。

# %%
solution = ds.fit(rows, penalty="l2", alpha="cv", test=0.2)
print(solution.verdict)
print(f"accuracy on the test rows: {solution.metrics['test']['accuracy']:.3f}")
ds.ClassDiagnostics.from_solution(solution, rows).plot()

# %% [markdown] lang="en"
# The ONNX graph takes the columns as they stand in a table, encodes them itself and predicts without Downslope.
# Before it is written, its predictions are compared with those of `solution`.

# %% [markdown] lang="zh"
# ONNX 图直接接收表中的列，自己编码，预测时不需要 Downslope。写出之前，它的预测会与 `solution` 的预测比较。

# %%
import onnxruntime

ds.export_onnx(solution, "churn.onnx", force=True)
session = onnxruntime.InferenceSession("churn.onnx")
for column in session.get_inputs():
    print(column.name, column.type)
