"""What Downslope runs on: the versions that a report of a fault states."""

from __future__ import annotations

import platform
import re
from importlib.metadata import PackageNotFoundError, metadata, requires, version


def installed(package: str) -> str | None:
    """The version of an installed package, without importing it; None if it is not installed.

    >>> installed("numpy") is None, installed("no-such-package")
    (False, None)
    """
    try:
        return version(package)
    except PackageNotFoundError:
        return None


def show_versions() -> None:
    """Print the versions of Downslope, Python, the system, and every dependency, also of the extras.

    Reads the metadata of the packages and imports none of them; "-" is a package that is not installed.

    >>> import downslope as ds
    >>> ds.show_versions()
    downslope          ...
    python             ...
    numpy              ...
    """
    from . import __version__

    names = {re.match(r"[\w-]+", need).group(): None for need in requires("downslope") or ()}  # type: ignore[union-attr]
    lines = {
        "downslope": __version__,
        "python": platform.python_version(),
        "system": platform.platform(),
        **{name: installed(name) or "-" for name in names if name != "downslope"},
    }
    for name, found in lines.items():
        print(f"{name:18} {found}")


def address(label: str) -> str:
    """The address that `[project.urls]` of pyproject.toml gives under a label; "" if there is none.

    >>> address("Nonsense")
    ''
    """
    pairs = (line.partition(", ") for line in metadata("downslope").get_all("Project-URL") or ())
    return next((found for name, _, found in pairs if name == label), "")
