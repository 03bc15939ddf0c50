"""Whole datasets, shard by shard: tar files, Parquet files and folders, here or behind any URL of fsspec.

`convert_shards` and `collect_shards` (in `run`) plan the work (`units`), let an engine (`engines`) do each unit
(`work`) and add up the records (`records`). What is done is a task (`tasks`) with an operation on one image
(`operations`); how a shard is taken apart and put together again is its format's business (`formats`), and where it
lies its store's (`stores`).
"""

from dnjpeg.shards.operations import Encode, Operation, Transcode
from dnjpeg.shards.records import Counts, Failure, Outcome, Record, Totals
from dnjpeg.shards.run import Report, RunError, collect_shards, convert_shards
from dnjpeg.shards.stores import open_store, split_name
from dnjpeg.shards.tasks import Collect, Convert

__all__ = [
    "Collect",
    "Convert",
    "Counts",
    "Encode",
    "Failure",
    "Operation",
    "Outcome",
    "Record",
    "Report",
    "RunError",
    "Totals",
    "Transcode",
    "collect_shards",
    "convert_shards",
    "open_store",
    "split_name",
]
