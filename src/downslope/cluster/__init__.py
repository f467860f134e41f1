"""The Dask door: rows in the memory of many machines, and what Dask itself holds as arrays and frames."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import Any

from ..data.parts import ReadOptions
from ..data.stream import Stream
from ..errors import DownslopeError

try:
    from .connection import Connection
    from .sharded import ShardedDataset, learned_by
except ModuleNotFoundError as error:
    if error.name not in ("dask", "distributed"):
        raise
    raise DownslopeError("cluster.missing") from None

__all__ = ["Connection", "ShardedDataset", "learned_by", "shard"]


def shard(
    rows: Any,
    target: str | Sequence[str] | None = None,
    features: Sequence[str] | None = None,
    weights: str | None = None,
    *,
    workers: int | None = None,
    client: Any = None,
    shards: int | None = None,
    reading: ReadOptions | None = None,
    exclude: Sequence[str] | None = None,
) -> ShardedDataset:
    """Rows in the memory of a cluster's workers, for `ds.fit` and every other use of a Dataset.

    rows: a `Stream`, or what `Stream.open` accepts, with its target, features, weights and exclude.
    workers: start this many on this machine; `close()` or `with` stops them.
    client: a Dask client, or the address of a scheduler (tcp://10.0.0.1:8786). With neither, the current
    Dask client, else only this process, which reads the rows again in each pass.
    shards: the minimum number, so that stochastic methods give the same result with any number of workers.

    Raises DownslopeError for a cluster that cannot be reached, has other versions, or too little memory.
    """
    stream_reading = rows.reading if isinstance(rows, Stream) else reading or ReadOptions()
    if workers is not None and client is not None:
        raise DownslopeError("cluster.both")
    if workers is not None:
        connection = Connection.local(workers, stream_reading.memory)
    else:
        connection = Connection.to(client) if isinstance(client, str) else Connection.of(client)
    try:
        learn = partial(learned_by, connection)
        asked = (rows, target, features, weights, reading, exclude)
        stream = rows if isinstance(rows, Stream) else Stream.open(*asked, learn=learn)
        return ShardedDataset.of(stream, connection, shards)
    except BaseException:
        connection.close()
        raise
