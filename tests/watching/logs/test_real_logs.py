"""Logs by the programs that write them (make_fixtures.py), each read and judged rightly."""

from pathlib import Path

import numpy as np
import pytest

import downslope as ds
from downslope.watching.logs import read_logs

FIXTURES = Path(__file__).parent / "fixtures"
CONVERGED, SLOW = ("converged",), ("converged", "epochs_exhausted")
FALLING = ("epochs_exhausted",)  # its last quarter took off more than a hundredth of the loss that is left

# path, kind, the columns that are the loss and the validation loss, records, verdict
LOGS = [
    ("tensorboard/good", "tensorboard", "Loss/train", "Loss/val", 40, FALLING),
    ("tensorboard/bad", "tensorboard", "Loss/train", "Loss/val", 60, ("diverged",)),
    ("tensorboard/over", "tensorboard", "Loss/train", "Loss/val", 200, ("overfitting",)),
    ("tensorboard/flat", "tensorboard", "Loss/train", "Loss/val", 40, ("no_progress",)),
    ("tensorboard_scalars", "tensorboard", "train/loss", "validation/loss", 200, ("overfitting",)),
    ("keras_tensorboard", "tensorboard", "train/epoch_loss", "validation/epoch_loss", 200, ("overfitting",)),
    ("tensorboardX", "tensorboard", "train/loss", "", 40, FALLING),
    ("lightning_events", "tensorboard", "train_loss_epoch", "val_loss", 20, CONVERGED),
    ("lightning/good/metrics.csv", "csv", "train_loss_epoch", "val_loss", 20, CONVERGED),
    ("lightning/bad", "csv", "train_loss_epoch", "val_loss", 20, ("diverged",)),
    ("lightning/over", "csv", "train_loss_epoch", "val_loss", 60, ("overfitting",)),
    ("huggingface", "json", "loss", "eval_loss", 15, FALLING),
    ("huggingface.out", "text", "loss", "eval_loss", 15, FALLING),
    ("keras/good.csv", "csv", "loss", "val_loss", 15, CONVERGED),
    ("keras/bad.csv", "csv", "loss", "val_loss", 15, ("diverged",)),
    ("keras/good.out", "text", "loss", "val_loss", 15, CONVERGED),
    ("keras/bad.out", "text", "loss", "val_loss", 15, ("diverged",)),
    ("keras/over.out", "text", "loss", "val_loss", 80, SLOW),
    ("keras/good.json", "json", "loss", "val_loss", 15, CONVERGED),
    ("keras/bad.json", "json", "loss", "val_loss", 15, ("diverged",)),
    ("xgboost.out", "text", "validation_0-rmse", "validation_1-rmse", 60, FALLING),
    ("xgboost_train.out", "text", "train-rmse", "eval-rmse", 60, FALLING),
    ("lightgbm.out", "text", "valid_0's l2", "valid_1's l2", 60, FALLING),
    ("catboost.out", "text", "learn", "test", 60, SLOW),
    ("catboost_info/catboost_training.json", "json", "learn", "test", 60, SLOW),
    ("sklearn_mlp.out", "text", "loss", "", 144, FALLING),
    ("sklearn_sgd.out", "text", "loss", "", 40, CONVERGED),
    ("sklearn_boosting.out", "text", "Train Loss", "", 60, FALLING),
    ("skorch.out", "text", "train_loss", "valid_loss", 15, FALLING),
    ("skorch_history.json", "json", "train_loss", "valid_loss", 15, FALLING),
    ("fastai.csv", "csv", "train_loss", "valid_loss", 15, SLOW),
    ("yolo_results.csv", "csv", "train/box_loss", "val/box_loss", 200, ("overfitting",)),
    ("tqdm.out", "text", "loss", "val_loss", 80, FALLING),
]


@pytest.mark.parametrize("path, form, loss, validation, records, codes", LOGS, ids=[row[0] for row in LOGS])
def test_a_log_of_a_real_writer_is_read_and_judged(path, form, loss, validation, records, codes):
    [log] = read_logs(FIXTURES / path)
    assert (log.form, log.chosen["loss"], log.chosen["validation"]) == (form, loss, validation)
    assert (log.records, len(log.losses)) == (records, records)
    seen = ds.judge(FIXTURES / path)
    assert seen.verdict.code in codes
    assert seen.sick == (seen.verdict.code in ("diverged", "overfitting", "no_progress"))
    assert len(seen.trace) > 1 and seen.recording.kind == "log" and seen.basis


@pytest.mark.parametrize("store", ["mlruns", "mlflow.db"])
def test_runs_of_an_mlflow_store_are_judged_one_by_one(store):
    seen = ds.judge_all(FIXTURES / store)
    codes = {name: one.verdict.code for name, one in seen.items()}
    assert codes == {"good": "epochs_exhausted", "bad": "diverged"}
    assert seen["bad"].trace[0].learning_rate == 1.5  # a parameter of the run
    assert ds.judge(FIXTURES / store, run="good").verdict.code == "epochs_exhausted"


def test_the_two_stores_of_mlflow_hold_the_same_numbers():
    of = lambda store: {log.name: log for log in read_logs(FIXTURES / store)}
    folder, database = of("mlruns"), of("mlflow.db")
    for name in ("good", "bad"):
        np.testing.assert_array_equal(folder[name].losses, database[name].losses)
        assert folder[name].validation == database[name].validation


def test_event_files_hold_what_tensorboard_reads(tmp_path):
    """Where the library is installed, its own reader finds the same points."""
    loader = pytest.importorskip("tensorboard.backend.event_processing.event_file_loader")
    from downslope.watching.logs.events import scalars

    for path in FIXTURES.rglob("*tfevents*"):
        with open(path, "rb") as file:
            found = [(point.step, point.tag, point.value) for point in scalars(file, [])]
        expected = []
        for event in loader.LegacyEventFileLoader(str(path)).Load():
            for value in event.summary.value:
                if value.HasField("simple_value"):
                    expected.append((event.step, value.tag, value.simple_value))
                elif value.tensor.float_val:
                    expected.append((event.step, value.tag, value.tensor.float_val[0]))
        np.testing.assert_equal(found, expected)


def test_a_folder_with_several_logs_asks_which_one_is_meant():
    with pytest.raises(ds.DownslopeError) as caught:
        ds.judge(FIXTURES / "tensorboard")
    assert caught.value.key == "watching.log_several"
    assert set(ds.judge_all(FIXTURES / "tensorboard")) == {"good", "bad", "over", "flat"}
    assert ds.judge(FIXTURES / "tensorboard", run="flat").verdict.code == "no_progress"


@pytest.mark.parametrize("share", [0.1, 0.3, 0.5])
def test_of_an_event_file_that_is_cut_off_the_beginning_is_judged(tmp_path, share):
    [file] = (FIXTURES / "tensorboard/over").glob("*tfevents*")
    content = file.read_bytes()
    (tmp_path / file.name).write_bytes(content[: int(share * len(content))])
    [log] = read_logs(tmp_path)
    assert 2 < len(log.losses) < 200 and log.notes == (("event_cut", {}),)


def test_of_a_damaged_event_file_what_stands_before_the_damage_is_judged(tmp_path):
    [file] = (FIXTURES / "tensorboard/good").glob("*tfevents*")
    content = bytearray(file.read_bytes())
    content[len(content) // 6] ^= 255
    (tmp_path / file.name).write_bytes(content)
    [log] = read_logs(tmp_path)
    assert 2 < len(log.losses) < 40 and log.notes == (("event_damaged", {}),)
