"""One register read through the agent's bus against the same read in plain libmodbus, turn and turn
about in one process."""

import json
import pathlib
import statistics
import subprocess

from figures import Row
from processes import BenchFailure, Simulator

ROUNDS = 5_000


def measure(binary: pathlib.Path, directory: pathlib.Path, runs: int) -> list[Row]:
    with Simulator(binary, "reference-7kw", directory / "bus.log") as wallbox:
        results = [compare(binary, wallbox.port) for _ in range(runs)]
    middle = sorted(results, key=lambda result: result["added_p50_us"])[len(results) // 2]
    added = ", ".join(f"{result['added_p50_us']:.0f}" for result in results)
    ratio = statistics.median(r["bus_p50_us"] / r["plain_p50_us"] for r in results)
    return [
        Row(
            "one read: our bus adds, p50",
            middle["added_p50_us"],
            "us",
            60,
            f"{runs} runs of {ROUNDS} pairs: {added} us",
            digits=1,
        ),
        Row(
            "  ours to plain libmodbus, p50",
            ratio,
            "x",
            None,
            f"ours {middle['bus_p50_us']:.0f} (p99 {middle['bus_p99_us']:.0f}),"
            f" plain {middle['plain_p50_us']:.0f} (p99 {middle['plain_p99_us']:.0f}) us",
        ),
    ]


def compare(binary: pathlib.Path, port: int) -> dict:
    options = ["--connect", f"127.0.0.1:{port}", "--unit", "1", "--address", "0"]
    done = subprocess.run(
        [str(binary), "compare-bus", *options, "--rounds", str(ROUNDS)],
        capture_output=True,
        text=True,
        timeout=120,
    )
    if done.returncode != 0:
        raise BenchFailure(f"compare-bus failed: {done.stderr}")
    return json.loads(done.stdout)
