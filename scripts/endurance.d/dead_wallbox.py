"""One of eight wallboxes dead: whether the others notice (requirement R24)."""

import contextlib
import os
import pathlib
import signal
import time

from client import Client
from figures import Row, Samples
from processes import Agent, BenchFailure, Simulator

WALLBOXES = 8
# By turns alive and dead, each compared with its neighbour, and the median of all pairs counts: what
# else the machine does strikes one phase or the other.
PHASE = 5  # seconds
KEYS = 6  # used in turn: each is allowed 20 requests a second
PERIOD = 0.055 / KEYS  # seconds between two questions
# After a stop the link is noticed to be dead, after that it is tried again, at most every second.
SETTLING = 2


def measure(binary: pathlib.Path, directory: pathlib.Path, seconds: int) -> list[Row]:
    with contextlib.ExitStack() as stack:
        boxes = [
            stack.enter_context(Simulator(binary, "reference-7kw", directory / "dead.log"))
            for _ in range(WALLBOXES)
        ]
        wallboxes = [("reference-7kw", box.port) for box in boxes]
        agent = stack.enter_context(Agent(binary, directory / "dead", wallboxes))
        port = agent.serving()
        clients = [stack.enter_context(Client(port, key)) for key in keys(binary, agent)]
        # A connection on which nothing is asked for 5 s is closed.
        for client in clients:
            client.get("/ev-charger")
        time.sleep(3)
        alive, dead = [], []
        try:
            for _ in range(max(1, round(seconds / PHASE / 2))):
                alive.append(phase(clients, boxes[0], signal.SIGCONT))
                dead.append(phase(clients, boxes[0], signal.SIGSTOP))
        finally:
            os.kill(boxes[0].pid, signal.SIGCONT)
    pairs = list(zip(alive, dead, strict=True))
    at_p99 = Samples([with_dead.p99 / without.p99 for without, with_dead in pairs])
    middle = Samples([with_dead.p50 / without.p50 for without, with_dead in pairs])
    whole = [Samples([time for phase in side for time in phase.values]) for side in (alive, dead)]
    return [
        Row("R24 a read of a live wallbox, p99", whole[0].p99, "ms", detail=whole[0].described("ms")),
        Row("R24   one of eight dead", whole[1].p99, "ms", detail=whole[1].described("ms")),
        Row("R24   ratio at p99", at_p99.p50, "x", 1.1, at_p99.described("x")),
        Row("R24   ratio in the middle", middle.p50, "x", 1.1, middle.described("x")),
    ]


def phase(clients: list[Client], box: Simulator, told: signal.Signals) -> Samples:
    """Stopped, a wallbox still takes connections and answers nothing."""
    os.kill(box.pid, told)
    time.sleep(SETTLING)
    return Samples(read_times(clients, time.monotonic() + PHASE))


def keys(binary: pathlib.Path, agent: Agent) -> list[str]:
    return [agent.key] + [agent.make_key(binary, f"bench-{number}") for number in range(1, KEYS)]


def read_times(clients: list[Client], end: float) -> list[float]:
    """Of reads that go to the wallbox before they are answered, of one after the other."""
    times = []
    number = 0
    while time.monotonic() < end:
        number += 1
        box = 1 + number % (WALLBOXES - 1)
        start = time.monotonic()
        view = clients[number % KEYS].get(f"/ev-charger/device_ev_{box:03d}?expedite=true")
        took = time.monotonic() - start
        if "data" not in view:
            raise BenchFailure("a wallbox that is alive could not be read")
        times.append(took * 1000)
        time.sleep(max(0, PERIOD - took))
    return times
