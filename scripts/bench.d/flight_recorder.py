"""What the flight recorder costs: two agents with the same two wallboxes each, one of them recording,
side by side. Polled ten times a second, so that the loop's own cost stands out of the noise."""

import pathlib
import re
import statistics
import subprocess
import time

from figures import Row
from processes import Agent, BenchFailure, Simulator, all_of, cpu_seconds, memory_kib

SETTLING = 5  # seconds
WINDOW = 5  # seconds; one window of each agent is compared with the same of the other
POLL = "100ms"
POLLS_A_SECOND = 10


def measure(binary: pathlib.Path, directory: pathlib.Path, windows: int) -> list[Row]:
    log = directory / "flight-recorder.log"
    profiles = ["reference-7kw"] * 4
    with all_of(*(Simulator(binary, profile, log) for profile in profiles)) as boxes:
        wallboxes = [(profile, box.port) for profile, box in zip(profiles, boxes, strict=True)]
        sites = directory / "recording", directory / "not-recording"
        with all_of(
            Agent(binary, sites[0], wallboxes[:2], poll=POLL),
            Agent(binary, sites[1], wallboxes[2:], poll=POLL, more="recorder: off\n"),
        ) as (recording, plain):
            for agent in (recording, plain):
                agent.serving()
            time.sleep(SETTLING)
            pairs = [window(recording.pid, plain.pid) for _ in range(windows)]
            memory = [memory_kib(agent.pid)[1] for agent in (recording, plain)]
            if (sites[0] / "state/recordings").exists():
                raise BenchFailure("a recording was written while nothing was wrong")
            size, seconds = record(binary, recording.configuration)
    ours = sum(pair[0] for pair in pairs)
    theirs = sum(pair[1] for pair in pairs)
    added = statistics.median(100 * (one / other - 1) for one, other in pairs)
    an_hour = size / seconds * 3600 / 2 / POLLS_A_SECOND
    took = windows * WINDOW
    return [
        Row(
            "flight recorder: CPU it adds",
            added,
            "%",
            2,
            f"middle of {windows} pairs of {WINDOW} s; sum {100 * (ours / theirs - 1):.1f} %:"
            f" {ours / took * 100:.2f} to {theirs / took * 100:.2f} % of a core at 10 Hz",
        ),
        Row(
            "  kept for a wallbox, an hour at 1 Hz",
            an_hour / 1024,
            "KiB",
            None,
            f"{size} bytes in {seconds:.0f} s of two wallboxes at 10 Hz",
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
