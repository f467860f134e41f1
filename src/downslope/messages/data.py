"""What data/ says."""

TEXTS = {
    "data.no_such_file": (
        "{path}: no such file. Give the path of a CSV, Parquet or JSON file, a glob, or a SQL query.",
        "{path}：找不到这个文件。请给出 CSV、Parquet 或 JSON 文件的路径、通配符，或一条 SQL 查询。",
    ),
}
