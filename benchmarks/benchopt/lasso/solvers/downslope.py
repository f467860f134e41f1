"""Downslope in benchopt's benchmark_lasso: copy this file to its solvers/."""

import numpy as np
from benchopt import BaseSolver

import downslope as ds


class Solver(BaseSolver):
    """min over β of  ½‖y − Xβ‖² + λ‖β‖₁,  by coordinate descent on a working set."""

    name = "Downslope"
    sampling_strategy = "iteration"
    requirements = ["pip::downslope"]
    parameters = {"method": ["coordinate", "nesterov"]}
    references = ["Massias, Gramfort & Salmon, Celer: a fast solver for the Lasso, ICML 2018"]

    def set_objective(self, X, y, lmbd, fit_intercept):
        model = ds.Linear(intercept=fit_intercept)
        alpha = 2 * lmbd / len(y)  # ours is the mean of squares, without ½
        self.objective = ds.objective(ds.Dataset.from_arrays(X, y), "squared", "l1", alpha, model=model)

    def run(self, n_iter):
        self.beta = np.zeros(self.objective.size)
        if n_iter:
            method = ds.CoordinateDescent() if self.method == "coordinate" else ds.Nesterov()
            descent = ds.descend(self.objective, self.beta, method, ds.stops.Epochs(n_iter))
            for _ in descent:
                pass
            self.beta = descent.result.params  # the intercept last

    def get_result(self):
        return {"beta": self.beta}
