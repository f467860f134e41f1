"""Downslope in benchopt's benchmark_ols: copy this file to its solvers/."""

import numpy as np
from benchopt import BaseSolver

import downslope as ds


class Solver(BaseSolver):
    """min over β of  ½‖y − Xβ‖²,  by gradient descent with a line search and L-BFGS; or in one step."""

    name = "Downslope"
    sampling_strategy = "iteration"
    requirements = ["pip::downslope"]
    parameters = {"method": ["closed_form", "lbfgs", "nesterov"]}
    references = ["Nocedal & Wright, Numerical Optimization, 2nd edition, Springer 2006"]

    def set_objective(self, X, y, fit_intercept):
        model = ds.Linear(intercept=fit_intercept)
        self.objective = ds.objective(ds.Dataset.from_arrays(X, y), "squared", model=model)

    def run(self, n_iter):
        self.beta = np.zeros(self.objective.size)
        if n_iter:
            method = {"closed_form": ds.ClosedForm, "lbfgs": ds.LBFGS, "nesterov": ds.Nesterov}[self.method]()
            descent = ds.descend(self.objective, self.beta, method, ds.stops.Epochs(n_iter))
            for _ in descent:
                pass
            self.beta = descent.result.params  # the intercept last

    def get_result(self):
        return {"beta": self.beta}
