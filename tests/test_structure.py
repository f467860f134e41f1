"""The house stands as docs/architecture.md says: rooms in order, heavy libraries in one place each."""

import ast
import functools
import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests.builders import ROOT
from tools import rename

SOURCE = ROOT / "src" / "downslope"


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
                if not ground_floor:
                    broken.append(f"{inside}:{line} imports {wanted}, which stands below {room}")
    assert broken == []


def modules() -> dict[str, Path]:
    """Dotted name → file of every module."""
    found = {}
    for path in SOURCE.rglob("*.py"):
        parts = path.relative_to(SOURCE.parent).with_suffix("").parts
        found[".".join(parts[:-1] if parts[-1] == "__init__" else parts)] = path
    return found


def imported_modules(name: str, known: dict[str, Path]) -> set[str]:
    """The modules that a module imports, wherever in the file; what only annotations need is left out."""
    package = name.split(".") if known[name].name == "__init__.py" else name.split(".")[:-1]
    tree = ast.parse(known[name].read_text())
    guards = [node for node in ast.walk(tree) if isinstance(node, ast.If)]
    for_types = [node for node in guards if ast.unparse(node.test) == "TYPE_CHECKING"]
    left_out = {id(part) for node in for_types for part in ast.walk(node)}
    found = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom) and id(node) not in left_out:
            base = package[: len(package) - node.level + 1] if node.level else []
            whole = ".".join([*base, *([node.module] if node.module else [])])
            for alias in node.names:
                module = f"{whole}.{alias.name}" if f"{whole}.{alias.name}" in known else whole
                found |= {module} & set(known)
        elif isinstance(node, ast.Import) and id(node) not in left_out:
            found |= {alias.name for alias in node.names} & set(known)
    return found - {name, "downslope"}  # the package itself names its modules, and loads them when asked


def circles() -> list[set[str]]:
    """Strongly connected modules: each imports all others, directly or through others (Tarjan 1972)."""
    known = modules()
    graph = {name: imported_modules(name, known) for name in known}
    number: dict[str, int] = {}
    lowest: dict[str, int] = {}
    stack: list[str] = []
    found = []

    def visit(name: str) -> None:
        number[name] = lowest[name] = len(number)
        stack.append(name)
        for other in graph[name]:
            if other not in number:
                visit(other)
            if other in stack:
                lowest[name] = min(lowest[name], lowest[other])
        if lowest[name] == number[name]:
            circle = set()
            while name not in circle:
                circle.add(stack.pop())
            if len(circle) > 1:
                found.append(circle)

    for name in graph:
        if name not in number:
            visit(name)
    return found


def test_no_import_circle_goes_through_two_rooms_and_no_room_has_two():
    rooms_of = [sorted({name.split(".")[1] for name in circle}) for circle in circles()]
    assert [rooms for rooms in rooms_of if len(rooms) > 1] == []
    assert len(rooms_of) == len({room for (room,) in rooms_of}), rooms_of
    assert not {"data", "inference"} & {room for (room,) in rooms_of}, rooms_of


def test_a_trace_is_shown_by_later_rooms():
    """`Trace.plot` and `Trace.show` are handed over by name: nothing that draws is loaded with a trace."""
    code = (
        "import sys, downslope.descent.trace; print([n for n in sys.modules if '.plots' in n or '.lab' in n])"
    )
    told = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert told.stdout.strip() == "[]"


@functools.cache
def imported(text: str) -> set[str]:
    """The packages that a file imports, in functions too; a script that it holds as a text is none of it."""
    nodes = list(ast.walk(ast.parse(text)))
    plain = {name.name for node in nodes if isinstance(node, ast.Import) for name in node.names}
    taken = {str(node.module) for node in nodes if isinstance(node, ast.ImportFrom) and not node.level}
    return {name.partition(".")[0] for name in plain | taken}


@pytest.mark.parametrize(
    "library, homes",
    [
        ("numba", ["kernels/compiled.py"]),
        ("torch", ["lessons/folder.py", "model/autodiff.py", "model/nets.py"]),
        ("duckdb", ["data/database.py"]),
        ("dask", ["cluster/collections.py", "cluster/connection.py"]),
        ("distributed", ["cluster/connection.py"]),
    ],
)
def test_a_heavy_library_stands_in_one_place(library, homes):
    users = [str(p.relative_to(SOURCE)) for p in SOURCE.rglob("*.py") if library in imported(p.read_text())]
    watching = [user for user in users if library == "torch" and user.startswith("watching/")]
    assert sorted(set(users) - set(watching)) == homes


def test_watching_imports_torch_inside_functions():
    for path in (SOURCE / "watching").rglob("*.py"):
        assert not re.search(r"^(import|from) torch\b", path.read_text(), re.M), path


def test_descent_never_sees_a_loss_a_file_or_a_table():
    for path in (SOURCE / "descent").rglob("*.py"):
        above = {"errors", "messages", "arguments", "registry", "kernels", "descent"}
        by_the_package = {"view"}  # which finds what shows a trace, when that is asked for
        assert {room for room, _ in imports(path)} <= above | by_the_package, path


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


def where_to_look() -> list[str]:
    """The answers of the table in the documentation."""
    table = (ROOT / "docs/architecture.md").read_text().split("## Where to look\n")[1].split("\n## ")[0]
    return [row.split("|")[2] for row in table.strip().splitlines()[2:]]


def test_every_file_under_where_to_look_is_there():
    """A name stands from src/downslope on; one without a folder is in the folder of the name before it."""
    missing = []
    for answer in where_to_look():
        folder = SOURCE
        for name in re.findall(r"`([a-z0-9_/]+\.[a-z]+)`", answer):
            path = SOURCE / name if "/" in name else folder / name
            folder = path.parent
            missing += [] if path.is_file() else [name]
    assert len(where_to_look()) >= 20 and missing == []


def test_every_name_under_where_to_look_is_in_its_file():
    for answer in where_to_look():
        for file, name in re.findall(r"`([a-z0-9_/]+\.py)`, `([A-Za-z_.]+)`", answer):
            assert re.search(rf"\b{name.split('.')[-1]}\b", (SOURCE / file).read_text()), (file, name)


def test_names_that_are_gone_are_not_defined_again():
    assert rename.refused() == []
    assert all(row["old"] != row["new"] for row in rename.table())
