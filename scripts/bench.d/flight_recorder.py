"""What the flight recorder costs: four agents with two wallboxes each, two of them recording, side by
side. Polled ten times a second, so that the loop's own cost stands out of the noise. What is left of
the noise is told: how far the two agents of one kind are apart. A machine that is busy with other things
cannot tell two percent."""

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
    profiles = ["reference-7kw"] * 8
    with all_of(*(Simulator(binary, profile, log) for profile in profiles)) as boxes:
        wallboxes = [(profile, box.port) for profile, box in zip(profiles, boxes, strict=True)]
        # Whoever starts first may be better off: the recording ones are the first and the last.
        sites = [directory / f"recorder-{number}" for number in range(4)]
        more = ["", "recorder: off\n", "recorder: off\n", ""]
        with all_of(
            *(
                Agent(binary, site, wallboxes[2 * number :][:2], poll=POLL, more=more[number])
                for number, site in enumerate(sites)
            )
        ) as agents:
            for agent in agents:
                agent.serving()
            time.sleep(SETTLING)
            used = [window(*(agent.pid for agent in agents)) for _ in range(windows)]
            memory = [memory_kib(agent.pid)[1] for agent in agents]
            if (sites[0] / "state/recordings").exists():
                raise BenchFailure("a recording was written while nothing was wrong")
            size, seconds = record(binary, agents[0].configuration)
    pairs = [(one[0] + one[3], one[1] + one[2]) for one in used]
    totals = [sum(one[number] for one in used) for number in range(4)]
    added = statistics.median(100 * (one / other - 1) for one, other in pairs)
    apart = max(abs(totals[0] / totals[3] - 1), abs(totals[1] / totals[2] - 1))
    ours, theirs = sum(pair[0] for pair in pairs), sum(pair[1] for pair in pairs)
    an_hour = size / seconds * 3600 / 2 / POLLS_A_SECOND
    took = windows * WINDOW
    return [
        Row(
            "flight recorder: CPU it adds",
            added,
            "%",
            2,
            f"middle of {windows} windows of {WINDOW} s, {50 * ours / took:.2f} to"
            f" {50 * theirs / took:.2f} % of a core at 10 Hz; two alike differ by {100 * apart:.1f} %",
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
            (memory[0] + memory[3] - memory[1] - memory[2]) / 2 / 1024,
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
