"""Runs the release build for long and under attack, and prints what it used. See scripts/endurance."""

import argparse
import pathlib
import shutil
import signal
import sys
import tempfile

import dead_wallbox
import hostile
import soak
from figures import machine, print_table
from processes import ROOT, BenchFailure


def main() -> int:
    arguments = parse()
    # As after Ctrl-C: everything that was started ends too.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    parent = ROOT / ".build"
    parent.mkdir(exist_ok=True)
    # Not in /tmp, which may be memory: bytes that are written there are not counted.
    directory = pathlib.Path(tempfile.mkdtemp(prefix="endurance-", dir=parent))
    parts = {
        "idle": (soak.measure_idle, arguments.seconds),
        "dead": (dead_wallbox.measure, arguments.seconds),
        "hostile": (hostile.measure, arguments.seconds),
        "soak": (soak.measure, arguments.polls),
    }
    print(machine())
    rows = []
    try:
        for name, (measure, amount) in parts.items():
            if arguments.only in (None, name):
                print(f"measuring: {name}", file=sys.stderr)
                rows += measure(arguments.binary, directory, amount)
    except BenchFailure as failure:
        print(f"endurance: {failure}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 130
    finally:
        shutil.rmtree(directory)
    print_table(rows)
    missed = [row.name.strip() for row in rows if row.is_missed]
    print(f"endurance: missed: {', '.join(missed) or 'nothing'}")
    return 1 if missed else 0


def parse() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="scripts/endurance", description=__doc__)
    parser.add_argument("--polls", type=int, default=1_000_000, help="of the soak")
    parser.add_argument("--seconds", type=int, default=60, help="of each of the other parts")
    parser.add_argument("--only", choices=["idle", "dead", "hostile", "soak"], help="one part")
    parser.add_argument(
        "--binary",
        type=lambda path: pathlib.Path(path).resolve(),
        default=ROOT / ".build/release/evse-agent",
        help="use this one instead of the release build of the checkout",
    )
    arguments = parser.parse_args()
    if arguments.polls < 1000 or arguments.seconds < 10:
        parser.error("at least 1000 polls and 10 seconds, or nothing can be said")
    return arguments


if __name__ == "__main__":
    sys.exit(main())
