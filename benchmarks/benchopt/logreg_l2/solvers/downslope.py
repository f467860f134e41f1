"""Downslope in benchopt's benchmark_logreg_l2: copy this file to its solvers/."""

import numpy as np
from benchopt import BaseSolver

import downslope as ds


class Solver(BaseSolver):
    """min over β of  Σ log(1 + exp(−yᵢ xᵢ·β)) + ½λ‖β‖²,  y = ±1."""

    name = "Downslope"
    sampling_strategy = "iteration"
    requirements = ["pip::downslope"]
    parameters = {"method": ["newton", "lbfgs"]}
    references = ["Nocedal & Wright, Numerical Optimization, 2nd edition, Springer 2006"]

    def set_objective(self, X, y, lmbd, fit_intercept):
        model = ds.Linear(intercept=fit_intercept)
        rows = ds.Dataset.from_arrays(X, y).labelled([-1, 1])
        self.objective = ds.objective(rows, "log", "l2", lmbd / len(y), model=model)

    def run(self, n_iter):
        self.beta = np.zeros(self.objective.size)
        if n_iter:
            method = ds.Newton() if self.method == "newton" else ds.LBFGS()
            descent = ds.descend(self.objective, self.beta, method, ds.stops.Epochs(n_iter))
            for _ in descent:
                pass
            self.beta = descent.result.params  # the intercept last

    def get_result(self):
        return {"beta": self.beta}
