"""Faults put back on purpose: for each, a test that guards against it goes red."""

import os
import shutil
import subprocess
import sys

import pytest

from tests.builders import ROOT, TESTS

# name → file of src/downslope, what stands there, what is put in its place, the test that must notice
MUTATIONS = {
    "a query may write": (
        "data/database.py",
        'if kinds != ["SELECT"]:',
        "if not kinds:",
        "faults/test_sql.py::test_a_query_that_does_more_than_read_a_table_is_refused_and_does_nothing",
    ),
    "epsilon is absolute": (
        "descent/directions.py",
        "epsilon=self.epsilon * gradient)",
        "epsilon=self.epsilon)",
        "faults/test_units.py::test_units_that_are_powers_of_two_give_the_same_bits",
    ),
    "a damaged cache is believed": (
        "data/memory.py",
        'return hashlib.file_digest(file, "sha256").hexdigest()',
        'return ""',
        "faults/test_system.py::test_a_damaged_cache_is_made_anew_with_a_note",
    ),
    "a damaged run is opened": (
        "inference/run.py",
        "if hashlib.sha256(content).hexdigest() != sums.get(name):",
        "if not content:",
        "inference/test_inference.py",
    ),
    "rows on the plane separate": (
        "insight/separation.py",
        "ON_PLANE = 1e-9",
        "ON_PLANE = 1.0",
        "faults/test_separation.py",
    ),
    "one step size accuses a derivative": (
        "insight/gradient_check.py",
        "if any(map(slip.agrees, others))",
        "if True",
        "insight/test_gradient_check.py",
    ),
    "a row judges the model that it trained": (
        "selection/ridge.py",
        "residual / (1 - leverage)[:, None]",
        "residual",
        "selection/test_alpha.py::test_each_row_left_out_in_one_go_is_each_row_left_out",
    ),
    "a fold's missing cells are filled by all rows": (
        "selection/fold_moments.py",
        "values[features] += one.mean[features] / known if known > 1e-12 else 0.0",
        "values[features] += 0.0",
        "selection/test_alpha.py::test_what_fills_missing_cells_is_each_folds_own",
    ),
    "dates are always day first": (
        "data/cells.py",
        'return "mdy" if month > day else "dmy" if day or self.spans else "ymd"',
        'return "dmy" if day or month or self.spans else "ymd"',
        "faults/test_rows.py::test_the_order_of_dates_is_that_of_all_files_and_is_kept_for_predictions",
    ),
    "a loss that still falls has settled": (
        "watching/verdict.py",
        "if last > NOTHING * abs(start) and middle - last > STILL * abs(last) + 2 * error:",
        "if False:",
        "watching/logs/test_real_logs.py",
    ),
    "the dual point is not feasible": (
        "model/duality.py",
        "    if corners.any():\n        share /=",
        "    if False:\n        share /=",
        "model/test_gap.py",
    ),
}


@pytest.mark.slow
@pytest.mark.parametrize("name", MUTATIONS)
def test_a_fault_that_is_put_back_is_noticed(name, tmp_path):
    file, old, new, test = MUTATIONS[name]
    shutil.copytree(ROOT / "src", tmp_path / "src", ignore=shutil.ignore_patterns("__pycache__"))
    path = tmp_path / "src" / "downslope" / file
    text = path.read_text()
    assert old in text
    path.write_text(text.replace(old, new))
    words = [sys.executable, "-m", "pytest", "-q", "-x", "-p", "no:cacheprovider", "-p", "no:xdist"]
    words += ["-m", "not slow", str(TESTS / test)]
    environment = {**os.environ, "PYTHONPATH": str(tmp_path / "src")}
    ran = subprocess.run(words, cwd=ROOT, env=environment, capture_output=True, text=True, timeout=280)
    assert ran.returncode == 1, ran.stdout[-2000:]
