"""Every row of the table, by name."""

from . import least_squares, logistic, passes, paths, starting, streams

FAMILIES = (least_squares, passes, logistic, paths, starting, streams)
ROWS = {row.name: row for family in FAMILIES for row in family.ROWS}
