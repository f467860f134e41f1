"""Rows of any number with their predictions: read, encoded and predicted some at a time, in order."""

from __future__ import annotations

from collections.abc import Generator, Iterable, Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import replace
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..data.cells import TextFormat, counted, infer_formats, typed
from ..data.dataset import Note
from ..data.delimited import cleaned, refuse_cut
from ..data.encoding import ColumnRequest, Encoding
from ..data.learning import Filter
from ..data.partitioned import numbered
from ..data.parts import Meter, ReadOptions, ahead, cut, limits, part_rows, part_size
from ..data.reading import Table
from ..data.source import Source, exists, opened_source
from ..errors import DownslopeError
from .intervals import columns_of, interval, names_of
from .metrics import crossed

if TYPE_CHECKING:
    from .solution import Solution

ROWS = 65_536  # at a time, of rows that are not wide


class Predictions:
    """The rows of a source as pyarrow Tables of some rows, in order: their columns, then what is predicted,
    in columns called `names`. The next rows are read while some are used, and never are all in memory.

    `rows`, `skipped` and `notes` are of the rows so far; `meter` counts them, for a progress bar.

    >>> import downslope as ds
    >>> solution = ds.fit(ds.Dataset.read({"x": [1, 2, 3], "y": [2, 4, 6]}, "y"))
    >>> found = solution.predict_source("SELECT range AS x FROM range(100_000)")
    >>> [(table.num_rows, table.column_names) for table in found]
    [(65536, ['x', 'prediction']), (34464, ['x', 'prediction'])]
    >>> found.rows
    100000
    """

    def __init__(
        self,
        solution: Solution,
        source: Any,
        reading: ReadOptions,
        meter: Meter | None = None,
        as_written: bool = False,
        interval: tuple[float, bool] | None = None,
    ):
        """as_written: cells of text stay as they are, to be written again; else they become values.

        Raises DownslopeError for what is no table, or lacks a column of the model, and for a solution that
        does not predict tables."""
        self.solution, self.encoding, self.reading = solution, _encoding(solution), reading
        self.as_written = as_written
        found = _opened(source, reading)
        if self._lacks_header(found):
            found = _opened(source, replace(reading, header=False))
        self.found = found
        self.source = found.source if isinstance(found, Table) else found.words
        self.encoding.refuse_lacking(found.names, self.source)
        self.meter = Meter(*_size(found)) if meter is None else meter
        self._meter_given = meter is not None
        self.interval = interval
        self.names = _names(solution, found.names, interval is not None)
        self.rows = self.skipped = 0
        self._notes: list[Note] = []

    def _lacks_header(self, found: Table | Source) -> bool:
        """Whether a text's first line was taken for names, where the training file had none."""
        layout = self.encoding.layout
        if layout is None or layout.header or self.reading.header is not None or found.layout is None:
            return False
        return not {column.name for column in self.encoding.columns} <= set(found.names)

    @property
    def charset(self) -> str:
        """The encoding that the predictions are written in as CSV: that of the rows, if it holds the new
        columns too; else UTF-8 with its mark, which spreadsheets know."""
        layout = self.found.layout
        name = "utf-8" if layout is None else layout.encoding
        try:
            "".join([*self.names, *map(str, self.solution.classes)]).encode(name)
        except UnicodeEncodeError:
            return "utf-8-sig"
        return name

    @property
    def notes(self) -> list[Note]:
        """What was filled in, or left out."""
        return summed(self._notes, self.rows + self.skipped)

    @cached_property
    def _formats(self) -> tuple[dict[str, TextFormat], dict[str, TextFormat], dict[str, Any]]:
        """How cells of text become features, how they become values, and the types of columns of whole
        numbers and of days. What the encoding does not say, all cells do."""
        import pyarrow as pa
        import pyarrow.compute as pc

        known, found = self.encoding.text_formats, self.found
        if isinstance(found, Table):
            return known, {}, {}
        features = {column.name for column in self.encoding.columns}
        asked = [name for name in found.cells if not self.as_written or name in features - known.keys()]
        cell_counts, clocks = counted(asked), set()
        read = lambda: found.raw(asked, limits(found, self.reading), skipped=self._lenient([0]))
        for batch in read() if asked else ():
            for name, counts in cell_counts.items():
                counts.add(batch.column(name), True)
                if pc.any(pc.match_substring(batch.column(name), ":")).as_py():
                    clocks.add(name)
        formats, _ = infer_formats(cell_counts, found.delimiter)
        is_whole = lambda c: c.known and c.count(["whole"]) == c.known and c.widest < 2**63
        whole = [name for name, counts in cell_counts.items() if is_whole(counts)]
        days = [n for n, form in formats.items() if form.kind == "date" and n not in clocks]
        types = dict.fromkeys(whole, pa.int64()) | dict.fromkeys(days, pa.date32())
        return formats | known, formats, types

    def _lenient(self, unread: list[int]) -> Any:
        def lost(count: int) -> None:
            unread[0] += count

        return lost if self.reading.on_bad_row == "skip" else None

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
        request = ColumnRequest(self.source, (), tuple(c.name for c in self.encoding.columns), True, None)
        counts = Filter(request, self.reading.on_bad_row)
        formats, values, types = self._formats
        formats = {name: form for name, form in formats.items() if name in request.chosen}
        unread = [0]
        first = 0
        for read in self._read(unread):
            part = Table(read, self.source).read_as(formats)
            places = None
            if self.reading.on_bad_row is not None:
                part, counting = counts.rows(part, first)
                places = counting.places
            lost = read.num_rows - len(part)
            notes: list[Note] = []
            if lost:
                notes.append(("data.note_holes", {"count": lost, "rows": 0}))
            if unread[0]:
                notes.append(("data.note_skipped", {"count": unread[0], "source": self.source}))
                lost, unread[0] = lost + unread[0], 0
            table = read if places is None else read.take(places)
            table = table if self.as_written else _as_values(table, values, types)
            if len(part):
                with numbered(first):
                    encoded = self.encoding.apply(part, target=False)
                notes += [(key, _of_all(facts, first)) for key, facts in encoded.notes]
                table, disorder = self._beside(table, encoded)
                notes += [("inference.note_crossed", {"count": disorder, "rows": 0})] if disorder else []
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
        part_size(replace(self.reading, rows=size), width)  # refuses what does not fit
        for path in found.paths:
            refuse_cut(path)
        scan = found.raw(found.names, limits(found, self.reading), self.meter, self._lenient(unread))
        yield from cut(scan, size)

    def _beside(self, table: Any, rows: Any) -> tuple[Any, int]:
        """The rows with what their scores say as the last columns; of how many the quantiles crossed."""
        import pyarrow as pa

        z = self.solution.scores(rows)
        answers = self.solution.answers(z)
        values = [*answers.reshape(len(z), -1).T]
        if self.solution.has_chances:
            values += [*self.solution.chances(z).T]
        if self.interval is not None:
            values.extend(columns_of(interval(self.solution, rows, z, *self.interval)))
        for name, column in zip(self.names, values):
            table = table.append_column(name, pa.array(column))
        return table, crossed(self.solution.recipe.loss, z)


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


def _as_values(table: Any, formats: Mapping[str, TextFormat], types: Mapping[str, Any]) -> Any:
    """Cells of text as what they hold."""
    import pyarrow as pa

    for place, name in enumerate(table.column_names):
        if name in formats:
            column, kind = table.column(place), types.get(name)
            values = cleaned(column) if kind == pa.int64() else typed(column, formats[name])
            table = table.set_column(place, name, values if kind is None else values.cast(kind))
    return table


def summed(notes: Iterable[Note], rows: int) -> list[Note]:
    """Notes on some rows at a time as notes on all of them: their counts added up."""
    found: dict[tuple, dict[str, Any]] = {}
    for key, facts in notes:
        seen = found.setdefault((key, facts.get("column")), {**facts, "count": 0})
        seen["count"] += facts["count"]
    whole = {"rows": rows, "known": rows}
    with_totals = lambda facts: facts | {name: whole[name] for name in whole if name in facts}
    return [(key, with_totals(facts)) for (key, _), facts in found.items()]


def _of_all(facts: dict[str, Any], first: int) -> dict[str, Any]:
    """The same facts with the number of the row among all rows."""
    return facts | {"row": facts["row"] + first} if "row" in facts else facts


def _opened(source: Any, reading: ReadOptions) -> Table | Source:
    """A table that is in memory; else the source, whose rows stay as they are."""
    if not isinstance(source, str | Path):
        return source if isinstance(source, Table) else Table.read(source)
    return replace(opened_source(str(source), reading.encoding, reading.header), exact=True)


def _size(found: Table | Source) -> tuple[int | None, int | None]:
    """Rows and bytes, as far as they are known: what packed files unpack to is not."""
    if isinstance(found, Table):
        return len(found), found.columns.nbytes
    packed = any(path.suffix.lower() in (".gz", ".zst") for path in found.paths)
    return found.rows, None if packed else found.bytes


def _names(solution: Solution, taken: Sequence[str], intervals: bool) -> list[str]:
    """Of the columns of predictions: none has the name of one that is there already."""
    names = solution.prediction_names
    if solution.has_chances:
        names += [f"chance: {value}" for value in solution.classes]
    names += names_of(solution) if intervals else []
    for place, name in enumerate(names):
        while name in taken:
            name += "_"
        names[place] = name
    return names
