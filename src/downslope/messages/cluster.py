"""What cluster/ says."""

TEXTS = {
    "cluster.missing": (
        "a cluster needs Dask: pip install 'downslope[cluster]'.",
        "使用集群需要 Dask：pip install 'downslope[cluster]'。",
    ),
    "cluster.workers": (
        "workers was {asked}: give a whole number of at least 1.",
        "worker 的个数为 {asked}：请给出至少为 1 的整数。",
    ),
    "cluster.both": (
        "workers starts a cluster here, and client uses one that runs: give one of the two.",
        "workers 在本机启动集群，client 使用正在运行的集群：两者只能给一个。",
    ),
    "cluster.unreachable": (
        "no cluster answers at {address} ({reason}). Start one with `dask scheduler`, or check the address.",
        "{address} 处没有集群应答（{reason}）。请用 `dask scheduler` 启动集群，或检查地址。",
    ),
    "cluster.no_workers": (
        "the cluster at {address} has no workers. Start some with `dask worker {address}`.",
        "{address} 处的集群没有 worker。请用 `dask worker {address}` 启动。",
    ),
    "cluster.versions": (
        "the worker {worker} has {name} {there}, and here it is {here}: the same answer takes the same versions. Install {name} {here} there.",
        "worker {worker} 的 {name} 版本是 {there}，而本机是 {here}：要得到相同的结果，版本必须一致。请在那里安装 {name} {here}。",
    ),
    "cluster.lost": (
        "the cluster was lost half-way ({reason}). Start it again and fit again; what --checkpoint kept can be gone on with.",
        "集群在中途丢失（{reason}）。请重新启动集群再训练；--checkpoint 保存过的进度可以接着跑。",
    ),
    "cluster.room": (
        "the rows take {needed}, and the {workers} workers have room for {room} of them: use more workers or more memory, or one machine, where rows are read from the disk at each pass.",
        "这些行需要 {needed}，而 {workers} 个 worker 只放得下 {room}：请增加 worker 或内存，或只用一台机器，每一遍都从磁盘读取。",
    ),
    "cluster.partition": (
        "partition {number}: {reason}",
        "第 {number} 个分区：{reason}",
    ),
    "cluster.no_rows": (
        "the collection has no rows that weigh anything.",
        "这个集合里没有权重大于 0 的行。",
    ),
    "cluster.partitions_differ": (
        "X has {found} partitions and {role} has {other}: they need the same ones, as those of one collection have.",
        "X 有 {found} 个分区，而 {role} 有 {other} 个：两者的分区必须相同，例如来自同一个集合。",
    ),
    "cluster.column_kind": (
        "the column '{column}' holds {kind}, not numbers: encode it first, or leave it out.",
        "列「{column}」的类型是 {kind}，不是数字：请先编码，或去掉这一列。",
    ),
    "cluster.dashboard": (
        "{workers} workers; the dashboard is at {address}",
        "{workers} 个 worker；仪表盘在 {address}",
    ),
    "cluster.no_dashboard": (
        "{workers} workers at {address}; for a dashboard, pip install bokeh",
        "{workers} 个 worker，地址 {address}；要看仪表盘，请 pip install bokeh",
    ),
}
