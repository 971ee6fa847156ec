"""A page of `GET /actions` from a store that holds as many actions as it ever keeps."""

import json
import pathlib
import subprocess

from figures import Row
from processes import BenchFailure

ACTIONS = 100_000


def measure(binary: pathlib.Path, directory: pathlib.Path, rounds: int) -> list[Row]:
    state = directory / "list"
    options = ["--directory", str(state), "--actions", str(ACTIONS), "--rounds", str(rounds)]
    done = subprocess.run(
        [str(binary), "measure-list", *options], capture_output=True, text=True, timeout=600
    )
    if done.returncode != 0:
        raise BenchFailure(f"measure-list failed: {done.stderr}")
    lists = json.loads(done.stdout)["lists"]
    slowest = max(lists, key=lambda measured: measured["p50Milliseconds"])
    first = next(measured for measured in lists if measured["offset"] == 0)
    steps = sum("SCAN" in step or "TEMP B-TREE" in step for l in lists for step in l["plan"])
    return [
        Row(
            "slowest page of actions, p50",
            slowest["p50Milliseconds"],
            "ms",
            10,
            f"{ACTIONS} stored, {len(lists)} lists of {rounds} pages: {slowest['name']},"
            f" offset {slowest['offset']}, p99 {slowest['p99Milliseconds']} ms",
        ),
        Row(
            "  first page of all, p50",
            first["p50Milliseconds"],
            "ms",
            None,
            f"p99 {first['p99Milliseconds']} ms",
        ),
        Row("  scans and sorts in the plans", steps, "", 0, "EXPLAIN QUERY PLAN", digits=0),
    ]
