"""The house stands as docs/architecture.md says: rooms in order, heavy libraries in one place each."""

import ast
import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests.builders import ROOT

SOURCE = ROOT / "src" / "downslope"
ALLOWED = {("descent/trace.py", "plots"), ("descent/trace.py", "lab")}  # a trace shows itself, when asked


def rooms() -> list[str]:
    """The order that the documentation states."""
    listing = re.search(r"```text\n(errors.*?)```", (ROOT / "docs/architecture.md").read_text(), re.S)
    return [line.split()[0] for line in listing.group(1).strip().splitlines()]


def imports(path: Path) -> list[tuple[str, int]]:
    """(room, line) of each import of Downslope itself, wherever in the file it stands."""
    package = ["downslope", *path.relative_to(SOURCE).parts[:-1]]
    found = []
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.ImportFrom):
            base = package[: len(package) - node.level + 1] if node.level else []
            whole = [*base, *(node.module.split(".") if node.module else [])]
            if whole[:1] == ["downslope"]:
                found += [(whole[1] if len(whole) > 1 else alias.name, node.lineno) for alias in node.names]
        elif isinstance(node, ast.Import):
            names = [alias.name.split(".") for alias in node.names]
            found += [(name[1], node.lineno) for name in names if name[0] == "downslope" and len(name) > 1]
    return found


def test_every_room_is_in_the_list_and_nothing_else_is():
    there = {
        path.stem for path in SOURCE.iterdir() if path.suffix == ".py" or (path / "__init__.py").exists()
    }
    assert there - {"__init__", "__main__"} <= set(rooms())


def test_a_room_imports_only_rooms_above_it():
    order = rooms()
    broken = []
    for path in SOURCE.rglob("*.py"):
        inside = path.relative_to(SOURCE)
        room = inside.parts[0].removesuffix(".py")
        if room in ("__init__", "__main__"):
            continue
        for wanted, line in imports(path):
            if wanted in order and wanted != room and order.index(wanted) > order.index(room):
                ground_floor = room in ("errors", "messages") and wanted in ("errors", "messages")
                if not ground_floor and (str(inside), wanted) not in ALLOWED:
                    broken.append(f"{inside}:{line} imports {wanted}, which stands below {room}")
    assert broken == []


@pytest.mark.parametrize(
    "library, homes",
    [
        ("numba", ["kernels/compiled.py"]),
        ("torch", ["lab/lesson.py", "model/autodiff.py", "model/nets.py"]),
        ("duckdb", ["data/database.py"]),
        ("dask", ["cluster/collections.py", "cluster/connection.py"]),
        ("distributed", ["cluster/connection.py"]),
    ],
)
def test_a_heavy_library_stands_in_one_place(library, homes):
    pattern = re.compile(rf"^\s*(import|from) {library}\b", re.M)
    users = [str(p.relative_to(SOURCE)) for p in SOURCE.rglob("*.py") if pattern.search(p.read_text())]
    assert sorted(users) == homes


def test_descent_never_sees_a_loss_a_file_or_a_table():
    for path in (SOURCE / "descent").rglob("*.py"):
        above = {"errors", "messages", "arguments", "kernels", "descent"}
        assert {room for room, _ in imports(path)} <= above | {"plots", "lab"}, path


def test_import_downslope_loads_nothing_heavy():
    heavy = [
        "torch",
        "sklearn",
        "matplotlib",
        "duckdb",
        "numba",
        "pandas",
        "pyarrow",
        "sympy",
        "scipy",
        "typer",
        "dask",
        "distributed",
    ]
    code = f"import sys, downslope; print([name for name in {heavy} if name in sys.modules])"
    told = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert told.stdout.strip() == "[]"


def test_every_public_name_loads():
    import downslope

    for name in downslope.__all__:
        assert getattr(downslope, name) is not None


def test_modules_stay_readable():
    long = {str(p.relative_to(SOURCE)): len(p.read_text().splitlines()) for p in SOURCE.rglob("*.py")}
    assert [name for name, lines in long.items() if lines > 450 and "messages" not in name] == []
