"""What scripts/prove runs, in this order."""

import dataclasses


@dataclasses.dataclass(frozen=True)
class Part:
    """One command. It appends rows to the file that EVSE_FIGURES names (see figure and
    bench.d/figures.py) and ends with 0 if everything asked was met."""

    name: str
    what: str
    command: str
    # The same in full where that takes too long for every run.
    full: str | None = None


PARTS = [
    Part("tests", "every test, 200 nights with kills, 300 simulated days, disks that fail",
         "scripts/test"),
    Part("simulation", "the whole core under faults", "",
         "scripts/simulate --profile reference-7kw --seeds 1000 --hours 24 --all"),
    Part("coverage", "lines and regions that the tests reach", "scripts/coverage"),
    Part("mutants", "planted faults that must be noticed", "scripts/mutants"),
    Part("lines", "faulty and late answers", "scripts/check-lines 5", "scripts/check-lines"),
    Part("fuzz", "arbitrary bytes", "scripts/fuzz --seconds 10", "scripts/fuzz"),
    Part("races", "ThreadSanitizer", "", "scripts/sanitize thread"),
    Part("addresses", "AddressSanitizer", "", "scripts/sanitize address"),
    Part("durability", "syncs of commits, and those that fail", "scripts/check-durability"),
    Part("endurance", "memory, descriptors, disk, a dead wallbox, hostile clients",
         "scripts/endurance --seconds 30 --polls 50000", "scripts/endurance"),
    Part("speed", "timings", "scripts/bench --quick", "scripts/bench"),
]
