# ruff: noqa: E501
"""What people print and write by hand, in many forms: each is read, and its run is judged rightly."""

import gzip
import json
import math

import numpy as np
import pytest

import downslope as ds
from downslope.messages import speaking
from downslope.watching.logs import read_logs
from downslope.watching.logs.names import role_of
from downslope.watching.logs.printed import cleaned, scanned


def descent(kind):
    """Records of a real descent on three rows: y = 2x by a rate below or above its bound, or of none at all."""
    x, y, w = np.array([1.0, 2.0, 3.0]), np.array([2.0, 4.0, 6.0]), 1.0
    rate = {"converged": 0.02, "diverged": 0.3, "no_progress": 0.0}[kind]
    with np.errstate(all="ignore"):
        for epoch in range(400 if kind == "diverged" else 60):
            error = w * x - y
            loss, grad = float((error**2).mean()), float(2 * (error * x).mean())
            w -= rate * grad
            yield {"epoch": epoch, "w": w, "loss": loss, "val": 1.1 * loss + 0.01, "grad": grad, "rate": rate}


FORMS = {
    "named": lambda r: f"Epoch:{r['epoch'] + 1}, w={r['w']}, loss={r['loss']}, grad={r['grad']}",
    "bracketed": lambda r: f"[{r['epoch'] + 1}/60] train_loss {r['loss']:.6g} val_loss {r['val']:.4g} lr {r['rate']:g}",
    "chinese": lambda r: f"第 {r['epoch'] + 1} 轮，训练损失：{r['loss']:.6f}，验证损失：{r['val']:.4f}，学习率：{r['rate']}",
    "plain_chinese": lambda r: f"第{r['epoch']}次迭代 损失 {r['loss']}",
    "chinese_words": lambda r: f"训练轮次 {r['epoch']} 的损失是 {r['loss']}",
    "logging": lambda r: f"2026-11-30 04:{r['epoch'] % 60:02}:07,123 - INFO - train - epoch {r['epoch']} | loss {r['loss']:.5g}",
    "two_numbers": lambda r: f"{r['epoch']} {r['loss']}",
    "one_number": lambda r: f"{r['loss']}",
    "a_word_and_two_numbers": lambda r: f"progress: {r['epoch']} {r['loss']}",
    "number_after_epoch": lambda r: f"epoch {r['epoch']}: {r['loss']:.6f}",
    "tensors": lambda r: f"epoch {r['epoch']} loss tensor({r['loss']:.6f}, grad_fn=<MseLossBackward0>)",
    "numpy": lambda r: f"epoch {r['epoch']} w [np.float64({r['w']})] loss np.float64({r['loss']})",
    "mnist": lambda r: f"Train Epoch: {r['epoch'] + 1} [0/3 (0%)]\tLoss: {r['loss']:.6f}\n\nTest set: Average loss: {r['val']:.4f}, Accuracy: 2/3 (67%)\n",
    "cost_after": lambda r: f"Cost after iteration {100 * r['epoch']}: {r['loss']}",
    "loss_in_epoch": lambda r: f"Loss (epoch {r['epoch']}): {r['loss']}",
    "steps_of_an_epoch": lambda r: f"Epoch [{r['epoch'] + 1}/60], Step [3/3], Loss: {r['loss']:.6f}",
    "dict": lambda r: str({"loss": r["loss"], "learning_rate": r["rate"], "epoch": float(r["epoch"])}),
    "keras": lambda r: f"Epoch {r['epoch'] + 1}/60\n\x1b[1m3/3\x1b[0m \x1b[32m━━━━━━━━\x1b[0m 0s 4ms/step - loss: {r['loss']:.6f} - val_loss: {r['val']:.4f}",
    "two_lines": lambda r: f"Epoch {r['epoch']}/59\n----------\ntrain Loss: {r['loss']:.6f} Acc: 0.5\nval Loss: {r['val']:.4f} Acc: 0.5\n",
    "formula": lambda r: f"k = {r['epoch']}   f(x) = {r['loss']:.6e}   |g| = {abs(r['grad']):.3e}",
    "nanogpt": lambda r: f"step {r['epoch']}: train loss {r['loss']:.6f}, val loss {r['val']:.4f}\niter {r['epoch']}: loss {r['loss']:.6f}, time 1.23ms, mfu 3.00%",
    "sides": lambda r: f"Epoch {r['epoch']} train: loss={r['loss']:.6f} acc=0.9 | val: loss={r['val']:.4f} acc=0.8",
    "lost_in_windows": lambda r: f"Epoch {r['epoch']} loss = {r['loss'] if math.isfinite(r['loss']) else '-1.#IND'}",
}  # fmt: skip


def written(path, form, kind, **how):
    """A file of what was printed; the descent that diverges is printed until its loss is no number."""
    path.write_text("\n".join(FORMS[form](record) for record in descent(kind)) + "\n", **how)
    return path


@pytest.mark.parametrize("kind", ["converged", "diverged", "no_progress"])
@pytest.mark.parametrize("form", FORMS)
def test_a_printed_log_is_read_and_judged(form, kind, tmp_path):
    path = written(tmp_path / "train.txt", form, kind)
    seen = ds.judge(path)
    assert seen.verdict.code == kind
    expected = [record["loss"] for record in descent(kind)]
    losses = seen.recording.losses[1]
    assert len(losses) in (len(expected), 2 * len(expected))  # nanoGPT prints each twice
    if len(losses) == len(expected):
        good = [k for k, loss in enumerate(losses) if np.isfinite(loss)]
        np.testing.assert_allclose(losses[good], np.array(expected)[good], rtol=1e-4, atol=1e-6)


@pytest.mark.parametrize("form", ["bracketed", "chinese", "mnist", "keras", "two_lines", "nanogpt", "sides"])
def test_validation_losses_are_told_from_training_losses(form, tmp_path):
    [log] = read_logs(written(tmp_path / "train.txt", form, "converged"))
    assert log.chosen["validation"] and len(log.validation) == 60
    np.testing.assert_allclose(
        [v for _, v in log.validation], [r["val"] for r in descent("converged")], atol=1e-3
    )


@pytest.mark.parametrize(
    "form", ["bracketed", "chinese", "chinese_words", "two_numbers", "keras", "mnist", "sides", "two_lines"]
)
def test_epochs_are_counted_from_the_first(form, tmp_path):
    [log] = read_logs(written(tmp_path / "train.txt", form, "converged"))
    np.testing.assert_array_equal(log.epochs, np.arange(60))


@pytest.mark.parametrize("encoding", ["utf-8-sig", "gb18030", "utf-16"])
def test_any_encoding_that_a_terminal_writes_is_read(encoding, tmp_path):
    assert (
        ds.judge(written(tmp_path / "train.log", "chinese", "converged", encoding=encoding)).verdict.code
        == "converged"
    )


def test_weights_rates_and_gradients_go_into_the_trace(tmp_path):
    seen = ds.judge(written(tmp_path / "train.log", "named", "converged"))
    assert seen.trace.names == ("w",)
    records = list(descent("converged"))
    np.testing.assert_allclose(seen.trace.column("params")[:, 0], [record["w"] for record in records])
    np.testing.assert_allclose(
        seen.trace.column("gradient_norm"), [abs(record["grad"]) for record in records]
    )
    [log] = read_logs(written(tmp_path / "rates.log", "bracketed", "converged"))
    assert set(log.rates) == {0.02}


# ---- tables and documents --------------------------------------------------------------------------


def table(mark=",", decimal=".", lost="nan", kind="converged"):
    lines = [mark.join(["epoch", "loss", "val_loss", "learning_rate"])]
    for r in descent(kind):
        cells = [f"{r['loss']:.9g}", f"{r['val']:.9g}", f"{r['rate']:g}"]
        cells = [cell.replace(".", decimal) if cell not in ("nan", "inf") else lost for cell in cells]
        lines.append(mark.join([f"{r['epoch']}", *cells]))
    return "\n".join(lines) + "\n"


@pytest.mark.parametrize("mark, decimal", [(",", "."), (";", ","), ("\t", "."), ("|", ".")])
def test_tables_of_any_separator_are_read(mark, decimal, tmp_path):
    (tmp_path / "log.csv").write_text(table(mark, decimal))
    [log] = read_logs(tmp_path / "log.csv")
    assert (log.form, len(log.losses), len(log.validation), log.rates[0]) == ("csv", 60, 60, 0.02)
    assert ds.judge(tmp_path / "log.csv").verdict.code == "converged"


@pytest.mark.parametrize("lost", ["nan", "NaN", "-nan(ind)", "inf", "1.#QNAN", "Infinity", "∞", ""])
def test_a_loss_that_is_no_number_is_seen_however_it_is_spelled(lost, tmp_path):
    (tmp_path / "log.csv").write_text(table(lost=lost, kind="diverged"))
    assert ds.judge(tmp_path / "log.csv").verdict.code == "diverged"


def test_a_compressed_log_is_read(tmp_path):
    (tmp_path / "log.csv.gz").write_bytes(gzip.compress(table().encode()))
    assert ds.judge(tmp_path / "log.csv.gz").verdict.code == "converged"


def test_a_column_that_says_the_phase_divides_the_losses(tmp_path):
    lines = ["epoch,phase,loss"]
    for r in descent("converged"):
        lines += [f"{r['epoch']},train,{r['loss']}", f"{r['epoch']},val,{r['val']}"]
    (tmp_path / "log.csv").write_text("\n".join(lines))
    [log] = read_logs(tmp_path / "log.csv")
    assert (log.chosen["loss"], log.chosen["validation"], len(log.losses)) == ("train/loss", "val/loss", 60)


def test_an_export_of_weights_and_biases_holds_several_runs(tmp_path):
    lines = [
        '"Step","brave-fox-1 - loss","brave-fox-1 - loss__MIN","brave-fox-1 - loss__MAX","calm-sea-2 - loss"'
    ]
    for good, bad in zip(descent("converged"), descent("diverged")):
        lines.append(f'{good["epoch"]},"{good["loss"]}","{good["loss"]}","{good["loss"]}","{bad["loss"]}"')
    (tmp_path / "wandb_export.csv").write_text("\n".join(lines))
    codes = {name: seen.verdict.code for name, seen in ds.judge_all(tmp_path / "wandb_export.csv").items()}
    assert codes == {"brave-fox-1": "converged", "calm-sea-2": "diverged"}


def test_an_export_of_tensorboard_has_one_curve(tmp_path):
    lines = [
        "Wall time,Step,Value",
        *(f"{1e9 + r['epoch']},{r['epoch']},{r['loss']}" for r in descent("converged")),
    ]
    (tmp_path / "run-good-tag-Loss_train.csv").write_text("\n".join(lines))
    assert ds.judge(tmp_path / "run-good-tag-Loss_train.csv").verdict.code == "converged"


RECORDS = {
    "history of Weights & Biases": lambda r: {
        "_step": r["epoch"],
        "_runtime": 0.1,
        "train/loss": r["loss"],
        "val/loss": r["val"],
    },
    "nested": lambda r: {"epoch": r["epoch"], "train": {"loss": r["loss"]}, "val": {"loss": r["val"]}},
    "strings": lambda r: {"epoch": r["epoch"], "train_loss": str(r["loss"]), "eval_loss": str(r["val"])},
}


@pytest.mark.parametrize("kind", ["converged", "diverged"])
@pytest.mark.parametrize("form", RECORDS)
@pytest.mark.parametrize("document", [True, False])
def test_json_is_read_as_lines_and_as_a_list(form, kind, document, tmp_path):
    records = [RECORDS[form](record) for record in descent(kind)]
    text = json.dumps(records, indent=1) if document else "\n".join(map(json.dumps, records))
    (tmp_path / "log.json").write_text(text)
    [log] = read_logs(tmp_path / "log.json")
    assert (log.form, len(log.losses)) == ("json" if document else "json lines", len(records))
    assert log.chosen["validation"] and ds.judge(tmp_path / "log.json").verdict.code == kind


@pytest.mark.parametrize("kind, rate", [("converged", 0.02), ("diverged", 0.3)])
def test_our_own_log_is_judged_as_our_own_run_was(kind, rate, tmp_path):
    rows = ds.Dataset.from_arrays([[1.0], [2.0], [3.0]], [2.0, 4.0, 6.0])
    settings = {"method": "gd", "learning_rate": rate, "intercept": False, "scale": False}
    solution = ds.fit(rows, **settings, log=tmp_path / "run.jsonl")
    seen = ds.judge(tmp_path / "run.jsonl")
    assert solution.verdict.code == seen.verdict.code == kind
    assert seen.trace.names == ("x1",) or len(seen.trace.names) == 1


def test_the_output_of_a_notebook_is_read(tmp_path):
    lines = [FORMS["named"](record) + "\n" for record in descent("converged")]
    cell = {
        "cell_type": "code",
        "source": [],
        "outputs": [{"output_type": "stream", "name": "stdout", "text": lines}],
    }
    (tmp_path / "mine.ipynb").write_text(json.dumps({"cells": [cell], "nbformat": 4}))
    assert ds.judge(tmp_path / "mine.ipynb").verdict.code == "converged"


def test_two_runs_in_one_file_are_two_logs(tmp_path):
    both = [FORMS["named"](record) for kind in ("diverged", "converged") for record in descent(kind)]
    (tmp_path / "train.log").write_text("\n".join(both))
    codes = {name: seen.verdict.code for name, seen in ds.judge_all(tmp_path / "train.log").items()}
    assert codes == {"train.log#1": "diverged", "train.log#2": "converged"}
    assert ds.judge(tmp_path / "train.log").verdict.code == "converged"  # the last


def test_steps_that_begin_again_in_each_epoch_are_one_run(tmp_path):
    losses = [record["loss"] for record in descent("converged")]
    lines = [f"iter {k % 10}: loss {loss}" for k, loss in enumerate(losses)]
    (tmp_path / "train.log").write_text("\n".join(lines))
    [log] = read_logs(tmp_path / "train.log")
    np.testing.assert_allclose(log.losses, losses)
    np.testing.assert_array_equal(log.epochs, np.repeat(np.arange(6), 10))


# ---- names -----------------------------------------------------------------------------------------

ROLES = {
    ("loss", "train"): ["train_loss", "training loss", "trainLoss", "loss/train", "训练损失", "tr_loss", "Train Loss", "train/loss_epoch", "trainloss", "train-logloss"],
    ("loss", "validation"): ["val_loss", "valid_loss", "eval_loss", "验证损失", "Loss/val", "validation loss", "dev_loss", "valid_1's l2", "valLoss", "eval-rmse"],
    ("loss", "test"): ["test_loss", "Test Loss", "测试损失", "loss/test"],
    ("loss", ""): ["loss", "Loss", "cost", "损失", "代价", "MSE", "avg loss", "epoch_loss", "J", "损失值", "cross entropy", "objective"],
    ("rate", ""): ["lr", "learning_rate", "LearningRate", "学习率", "lr-SGD", "lr/pg0", "learning rate", "eta"],
    ("gradient", ""): ["grad_norm", "gradient norm", "gnorm", "梯度范数", "grad", "grad_2.0_norm_total"],
    ("epoch", ""): ["epoch", "Epoch", "trainer/epoch", "轮次", "轮数", "ep"],
    ("step", ""): ["step", "global_step", "iteration", "iter", "_step", "迭代次数", "batch"],
    ("", ""): ["loss_scale", "best_loss", "grad_scale", "gradient_accumulation_steps", "v_num", "batch_size", "min_loss", "loss_weight"],
}  # fmt: skip


@pytest.mark.parametrize("role", ROLES, ids=str)
def test_names_of_columns_are_understood(role):
    found = {name: role_of(name)[:2] for name in ROLES[role]}
    expected = {
        name: role if role[0] in ("loss",) or found[name][0] == "" else (role[0], found[name][1])
        for name in ROLES[role]
    }
    assert found == expected


LINES = {
    "Epoch: [0][ 10/5005]\tTime  0.5 ( 0.6)\tData 0.1 (0.2)\tLoss 6.9e+00 (7.0e+00)": {"Epoch": 0, "#": 10, "Loss": 6.9},
    "Train: 0 [  50/1251 (  4%)]  Loss: 6.95 (6.93)  LR: 1.000e-06": {"epoch": 0, "train Loss": 6.95, "LR": 1e-6},
    "2021-03-05 12:00:01,123 - mmdet - INFO - Epoch [1][50/1000]\tlr: 1.000e-03, eta: 1:02:03, loss_cls: 0.5, loss: 0.7": {"Epoch": 1, "#": 50, "lr": 1e-3, "loss": 0.7},
    "| epoch 001:    100 / 500 loss=5.6, nll_loss=4.3, lr=0.0001, gnorm=1.2": {"epoch": 1, "loss": 5.6, "nll_loss": 4.3, "lr": 1e-4, "gnorm": 1.2},
    "[Epoch 3] [Batch 10/100] [D loss: 0.5] [G loss: 0.6]": {"Epoch": 3, "Batch": 10, "D loss": 0.5, "G loss": 0.6},
    "Epoch 0: 100%|██████████| 10/10 [00:00<00:00, 100.12it/s, v_num=0, train_loss=0.31]": {"Epoch": 0, "#": 10, "train_loss": 0.31},
    "Epoch 5 w = [1.2, 3.4] loss 0.5": {"Epoch": 5, "w[0]": 1.2, "w[1]": 3.4, "loss": 0.5},
    "Error in line 12: no such file 3": {},
    "Files already downloaded and verified": {},
    "Python 3.11.7 on 2026-11-30, 16 GB of memory": {},
}  # fmt: skip


@pytest.mark.parametrize("line", LINES)
def test_numbers_of_a_line_are_named(line):
    values, _, _ = scanned(cleaned(line))
    assert {name: values.get(name) for name in LINES[line]} == LINES[line]
    assert LINES[line] or not any(role_of(name).what == "loss" for name in values)


# ---- errors ----------------------------------------------------------------------------------------

WRONG = {
    "no_such_path": None,
    "empty": b"",
    "binary": bytes(range(256)) * 20,
    "nothing_read": b"hello\nworld 12\n",
    "no_loss": b"epoch,accuracy\n0,0.5\n1,0.6\n",
    "one_record": b"epoch 1 loss 0.5\n",
    "no_names": b"0 1.2 1.5 3\n1 1.3 1.4 3\n2 1.3 1.1 4\n3 1.3 1.0 5\n",
    "json": b'{"loss": [1, 2',
}


@pytest.mark.parametrize("lang", ["en", "zh"])
@pytest.mark.parametrize("key", WRONG)
def test_what_is_no_log_is_refused_in_one_line(key, lang, tmp_path):
    path = tmp_path / ("log.json" if key == "json" else "log.txt")
    if WRONG[key] is not None:
        path.write_bytes(WRONG[key])
    with pytest.raises(ds.DownslopeError) as caught:
        ds.judge(path)
    assert caught.value.key == f"watching.log_{key}"
    with speaking(lang):
        assert str(path) in str(caught.value) and len(str(caught.value).splitlines()) == 1


def test_numbers_without_names_are_read_with_names_that_are_given(tmp_path):
    lines = [f"{r['epoch']} {r['w']} {r['loss']} {r['grad']}" for r in descent("converged")]
    (tmp_path / "log.txt").write_text("\n".join(lines))
    seen = ds.judge(tmp_path / "log.txt", columns=["epoch", "w", "loss", "grad"])
    assert seen.verdict.code == "converged" and seen.trace.names == ("w",)


def test_columns_can_be_named(tmp_path):
    lines = ["epoch,accuracy,badness", *(f"{r['epoch']},0.5,{r['loss']}" for r in descent("converged"))]
    (tmp_path / "log.csv").write_text("\n".join(lines))
    assert ds.judge(tmp_path / "log.csv", loss="badness").verdict.code == "converged"
    with pytest.raises(ds.DownslopeError) as caught:
        ds.judge(tmp_path / "log.csv", loss="sadness")
    assert caught.value.key == "watching.log_no_column"
