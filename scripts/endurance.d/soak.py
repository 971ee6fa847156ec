"""A million polls at raised speed, and what the agent holds and writes meanwhile (requirements R28
and R29)."""

import dataclasses
import os
import pathlib
import re
import statistics
import time

from client import Client
from figures import Row
from processes import Agent, BenchFailure, Recorder, cpu_seconds, memory_kib

WALLBOXES = 8
PERIOD = 0.010  # seconds between two polls of a wallbox; simulated ones allow it
READS = 2  # one poll of this map: its input registers, its holding registers
SAMPLES = 20
# What has been used once stays: caches, stacks of threads, the pages of the database, and the flight
# recorder's ring, which takes less than 100 bytes for a poll of this map until it is full, and has found
# its places in memory when it has gone round once more. A short soak has a ring that is full as early.
ROUNDS = 2
LONG = 1_000_000
RINGS = {"long": 8, "short": 1}  # MiB
POLLS_OF_A_MIB = 16_000
STALL = 120  # seconds without a poll after which nothing more is to be expected
POLLS_OF_A_DAY = WALLBOXES * 86_400  # at the default period of 1 s


@dataclasses.dataclass
class Sample:
    seconds: float
    polls: int
    resident: int  # KiB
    anonymous: int  # KiB
    descriptors: int
    cpu: float  # seconds
    written: int  # bytes that the process caused to be sent to the disk
    commits: int

    @staticmethod
    def header() -> str:
        return (
            f"{'s':>7} {'polls':>9} {'resident':>9} {'anonymous':>9} {'fds':>4} {'cpu':>6}"
            f" {'written':>9} {'commits':>8}\n"
            f"{'':>7} {'':>9} {'KiB':>9} {'KiB':>9} {'':>4} {'%':>6} {'KiB':>9} {'seen':>8}"
        )

    def line(self, before: "Sample | None") -> str:
        used = self.cpu - (before.cpu if before else 0)
        took = self.seconds - (before.seconds if before else 0)
        return (
            f"{self.seconds:7.0f} {self.polls:9d} {self.resident:9d} {self.anonymous:9d}"
            f" {self.descriptors:4d} {100 * used / max(took, 0.001):6.1f}"
            f" {self.written / 1024:9.0f} {self.commits:8d}"
        )


class Watch:
    """Looks at an agent from outside, and asks it how far it is."""

    def __init__(self, agent: Agent, state: pathlib.Path) -> None:
        self.agent = agent
        self.log = state / "evse-agent.sqlite-wal"
        self.port = agent.serving()
        self.begin = time.monotonic()
        self.commits = 0
        self.changed = self._changed()

    def _changed(self) -> int:
        return self.log.stat().st_mtime_ns if self.log.exists() else 0

    def wait(self, seconds: float) -> None:
        """Counts commits by the log's time of change; several in a quarter of a second are one."""
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            time.sleep(0.25)
            if (changed := self._changed()) != self.changed:
                self.changed = changed
                self.commits += 1

    def loop(self) -> dict:
        # A connection of its own: one that says nothing for a minute is closed.
        with Client(self.port, self.agent.key) as client:
            return client.get("/health/ready")["data"]["loop"]

    def sample(self) -> Sample:
        pid = self.agent.pid
        loop = self.loop()
        if loop["errors"]:
            raise BenchFailure(f"{loop['errors']} transactions failed without a fault")
        resident, anonymous = memory_kib(pid)
        accounts = pathlib.Path(f"/proc/{pid}/io").read_text()
        return Sample(
            seconds=time.monotonic() - self.begin,
            polls=loop["transactions"] // READS,
            resident=resident,
            anonymous=anonymous,
            descriptors=len(os.listdir(f"/proc/{pid}/fd")),
            cpu=cpu_seconds(pid),
            written=int(re.search(r"^write_bytes: (\d+)$", accounts, re.MULTILINE)[1]),
            commits=self.commits,
        )


def measure(binary: pathlib.Path, directory: pathlib.Path, polls: int) -> list[Row]:
    ring = RINGS["long" if polls >= LONG else "short"]
    warm = ROUNDS * ring * POLLS_OF_A_MIB
    with Recorder(WALLBOXES, directory / "soak.log") as boxes:
        wallboxes = [("reference-7kw", port) for port in boxes.ports]
        with Agent(
            binary, directory / "soak", wallboxes, poll=f"{PERIOD * 1000:.0f}ms",
            more=f"recorder: {{ size: {ring}MiB }}\n",
        ) as agent:
            watch = Watch(agent, directory / "soak" / "state")
            samples = watched(watch, warm, warm + polls)
            loop = watch.loop()
    first, last = samples[0], samples[-1]
    written = (last.written - first.written) / (last.polls - first.polls) * POLLS_OF_A_DAY
    most = max(sample.descriptors for sample in samples)
    least = min(sample.descriptors for sample in samples)
    growth = grown([sample.resident for sample in samples])
    late = loop["latenessMicroseconds"]
    took = last.seconds / 60
    speed = last.polls / last.seconds / WALLBOXES
    return [
        Row(
            "R28 polls of 8 wallboxes", last.polls, "", detail=f"in {took:.1f} min, {speed:.0f} a"
            f" second and wallbox; {loop['overruns']} overruns; late p99 {late['p99'] / 1000:.2f} ms",
            digits=0,
        ),
        Row("R28 resident memory, most", max(s.resident for s in samples) / 1024, "MiB", 50, digits=1),
        Row(
            f"R28   growth after the first {warm:,}", growth, "MiB", 1,
            f"anonymous {grown([sample.anonymous for sample in samples]):+.2f} MiB",
        ),
        Row("R28 descriptors, most", most, "", 64, f"least {least}", digits=0),
        Row("R28   spread", most - least, "", 2, "one is the client that asks", digits=0),
        Row(
            "R29 written for a day's polls of 8 wallboxes", written / 1e6, "MB", 10,
            f"{(last.written - first.written) / 1024:.0f} KiB while {last.polls - first.polls} polls",
        ),
    ]


def grown(kibibytes: list[int]) -> float:
    """By how many MiB the last quarter lies above the first, on average: a segment of the ring more or
    less, as it comes and goes, is half of one."""
    quarter = max(1, len(kibibytes) // 4)
    return (statistics.mean(kibibytes[-quarter:]) - statistics.mean(kibibytes[:quarter])) / 1024


def watched(watch: Watch, warm: int, polls: int) -> list[Sample]:
    """Samples from the first `warm` polls to the end, printed as they come."""
    print(Sample.header())
    samples: list[Sample] = []
    before, progressed = None, time.monotonic()
    due = float(warm)
    while True:
        watch.wait(1)
        sample = watch.sample()
        if before is None or sample.polls > before.polls:
            progressed = time.monotonic()
        elif time.monotonic() - progressed > STALL:
            raise BenchFailure(f"it has stopped polling at {sample.polls}")
        if sample.polls >= due:
            print(sample.line(samples[-1] if samples else None), flush=True)
            samples.append(sample)
            due += (polls - warm) / SAMPLES
            if sample.polls >= polls:
                return samples
        before = sample


def measure_idle(binary: pathlib.Path, directory: pathlib.Path, seconds: int) -> list[Row]:
    """At the default settings, with nothing to do."""
    with Recorder(WALLBOXES, directory / "idle.log") as boxes:
        wallboxes = [("reference-7kw", port) for port in boxes.ports]
        with Agent(binary, directory / "idle", wallboxes) as agent:
            watch = Watch(agent, directory / "idle" / "state")
            watch.wait(5)
            first = watch.sample()
            watch.wait(seconds)
            last = watch.sample()
    took = last.seconds - first.seconds
    minutes = took / 60
    return [
        Row(
            "R28 CPU of one core, 8 wallboxes at 1 Hz", 100 * (last.cpu - first.cpu) / took, "%", 5,
            f"over {took:.0f} s",
        ),
        Row(
            "R29 commits while idle", (last.commits - first.commits) / minutes, "a minute", 1,
            f"{(last.written - first.written) / 1024:.0f} KiB in {took:.0f} s",
        ),
    ]
