"""Runs the release build for long and under attack, and prints what it used. See scripts/endurance."""

import argparse
import pathlib
import sys

import dead_wallbox
import hostile
import program
import soak
from figures import machine, print_table


def main() -> int:
    arguments = parse()

    def measure(directory: pathlib.Path) -> bool:
        parts = {
            "idle": (soak.measure_idle, arguments.seconds),
            "dead": (dead_wallbox.measure, arguments.seconds),
            "hostile": (hostile.measure, arguments.seconds),
            "soak": (soak.measure, arguments.polls),
        }
        print(machine())
        rows = []
        for name, (measured, amount) in parts.items():
            if arguments.only in (None, name):
                print(f"measuring: {name}", file=sys.stderr)
                rows += measured(arguments.binary, directory, amount)
        print_table(rows)
        missed = [row.name.strip() for row in rows if row.is_missed]
        print(f"endurance: missed: {', '.join(missed) or 'nothing'}")
        return not missed

    return program.status("endurance", measure)


def parse() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="scripts/endurance", description=__doc__)
    parser.add_argument("--polls", type=int, default=1_000_000, help="of the soak, once the recorder is full")
    parser.add_argument("--seconds", type=int, default=60, help="of each of the other parts")
    parser.add_argument("--only", choices=["idle", "dead", "hostile", "soak"], help="one part")
    program.add_binary_option(parser)
    arguments = parser.parse_args()
    if arguments.polls < 25_000 or arguments.seconds < 10:
        parser.error("at least 25000 polls and 10 seconds, or nothing can be said")
    return arguments


if __name__ == "__main__":
    sys.exit(main())
