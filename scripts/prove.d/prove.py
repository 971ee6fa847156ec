"""Runs what shows that the promises hold, and prints one table. See scripts/prove."""

import argparse
import dataclasses
import datetime
import json
import os
import pathlib
import re
import subprocess
import sys
import time

from parts import PARTS, Part

HERE = pathlib.Path(__file__).resolve().parent
ROOT = HERE.parent.parent
FULL = HERE / "full.json"
LOGS = ROOT / ".build/prove"


@dataclasses.dataclass
class Figure:
    requirement: str
    what: str
    asked: str
    measured: str
    verdict: str
    command: str
    when: str = "this run"

    @property
    def order(self) -> tuple:
        number = re.fullmatch(r"R(\d+)", self.requirement)
        return (int(number[1]) if number else 1000,)

    @property
    def cells(self) -> list[str]:
        return [
            self.requirement, self.what, self.asked, self.measured, self.verdict, self.when,
            self.command,
        ]


def main() -> int:
    arguments = parse()
    if arguments.list:
        for part in PARTS:
            print(f"{part.name:12} {part.what}: {part.command or part.full + ' (--full only)'}")
        return 0
    LOGS.mkdir(parents=True, exist_ok=True)
    recorded = json.loads(FULL.read_text()) if FULL.exists() else {}
    figures: list[Figure] = []
    failed: list[str] = []
    for part in PARTS:
        is_full = arguments.full is not None and part.full is not None
        wanted = arguments.full if arguments.full else arguments.only
        if wanted and part.name not in wanted or arguments.full is not None and not is_full:
            continue
        command = part.full if is_full else part.command
        if not command:
            continue
        rows, is_fine = run(part, command)
        if is_full:
            recorded[part.name] = {
                "date": datetime.date.today().isoformat(), "commit": commit(),
                "figures": [dataclasses.astuple(row)[:6] for row in rows],
            }
            FULL.write_text(json.dumps(recorded, indent=1) + "\n")
        figures += rows
        if not is_fine:
            failed.append(f"{part.name} (log: {LOGS / part.name}.log)")
    if arguments.full is None and not arguments.only:
        figures += earlier(recorded)
    print_table(sorted(figures, key=lambda figure: figure.order))
    missed = [f"{row.requirement} {row.what}" for row in figures if row.verdict == "MISSED"]
    for line in failed:
        print(f"prove: FAILED: {line}")
    for line in missed:
        print(f"prove: MISSED: {line}")
    print("prove: everything asked holds" if not failed and not missed else "prove: not everything")
    return 1 if failed or missed else 0


def parse() -> argparse.Namespace:
    names = [part.name for part in PARTS]
    parser = argparse.ArgumentParser(prog="scripts/prove", description=__doc__)
    parser.add_argument("--only", nargs="+", choices=names, default=[], help="these parts")
    parser.add_argument(
        "--full", nargs="*", metavar="PART",
        help="the long form of these parts, or of all that have one, and keep what it shows",
    )
    parser.add_argument("--list", action="store_true", help="the parts and their commands")
    arguments = parser.parse_args()
    for name in arguments.full or []:
        if name not in [part.name for part in PARTS if part.full]:
            parser.error(f"'{name}' has no long form; see --list")
    return arguments


def run(part: Part, command: str) -> tuple[list[Figure], bool]:
    print(f"prove: {part.name}: {command}", file=sys.stderr, flush=True)
    collected, log = LOGS / f"{part.name}.figures", LOGS / f"{part.name}.log"
    collected.write_text("")
    begin = time.monotonic()
    with log.open("w") as output:
        status = subprocess.run(
            command.split(), cwd=ROOT, stdout=output, stderr=subprocess.STDOUT,
            env=os.environ | {"EVSE_FIGURES": str(collected)}, check=False,
        ).returncode
    took = time.monotonic() - begin
    print(f"prove: {part.name}: ended with {status} after {took:.0f} s", file=sys.stderr, flush=True)
    figures = [
        Figure(*line.split("\t")[:5], command) for line in collected.read_text().splitlines()
    ]
    if part.name == "tests":
        figures += tests(log.read_text(), command)
    figures += nights(log.read_text(), command)
    figures += simulation(log.read_text(), command)
    # scripts/test says some of it once more at its end.
    figures = [row for number, row in enumerate(figures) if row not in figures[:number]]
    if not figures:
        figures = [Figure("", part.what, "ends with 0", f"ended with {status}", "", command)]
        figures[0].verdict = "met" if status == 0 else "MISSED"
    return figures, status == 0


def tests(log: str, command: str) -> list[Figure]:
    """A row for each requirement: how many tests carry its name, and how many of them passed."""
    counts: dict[int, list[int]] = {}
    for name, how in re.findall(r"^. Test (.*?) (passed|failed) after", log, re.MULTILINE):
        for number in set(re.findall(r"\b[Rr](\d\d)(?=[_ :,])", name)):
            counts.setdefault(int(number), [0, 0])[how == "failed"] += 1
    return [
        Figure(
            f"R{number}", "tests of that name", "0 failed",
            f"{passed} passed, {failed} failed",
            "MISSED" if failed else "met", command,
        )
        for number, (passed, failed) in sorted(counts.items())
    ]


def nights(log: str, command: str) -> list[Figure]:
    """What each run of scripts/check-nights says at its end."""
    figures = []
    for good, planned, kills in re.findall(
        r"^(\d+) of (\d+) nights as planned, (\d+) kills", log, re.MULTILINE
    ):
        verdict = "met" if good == planned else "MISSED"
        what = f"nights as planned, {kills} kills"
        figures.append(Figure("R17", what, planned, good, verdict, command))
    return figures


def simulation(log: str, command: str) -> list[Figure]:
    """What each run of scripts/simulate says at its end."""
    figures = []
    for seeds, broken, trace in re.findall(
        r"^(\d+(?: mixed)?) seeds, (\d+) broken, trace (\w+)$", log, re.MULTILINE
    ):
        verdict = "met" if broken == "0" else "MISSED"
        what = f"worlds with a broken invariant of {seeds}, trace {trace}"
        figures.append(Figure("R15", what, "0", broken, verdict, command))
    # A speed is asked of one kind of wallbox; a mix is as fast as what it is made of.
    for speed, mix in re.findall(
        r"; (\d+) times for each wallbox( of the mix)? and second of a processor$", log, re.MULTILINE
    ):
        asked, verdict = ">= 50000", "met" if int(speed) >= 50_000 else "MISSED"
        if mix:
            asked, verdict = "", ""
        what = f"simulated seconds of a wallbox{mix} in one of a processor"
        figures.append(Figure("R15", what, asked, speed, verdict, command))
    return figures


def earlier(recorded: dict) -> list[Figure]:
    """What the last full runs have shown."""
    figures = []
    for part in PARTS:
        if part.name in recorded:
            run = recorded[part.name]
            when = f"{run['date']}, {run['commit']}"
            figures += [Figure(*row, when) for row in run["figures"]]
        elif part.full:
            figures.append(Figure("", part.what, "", "no full run yet", "", part.full, "never"))
    return figures


def commit() -> str:
    """What was measured; that its own record has changed makes it nothing else."""

    def git(*words: str) -> str:
        run = subprocess.run(["git", *words], cwd=ROOT, capture_output=True, text=True, check=True)
        return run.stdout.strip()

    record = FULL.relative_to(ROOT)
    changed = git("status", "--porcelain", "--untracked-files=no", "--", ".", f":!{record}")
    return git("describe", "--always", "--abbrev=8") + ("-dirty" if changed else "")


def print_table(figures: list[Figure]) -> None:
    cells = [["", "what", "asked", "measured", "", "when", "command"]]
    cells += [figure.cells for figure in figures]
    widths = [max(len(line[column]) for line in cells) for column in range(7)]
    for number, line in enumerate(cells):
        text = "  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True))
        print(text.rstrip())
        if number == 0:
            print("  ".join("-" * width for width in widths))


if __name__ == "__main__":
    sys.exit(main())
