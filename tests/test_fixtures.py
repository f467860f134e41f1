"""Runs and checkpoints that earlier versions wrote open, predict and go on."""

import json
import shutil

import numpy as np
import pytest

import downslope as ds
from tests.builders import FIXTURES
from tests.fixtures.make import CHECKPOINTS, RUNS, rows, settings

# Mended since: A4 gave ε of Adam and its kin the unit of a gradient, and AdamW's decay that of a weight.
MENDED = {"rmsprop": 1e-7, "adam": 1e-6, "adam_batches": 1e-7, "net": 1e-4, "adamw": 1e-2}


@pytest.mark.parametrize("name", [*RUNS, "function"])
def test_a_run_of_format_1_opens_and_predicts_what_it_did(name):
    expected = json.loads((FIXTURES / "runs/expected.json").read_text())[name]
    solution = ds.load(FIXTURES / "runs" / name)
    np.testing.assert_array_equal(np.ravel(solution.params), expected["params"])
    assert solution.trace.updates > 0 and str(solution.verdict)
    if "predicted" in expected:
        X = rows(settings(name, RUNS).get("loss", "squared")).X[:5]
        predicted = np.asarray(solution.predict(X), dtype=float)
        np.testing.assert_allclose(predicted, expected["predicted"], rtol=1e-9)


@pytest.mark.filterwarnings("ignore:The steps so far were scheduled")
@pytest.mark.parametrize("version", [1, 2])
@pytest.mark.parametrize("name", CHECKPOINTS)
def test_a_checkpoint_goes_on_to_the_numbers_of_the_version_that_wrote_it(name, version, tmp_path):
    home = FIXTURES / f"checkpoints_{version}"
    expected = json.loads((home / "expected.json").read_text())[name]
    shutil.copytree(home / name, tmp_path / "run")
    epochs = json.loads((tmp_path / "run" / "epochs.json").read_text())
    (tmp_path / "run" / "epochs.json").unlink()
    loss = settings(name, CHECKPOINTS).get("loss", "squared")
    solution = ds.resume(tmp_path / "run", rows(loss), epochs=2 * epochs)
    assert solution.epochs == expected["epochs"]
    np.testing.assert_allclose(np.ravel(solution.params), expected["params"], rtol=MENDED.get(name, 1e-9))
