"""A SQL query is one SELECT that reads tables: nothing else runs, wherever the query came from."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

import downslope as ds
from downslope.data.database import query_of
from downslope.data.parts import ReadOptions
from downslope.data.reading import Table
from downslope.errors import DownslopeError
from tests.builders import refused_key

pytestmark = pytest.mark.fault("F1")

READS = "SELECT x, y FROM 'rows.csv'"
HOSTILE = [
    # a second statement, in several disguises
    f"{READS}; COPY (SELECT 42) TO 'made'",
    f"{READS};COPY (SELECT 42) TO 'made' (FORMAT parquet);",
    f"{READS} -- a note\n; COPY (SELECT 42) TO 'made'",
    f"{READS} /* ; */ ; /* x */ COPY (SELECT 42) TO 'made'",
    f"{READS};\n\n\nCREATE TABLE t AS SELECT 1",
    f"{READS}; ATTACH 'made'",
    f"{READS}; ATTACH 'made' AS m; CREATE TABLE m.t AS SELECT 1",
    f"{READS}; INSTALL httpfs",
    f"{READS}; LOAD httpfs",
    f"{READS}; SET threads = 1",
    f"{READS}; RESET threads",
    f"{READS}; PRAGMA database_list",
    f"{READS}; PRAGMA enable_logging",
    f"{READS}; CALL enable_logging()",
    f"{READS}; EXPORT DATABASE 'made'",
    f"{READS}; IMPORT DATABASE 'made'",
    f"{READS}; CHECKPOINT",
    f"{READS}; VACUUM",
    f"{READS}; BEGIN TRANSACTION",
    f"{READS}; PREPARE p AS SELECT 1; EXECUTE p",
    f"{READS}; DROP TABLE IF EXISTS t",
    f"{READS}; CREATE MACRO m(a) AS a + 1",
    f"{READS}; CREATE OR REPLACE SECRET s (TYPE s3)",
    f"{READS}; SELECT 1",
    f"{READS}; {READS}",
    f"{READS}) TO 'made'; SELECT (1",
    # inside of one statement
    "WITH a AS (COPY (SELECT 42 AS x) TO 'made') SELECT * FROM a",
    "WITH a AS (INSERT INTO t VALUES (1) RETURNING *) SELECT * FROM a",
    "WITH a AS (UPDATE t SET x = 1 RETURNING *) SELECT * FROM a",
    "WITH a AS (DELETE FROM t RETURNING *) SELECT * FROM a",
    "WITH b AS (WITH a AS (COPY (SELECT 1) TO 'made') SELECT * FROM a) SELECT * FROM b",
    "WITH a AS (SELECT 1) INSERT INTO t SELECT * FROM a",
    "FROM range(3) SELECT getenv('HOME')",
    "SELECT GetEnv('HOME') AS x",
    "SELECT main.getenv('HOME') AS x",
    "SELECT x FROM range(3) t(x) WHERE x < (SELECT length(getenv('HOME')))",
    "SELECT x, (SELECT content FROM read_text('/etc/hostname')) FROM range(3) t(x)",
    "FROM read_text('/etc/hostname')",
    "FROM \"read_text\"('/etc/hostname') SELECT content AS x",
    "SELECT * FROM read_blob('/etc/hostname')",
    "SELECT * FROM glob('/etc/*')",
    "FROM (FROM glob('/*'))",
    "SELECT * FROM query('SELECT 42')",
    "SELECT * FROM query_table(['rows.csv'])",
    "SELECT * FROM duckdb_settings()",
    "SELECT * FROM duckdb_secrets()",
    "SELECT * FROM json_execute_serialized_sql(json_serialize_sql('SELECT 1'))",
    "SELECT * FROM pragma_version()",
    "SELECT write_log('x')",
    "SELECT current_setting('threads') AS x",
    "FROM range(3) UNION ALL SELECT length(content) FROM read_text('rows.csv')",
    "SELECT * FROM range(3) t(x) JOIN read_text('rows.csv') ON true",
    "SELECT 1; ;; COPY (SELECT 1) TO 'made'",
]
HARMLESS = [
    READS,
    f"{READS};",
    f"{READS} ; -- the rows",
    f"{READS} /* all */ ;\n-- of them\n",
    "FROM 'rows.csv'",
    "WITH a AS (FROM 'rows.csv') SELECT x, y FROM a WHERE x >= 0",
    "SELECT x, y FROM read_csv('rows.csv', header = true) ORDER BY x",
    "SELECT x, y, ';' AS mark FROM 'rows.csv'",
    "SELECT x, y, 'a -- b' AS mark FROM 'rows.csv'",
    "SELECT x, avg(y) OVER (ORDER BY x) AS y FROM (FROM 'rows.csv' WHERE x BETWEEN 0 AND 99)",
    "SELECT range AS x, 2 * range + 1 AS y FROM range(20)",
    "WITH RECURSIVE a(x) AS (SELECT 0 UNION ALL SELECT x + 1 FROM a WHERE x < 19) "
    "SELECT x, 2 * x + 1 AS y FROM a",
]


@pytest.fixture
def folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    Path("rows.csv").write_text("x,y\n" + "".join(f"{x},{2 * x + 1}\n" for x in range(20)))
    return tmp_path


@pytest.mark.parametrize("query", HOSTILE)
def test_a_query_that_does_more_than_read_a_table_is_refused_and_does_nothing(query, folder):
    in_parts = ReadOptions(on_bad_row="fail")
    keys = {"data.sql", "data.sql_not_select", "data.sql_function"}
    assert refused_key(lambda: Table.read(query)) in keys
    assert refused_key(lambda: ds.Dataset.read(query, "x")) in keys
    assert refused_key(lambda: ds.Dataset.read(query, "x", reading=in_parts)) in keys
    assert refused_key(lambda: query_of(query)) in keys
    assert os.listdir() == ["rows.csv"]


@pytest.mark.parametrize("query", HARMLESS)
def test_a_query_that_reads_tables_runs_in_memory_and_in_parts(query, folder):
    whole = ds.Dataset.read(query, "y")
    parts = ds.Dataset.read(query, "y", reading=ReadOptions(on_bad_row="fail"))
    assert len(whole) == len(parts) == 20 and whole.features == parts.features


@pytest.mark.parametrize("door", ["python", "command line"])
def test_a_resumed_query_is_shown_and_runs_only_where_it_is_trusted(door, folder):
    query = "SELECT x, y FROM 'rows.csv'"
    rows = ds.Dataset.read(query, "y", reading=ReadOptions(rows=8192, on_bad_row="fail"))
    settings = {"method": "sgd", "learning_rate": 1e-4, "seed": 1}
    if door == "python":
        kept = ds.Checkpoint("run", seconds=0)
        ds.fit(rows, epochs=2, checkpoint=kept, **settings)
        with pytest.raises(DownslopeError) as caught:
            ds.resume("run", epochs=4)
        assert caught.value.key == "checkpoint.query" and query in str(caught.value)
        assert ds.resume("run", epochs=4, trust_source=True).epochs == 4
        assert ds.resume("run", ds.Dataset.read(query, "y"), epochs=5).epochs == 5
        return
    run = lambda *words: subprocess.run(
        [sys.executable, "-m", "downslope", *words], capture_output=True, text=True, cwd=folder
    )
    begun = ["--target", "y", "--method", "sgd", "--epochs", "2", "--out", "run", "--checkpoint", "0"]
    assert run("fit", query, *begun, "--learning-rate", "1e-4").returncode in (0, 3)
    Path("rows.csv").rename("moved.csv")
    told = run("fit", "--resume", "run", "--epochs", "4")
    assert told.returncode == 2 and query in told.stderr and len(told.stderr.splitlines()) == 1
    Path("moved.csv").rename("rows.csv")
    trusted = run("fit", "--resume", "run", "--epochs", "4", "--trust-source", "--json")
    assert trusted.returncode in (0, 3) and json.loads(trusted.stdout)["epochs"] == 4


def test_a_query_put_in_a_checkpoint_later_is_not_run(folder):
    from downslope.inference.packing import packed, unpacked

    rows = ds.Dataset.read("rows.csv", "y")
    ds.fit(rows, epochs=2, method="gd", learning_rate=1e-4, checkpoint=ds.Checkpoint("run", seconds=0))
    file = next(path for path in Path("run").iterdir() if path.name.startswith("checkpoint"))
    told = unpacked(Path("run"), file.read_bytes())
    told["source"] = "SELECT * FROM 'rows.csv'; COPY (SELECT 42) TO 'made'"
    file.write_bytes(packed(told))
    assert refused_key(lambda: ds.resume("run")) == "checkpoint.query"
    assert refused_key(lambda: ds.resume("run", trust_source=True)) == "data.sql_not_select"
    assert not Path("made").exists()
