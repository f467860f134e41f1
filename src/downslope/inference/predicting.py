"""Rows of any number with their predictions: read, encoded and predicted some at a time, in order."""

from __future__ import annotations

from collections.abc import Generator, Iterable, Iterator, Sequence
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from ..data.block import Filter, numbered
from ..data.dataset import Note
from ..data.delimited import NUMBER, refuse_cut
from ..data.encoding import Encoding, Request
from ..data.meter import Meter
from ..data.opening import table_or_source
from ..data.parts import ahead, cut, part_rows
from ..data.reading import QUERY, Table, exists, files_of, kind_of_file
from ..data.room import Reading, limits, part_size
from ..data.source import Source, opened_source
from ..errors import DownslopeError

if TYPE_CHECKING:
    from .solution import Solution

ROWS = 65_536  # at a time, of rows that are not wide


class Predictions:
    """The rows of a source as pyarrow Tables of some rows, in order: their columns, then what is predicted,
    in columns called `names`. The next rows are read while some are used, and never are all in memory.

    `rows`, `skipped` and `notes` are of the rows so far; `meter` counts them for whoever watches.

    >>> import downslope as ds
    >>> solution = ds.fit(ds.Dataset.read({"x": [1, 2, 3], "y": [2, 4, 6]}, "y"))
    >>> found = solution.predict_source("SELECT range AS x FROM range(100_000)")
    >>> [(table.num_rows, table.column_names) for table in found]
    [(65536, ['x', 'prediction']), (34464, ['x', 'prediction'])]
    >>> found.rows
    100000
    """

    def __init__(self, solution: Solution, source: Any, reading: Reading, meter: Meter | None = None):
        """Raises DownslopeError for what is no table, or lacks a column of the model, and for a solution that
        does not predict tables."""
        self.solution, self.encoding, self.reading = solution, _encoding(solution), reading
        found = _opened(source, reading)
        self.source = found.source if isinstance(found, Table) else found.words
        self.encoding.refuse_lacking(found.names, self.source)
        if isinstance(found, Table):
            _refuse_texts(self.encoding, found)
        else:
            found = found.as_it_is([column.name for column in self.encoding.columns if column.kind == "text"])
        self.found = found
        self.meter = Meter(*_size(found)) if meter is None else meter
        self._meter_given = meter is not None
        self.names = _names(solution, found.names)
        self.rows = self.skipped = 0
        self._notes: list[Note] = []

    @property
    def notes(self) -> list[Note]:
        """What was filled in, or left out."""
        return summed(self._notes, self.rows + self.skipped)

    @property
    def whole(self) -> frozenset[str]:
        """Columns of doubles that held whole numbers only when they were looked at."""
        return frozenset() if isinstance(self.found, Table) else frozenset(self.found.whole)

    def __iter__(self) -> Generator[Any, None, None]:
        self.rows = self.skipped = 0
        self._notes = []
        if not self._meter_given:
            self.meter.begin_pass()
        with closing(ahead(self._predicted())) as parts:
            for table, lost, notes in parts:
                self.skipped += lost
                self._notes += notes
                if table is not None and table.num_rows:
                    self.rows += table.num_rows
                    yield table
        if self.skipped and not self.rows:
            raise DownslopeError("inference.all_skipped", source=self.source, count=self.skipped)
        if not self.rows:
            raise DownslopeError("data.no_rows", source=self.source)

    def _predicted(self) -> Iterator[tuple[Any, int, list[Note]]]:
        """Rows with predictions; how many were left out since the last; what there is to say."""
        request = Request(self.source, (), tuple(c.name for c in self.encoding.columns), True, None)
        counts = Filter(request, self.reading.on_bad_row)
        unread = [0]
        first = 0
        for read in self._read(unread):
            part = Table(read, self.source)
            if self.reading.on_bad_row is not None:
                part, _ = counts.rows(part, first)
            lost = read.num_rows - len(part)
            notes: list[Note] = []
            if lost:
                notes.append(("data.note_holes", {"count": lost, "rows": 0}))
            if unread[0]:
                notes.append(("data.note_skipped", {"count": unread[0], "source": self.source}))
                lost, unread[0] = lost + unread[0], 0
            table = part.columns
            if len(part):
                with numbered(first):
                    encoded = self.encoding.apply(part, target=False)
                notes += encoded.notes
                table = self._beside(table, self.solution.scores(encoded))
            first += read.num_rows
            yield table, lost, notes
        if unread[0]:
            facts = {"count": unread[0], "source": self.source}
            yield None, unread[0], [("data.note_skipped", facts)]

    def _read(self, unread: list[int]) -> Iterator[Any]:
        """The rows as they are; how many could not be read is added up in `unread`."""
        found = self.found
        width = max(len(found.names), len(self.solution.features))
        # rows at a time follow from the width alone, not from memory: so do the last bits of sums
        size = self.reading.rows or min(ROWS, part_rows(width))
        if isinstance(found, Table):
            path = Path(found.source)
            whole = path.stat().st_size if exists(path) else found.columns.nbytes
            for first in range(0, len(found), size):
                table = found.columns.slice(first, size)
                self.meter.add(table.num_rows, whole * table.num_rows // len(found))
                yield table
            return

        def lost(count: int) -> None:
            unread[0] += count

        part_size(replace(self.reading, rows=size), width)  # refuses what does not fit
        for path in found.paths:
            refuse_cut(path)
        lenient = lost if self.reading.on_bad_row == "skip" else None
        yield from cut(found.scan(found.names, limits(found, self.reading), self.meter, lenient), size)

    def _beside(self, table: Any, z: np.ndarray) -> Any:
        """The rows with what their scores say as the last columns."""
        import pyarrow as pa

        answers = self.solution.answers(z)
        values = [*answers.reshape(len(z), -1).T]
        if self.solution.recipe.loss.name == "log":
            values += [*self.solution.chances(z).T]
        for name, column in zip(self.names, values):
            table = table.append_column(name, pa.array(column))
        return table


def looked_at(solution: Solution, words: str) -> Meter:
    """Refuses files that do not belong together or lack a column of the model; a meter for all rows."""
    source = opened_source(words)
    _encoding(solution).refuse_lacking(source.names, words)
    return Meter(*_size(source))


def _encoding(solution: Solution) -> Encoding:
    if not solution.features:
        raise DownslopeError("inference.function_predicts", formula=solution.formula)
    if solution.encoding is None:
        raise DownslopeError("inference.no_encoding", source=solution.source)
    return solution.encoding


def _refuse_texts(encoding: Encoding, table: Table) -> None:
    """Refuse a text among numbers by its row: it made texts of the whole column."""
    import pyarrow.compute as pc

    for column in encoding.columns:
        if column.kind == "numeric" and table.kind(column.name) == "text":
            values = table.columns.column(column.name)
            known = values.cast("string").drop_null()
            fits = pc.match_substring_regex(known, NUMBER)
            if fits[0].as_py() and not pc.all(fits).as_py():
                value = known[pc.index(fits, False).as_py()].as_py()
                row = pc.index(values.cast("string"), value).as_py() + 1
                facts = {"source": table.source, "row": row, "column": column.name, "value": value}
                raise DownslopeError("data.text_in_numbers", **facts)


def summed(notes: Iterable[Note], rows: int) -> list[Note]:
    """Notes on some rows at a time as notes on all of them: their counts added up."""
    found: dict[tuple, dict[str, Any]] = {}
    for key, facts in notes:
        seen = found.setdefault((key, facts.get("column")), {**facts, "count": 0})
        seen["count"] += facts["count"]
    told = lambda facts: facts | {"rows": rows} if "rows" in facts else facts
    return [(key, told(facts)) for (key, _), facts in found.items()]


def _opened(source: Any, reading: Reading) -> Table | Source:
    """A table in memory where all its rows decide what its columns hold, and it fits; else the source."""
    if isinstance(source, Table):
        return source
    words = str(source) if isinstance(source, str | Path) else ""
    files = files_of(words) if words and not is_query(words) else []
    typed = files and all(kind_of_file(path) == "parquet" for path in files)
    return opened_source(words) if typed else table_or_source(source, reading)


def is_query(words: str) -> bool:
    return bool(QUERY.match(words)) and not exists(Path(words))


def _size(found: Table | Source) -> tuple[int | None, int | None]:
    """Rows and bytes, as far as they are known: what packed files unpack to is not."""
    if isinstance(found, Table):
        return len(found), found.columns.nbytes
    packed = any(path.suffix.lower() in (".gz", ".zst") for path in found.paths)
    return found.rows, None if packed else found.bytes


def _names(solution: Solution, taken: Sequence[str]) -> list[str]:
    """Of the columns of predictions: none has the name of one that is there already."""
    names = ["prediction"] if solution.single else [f"prediction: {name}" for name in solution.targets]
    if solution.recipe.loss.name == "log":
        names += [f"chance: {value}" for value in solution.classes]
    for place, name in enumerate(names):
        while name in taken:
            name += "_"
        names[place] = name
    return names
