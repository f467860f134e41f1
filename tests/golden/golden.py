"""Golden runs: what a set of commands gave at the commit in BASE, and what it gives now.

`make golden` runs every command of commands.toml with the code of BASE and with that of this tree, on this
machine, and compares all keys bit for bit, but for seconds, versions, paths and wording. What a mended fault
changed on purpose stands in mended.toml. `python tests/golden/golden.py since COMMIT` compares with another
commit, where nothing may differ: for a change that mends nothing. `python tests/golden/golden.py store`
writes portable.json, the part that any processor gives; `tests/test_golden.py` compares with it.
"""

from __future__ import annotations

import ast
import contextlib
import fnmatch
import hashlib
import io
import json
import math
import os
import re
import shlex
import subprocess
import sys
import tempfile
import tomllib
from pathlib import Path
from typing import Any, NamedTuple

HERE = Path(__file__).parent
ROOT = HERE.parents[1]
# Seconds, versions, checksums, paths and wording are no part of what a run is.
LEFT_OUT = (
    "*seconds",
    "*sha256*",
    "*downslope",
    "*text",
    "json.notes.[0-9]*",
    "*source",
    "*.reason",
    "*method_reason",
    "*told",
    "*path",
)
PRECISION = 1e-9


def commands(kind: str = "command") -> list[dict]:
    return tomllib.loads((HERE / "commands.toml").read_text(encoding="utf-8")).get(kind, [])


# ---- running -----------------------------------------------------------------------------------------


def write_data(folder: Path) -> None:
    """The files that the commands read: the examples, and rows drawn by a seed."""
    import numpy as np
    import pyarrow as pa
    import pyarrow.parquet as parquet

    for path in (ROOT / "examples").glob("*.csv"):
        (folder / path.name).write_bytes(path.read_bytes())
    rng = np.random.default_rng(5)

    def write(name: str, header: str, *columns) -> None:
        rows = (",".join(str(value) for value in row) for row in zip(*columns))
        (folder / name).write_text("\n".join([header, *rows]) + "\n", encoding="utf-8")

    a, b, noise = (np.round(rng.standard_normal(120), 6) for _ in range(3))
    write("classes.csv", "a,b,c", a, b, np.where(a - b + noise > 0, "yes", "no"))
    write("three.csv", "a,b,c", a, b, np.array(["low", "mid", "high"])[np.digitize(a + noise, [-0.6, 0.6])])
    write("counts.csv", "a,b,n", a, b, rng.poisson(np.exp(0.4 * a - 0.2 * b)))
    write("two.csv", "a,b,y1,y2", a, b, np.round(a + 2 * b + noise, 6), np.round(3 * a - b - noise, 6))
    write("weighted.csv", "a,y,s", a, np.round(2 * a + noise, 6), np.round(rng.uniform(0.5, 2, 120), 6))
    for part in range(3):
        rows = slice(40 * part, 40 * part + 40)
        write(f"part_{part}.csv", "a,b,y", a[rows], b[rows], np.round(a + b + noise, 6)[rows])
    parquet.write_table(pa.table({"a": a, "b": b, "y": a + b + noise}), folder / "rows.parquet")
    many = np.round(rng.standard_normal((4000, 3)), 6)
    label = np.where(many @ [1.0, -2, 0.5] + rng.standard_normal(4000) > 0, "p", "q")
    write("many.csv", "u,v,w,c", *many.T, label)
    (folder / "function.py").write_text(
        "def f(x):\n    return x[0] ** 3 + x[1]\n\n\ndef g(x):\n    return [3 * x[0] ** 2, 1.0]\n"
    )


def run_all(folder: Path, only_portable: bool = False) -> dict[str, dict]:
    """What each command gives, flattened: command → key → value."""
    from downslope import cli

    write_data(folder)
    os.environ["DOWNSLOPE_LANG"] = "en"
    results: dict[str, dict] = {}
    with contextlib.chdir(folder):
        for command in commands():
            if only_portable and not command.get("portable"):
                continue
            words = shlex.split(command["line"])
            words += ["--json"] + (["--out", command["run"]] if "run" in command else [])
            printed = io.StringIO()
            with contextlib.redirect_stdout(printed), contextlib.redirect_stderr(io.StringIO()):
                code = cli.main(words)
            found: dict = {"exit": code}
            flatten("json", json.loads(printed.getvalue() or "null"), found)
            for name in command.get("files", []):
                flatten(name, read_file(folder / name), found)
            if "run" in command:
                for path in sorted((folder / command["run"]).iterdir()):
                    flatten(path.name, read_file(path), found)
            results[command["name"]] = found
        for command in () if only_portable else commands("python"):
            results[command["name"]] = run_python(command["code"])
    return results


def run_python(code: str) -> dict:
    import matplotlib
    import numpy as np

    import downslope as ds

    matplotlib.use("Agg")
    rng = np.random.default_rng(1)
    X = rng.standard_normal((100, 4))
    names = {"ds": ds, "np": np, "X": X, "y": X @ [1.0, -2, 0, 3] + rng.standard_normal(100)}
    exec(code, names)
    found: dict = {}
    flatten("result", names["result"], found)
    return found


def read_file(path: Path):
    """The content of a file that a command wrote, without its wording."""
    import numpy as np

    if path.suffix == ".json":
        return json.loads(path.read_text(encoding="utf-8"))
    if path.suffix == ".jsonl":
        return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]
    if path.suffix == ".npz":
        with np.load(path) as arrays:
            return {name: arrays[name] for name in arrays.files}
    if path.suffix == ".py":
        tree = ast.parse(path.read_text(encoding="utf-8"))
        for node in ast.walk(tree):  # docstrings are wording
            if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant):
                node.value.value = ""
        return ast.unparse(tree).splitlines()
    if path.suffix == ".onnx":
        import onnx
        from onnx import numpy_helper

        graph = onnx.load(path).graph
        return {
            "nodes": [node.op_type for node in graph.node],
            "weights": {one.name: numpy_helper.to_array(one) for one in graph.initializer},
        }
    return path.read_text(encoding="utf-8").splitlines()


def flatten(key: str, value, into: dict) -> None:
    """Nested content as one level: "json.trace.3.loss" → number or word."""
    import numpy as np

    if isinstance(value, np.ndarray | np.generic):
        value = value.tolist()
    if hasattr(value, "item"):
        value = value.item()
    if any(fnmatch.fnmatch(key, pattern) for pattern in LEFT_OUT):
        return
    if isinstance(value, dict):
        for name, inner in value.items():
            flatten(f"{key}.{name}", inner, into)
    elif isinstance(value, list | tuple):
        into[f"{key}.length"] = len(value)
        for place, inner in enumerate(value):
            flatten(f"{key}.{place}", inner, into)
    else:
        into[key] = value


# ---- comparing ---------------------------------------------------------------------------------------


GONE = "(gone)"


class Difference(NamedTuple):
    key: str
    before: Any
    after: Any

    def __str__(self) -> str:
        return f"{self.key}: {self.before!r} → {self.after!r}"


def same(one, other, precision: float) -> bool:
    """Equal within a relative precision; with an infinite one anything is."""
    if precision == math.inf:
        return True
    numbers = [type(value) in (int, float) for value in (one, other)]
    if not all(numbers):
        return one == other
    if math.isnan(one) or math.isnan(other):
        return math.isnan(one) and math.isnan(other)
    return one == other or abs(one - other) <= precision * max(abs(one), abs(other), 1e-6)


def differences(expected: dict, found: dict, precision: float = 0.0) -> list[Difference]:
    """Keys that are gone, and keys with another value. New keys are no difference."""
    return [
        Difference(key, value, found.get(key, GONE))
        for key, value in expected.items()
        if not same(value, found.get(key, GONE), precision)
    ]


def mended() -> list[dict]:
    return tomllib.loads((HERE / "mended.toml").read_text(encoding="utf-8"))["mended"]


def unexplained(name: str, found: list[Difference]) -> list[Difference]:
    """Differences that no mended fault explains."""
    entries = [one for one in mended() if any(fnmatch.fnmatch(name, command) for command in one["commands"])]
    return [
        difference
        for difference in found
        if not any(
            any(fnmatch.fnmatch(difference.key, pattern) for pattern in one["keys"])
            and same(difference.before, difference.after, one.get("within", math.inf))
            for one in entries
        )
    ]


def portable(results: dict[str, dict]) -> dict[str, dict]:
    """What any processor gives: the portable commands, of a long trace its first steps and its length."""
    names = {command["name"] for command in commands() if command.get("portable")}
    late = re.compile(r"(json\.trace|trace\.jsonl)\.(\d\d\d+|[2-9]\d)\.")
    return {
        name: {key: value for key, value in found.items() if not late.match(key)}
        for name, found in results.items()
        if name in names
    }


def _run_with(source: Path) -> dict[str, dict]:
    with tempfile.TemporaryDirectory() as folder:
        result = Path(folder, "results.json")
        env = os.environ | {"PYTHONPATH": str(source), "DOWNSLOPE_CACHE": str(Path(folder, "cache"))}
        subprocess.run([sys.executable, __file__, "run", str(result)], env=env, check=True)
        return json.loads(result.read_text())


def _run_commit(commit: str) -> dict[str, dict]:
    """What the code of a commit gives; computed once on a machine, for it is asked for again and again."""
    name = subprocess.run(
        ["git", "-C", str(ROOT), "rev-parse", commit], capture_output=True, check=True, text=True
    ).stdout.strip()
    commands_now = hashlib.sha256(
        (HERE / "commands.toml").read_bytes() + Path(__file__).read_bytes()
    ).hexdigest()
    cache = Path(tempfile.gettempdir(), f"downslope-golden-{name[:12]}-{commands_now[:8]}.json")
    if not cache.exists():
        with tempfile.TemporaryDirectory() as folder:
            archive = subprocess.run(
                ["git", "-C", str(ROOT), "archive", name, "src"], capture_output=True, check=True
            )
            subprocess.run(["tar", "-x", "-C", folder], input=archive.stdout, check=True)
            cache.write_text(json.dumps(_run_with(Path(folder, "src"))))
    return json.loads(cache.read_text())


def main(words: list[str]) -> int:
    if words[:1] == ["run"]:
        with tempfile.TemporaryDirectory() as folder:
            Path(words[1]).write_text(json.dumps(run_all(Path(folder))))
        return 0
    if words[:1] == ["store"]:
        results = _run_with(ROOT / "src")
        (HERE / "portable.json").write_text(json.dumps(portable(results), indent=1, sort_keys=True) + "\n")
        return 0
    since = words[1] if words[:1] == ["since"] else None
    before = _run_commit(since or (HERE / "BASE").read_text().strip())
    after = _run_with(ROOT / "src")
    open_differences = 0
    for name, expected in before.items():
        lines = differences(expected, after.get(name, {}))
        left = lines if since else unexplained(name, lines)
        open_differences += len(left)
        state = "equal" if not lines else f"{len(lines)} keys differ, {len(left)} of them not explained"
        print(f"{name:24} {len(expected):6} keys: {state}")
        for line in left[:12]:
            print("   ", str(line)[:200])
    return 1 if open_differences else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
