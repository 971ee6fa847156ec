"""Measures the release build on loopback and prints one table. See scripts/bench --help."""

import argparse
import os
import pathlib
import sys

import attack
import bus_cost
import ending
import flight_recorder
import footprint
import program
import push_latency
import store_list
from figures import machine, print_table, sync_milliseconds


def main() -> int:
    arguments = parse()

    def measure(directory: pathlib.Path) -> bool:
        load = os.getloadavg()[0]
        sync = sync_milliseconds(directory)
        print(f"{machine()}; load {load:.2f} at the start; one fdatasync {sync.described('ms')}")
        if load > os.cpu_count() / 4:
            print("The machine is busy with other things: these figures are worse than its own.")
        print_table(measured(arguments, directory))
        return True

    return program.status("bench", measure)


def parse() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="scripts/bench", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="fewer samples, two and a half minutes")
    parser.add_argument(
        "--only",
        choices=["push", "bus", "footprint", "recorder", "start", "list", "attack", "end"],
        help="one part of the table",
    )
    program.add_binary_option(parser)
    return parser.parse_args()


def measured(arguments: argparse.Namespace, directory: pathlib.Path) -> list:
    quick = arguments.quick
    parts = {
        "push": (push_latency.measure, 3 if quick else 15, "rounds of idle pushes"),
        "bus": (bus_cost.measure, 3 if quick else 7, "runs of register reads"),
        "footprint": (footprint.measure, 30 if quick else 60, "seconds of doing nothing"),
        "recorder": (flight_recorder.measure, 16 if quick else 26, "rounds of recorder on and off"),
        "start": (footprint.measure_start, 4 if quick else 10, "starts"),
        "list": (store_list.measure, 21 if quick else 101, "pages of each list"),
        "attack": (attack.measure, 10 if quick else 30, "seconds of slow clients"),
        "end": (ending.measure, 4 if quick else 20, "ends under stubborn clients"),
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
