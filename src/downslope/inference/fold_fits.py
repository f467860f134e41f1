"""A model for each fold, fitted to the other rows: for comparing, thresholds, calibration and CV+."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace
from typing import Any

import numpy as np

from .. import view
from ..data import Dataset
from ..selection.fold_moments import Holes

USUAL = 0.2  # of the rows: validation rows of a fold, where those of the fit were given


def fold_fits(
    dataset: Dataset, recipe: Any, pairs: Iterable[tuple[np.ndarray, np.ndarray]], holes: Holes
) -> Iterator[tuple[Any, Dataset, np.ndarray]]:
    """(solution, the rows that it has not learned from, their numbers) of each fold, a pair (train, held).

    What is learned from rows is learned from the training part alone, what fills missing cells too, where
    these are given as `holes`; so is whatever the recipe chooses.
    """
    for train, held in pairs:
        rows = dataset
        if holes:
            rows = replace(dataset, X=holes.filled(dataset.X, holes.means(dataset, train)))
        learned = rows.take(train)
        if isinstance(learned.X, np.ndarray) and (np.ptp(learned.X, axis=0) == 0).any():
            learned = replace(learned, encoding=None)  # a level that is absent here has the weight 0
        validation = None
        if recipe.patience is not None:  # a part of the training part ends the descent
            fraction = USUAL if dataset.drawn is None else dataset.drawn[0]
            learned, validation = replace(learned, encoding=None).split(fraction, recipe.seed)
        training = view("training").on_rows(learned, recipe, validation)
        training.judged = False
        yield replace(training.solution, classes=dataset.classes), rows.take(held), held
