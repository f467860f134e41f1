"""Every row of the table, by name."""

from . import least_squares, logistic, passes, paths, starting

FAMILIES = (least_squares, passes, logistic, paths, starting)
ROWS = {row.name: row for family in FAMILIES for row in family.ROWS}
