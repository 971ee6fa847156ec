"""Samples, and the table that they end in."""

import dataclasses
import math
import os
import pathlib
import platform
import re
import time


class Samples:
    """Measured values, in one unit."""

    def __init__(self, values: list[float]) -> None:
        self.values = sorted(values)

    def at(self, fraction: float) -> float:
        """The value that this fraction of all samples does not exceed (nearest rank)."""
        return self.values[max(0, math.ceil(fraction * len(self.values)) - 1)]

    @property
    def p50(self) -> float:
        return self.at(0.5)

    @property
    def p99(self) -> float:
        return self.at(0.99)

    def described(self, unit: str, digits: int = 2) -> str:
        ends = [self.values[0], self.p50, self.p99, self.values[-1]]
        least, median, p99, most = (f"{value:.{digits}f}" for value in ends)
        return f"n {len(self.values)}: min {least}, p50 {median}, p99 {p99}, max {most} {unit}"


@dataclasses.dataclass
class Row:
    """One figure: what is asked (nothing: for information), what was measured, and how."""

    name: str
    measured: float
    unit: str
    at_most: float | None = None
    detail: str = ""
    digits: int = 2

    @property
    def is_missed(self) -> bool:
        return self.at_most is not None and self.measured > self.at_most

    @property
    def cells(self) -> list[str]:
        asked = "" if self.at_most is None else f"<= {self.at_most:g} {self.unit}"
        verdict = "" if self.at_most is None else "MISSED" if self.is_missed else "met"
        measured = f"{self.measured:.{self.digits}f} {self.unit}"
        return [self.name, asked, measured, verdict, self.detail]

    @property
    def figure(self) -> list[str]:
        """Requirement (nothing where the name begins with none), what, asked, measured, verdict."""
        requirement, _, rest = self.name.strip().partition(" ")
        if not re.fullmatch(r"R\d+", requirement):
            requirement, rest = "", self.name
        _, asked, measured, verdict, _ = self.cells
        return [requirement, " ".join(rest.split()), asked.strip(), measured.strip(), verdict]


def print_table(rows: list[Row]) -> None:
    cells = [["figure", "asked", "measured", "", "how"], *(row.cells for row in rows)]
    widths = [max(len(line[column]) for line in cells) for column in range(5)]
    for number, line in enumerate(cells):
        text = "  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True))
        print(text.rstrip())
        if number == 0:
            print("  ".join("-" * width for width in widths))
    # For the table of scripts/prove, when that runs.
    if collected := os.environ.get("EVSE_FIGURES"):
        with open(collected, "a") as file:
            for row in rows:
                file.write("\t".join(row.figure) + "\n")


def machine() -> str:
    """CPU model, cores and kernel."""
    information = pathlib.Path("/proc/cpuinfo").read_text().splitlines()
    names = [line.split(":", 1)[1].strip() for line in information if line.startswith("model name")]
    model = names[0] if names else platform.machine()
    return f"{model}, {os.cpu_count()} cores, {platform.system()} {platform.release()}"


def sync_milliseconds(directory: pathlib.Path) -> Samples:
    """What one commit costs at least here: 4 KiB appended to a file and synced."""
    times = []
    with open(directory / "sync", "wb", buffering=0) as file:
        for _ in range(200):
            start = time.monotonic_ns()
            file.write(bytes(4096))
            os.fdatasync(file.fileno())
            times.append((time.monotonic_ns() - start) / 1e6)
    return Samples(times)
