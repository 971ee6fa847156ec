"""Measures how much of Model and Core the suites that run on them alone execute (requirement R40).
At least 95 % of the lines of each target must be, and all regions of the clamp, of the state machines
and of the schedule. A region that only stops the program at a mistake of our own, as `precondition`
does, cannot be executed by a test that goes on, and is left out and counted."""

import argparse
import json
import re
import subprocess
import sys

import reduced

LINES = 95.0

# What decides about current: every region of it is executed.
WHOLE = {
    "clamp": [
        "Model/ChargeModel/Quantities.swift",
        "Core/ChargeControl/ClaimMerge.swift",
        "Core/ChargeControl/Groups/ShareRule.swift",
        "Core/ChargerDriver/SetpointGate.swift",
        "Core/DeviceProfiles/Codec/RegisterScale+Conversion.swift",
        "Core/DeviceProfiles/Command/DeviceProfile+Power.swift",
    ],
    "state machines": [
        "Core/ChargeControl/ActionBook.swift",
        "Core/ChargeControl/ControlEngine.swift",
        "Core/ChargeControl/ControlEngine+Deferred.swift",
        "Core/ChargeControl/ControlEngine+Delay.swift",
        "Core/ChargeControl/ControlEngine+Following.swift",
        "Core/ChargeControl/ControlEngine+Group.swift",
        "Core/ChargeControl/ControlEngine+Requests.swift",
        "Core/ChargeControl/Groups/FuseGroup.swift",
        "Core/ChargeControl/Groups/MemberBound.swift",
        "Core/ChargeControl/UnsavedChanges.swift",
        "Core/ChargeControl/Wish.swift",
        "Core/ChargerDriver/BlockPresence.swift",
        "Core/ChargerDriver/DriverEngine+Vehicle.swift",
        "Core/ChargerDriver/FailsafeKeeper.swift",
        "Core/ChargerDriver/HeartbeatKeeper.swift",
        "Core/ChargerDriver/LineEngine.swift",
        "Core/ChargerDriver/RunningSteps.swift",
        "Core/ChargerDriver/SetpointReconciler.swift",
        "Core/ChargerDriver/SetpointReconciler+Judging.swift",
        "Core/ChargerDriver/VehicleWatch.swift",
        "Core/ChargerDriver/WakeUp.swift",
        "Core/ChargerDriver/WearBudget.swift",
    ],
    "schedule": [
        "Model/ChargeModel/CivilDateTime+Calendar.swift",
        "Core/ChargeControl/Schedule/ScheduleMoment.swift",
        "Core/ChargeControl/Schedule/SchedulePlan.swift",
        "Core/ChargeControl/Schedule/ScheduleRules.swift",
        "Core/ChargeControl/Schedule/StartDelay.swift",
        "Core/ChargeControl/Schedule/ZoneTable.swift",
        "Core/ChargeControl/WallDue.swift",
    ],
}

# What no call can reach, and why: a part of its line, and the reason. A line that is not there any more
# is an error of this list.
UNREACHABLE = {
    "Core/ChargeControl/Groups/ShareRule.swift": [
        ("cap.rawValue }.max() ?? 0) + 1", "somebody rises in every round"),
    ],
    "Core/DeviceProfiles/Codec/RegisterScale+Conversion.swift": [
        ("return overflow ? nil", "the greatest Double below 2^127 leaves room for any offset"),
        ("guard value.isFinite", "a quotient of 128 bits is within a float of 32"),
    ],
    "Core/DeviceProfiles/Command/DeviceProfile+Power.swift": [
        ("guard case .power(_, let bands) = control.domain else", "asked in watts only"),
        ("return register.decode(words[...]).canonical ?? 0", "what was encoded has a value"),
    ],
    "Core/ChargeControl/ControlEngine+Delay.swift": [
        ("delay: delay.delay ?? .zero))", "kept once it was drawn"),
    ],
    "Core/ChargeControl/ControlEngine+Group.swift": [
        ("min(allowed ?? .zero, most ?? .zero)", "a merge of claims has a limit"),
    ],
    "Core/ChargeControl/ControlEngine+Requests.swift": [
        ("?.executions ?? []", "every command is in the table"),
    ],
    "Core/ChargeControl/Groups/FuseGroup.swift": [
        ("left.min() ?? 0", "every charger has a phase"),
    ],
    "Core/ChargeControl/Wish.swift": [
        ("the schedule has no slot now", "the wish follows from the moment"),
    ],
    "Core/ChargerDriver/BlockPresence.swift": [
        ("first?.gate ?? []", "a block has a register"),
        ("first?.isOptional ?? false", "a block has a register"),
    ],
    "Core/ChargerDriver/FailsafeKeeper.swift": [
        ("guard let failsafe = profile.failsafe else { return 0 }", "asked where there is one"),
        ("failsafe?.timeoutValue.milliseconds ?? 0", "asked where there is one"),
        ("return register.decode(words[...]).canonical ?? value", "what was encoded has a value"),
    ],
    "Core/ChargerDriver/HeartbeatKeeper.swift": [
        ("guard let index = beats.firstIndex", "what was refused was due"),
    ],
    "Core/ChargerDriver/LineEngine.swift": [
        ("return first ?? now.monotonic.advanced", "a line has a wallbox"),
        ("(lastAttempt ?? now).advanced", "a link that ends was opened"),
    ],
    "Core/ChargerDriver/SetpointReconciler+Judging.swift": [
        ("guard var awaiting else", "its caller has asked"),
        ("found.limit ?? belief.limit ?? .zero", "what was written is believed"),
    ],
    "Core/ChargeControl/Schedule/ScheduleRules.swift": [
        ("let last = order.last, let first", "slots are counted before"),
        ("let first = sorted.first, let last", "days are counted before"),
    ],
}

# The suites simulate days: optimised they take a tenth of the time, and count the same.
RELEASE = ["-c", "release", "-Xswiftc", "-enable-testing"]

# The library of tests is not there to be linked statically, as our programs are.
MANIFEST = "for target in package.targets { target.linkerSettings = nil }\n"

# Kinds of regions in the export: code; the others are expansions and gaps.
CODE = 0


class Source:
    """The text of a file, and which of its places only stop the program."""

    def __init__(self, path):
        self.lines = path.read_text().split("\n")
        self.text = "\n".join(self.lines)
        self.starts = [0]
        for line in self.lines:
            self.starts.append(self.starts[-1] + len(line.encode()) + 1)
        self.bytes = self.text.encode()
        self.unreachable = [
            number + 1
            for part, _ in UNREACHABLE.get(str(path).split("/Sources/")[-1], [])
            for number in self.line_with(part, path)
        ]
        traps = re.finditer(rb"\bprecondition(Failure)?\(", self.bytes)
        self.traps = [self.call(match) for match in traps]

    def call(self, match):
        depth = 0
        for index in range(match.end() - 1, len(self.bytes)):
            depth += {ord("("): 1, ord(")"): -1}.get(self.bytes[index], 0)
            if depth == 0:
                return (match.start(), index + 1)
        raise ValueError("a precondition without an end")

    def line_with(self, part, path):
        found = [number for number, line in enumerate(self.lines) if part in line]
        if not found:
            sys.exit(f"coverage: {path.name} has no line with {part}; mend the list UNREACHABLE")
        return found

    def is_unreachable(self, region):
        return region[0] in self.unreachable

    def offset(self, line, column):
        return self.starts[line - 1] + column - 1

    def stops(self, region):
        start, end = self.offset(region[0], region[1]), self.offset(region[2], region[3])
        inside = any(first <= start and end <= last for first, last in self.traps)
        text = self.bytes[start:end]
        # What comes after them is nothing but braces.
        return inside or b"preconditionFailure(" in text or not text.strip(b" \n}")


def regions(export, root):
    """The regions of code of each file, with how often each was executed."""
    files = {}
    for function in export["functions"]:
        for region in function["regions"]:
            path = function["filenames"][region[5]]
            if region[7] != CODE or not path.startswith(str(root)):
                continue
            found = files.setdefault(path[len(str(root)) + 1 :], {})
            place = tuple(region[:4])
            found[place] = max(found.get(place, 0), region[4])
    return files


def parse():
    parser = argparse.ArgumentParser(prog="scripts/coverage", description=__doc__)
    parser.add_argument("--filter", help="only these suites: then nothing is demanded")
    parser.add_argument("--missing", metavar="PART", help="list what is not executed in these files")
    parser.add_argument("--again", action="store_true", help="read the last run's figures again")
    return parser.parse_args()


def measure(package, arguments):
    if not arguments.again:
        package.update()
        run = package.swift(
            "test", *RELEASE, "--enable-code-coverage", "--filter", arguments.filter or r"Tests\.",
            # Alters every profile many times over: minutes, for lines that others execute as well.
            "--skip", "VectorWitnessTests",
            # The counters are not atomic: of two threads one loses a count, and what is told from the
            # difference of two counts, as what comes after a guard, may come to nothing.
            "--no-parallel",
        )
        if run.returncode != 0:
            sys.exit("coverage: a test failed, or the build")
    codecov = subprocess.run(
        ["swift", "test", *RELEASE, "--show-codecov-path"],
        cwd=package.path, check=True, capture_output=True, text=True,
    ).stdout.strip().splitlines()[-1]
    with open(codecov) as file:
        return json.load(file)["data"][0]


def main():
    arguments = parse()
    package = reduced.Package(
        "coverage", reduced.CORE + reduced.SUITES + reduced.SUPPORT, also=MANIFEST
    )
    export = measure(package, arguments)
    root = package.path / "Sources"
    found = regions(export, root)
    lines = {
        entry["filename"][len(str(root)) + 1 :]: entry["summary"]["lines"]
        for entry in export["files"] if entry["filename"].startswith(str(root) + "/")
    }
    failed = False

    print(f"\n{'lines of':34}{'executed':>9}{'of':>8}{'%':>8}")
    for target in reduced.CORE:
        of_target = [count for path, count in lines.items() if path.split("/")[1] == target]
        covered = sum(count["covered"] for count in of_target)
        total = sum(count["count"] for count in of_target)
        share = 100 * covered / max(total, 1)
        failed = failed or share < LINES
        reduced.figure("R40", f"lines of {target}", ">= 95 %", f"{share:.1f} %", share >= LINES)
        print(f"{target:34}{covered:9}{total:8}{share:8.1f}{'' if share >= LINES else '  < 95'}")

    print(f"\n{'regions of':34}{'executed':>9}{'of':>8}{'stops':>8}")
    missing = []
    for part, paths in WHOLE.items():
        executed = total = stops = 0
        for path in paths:
            source = Source(root / path)
            for place, count in sorted(found[path].items()):
                if count == 0 and (source.stops(place) or source.is_unreachable(place)):
                    stops += 1
                    continue
                total += 1
                executed += count > 0
                if count == 0:
                    missing.append((path, place))
        failed = failed or executed < total
        reduced.figure(
            "R40", f"regions of {part}", "100 %", f"{executed} of {total}", executed == total
        )
        print(f"{part:34}{executed:9}{total:8}{stops:8}")

    if arguments.missing is not None:
        missing = [
            (path, place)
            for path in sorted(found) if arguments.missing in path
            for place, count in sorted(found[path].items())
            if count == 0 and not Source(root / path).stops(place)
        ]
    for path, (line, column, last, _) in missing:
        text = Source(root / path).lines[line - 1].strip()
        print(f"Sources/{path}:{line}:{column}-{last}: not executed: {text[:90]}")
    if arguments.filter is None and failed:
        sys.exit("coverage: less is executed than must be")


if __name__ == "__main__":
    main()
