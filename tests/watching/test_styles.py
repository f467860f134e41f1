"""Loops by hand in many styles: weights, updates, gradient, loss and curvature are those of the script."""

import numpy as np
import pytest

from downslope.watching.watched import path_curvature
from tests.watching.watcher import ran

SCRIPTS = {
    "two weights in one statement": """
w, b = 0.0, 0.0
xs=[1.,2.,3.]; ys=[3.,5.,7.]
for epoch in range(200):
    dw = db = 0.0
    loss = 0.0
    for x, y in zip(xs, ys):
        e = w*x+b-y
        loss += e*e
        dw += 2*e*x
        db += 2*e
    w, b = w - 0.05*dw/3, b - 0.05*db/3
""",
    "a method of a class": """
import numpy as np
rng=np.random.default_rng(0)
X=rng.normal(size=(50,3)); y=X@np.array([1,2,3.])
class Model:
    def __init__(self):
        self.w=np.zeros(3); self.lr=0.1; self.history=[]
    def predict(self,X):
        return np.dot(X,self.w)
    def fit(self,X,y,epochs=100):
        for _ in range(epochs):
            err=self.predict(X)-y
            grad=2*np.dot(X.T,err)/len(y)
            self.w-=self.lr*grad
            self.history.append(np.mean(err**2))
m=Model(); m.fit(X,y)
""",
    "a comprehension": """
X=[[1.,2.],[2.,1.],[3.,4.]]; y=[5.,4.,11.]
w=[0.,0.]; rate=0.02
def gradient(w):
    g=[0.,0.]
    for row,t in zip(X,y):
        e=sum(a*b for a,b in zip(row,w))-t
        for j in range(2): g[j]+=2*e*row[j]/3
    return g
def cost(w): return sum((sum(a*b for a,b in zip(r,w))-t)**2 for r,t in zip(X,y))/3
for step in range(100):
    g=gradient(w)
    w=[wi-rate*gi for wi,gi in zip(w,g)]
    if step%10==0: print(cost(w))
""",
    "a dictionary": """
import numpy as np
params={"W":np.ones((2,2)),"b":np.zeros(2)}
for t in range(50):
    grads={"W":2*params["W"],"b":2*(params["b"]-1)}
    loss=np.sum(params["W"]**2)+np.sum((params["b"]-1)**2)
    for k in params:
        params[k]-=0.1*grads[k]
""",
    "new names first": """
import numpy as np
theta0=theta1=0.0; alpha=0.05
x=np.array([1.,2.,3.]); y=2*x+1; m=len(x)
cost_history=[]
for i in range(100):
    h=theta0+theta1*x
    temp0=theta0-alpha*(1/m)*np.sum(h-y)
    temp1=theta1-alpha*(1/m)*np.sum((h-y)*x)
    theta0=temp0
    theta1=temp1
    cost_history.append(np.sum((h-y)**2)/(2*m))
""",
    "a function that returns": """
def step(w, g, lr):
    return w - lr*g
w=5.0
n=0
while n<50:
    g=2*w
    w=step(w,g,0.1)
    n+=1
""",
    "momentum": """
import numpy as np
w=np.zeros(2); v=np.zeros(2); beta=0.9; lr=0.01
A=np.diag([1.,10.])
for k in range(100):
    grad=A@w-np.ones(2)
    v=beta*v+grad
    w=w-lr*v
""",
    "batches": """
import numpy as np
rng=np.random.default_rng(0)
X=rng.normal(size=(64,3)); y=X@np.array([1,2,3.]); w=np.zeros(3)
for epoch in range(20):
    order=rng.permutation(64)
    for s in range(0,64,16):
        idx=order[s:s+16]
        xb,yb=X[idx],y[idx]
        grad=2*xb.T@(xb@w-yb)/len(xb)
        w-=0.05*grad
    loss=np.mean((X@w-y)**2)
""",
    "a list that grows": """
# 梯度下降
x=[10.0]
for i in range(50):
    x.append(x[i]-0.1*2*x[i])
""",
    "a history array": """
import numpy as np
w=np.zeros(11); w[0]=4.0; lr=0.1
for t in range(10):
    w[t+1]=w[t]-lr*2*w[t]
""",
    "matrix products": """
import numpy as np
W1=np.ones((2,3))*.1; W2=np.ones((3,1))*.1
X=np.array([[0,0],[0,1],[1,0],[1,1.]]); y=np.array([[0],[1],[1],[0.]])
def sigmoid(z): return 1/(1+np.exp(-z))
for epoch in range(100):
    h=sigmoid(X@W1); o=sigmoid(h@W2)
    err=o-y
    d2=err*o*(1-o)
    d1=d2@W2.T*h*(1-h)
    W2-=0.5*h.T@d2
    W1-=0.5*X.T@d1
    mse=np.mean(err**2)
""",
    "several rates": """
def f(x): return (x-2)**2
def df(x): return 2*(x-2)
for lr in [0.01, 0.1, 0.4]:
    x = 10.0
    for i in range(30):
        x -= lr*df(x)
        print(f(x))
""",
    "objects in a list": """
m=[1.0]; layers=[m]
class Layer:
    def __init__(self): self.W=1.0; self.dW=0.0
net=[Layer(),Layer()]
for step in range(30):
    for layer in net: layer.dW=2*(layer.W-3)
    for layer in net:
        layer.W -= 0.1*layer.dW
""",
    "a named move": """
import numpy as np
def compute(w): return 4*w
def run():
    w=3.0; cost=[]
    for i in range(40):
        dw=compute(w)
        delta=0.05*dw
        w=w-delta
        cost.append(2*w*w)
    return w
run()
""",
}
SEEN = {  # style → weights, updates, L
    "two weights in one statement": (("w", "b"), 200, 11.09294),
    "a method of a class": (("self.w",), 100, None),
    "a comprehension": (("w",), 100, 22.5856),
    "a dictionary": (("params[0]", "params[1]"), 50, 2),
    "new names first": (("theta0", "theta1"), 100, 5.54647),
    "a function that returns": (("w",), 50, 2),
    "momentum": (("w",), 100, 10),
    "batches": (("w",), 80, "rows"),
    "a list that grows": (("x",), 50, 2),
    "a history array": (("w",), 10, 2),
    "matrix products": (("W2", "W1"), 100, None),
    "several rates": (("x",), 30, 2),
    "objects in a list": (("layer.W",), 30, 2),
    "a named move": (("w",), 40, 4),
}
FAST = ("two weights in one statement", "a comprehension", "batches")
STYLES = [name if name in FAST else pytest.param(name, marks=pytest.mark.slow) for name in SCRIPTS]


@pytest.mark.parametrize("style", STYLES)
def test_a_loop_in_this_style_is_seen(style):
    done, seen = ran(SCRIPTS[style])
    assert done.returncode == 0 and done.stderr == ""
    weights, updates, curvature = SEEN[style]
    loop = seen.loops[0]
    assert loop.weights == weights and seen.steps(loop.number) == updates
    last = seen.updates[loop.number][-1]
    assert last.gradient is not None and last.gradient.shape == last.params.shape
    assert not (loop.loss == "" and "loss" in SCRIPTS[style])
    found = path_curvature(seen, loop.number)
    if curvature is not None:
        assert (
            found == curvature
            if isinstance(found, str)
            else found.value == pytest.approx(curvature, rel=1e-4)
        )


def test_the_gradient_is_that_of_the_update():
    """w after = w before − rate · gradient, at every update of plain descent."""
    for style in FAST:
        _, seen = ran(SCRIPTS[style])
        for update in seen.updates[1][1:]:
            assert np.allclose(
                update.params, update.before - update.rate * update.gradient, rtol=1e-12, atol=1e-15
            )


def test_sums_and_averages_are_no_training():
    text = """
total = 0
for i in range(10): total += 0.5 * i
average = 0.0
for x in [1.0, 2.0, 3.0]: average = 0.9 * average + 0.1 * x
s = 0.0
for x in range(100): s = s + 0.1 * x
"""
    _, seen = ran(text)
    assert seen.loops == [] and {fact.numbers["why"] for fact in seen.facts} == {"roles"}


@pytest.mark.slow
def test_functions_for_another_compiler_are_never_rewritten():
    text = """
import functools
def jit(function):
    import dis
    assert all("LOAD_CONST" != i.opname or not callable(i.argval) for i in dis.get_instructions(function))
    return function
def train(w):
    for k in range(9):
        w = w - 0.1 * 2 * w
    return w
print(jit(train)(1.0))
"""
    done, seen = ran(text)
    assert done.returncode == 0 and seen.loops == []
    assert [fact.numbers["why"] for fact in seen.facts] == ["compiled_loop"]
