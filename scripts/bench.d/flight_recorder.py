"""What the flight recorder costs: four agents with two wallboxes each, two of them recording, side by
side, again and again with the roles changed: who starts first, and what a process happens to get, is
worth more than two percent. Polled fifty times a second, so that the loop's own cost stands out of the
noise. What is left of that is told: how far two agents of one kind are apart."""

import dataclasses
import pathlib
import re
import statistics
import subprocess
import time

from figures import Row
from processes import Agent, BenchFailure, Simulator, all_of, cpu_seconds, memory_kib

SETTLING = 4  # seconds
WINDOW = 8  # seconds; one window of each agent is compared with the same of the others
POLL = "20ms"
POLLS_A_SECOND = 50
OFF = "recorder: off\n"


def measure(binary: pathlib.Path, directory: pathlib.Path, rounds: int) -> list[Row]:
    log = directory / "flight-recorder.log"
    profiles = ["reference-7kw"] * 8
    with all_of(*(Simulator(binary, profile, log) for profile in profiles)) as boxes:
        wallboxes = [(profile, box.port) for profile, box in zip(profiles, boxes, strict=True)]
        played = [
            played_round(binary, directory / f"recorder-{number}", wallboxes, number % 2 == 0)
            for number in range(rounds)
        ]
    added = statistics.median(100 * (sum(r.on) / sum(r.off) - 1) for r in played)
    apart = statistics.median(100 * abs(r.on[0] / r.on[1] - 1) for r in played)
    ours, theirs = (sum(sum(getattr(r, kind)) for r in played) for kind in ("on", "off"))
    size, seconds = played[-1].recording
    memory = played[-1].memory
    an_hour = size / seconds * 3600 / 2 / POLLS_A_SECOND
    took = rounds * WINDOW
    return [
        Row(
            "flight recorder: CPU it adds",
            added,
            "%",
            2,
            f"middle of {rounds} rounds of {WINDOW} s, {50 * ours / took:.2f} to {50 * theirs / took:.2f}"
            f" % of a core at {POLLS_A_SECOND} Hz; two alike differ by {apart:.1f} %",
        ),
        Row(
            "  kept for a wallbox, an hour at 1 Hz",
            an_hour / 1024,
            "KiB",
            None,
            f"{size} bytes in {seconds:.0f} s of two wallboxes at {POLLS_A_SECOND} Hz",
            digits=0,
        ),
        Row(
            "  anonymous memory it adds",
            (memory[0] - memory[1]) / 1024,
            "MiB",
            None,
            f"{memory[0] / 1024:.1f} to {memory[1] / 1024:.1f} MiB",
            digits=1,
        ),
    ]


@dataclasses.dataclass
class Round:
    """Processor time of the recording agents and the others, in seconds."""

    on: list[float]
    off: list[float]
    memory: tuple[int, int]  # KiB, anonymous, of one that records and one that does not
    recording: tuple[int, float]  # bytes, and the seconds that they cover


def played_round(
    binary: pathlib.Path, directory: pathlib.Path, wallboxes: list, records_first: bool
) -> Round:
    """Four agents for a window; the first and the last record, or the two between."""
    recording = [records_first, not records_first, not records_first, records_first]
    with all_of(
        *(
            Agent(
                binary, directory / str(number), wallboxes[2 * number :][:2], poll=POLL,
                more="" if does else OFF,
            )
            for number, does in enumerate(recording)
        )
    ) as agents:
        for agent in agents:
            agent.serving()
        time.sleep(SETTLING)
        used = window(*(agent.pid for agent in agents))
        for number in range(len(agents)):
            if (directory / str(number) / "state/recordings").exists():
                raise BenchFailure("a recording was written while nothing was wrong")
        one, other = agents[recording.index(True)], agents[recording.index(False)]
        return Round(
            on=[seconds for seconds, does in zip(used, recording, strict=True) if does],
            off=[seconds for seconds, does in zip(used, recording, strict=True) if not does],
            memory=(memory_kib(one.pid)[1], memory_kib(other.pid)[1]),
            recording=record(binary, one.configuration),
        )


def window(*pids: int) -> list[float]:
    """Processor time of each within the same few seconds."""
    before = [cpu_seconds(pid) for pid in pids]
    time.sleep(WINDOW)
    return [cpu_seconds(pid) - used for pid, used in zip(pids, before, strict=True)]


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
