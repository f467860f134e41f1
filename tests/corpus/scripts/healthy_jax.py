import jax
import jax.numpy as jnp
import optax

params = {"w": jnp.zeros(3), "b": 0.0}
optimizer = optax.adam(1e-2)
state = optimizer.init(params)


def loss_fn(params, x, y):
    return jnp.mean((x @ params["w"] + params["b"] - y) ** 2)


@jax.jit
def step(params, state, x, y):
    loss, grads = jax.value_and_grad(loss_fn)(params, x, y)
    updates, state = optimizer.update(grads, state, params)
    return optax.apply_updates(params, updates), state, loss


key = jax.random.PRNGKey(0)
x = jax.random.normal(key, (100, 3))
y = x @ jnp.array([1.0, 2.0, 3.0])
for i in range(500):
    params, state, loss = step(params, state, x, y)
