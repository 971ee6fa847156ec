"""What the flight recorder costs: sixteen agents with two wallboxes each, half of them recording, side by
side, again and again with the roles changed.

Two processes that do the same differ by a few percent in what they take, and go on doing so as long as
they live, by where their memory came to lie. So each round has fresh ones, and there are many short
rounds. Each agent polls at a rate of its own, thirty to sixty times a second, and is judged by what it
takes for a poll: at one rate each would always find the processor's caches as the same other left them.

How far agents come apart that do not differ is told beside: two halves of the same sixteen, with as many
that record in each, compared in the same way."""

import contextlib
import dataclasses
import pathlib
import re
import statistics
import subprocess
import time

from figures import Row
from processes import Agent, BenchFailure, Simulator, all_of, cpu_seconds, memory_kib

SETTLING = 1  # seconds
WINDOW = 2  # seconds
WALLBOXES = 2  # of each agent
OFF = "recorder: off\n"
AGENTS = 16
POLLS = [17 + number for number in range(AGENTS)]  # milliseconds between two of each agent


def is_even(number: int) -> bool:
    """Of the ones among its bits: what is told apart by that has fast agents and slow ones alike."""
    return bin(number).count("1") % 2 == 0


RECORDS = [is_even(number) for number in range(AGENTS)]  # in every other round the others
HALVES = [is_even(number // 2) for number in range(AGENTS)]  # with as many that record in each


def measure(binary: pathlib.Path, directory: pathlib.Path, rounds: int) -> list[Row]:
    log = directory / "flight-recorder.log"
    profile = "reference-7kw"
    with all_of(
        *(Simulator(binary, profile, log) for _ in range(WALLBOXES * AGENTS))
    ) as boxes:
        wallboxes = [(profile, box.port) for box in boxes]
        played = [
            played_round(
                binary,
                directory / f"recorder-{number}",
                wallboxes,
                records_first=number % 2 == 0,
                is_last=number == rounds - 1,
            )
            for number in range(rounds)
        ]
    added, alike = Spread([one.added for one in played]), Spread([one.alike for one in played])
    on, off = (statistics.median(one.per_poll[kind] for one in played) for kind in (True, False))
    memory = played[-1].memory
    size, seconds, polls_a_second = played[-1].recording
    return [
        Row(
            "flight recorder: CPU it adds",
            added.middle,
            "%",
            2,
            f"{off:.0f} to {on:.0f} us a poll; {rounds} rounds: {added}; two alike: {alike}",
        ),
        Row(
            "  kept for a wallbox, an hour at 1 Hz",
            size / seconds * 3600 / polls_a_second / 1024,
            "KiB",
            None,
            f"{size} bytes in {seconds:.0f} s of {polls_a_second:.0f} polls a second",
            digits=0,
        ),
        Row(
            "  anonymous memory it adds",
            (memory[True] - memory[False]) / 1024,
            "MiB",
            None,
            f"{memory[False] / 1024:.1f} to {memory[True] / 1024:.1f} MiB",
            digits=1,
        ),
    ]


class Spread:
    """The mean of the middle half of the rounds, so that one in which the machine did something else
    does not count; and how far that may be off, which is twice its standard error."""

    def __init__(self, values: list[float]) -> None:
        low, _, high = statistics.quantiles(values, n=4)
        self.middle = statistics.mean(value for value in values if low <= value <= high)
        # Of a normal distribution: its quartiles are 1.349 deviations apart, and the mean of what lies
        # between them is 1.09 times as uncertain as the mean of all.
        self.error = 2 * 1.09 * (high - low) / 1.349 / len(values) ** 0.5

    def __str__(self) -> str:
        return f"{self.middle:+.1f} +- {self.error:.1f} %"


@dataclasses.dataclass
class Round:
    """`added` and `alike` in percent."""

    added: float
    alike: float
    per_poll: dict[bool, float]  # microseconds, by whether it is recorded
    memory: dict[bool, float]  # KiB, anonymous
    recording: tuple[int, float, float] | None  # bytes, the seconds that they cover, polls a second


def played_round(
    binary: pathlib.Path,
    directory: pathlib.Path,
    wallboxes: list,
    records_first: bool,
    is_last: bool,
) -> Round:
    recording = [records == records_first for records in RECORDS]
    with contextlib.ExitStack() as stack:
        agents = [
            stack.enter_context(
                Agent(
                    binary,
                    directory / str(number),
                    wallboxes[WALLBOXES * number :][:WALLBOXES],
                    makes_key=False,
                    poll=f"{POLLS[number]}ms",
                    more="" if records else OFF,
                )
            )
            for number, records in enumerate(recording)
        ]
        for agent in agents:
            agent.serving()
        time.sleep(SETTLING)
        used = [
            microseconds / (WINDOW * 1000 / poll * WALLBOXES)
            for microseconds, poll in zip(window(agents), POLLS, strict=True)
        ]
        if list(directory.glob("*/state/recordings")):
            raise BenchFailure("a recording was written while nothing was wrong")
        one = recording.index(True)
        return Round(
            added=difference(used, recording),
            alike=difference(used, HALVES),
            per_poll=means(used, recording),
            memory=means([memory_kib(agent.pid)[1] for agent in agents], recording),
            recording=(
                *record(binary, agents[one].configuration),
                WALLBOXES * 1000 / POLLS[one],
            )
            if is_last
            else None,
        )


def window(agents: list[Agent]) -> list[float]:
    """Processor time of each within the same few seconds, in microseconds."""
    before = [cpu_seconds(agent.pid) for agent in agents]
    time.sleep(WINDOW)
    return [
        1e6 * (cpu_seconds(agent.pid) - used) for agent, used in zip(agents, before, strict=True)
    ]


def means(values: list[float], which: list[bool]) -> dict[bool, float]:
    """Of those that are meant, and of the others."""
    pairs = list(zip(values, which, strict=True))
    return {
        kind: statistics.mean(value for value, is_one in pairs if is_one == kind)
        for kind in (True, False)
    }


def difference(values: list[float], which: list[bool]) -> float:
    """By how much those that are meant exceed the others, in percent."""
    mean = means(values, which)
    return 100 * (mean[True] / mean[False] - 1)


def record(binary: pathlib.Path, configuration: pathlib.Path) -> tuple[int, float]:
    """Bytes of inputs in a recording, and the seconds that they cover; replays it, too."""
    options = ["record", "--config", str(configuration)]
    made = subprocess.run([str(binary), *options], capture_output=True, text=True, timeout=30)
    if made.returncode != 0:
        raise BenchFailure(f"no recording: {made.stderr}")
    replay = subprocess.run(
        [str(binary), "replay", made.stdout.strip()], capture_output=True, text=True, timeout=120
    )
    found = re.search(r"inputs in (\d+) bytes and ([\d.]+) s replayed", replay.stderr)
    if replay.returncode != 0 or not found:
        raise BenchFailure(f"the recording is not replayed: {replay.stderr}")
    return int(found[1]), float(found[2])
