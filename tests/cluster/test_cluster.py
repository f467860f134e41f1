"""Rows in the memory of a cluster: the answers of one machine, bit for bit, whoever dies on the way."""

import math
import os
import pickle
import re
import signal
import subprocess
import sys
import time
from dataclasses import replace
from functools import cache

import numpy as np
import pandas as pd
import pytest

import downslope as ds
from downslope.data.parts import PairwiseSum
from downslope.descent.methods import METHODS
from downslope.errors import DownslopeError
from tests.builders import dask_client

distributed = pytest.importorskip("distributed")
import dask.array as da  # noqa: E402
import dask.dataframe as dd  # noqa: E402

from downslope.cluster import Connection, ShardedDataset  # noqa: E402
from downslope.cluster import connection as ways  # noqa: E402
from downslope.cluster.sharded import arrived, height_of  # noqa: E402

pytestmark = pytest.mark.filterwarnings("ignore")  # Dask's own, of ports and of workers that leave
FEATURES = [f"x{j}" for j in range(5)]
ROWS = 9_000
BATCH = [name for name, make in METHODS.items() if name != "exhaustive" and make().full]
STOCHASTIC = ["sgd", "minibatch", ds.Adam().with_rows(16), ds.Momentum().with_rows(8)]


@pytest.fixture(scope="module")
def table():
    random = np.random.default_rng(0)
    X = random.normal(size=(ROWS, 5)) * [1, 10, 0.1, 3, 1] + [0, 5, 0, -2, 1]
    z = X @ [1.0, 0.2, -4.0, 0.3, 0.0] + random.normal(size=ROWS)
    frame = pd.DataFrame(X, columns=FEATURES)
    labels = np.where(z > 1, "high", np.where(z < -2, "low", "mid"))
    return frame.assign(y=z, code=(z > 0) * 2 + 5, label=labels, s=random.integers(0, 3, ROWS) + 0.5)


@pytest.fixture(scope="module")
def file(table, tmp_path_factory):
    path = tmp_path_factory.mktemp("rows") / "rows.parquet"
    table.to_parquet(path, row_group_size=2_000)
    return path


@pytest.fixture(scope="module", params=[1, 3])
def client(request):
    with dask_client(request.param) as client:
        yield client


def streamed(file, target="y", **more):
    return ds.Stream.open(file, target, FEATURES, reading=ds.ReadOptions(rows=256), **more)


def same(one, other):
    assert (one.params == other.params).all() and one.loss == other.loss and one.epochs == other.epochs
    assert dict(one.metrics["training"]) == dict(other.metrics["training"])
    for a, b in zip(one.trace, other.trace, strict=True):
        assert (a.loss, a.objective, a.gradient_norm, a.learning_rate) == (
            b.loss,
            b.objective,
            b.gradient_norm,
            b.learning_rate,
        )


@pytest.fixture(scope="module")
def one_machine(file):
    """The fit of a stream, made once for all clusters that it is compared with."""

    @cache
    def fitted(loss, target, method):
        return ds.fit(streamed(file, target), loss=loss, method=method, epochs=6)

    return fitted


@pytest.mark.sample(4)
@pytest.mark.parametrize("method", BATCH)
@pytest.mark.parametrize(
    "loss, target", [("squared", "y"), ("huber", "y"), ("log", "label"), ("log", "code")]
)
def test_a_batch_method_gives_the_bits_of_one_machine(client, file, one_machine, method, loss, target):
    if (method == "coordinate" and loss != "squared") or (method == "closed_form" and loss != "squared"):
        pytest.skip("these ask for a squared loss")
    rows = ds.shard(streamed(file, target))
    same(one_machine(loss, target, method), ds.fit(rows, loss=loss, method=method, epochs=6))


def test_the_answer_is_that_of_rows_in_memory(client, table, file):
    here = ds.Dataset.from_arrays(table[FEATURES], table["y"])
    for settings in ({}, {"loss": "huber", "method": "newton", "tol": 1e-13}):
        one, other = ds.fit(here, **settings), ds.fit(ds.shard(streamed(file)), **settings)
        assert other.params == pytest.approx(one.params, rel=1e-12, abs=1e-12)


@pytest.mark.sample(1)
def test_weights_held_out_rows_and_other_files_are_those_of_a_stream(client, file):
    reading = ds.ReadOptions(rows=256, held=ds.Holdout(0.2))
    stream = ds.Stream.open(file, "y", [*FEATURES, "label"], "s", reading)
    rows = ds.shard(stream)
    there, here = ShardedDataset.of(stream.held_out, rows.connection), stream.held_out
    assert rows.fingerprint() == stream.fingerprint() and there.fingerprint() == here.fingerprint()
    for mine, theirs in zip(rows.gathered.sample, stream.gathered.sample):
        assert (mine == theirs).all()
    one, other = (
        ds.fit(train, validation=held, loss="huber", epochs=5)
        for train, held in ((stream, here), (rows, there))
    )
    same(one, other)
    assert dict(one.metrics["validation"]) == dict(other.metrics["validation"])


def test_the_rows_of_another_file_are_encoded_as_these_are(client, table, file, tmp_path):
    table[:700].to_parquet(tmp_path / "other.parquet")
    stream, rows = streamed(file), ds.shard(streamed(file))
    other = stream.with_source(str(tmp_path / "other.parquet"))
    there = ShardedDataset.of(other, rows.connection)
    assert len(there) == 700 and there.fingerprint() == other.fingerprint()


@pytest.mark.sample(3)
@pytest.mark.parametrize("columns", [FEATURES, [*FEATURES, "label"], [*FEATURES, "hole"]])
@pytest.mark.parametrize("held", [None, ds.Holdout(0.3)])
@pytest.mark.parametrize("weights", [None, "s"])
def test_what_the_workers_learn_is_what_one_process_learns(client, table, tmp_path, columns, held, weights):
    hole = np.where(np.arange(ROWS) % 7 == 0, np.nan, table["x2"])
    table.assign(hole=hole).to_parquet(tmp_path / "rows.parquet")
    reading = ds.ReadOptions(rows=256, held=held)
    stream = ds.Stream.open(tmp_path / "rows.parquet", "y", columns, weights, reading)
    rows = ds.shard(tmp_path / "rows.parquet", "y", columns, weights, reading=reading)
    assert rows.encoding == stream.encoding and rows.known == stream.known and rows.notes == stream.notes
    assert rows.fingerprint() == stream.fingerprint() and rows.gathered.drift == stream.gathered.drift
    for mine, theirs in zip(rows.gathered.sample, stream.gathered.sample):
        assert (mine is None and theirs is None) or (mine == theirs).all()


def test_a_sample_of_many_rows_is_the_same_however_it_was_drawn(client, table, tmp_path, monkeypatch):
    monkeypatch.setattr("downslope.data.partitioned.SAMPLE", 300)
    table.to_parquet(tmp_path / "rows.parquet")
    stream = streamed(tmp_path / "rows.parquet")
    rows = ds.shard(tmp_path / "rows.parquet", "y", FEATURES, reading=ds.ReadOptions(rows=256), shards=20)
    assert 300 <= len(stream.sample) <= 600 and (rows.sample.X == stream.sample.X).all()


def test_text_files_are_read_from_the_disk_that_workers_share(client, table, tmp_path):
    table.to_csv(tmp_path / "rows.csv", index=False)
    stream = streamed(tmp_path / "rows.csv")
    same(ds.fit(stream, loss="huber", epochs=4), ds.fit(ds.shard(stream), loss="huber", epochs=4))


def test_text_files_are_read_in_order_where_the_disk_is_another(client, table, tmp_path):
    table.to_csv(tmp_path / "rows.csv", index=False)
    stream = streamed(tmp_path / "rows.csv")
    lent = pickle.loads(pickle.dumps(stream.lent()))
    lent.cached.path = tmp_path / "elsewhere"
    read = list(lent.run(3, 5))
    assert [(part.X == stream.part(3 + k).X).all() for k, (part, _) in enumerate(read)] == [True, True]


def test_a_column_less_is_a_column_less(client, file):
    rows, stream = ds.shard(streamed(file)), streamed(file)
    some = ["x0", "x3"]
    one, other = (ds.fit(r.with_features(some), loss="huber", epochs=4) for r in (rows, stream))
    assert one.names == other.names and one.params == pytest.approx(other.params, rel=1e-12)


@pytest.mark.sample(1)
def test_many_shards_are_added_as_a_tree_of_tasks(client, file):
    stream = streamed(file)
    rows = ds.shard(stream, shards=36)
    assert len(rows.shards) == 36 > ways.GATHERED
    same(ds.fit(stream, loss="huber", epochs=4), ds.fit(rows, loss="huber", epochs=4))


@pytest.mark.parametrize("parts, height", [(1, 2), (7, 2), (40, 3), (97, 1)])
def test_sums_of_shards_are_subtrees(parts, height):
    """Whatever is not associative shows the order in which it was added."""
    whole, sharded = PairwiseSum(lambda a, b: f"({a}{b})"), PairwiseSum(lambda a, b: f"({a}{b})")
    for part in range(parts):
        whole.add(str(part))
    for first in range(0, parts, 2**height):
        shard = PairwiseSum(lambda a, b: f"({a}{b})")
        for part in range(first, min(first + 2**height, parts)):
            shard.add(str(part))
        sharded.add(shard.total)
    assert whole.total == sharded.total


@pytest.mark.parametrize("parts", [1, 5, 62, 1_000, 38_147])
@pytest.mark.parametrize("workers", [1, 2, 3, 8, 100])
def test_no_worker_has_much_more_than_its_share(parts, workers):
    height = height_of(parts, workers)
    shards = -(-parts // 2**height)
    busiest = -(-shards // workers) * 2**height
    assert busiest <= max(1.1 * parts / workers, -(-parts // workers))


# ---- stochastic methods --------------------------------------------------------------------------


@pytest.mark.sample(1)
@pytest.mark.parametrize("method", STOCHASTIC)
def test_local_passes_do_not_depend_on_the_number_of_workers(file, method):
    answers = []
    for workers in (1, 3):
        with dask_client(workers):
            rows = ds.shard(streamed(file), shards=9)
            answers.append(ds.fit(rows, method=method, epochs=3, seed=4))
    assert (answers[0].params == answers[1].params).all()
    assert "local epochs" in answers[0].method_reason


@pytest.mark.sample(4)
@pytest.mark.parametrize("method", STOCHASTIC)
def test_a_pass_over_two_shards_is_the_mean_of_two_passes(client, table, tmp_path, method):
    """Each from the same weights, over half of the rows; F, the coordinates and the unit of Adam's ε are
    those of all of them."""
    table[: 2 * 4096].to_parquet(tmp_path / "rows.parquet")
    stream = ds.Stream.open(tmp_path / "rows.parquet", "y", FEATURES, reading=ds.ReadOptions(rows=4096))
    rows = ds.shard(stream, shards=2)
    assert len(rows.shards) == 2
    rate, settings = 0.001, {"method": method, "learning_rate": 0.001, "epochs": 1, "seed": 1}
    both = ds.fit(rows, **settings)
    F = ds.objective(stream)
    batch = (METHODS[method]() if isinstance(method, str) else method).with_rate(rate)
    if isinstance(batch.direction, ds.directions.Adam):
        unit = 2.0 ** round(math.log2(F.gradient_scale))
        batch = replace(batch, direction=replace(batch.direction, epsilon=unit * batch.direction.epsilon))
    halves = []
    for shard in range(2):
        draw = np.random.Generator(np.random.Philox(key=1, counter=[0, shard, 2, 0]))
        half, theta = F.term.pattern.term(stream.part(shard)), F.term.null_theta
        order, memory = draw.permutation(4096), batch.direction.begin(F.term.column_scale > 0)
        for first in range(0, 4096, batch.rows.size):
            _, gradient, _ = half.value_and_gradient(theta, order[first : first + batch.rows.size])
            theta = batch.direction.move(theta, gradient, rate, memory, np.zeros(len(theta)))
        halves.append(theta)
    assert both.params == pytest.approx(F.to_user(np.mean(halves, axis=0)), rel=1e-10)
    assert both.trace.updates == 2 * (4096 // batch.rows.size)


def test_one_shard_is_the_pass_of_one_machine(client, table, tmp_path, monkeypatch):
    monkeypatch.setattr("downslope.data.stream.SLOW", 0.0)  # else its parts may be drawn in pieces
    table.to_parquet(tmp_path / "rows.parquet")
    stream = ds.Stream.open(tmp_path / "rows.parquet", "y", FEATURES, reading=ds.ReadOptions(rows=16_384))
    one, other = (ds.fit(rows, method="minibatch", epochs=3) for rows in (stream, ds.shard(stream)))
    assert (one.params == other.params).all() and other.method_reason is None


# ---- Dask's arrays and frames ----------------------------------------------------------------------


@pytest.fixture(scope="module", params=["threads", "client"])
def anywhere(request):
    """With a client of the moment and without one."""
    if request.param == "threads":
        yield
        return
    with dask_client(2):
        yield


SURE = {"method": "newton", "tol": 1e-13}


def test_an_array_is_fitted_as_numpy_is(anywhere, table):
    X, y = table[FEATURES].to_numpy(), table["y"].to_numpy()
    A, Y = da.from_array(X, chunks=(2_000, 3)), da.from_array(y, chunks=1_300)
    one = ds.LinearRegressor("huber", **SURE).fit(X, y, table["s"])
    for target in (Y, y):
        other = ds.LinearRegressor("huber", **SURE).fit(A, target, table["s"])
        assert other.coef_ == pytest.approx(one.coef_, rel=1e-11, abs=1e-11)
    lazy = other.predict(A)
    assert isinstance(lazy, da.Array) and lazy.chunks[0] == A.chunks[0]
    assert lazy.compute() == pytest.approx(one.predict(X), rel=1e-10)
    small = ds.LinearRegressor().fit(A.astype("float32"), Y)
    assert small.coef_.dtype == np.float32 and small.predict(A.astype("float32")).dtype == np.float32


def test_several_targets_of_an_array(anywhere, table):
    X, Y = table[FEATURES].to_numpy(), table[["y", "s"]].to_numpy()
    one = ds.LinearRegressor().fit(X, Y)
    other = ds.LinearRegressor().fit(
        da.from_array(X, chunks=(4_000, -1)), da.from_array(Y, chunks=(4_000, 1))
    )
    assert other.coef_ == pytest.approx(one.coef_, rel=1e-10)
    assert other.predict(da.from_array(X, chunks=(4_000, -1))).compute() == pytest.approx(one.predict(X))


@pytest.mark.sample(2)
@pytest.mark.parametrize("weight", [None, "balanced", {"low": 3.0}])
def test_a_frame_of_unknown_lengths_is_classified_as_pandas_is(anywhere, table, weight):
    some, frame = table[table.x0 > -1], dd.from_pandas(table, npartitions=5)
    frame = frame[frame.x0 > -1]
    settings = {"penalty": "l2", "alpha": 0.01, "class_weight": weight, **SURE}
    one = ds.LinearClassifier(**settings).fit(some[FEATURES], some["label"])
    other = ds.LinearClassifier(**settings).fit(frame[FEATURES], frame["label"])
    assert list(other.classes_) == list(one.classes_) and list(other.feature_names_in_) == FEATURES
    assert other.coef_ == pytest.approx(one.coef_, rel=1e-9, abs=1e-10)
    chances = other.predict_proba(frame[FEATURES])
    assert chances.shape[1] == 3
    assert chances.compute() == pytest.approx(one.predict_proba(some[FEATURES]), abs=1e-9)
    assert (other.predict(frame[FEATURES]).compute() == one.predict(some[FEATURES])).all()


@pytest.mark.parametrize("loss", ["squared", "huber"])
def test_a_fit_asks_the_workers_for_nothing_once_it_has_ended(file, table, loss):
    """Dask pickles what it sends while it holds a lock: what asked the workers then would wait for ever.
    And its client may be closed."""
    X, y = table[FEATURES].to_numpy(), table["y"].to_numpy()
    with dask_client(2) as client:
        estimator = ds.LinearRegressor(loss).fit(da.from_array(X, chunks=(4_000, -1)), y)
        solution = ds.fit(ds.shard(streamed(file)), loss=loss)
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(Connection, "results", lambda *_: pytest.fail("the workers were asked"))
            blocks = estimator.predict(da.from_array(X, chunks=(4_000, -1)))
            pickle.dumps(blocks), pickle.dumps(estimator), pickle.dumps(solution)
        sent = client.submit(lambda model: model.coef_, estimator).result(timeout=60)
        assert (sent == estimator.coef_).all()
        assert blocks.compute() == pytest.approx(estimator.predict(X))
    here = ds.fit(streamed(file), loss=loss)
    for model in (solution, pickle.loads(pickle.dumps(solution))):
        assert model.metrics["training"] == pytest.approx(here.metrics["training"], rel=1e-9)
        assert [one.code for one in model.data_findings] == [one.code for one in here.data_findings]
        if loss == "squared":
            wide, narrow = (one.predict(X[:9], interval=0.9) for one in (model, here))
            assert np.asarray(wide) == pytest.approx(np.asarray(narrow), rel=1e-9)


def test_what_can_not_serve_is_told_in_one_line_with_its_partition(anywhere, table):
    X, frame = da.from_array(table[FEATURES].to_numpy(), chunks=(2_000, -1)), dd.from_pandas(table, 3)
    y = da.from_array(table["y"].to_numpy(), chunks=2_000)
    hole = da.where(da.arange(ROWS, chunks=2_000)[:, None] == 4_321, np.nan, X)
    for said, fit in {
        "partition 2: X[321, 0] is nan": lambda: ds.LinearRegressor().fit(hole, y),
        "'label' has type": lambda: ds.LinearRegressor().fit(frame[[*FEATURES, "label"]], frame["y"]),
        "has shape (50,)": lambda: ds.LinearRegressor().fit(X, y[:50]),
        "only one class": lambda: ds.LinearClassifier().fit(X, da.zeros(ROWS, chunks=2_000)),
        "The weight of row 1": lambda: ds.LinearRegressor().fit(X, y, -da.ones(ROWS, chunks=2_000)),
        "no rows": lambda: ds.LinearRegressor().fit(X, y, da.zeros(ROWS, chunks=2_000)),
        "partitions": lambda: ds.LinearRegressor().fit(
            frame[FEATURES], frame["y"].repartition(npartitions=1)
        ),
    }.items():
        with pytest.raises(DownslopeError, match=re.escape(said)) as told:
            fit()
        assert "\n" not in str(told.value)


# ---- clusters that are not there -------------------------------------------------------------------


def test_a_cluster_that_is_not_there_is_told_in_one_line(monkeypatch):
    monkeypatch.setattr(ways, "REACH", 0.3)
    with pytest.raises(DownslopeError, match=r"cannot connect to a cluster at tcp://127\.0\.0\.1:1"):
        ds.shard("SELECT 1 AS x, 2 AS y", "y", client="tcp://127.0.0.1:1")
    with pytest.raises(DownslopeError, match="cannot connect to a cluster"):
        ds.shard("SELECT 1 AS x, 2 AS y", "y", client="nonsense://what")
    for asked in ({"workers": 0}, {"workers": 2, "client": "tcp://x:1"}):
        with pytest.raises(DownslopeError):
            ds.shard("SELECT 1 AS x, 2 AS y", "y", **asked)


def test_workers_of_another_version_are_refused_before_work(client, monkeypatch):
    told = client.get_versions(check=False, packages=["downslope", "numba"])
    worker = next(iter(told["workers"].values()))
    worker["packages"] = {**worker["packages"], "downslope": "0.0.9"}
    monkeypatch.setattr(client, "get_versions", lambda **asked: told)
    with pytest.raises(DownslopeError, match=r"has downslope 0\.0\.9, but this machine has"):
        Connection.of(client)


def test_rows_that_the_workers_have_no_room_for_are_refused(client, file, monkeypatch):
    monkeypatch.setattr(Connection, "room", 100_000.0)
    with pytest.raises(DownslopeError, match=r"only 0\.0 GB"):
        ds.shard(streamed(file))


def test_a_row_at_fault_is_told_as_it_is_on_one_machine(client, table, tmp_path):
    table.assign(x1=np.where(np.arange(ROWS) == 5_000, np.inf, table.x1)).to_parquet(
        tmp_path / "rows.parquet"
    )
    with pytest.raises(DownslopeError, match="5001"):
        ds.shard(streamed(tmp_path / "rows.parquet"))


def test_rows_that_were_sent_lie_where_numpy_wants_them():
    """Else it adds them in another order: the bits would depend on which worker has them."""
    apart = np.frombuffer(bytes(4 + 8 * 300), np.uint8)[4:].view(np.float64)
    assert not (apart.flags.aligned and apart.ctypes.data % 8 == 0)
    part = ds.Dataset(apart.reshape(60, 5), apart[:60], None, tuple(FEATURES), ("y",), "sent")
    (there,) = arrived([part], [0], [None]).parts
    assert there.X.flags.aligned and there.y.flags.aligned


# ---- processes ---------------------------------------------------------------------------------------


@pytest.mark.slow
def test_a_worker_killed_in_mid_fit_changes_nothing(file):
    stream = streamed(file)
    settings = {"loss": "huber", "method": "gd", "epochs": 25, "tol": 0.0}
    whole = ds.fit(stream, **settings)
    with ds.shard(stream, workers=2) as rows:
        from downslope.inference import Recipe, Training

        training = Training.on_rows(rows, Recipe.of(settings))
        for step in training:
            if step.step in (5, 12):
                workers = rows.connection.client.run(os.getpid)
                os.kill(sorted(workers.values())[step.step % 2], signal.SIGKILL)
        same(whole, training.solution)


@pytest.mark.slow
def test_a_cluster_that_goes_half_way_is_told_in_one_line(file):
    with ds.shard(streamed(file), workers=1) as rows:
        from downslope.inference import Recipe, Training

        training = Training.on_rows(rows, Recipe.of({"loss": "huber", "method": "gd", "tol": 0.0}))
        with pytest.raises(DownslopeError, match="the connection to the cluster was lost"):
            for step in training:
                if step.step == 3:
                    rows.connection.cluster.close()
        assert len(training.trace) >= 3  # what was learned until then


@pytest.mark.slow
def test_the_command_line_starts_workers_and_ends_them(file, tmp_path):
    command = [sys.executable, "-m", "downslope", "fit", str(file), "--target", "y", "--features"]
    command += [",".join(FEATURES), "--workers", "2", "--loss", "huber"]
    done = subprocess.run([*command, "--out", str(tmp_path / "run")], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert done.stderr.startswith("note: 2 workers") and done.stderr.count("\n") == 1
    assert ds.load(tmp_path / "run").params == pytest.approx(
        ds.fit(streamed(file), loss="huber").params, rel=1e-6
    )


@pytest.mark.slow
def test_ctrl_c_keeps_what_was_learned_and_leaves_no_process(file, tmp_path):
    command = [sys.executable, "-m", "downslope", "fit", str(file), "--target", "y", "--features"]
    command += [",".join(FEATURES), "--workers", "2", "--method", "gd", "--loss", "huber", "--tol", "0"]
    command += ["--epochs", "1000000", "--learning-rate", "0.0001", "--json"]
    running = subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, start_new_session=True
    )
    time.sleep(15)
    os.killpg(running.pid, signal.SIGINT)  # as a terminal does: to all of them
    out, err = running.communicate(timeout=40)
    assert '"stopped": "interrupted"' in out and "Traceback" not in err
    with pytest.raises(ProcessLookupError):
        for _ in range(40):  # what has ended is there until somebody asks how
            os.killpg(running.pid, 0)
            time.sleep(0.25)


@pytest.mark.slow
def test_a_run_goes_on_with_other_workers_to_the_same_bits(file, tmp_path, capsys):
    from downslope.cli import main

    command = ["fit", str(file), "--target", "y", "--features", ",".join(FEATURES), "--loss", "huber"]
    command += ["--method", "gd", "--tol", "0", "--workers", "2"]
    assert main([*command, "--epochs", "9", "--out", str(tmp_path / "whole")]) == 0
    kept = ["--out", str(tmp_path / "run"), "--checkpoint", "0"]
    assert main([*command, "--epochs", "4", *kept]) == 0
    assert main(["fit", "--resume", str(tmp_path / "run"), "--epochs", "9", "--workers", "1"]) == 0
    assert (ds.load(tmp_path / "run").params == ds.load(tmp_path / "whole").params).all()


@pytest.mark.parametrize(
    "more, said",
    [
        (["--cluster", "tcp://127.0.0.1:1"], "only one of them"),
        (["--hidden", "3"], "single machine"),
    ],
)
def test_the_command_line_refuses_what_does_not_go_together(file, more, said, capsys):
    from downslope.cli import main

    assert main(["fit", str(file), "--target", "y", "--workers", "2", *more]) == 2
    told = capsys.readouterr().err
    assert said in told and told.count("\n") == 1
