"""alpha="cv" over rows in parts, from a disk or on a cluster: the choice of rows in memory, from one pass."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

import downslope as ds
from downslope.selection.fold_moments import segment_moments
from downslope.selection.folds import dealt
from tests.builders import dask_client

FEATURES = ["x0", "x1", "x2", "c"]


@pytest.fixture(scope="module")
def files(tmp_path_factory):
    """The same rows without and with missing cells; one column lies far from 0."""
    random = np.random.default_rng(0)
    n = 3_000
    X = random.normal(size=(n, 3)) * [1, 30, 2] + [0, 5, 2_000]
    table = pd.DataFrame(X, columns=FEATURES[:3]).assign(c=random.choice(list("abcdef"), n))
    table["y"] = X @ [1.0, 0.05, 0.0] + (table["c"] == "a") + random.normal(size=n) * 3
    table["label"] = table["y"] > table["y"].median()
    folder = tmp_path_factory.mktemp("parts")
    table.to_parquet(folder / "whole.parquet")
    for name in ("x0", "x2", "c"):
        table.loc[random.random(n) < 0.2, name] = None
    table.to_parquet(folder / "holes.parquet")
    return folder


def streamed(path, target="y", weights=None):
    return ds.Stream.open(path, target, FEATURES, weights, ds.ReadOptions(rows=256))


@pytest.mark.parametrize("penalty", ["l2", "l1", "elasticnet:cv"])
@pytest.mark.parametrize("name", ["whole", "holes"])
def test_rows_in_parts_choose_the_alpha_of_rows_in_memory(files, name, penalty):
    file = files / f"{name}.parquet"
    here = ds.fit(ds.Dataset.read(file, target="y", features=FEATURES), penalty=penalty, alpha="cv")
    there = ds.fit(streamed(file), penalty=penalty, alpha="cv")
    one, other = here.path, there.path
    assert one.best == other.best and one.penalty == other.penalty
    np.testing.assert_allclose(other.alphas, one.alphas, rtol=1e-9)
    np.testing.assert_allclose(other.curve, one.curve, rtol=1e-10)
    np.testing.assert_allclose(other.errors, one.errors, rtol=1e-8)
    assert there.loss == pytest.approx(here.loss, rel=1e-12)


def test_a_cluster_chooses_the_alpha_of_one_machine_to_the_last_bit(files):
    pytest.importorskip("distributed")
    with dask_client(2):
        for name in ("whole", "holes"):
            file = files / f"{name}.parquet"
            one = ds.fit(streamed(file), penalty="l1", alpha="cv").path
            other = ds.fit(ds.shard(streamed(file)), penalty="l1", alpha="cv").path
            assert np.array_equal(one.curve, other.curve) and one.alpha == other.alpha


def test_a_curve_of_parts_is_read_from_one_pass(files):
    stream = streamed(files / "whole.parquet")
    stream.gathered
    passes = stream.meter.passes
    path = ds.fit(stream, penalty="l2", alpha="cv").path
    plain = streamed(files / "whole.parquet")
    plain.gathered
    before = plain.meter.passes
    ds.fit(plain, penalty="l2", alpha=path.alpha)
    assert stream.meter.passes - passes == plain.meter.passes - before + 1


@pytest.mark.slow
def test_other_metrics_and_groups_of_parts(files):
    file = files / "whole.parquet"
    here = ds.fit(
        ds.Dataset.read(file, target="y", features=FEATURES), penalty="l1", alpha="cv", metric="mae"
    )
    there = ds.fit(streamed(file), penalty="l1", alpha="cv", metric="mae")
    np.testing.assert_allclose(there.path.curve, here.path.curve, rtol=1e-9)
    assert there.path.best == here.path.best
    grouped = ds.fit(streamed(file), penalty="l1", alpha="cv", folds="group:x0").path
    assert grouped.split == "group:x0" and np.isfinite(grouped.curve).all()


@pytest.mark.parametrize(
    "key, settings",
    [
        ("selection.folds_in_parts", {"folds": "loo"}),
        ("selection.folds_in_parts", {"folds": "time:x0"}),
        ("selection.metric_in_parts", {"metric": "r2"}),
        ("selection.no_column", {"folds": "group:patient"}),
        ("selection.few_groups", {"folds": "group:c,90"}),
        ("selection.few_rows", {"folds": 5_000}),
    ],
)
def test_what_parts_can_not_serve_is_refused_in_one_line(files, key, settings):
    with pytest.raises(ds.DownslopeError) as raised:
        ds.fit(streamed(files / "whole.parquet"), penalty="l1", alpha="cv", **settings)
    assert raised.value.key == key and "\n" not in str(raised.value)


def test_other_losses_choose_on_a_sample_and_say_so(files):
    stream = streamed(files / "whole.parquet", "label")
    solution = ds.fit(stream, loss="log", penalty="l2", alpha="cv", folds=3)
    assert solution.path.sampled == (3_000, 3_000)
    few = replace(solution.path, sampled=(10, 3_000))
    keys = [[key for key, _ in path.notes()] for path in (solution.path, few)]
    assert "selection.chosen_on_sample" in keys[1] and "selection.chosen_on_sample" not in keys[0]


def test_folds_follow_from_the_rows_numbers_alone():
    whole = dealt(0, 1_003, 7, 3)
    parts = np.concatenate([dealt(first, min(256, 1_003 - first), 7, 3) for first in range(0, 1_003, 256)])
    assert (whole == parts).all()
    assert np.ptp(np.bincount(whole)) <= 1
    assert (dealt(0, 1_003, 7, 4) != whole).any()


@pytest.mark.parametrize("weights", [None, "random"])
def test_moments_of_segments_are_those_of_their_rows(weights):
    from downslope.selection.ridge import moments_of

    random = np.random.default_rng(1)
    X, Y = random.normal(size=(400, 5)), random.normal(size=(400, 2))
    X[:, 2] += 1e6
    s = None if weights is None else random.random(400) + 0.1
    segment = random.integers(0, 3, 400)
    for number, found in enumerate(segment_moments(X, Y, s, segment, 4)):
        rows = segment == number
        if not rows.any():
            assert found is None
            continue
        wanted = moments_of(X[rows], Y[rows], None if s is None else s[rows])
        for name in ("mean", "target", "G", "c", "variance", "weight"):
            np.testing.assert_allclose(getattr(found, name), getattr(wanted, name), rtol=1e-8, atol=1e-10)
