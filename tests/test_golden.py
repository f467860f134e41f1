"""Golden runs of three rows and known functions, and the public face: nothing is lost or changed unseen.

The whole comparison with the code of `tests/golden/BASE`, bit for bit, is `make golden`.
"""

import json

import pytest

from tests.golden import face, golden

STORED = json.loads((golden.HERE / "portable.json").read_text())


@pytest.fixture(scope="module")
def results(tmp_path_factory):
    return json.loads(json.dumps(golden.run_all(tmp_path_factory.mktemp("golden"), only_portable=True)))


@pytest.mark.parametrize("name", STORED)
def test_a_golden_run_is_what_it_was(results, name):
    lines = golden.differences(STORED[name], results[name], golden.PRECISION)
    assert golden.unexplained(name, lines) == []


def test_the_public_face_has_lost_nothing():
    before = json.loads(face.FILE.read_text())
    after = json.loads(json.dumps(face.whole_face()))
    assert face.lost(before, after) == []


def test_every_mended_golden_names_its_fault():
    for one in golden.mended():
        assert one["fault"] and one["commands"] and one["keys"]
