"""Plants the faults of faults.toml into a copy of the sources and lets the tests look for them, one
after another: every one must be noticed. The copy holds all of them and is built once; a variable of
the environment says which one is in force. A fault that cannot be planted is an error of the list."""

import argparse
import datetime
import os
import pathlib
import re
import subprocess
import sys
import tempfile
import time
import tomllib

import reduced

LIST = reduced.ROOT / "scripts/core.d/faults.toml"
TABLE = reduced.ROOT / "docs/planted-faults.md"

# Those that decide whether the product is safe: each has a fault at least.
REQUIREMENTS = [f"R{number}" for number in (1, 2, 3, 4, 5, 8, 9, 11, 12, 13, 16, 20, 21, 22, 26)]

# A fault may make a loop endless: that is noticed, too.
LONGEST = 300

# Says which fault is in force.
CHOICE = "EVSE_PLANTED_FAULT"
HEADER = """#include <stdbool.h>
bool planted(int number);
"""
SOURCE = f"""#include "PlantedFaults.h"
#include <stdlib.h>
bool planted(int number) {{
    static int chosen = -1;
    if (chosen < 0) {{
        const char *text = getenv("{CHOICE}");
        chosen = text ? atoi(text) : 0;
    }}
    return chosen == number;
}}
"""
MANIFEST = """
for target in package.targets where target.type == .regular && target.name != "CLinux" {
    target.dependencies.append("PlantedFaults")
}
package.targets.append(.target(name: "PlantedFaults", path: "PlantedFaults"))
"""

HEAD = """# Planted faults

Does the proof notice a mistake? `scripts/mutants` plants these faults into a copy of the sources, and
lets the tests look for them, one after another. All {count} were noticed, in {minutes} min with the
build, on {date} at {commit}. A fault that nobody notices is a missing test.

| fault | in | against | noticed by | s |
| --- | --- | --- | --- | --- |
"""


class Fault:
    def __init__(self, number, entry):
        self.number = number
        self.name = entry["name"]
        self.requirement = entry["requirement"]
        self.file = "Sources/" + entry["file"]
        self.at = entry["at"]
        self.fault = entry.get("fault")
        self.statement = entry.get("statement")
        self.suites = entry["suites"]
        self.caught_by = None
        self.seconds = 0

    def place(self, text):
        """The part of the file's text that it takes the place of."""
        before, part, after = re.fullmatch("(.*)⟦(.*)⟧(.*)", self.at, re.DOTALL).groups()
        found = text.count(before + part + after)
        if found != 1:
            sys.exit(
                f'mutants: "{self.name}" stands {found} times in {self.file}; bring it up to date '
                "in scripts/core.d/faults.toml"
            )
        start = text.index(before + part + after) + len(before)
        return (start, start + len(part))

    def planted(self, sound):
        if self.statement is not None:
            return f"if planted({self.number}) {{ {self.statement} }} else {{ {sound} }}"
        return f"(planted({self.number}) ? ({self.fault}) : ({sound}))"


def plant(text, faults):
    """The text of a file with its faults; one may lie within another."""
    places = [(fault.place(text), fault) for fault in faults]

    def part(start, end, places):
        result, position = "", start
        for first, last in sorted({place for place, _ in places}, key=lambda p: (p[0], -p[1])):
            if first < position:
                continue
            inside = [
                (place, fault) for place, fault in places
                if place != (first, last) and first <= place[0] and place[1] <= last
            ]
            sound = part(first, last, inside)
            for place, fault in places:
                if place == (first, last):
                    sound = fault.planted(sound)
            result += text[position:first] + sound
            position = last
        return result + text[position:end]

    return "import PlantedFaults\n" + part(0, len(text), places)


def parse():
    parser = argparse.ArgumentParser(prog="scripts/mutants", description=__doc__)
    parser.add_argument("--only", metavar="PART", help="faults whose name or requirement has this")
    parser.add_argument("--check", action="store_true", help="only whether all can be planted")
    parser.add_argument("--write", action="store_true", help="write docs/planted-faults.md")
    return parser.parse_args()


def load():
    entries = tomllib.loads(LIST.read_text())["fault"]
    faults = [Fault(number, entry) for number, entry in enumerate(entries, 1)]
    missing = [name for name in REQUIREMENTS if name not in {f.requirement for f in faults}]
    if missing:
        sys.exit(f"mutants: no fault against {', '.join(missing)}")
    return faults


def planted_files(faults):
    """The files with faults, by their paths."""
    texts = {}
    for file in {fault.file for fault in faults}:
        text = (reduced.ROOT / file).read_text()
        texts[file] = plant(text, [fault for fault in faults if fault.file == file])
    return texts


def parse_planted(texts):
    """Whether the files still are Swift with their faults in them; says where not."""
    with tempfile.TemporaryDirectory() as folder:
        for file, text in texts.items():
            path = pathlib.Path(folder, pathlib.Path(file).name)
            path.write_text(text)
            parsed = subprocess.run(
                ["swiftc", "-frontend", "-parse", path], capture_output=True, text=True, check=False
            )
            if parsed.returncode != 0:
                sys.exit(f"mutants: a fault of {file} is no expression:\n{parsed.stderr[:2000]}")


def prepare(texts):
    package = reduced.Package(
        "mutants",
        reduced.CORE + reduced.SUITES + reduced.SUPPORT
        + ["LibmodbusBus", "LibmodbusBusTests"],
        settings="", also=MANIFEST,
    )
    package.update(texts)
    (package.path / "PlantedFaults/include").mkdir(parents=True, exist_ok=True)
    reduced.write(package.path / "PlantedFaults/include/PlantedFaults.h", HEADER)
    reduced.write(package.path / "PlantedFaults/PlantedFaults.c", SOURCE)
    built = package.swift("build", "--build-tests", capture_output=True, text=True)
    if built.returncode != 0:
        errors = [line for line in built.stdout.splitlines() if "error:" in line]
        sys.exit("mutants: the build failed:\n" + "\n".join(errors[:20] or [built.stderr]))
    return package


def test(package, suites, number):
    """The output of a run of these suites with a fault in force, and how it ended; None for never."""
    tests = package.path / ".build/debug/evse-agentPackageTests.xctest"
    try:
        # Without `swift test`, which takes its time to find that nothing is to be built.
        run = subprocess.run(
            [tests, "--testing-library", "swift-testing", "--filter", suites],
            env=os.environ | {CHOICE: str(number), "SWIFT_BACKTRACE": "enable=no", "NO_COLOR": "1"},
            cwd=package.path, capture_output=True, text=True, check=False,
            timeout=LONGEST if number else None,
        )
    except subprocess.TimeoutExpired:
        return "", None
    return run.stdout + run.stderr, run.returncode


def witness(output, status):
    """The first test that failed; nothing where all passed."""
    if status == 0:
        return None
    if status is None:
        return "the tests do not end"
    found = re.search(r"✘ Test (.+?) (?:recorded an issue|failed)", output)
    if found:
        return re.sub(r" with \d+ argument.*", "", found.group(1)).strip('"')
    if status < 0:
        return "the program stops"
    sys.exit(f"mutants: a run failed for another reason:\n{output[-3000:]}")


def row(fault):
    name = fault.file.split("/")[-1].removesuffix(".swift")
    return (
        f"| {fault.name} | `{name}` | {fault.requirement} | "
        f"{fault.caught_by or '**nobody**'} | {fault.seconds:.0f} |"
    )


def write_table(faults, seconds):
    commit = subprocess.run(
        ["git", "rev-parse", "--short", "HEAD"], cwd=reduced.ROOT, capture_output=True, text=True
    ).stdout.strip()
    TABLE.parent.mkdir(exist_ok=True)
    head = HEAD.format(
        count=len(faults), minutes=round(seconds / 60), date=datetime.date.today(),
        commit=commit or "no commit",
    )
    TABLE.write_text(head + "\n".join(row(fault) for fault in faults) + "\n")


def main():
    arguments = parse()
    began = time.monotonic()
    faults = load()
    texts = planted_files(faults)
    if arguments.check:
        parse_planted(texts)
        return print(f"{len(faults)} faults can be planted")
    package = prepare(texts)
    if arguments.only:
        faults = [f for f in faults if arguments.only in f.name or arguments.only == f.requirement]
    print(f"built in {time.monotonic() - began:.0f} s", flush=True)
    output, status = test(package, "|".join(sorted({fault.suites for fault in faults})), 0)
    if status != 0 or "Test run with 0 tests" in output:
        sys.exit(f"mutants: without a fault all must pass:\n{output[-3000:]}")
    print(f"and all passes without a fault, {time.monotonic() - began:.0f} s", flush=True)
    for place, fault in enumerate(faults, 1):
        start = time.monotonic()
        fault.caught_by = witness(*test(package, fault.suites, fault.number))
        fault.seconds = time.monotonic() - start
        print(f"{place:3} {row(fault)}", flush=True)
    seconds = time.monotonic() - began
    survivors = [fault.name for fault in faults if fault.caught_by is None]
    print(f"{len(faults) - len(survivors)} of {len(faults)} faults noticed in {seconds:.0f} s")
    reduced.figure(
        "R40", "planted faults that the tests notice", f"{len(faults)} of {len(faults)}",
        f"{len(faults) - len(survivors)}", not survivors,
    )
    if survivors:
        sys.exit("mutants: nobody noticed: " + "; ".join(survivors))
    if arguments.write and not arguments.only:
        write_table(faults, seconds)


if __name__ == "__main__":
    main()
