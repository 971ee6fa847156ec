"""Measures the release build on loopback and prints one table. See scripts/bench --help."""

import argparse
import os
import pathlib
import shutil
import signal
import sys
import tempfile

import attack
import bus_cost
import flight_recorder
import footprint
import push_latency
import store_list
from figures import machine, print_table, sync_milliseconds
from processes import ROOT, BenchFailure


def main() -> int:
    arguments = parse()
    # As after Ctrl-C: everything that was started ends too.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    parent = ROOT / ".build"
    parent.mkdir(exist_ok=True)
    # Not in /tmp, which may be memory: what a commit costs is part of the answer.
    directory = pathlib.Path(tempfile.mkdtemp(prefix="bench-", dir=parent))
    try:
        load = os.getloadavg()[0]
        sync = sync_milliseconds(directory)
        print(f"{machine()}; load {load:.2f} at the start; one fdatasync {sync.described('ms')}")
        if load > os.cpu_count() / 4:
            print("The machine is busy with other things: these figures are worse than its own.")
        print_table(measured(arguments, directory))
    except BenchFailure as failure:
        print(f"bench: {failure}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 130
    finally:
        shutil.rmtree(directory)
    return 0


def parse() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="scripts/bench", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="fewer samples, about a minute")
    parser.add_argument(
        "--only",
        choices=["push", "bus", "footprint", "recorder", "start", "list", "attack"],
        help="one part of the table",
    )
    parser.add_argument(
        "--binary",
        type=lambda path: pathlib.Path(path).resolve(),
        default=ROOT / ".build/release/evse-agent",
        help="measure this one instead of the release build of the checkout",
    )
    return parser.parse_args()


def measured(arguments: argparse.Namespace, directory: pathlib.Path) -> list:
    quick = arguments.quick
    parts = {
        "push": (push_latency.measure, 3 if quick else 15, "rounds of idle pushes"),
        "bus": (bus_cost.measure, 3 if quick else 7, "runs of register reads"),
        "footprint": (footprint.measure, 30 if quick else 60, "seconds of doing nothing"),
        "recorder": (flight_recorder.measure, 5 if quick else 13, "pairs of recorder on and off"),
        "start": (footprint.measure_start, 4 if quick else 10, "starts"),
        "list": (store_list.measure, 21 if quick else 101, "pages of each list"),
        "attack": (attack.measure, 10 if quick else 30, "seconds of slow clients"),
    }
    rows = []
    for name, (measure, amount, what) in parts.items():
        if arguments.only in (None, name):
            print(f"measuring: {amount} {what}", file=sys.stderr)
            rows += measure(arguments.binary, directory, amount)
    missed = [row.name.strip() for row in rows if row.is_missed]
    print(f"missed: {', '.join(missed)}" if missed else "missed: nothing", file=sys.stderr)
    return rows


if __name__ == "__main__":
    sys.exit(main())
