"""What the agent costs when nothing happens, with two wallboxes polled once a second; and how soon
after its start it has read a wallbox."""

import pathlib
import time

from client import Client
from figures import Row, Samples
from processes import (
    Agent,
    BenchFailure,
    Peer,
    Recorder,
    Simulator,
    all_of,
    cpu_seconds,
    memory_kib,
    thread_count,
)

SETTLING = 5  # seconds from the start of the process, its first poll included


def measure(binary: pathlib.Path, directory: pathlib.Path, seconds: int) -> list[Row]:
    log = directory / "footprint.log"
    profiles = ["reference-7kw", "reference-7kw"]
    with all_of(*(Simulator(binary, profile, log) for profile in profiles)) as simulators:
        ports = [simulator.port for simulator in simulators]
        wallboxes = list(zip(profiles, ports, strict=True))
        with all_of(Agent(binary, directory / "footprint", wallboxes), Peer(ports, log)) as (
            agent,
            peer,
        ):
            port = agent.serving()
            time.sleep(SETTLING)
            used = cpu_seconds(agent.pid), cpu_seconds(peer.pid)
            started = time.monotonic()
            time.sleep(seconds)
            took = time.monotonic() - started
            ours, theirs = cpu_seconds(agent.pid) - used[0], cpu_seconds(peer.pid) - used[1]
            (rss, anonymous), (peer_rss, peer_anonymous) = map(memory_kib, (agent.pid, peer.pid))
            threads = thread_count(agent.pid)
            with Client(port, agent.key) as client:
                loop = client.get("/health/ready")["data"]["loop"]
    late = loop["latenessMicroseconds"]
    return [
        Row(
            "loop lateness p99, 2 wallboxes",
            late["p99"] / 1000,
            "ms",
            5,
            f"n {late['count']}: p50 {late['p50'] / 1000:.2f}, max {late['max'] / 1000:.2f} ms",
        ),
        Row(
            "resident memory",
            rss / 1024,
            "MiB",
            35,
            f"{threads} threads; peer {peer_rss / 1024:.1f} MiB",
            digits=1,
        ),
        Row(
            "anonymous memory",
            anonymous / 1024,
            "MiB",
            12,
            f"peer {peer_anonymous / 1024:.1f} MiB",
            digits=1,
        ),
        Row(
            "CPU of one core",
            100 * ours / took,
            "%",
            0.3,
            f"over {took:.0f} s at 1 Hz; peer {100 * theirs / took:.2f} %",
        ),
    ]


def measure_start(binary: pathlib.Path, directory: pathlib.Path, starts: int) -> list[Row]:
    """From before exec to the answer of the last read of the first poll, as the wallbox sees it."""
    fresh, again = [], []
    for number in range(starts):
        state = directory / f"start-{number}"
        fresh.append(first_poll_seconds(binary, state))
        again.append(first_poll_seconds(binary, state))
    return [
        Row(
            "start to first poll",
            Samples(again).p50,
            "s",
            0.3,
            Samples(again).described("s", 3),
            digits=3,
        ),
        Row(
            "  with an empty state directory",
            Samples(fresh).p50,
            "s",
            0.3,
            Samples(fresh).described("s", 3),
            digits=3,
        ),
    ]


def first_poll_seconds(binary: pathlib.Path, directory: pathlib.Path) -> float:
    log = directory.with_suffix(".log")
    with Recorder(1, log, requests=True) as boxes:
        wallboxes = [("reference-7kw", boxes.ports[0])]
        with Agent(binary, directory, wallboxes, makes_key=False) as agent:
            last_read = None
            # What is written first is the failsafe, once the first poll is complete.
            while (seen := boxes.line(r"^q 0 (\d+) (\d+)$"))[2] != "6":
                last_read = int(seen[1])
    if last_read is None:
        raise BenchFailure("the agent wrote to a wallbox that it had not read")
    return (last_read - agent.started_at) / 1e9
