"""Hides the modules named in DOWNSLOPE_ABSENT, in this process and those that it starts:

PYTHONPATH=tests/absent DOWNSLOPE_ABSENT=torch,dask python -m pytest …
"""

import os
from importlib.machinery import PathFinder

HIDDEN = set(os.environ.get("DOWNSLOPE_ABSENT", "").split(","))
find = PathFinder.find_spec


def find_spec(cls, name, path=None, target=None):
    return None if name.partition(".")[0] in HIDDEN else find(name, path, target)


PathFinder.find_spec = classmethod(find_spec)
