"""Push sent to setpoint on the wire: ours, which stores the action durably first, and in turn in
the same run a script that stores nothing, each with simulated wallboxes of its own."""

import dataclasses
import pathlib
import random
import time

from client import Client
from figures import Row, Samples
from processes import Agent, Peer, Recorder, all_of, cpu_seconds, memory_kib

WALLBOXES = 20
ROUND = 6.0  # seconds; a wallbox is raised at most every 5 s
CHARGED_FOR = 3.0  # seconds between raising the last wallbox and stopping the first
FULL = 320  # what charge writes: 32 A in tenths of an ampere


@dataclasses.dataclass
class Side:
    """One of the two that are compared. Times in nanoseconds."""

    recorder: Recorder
    client: Client
    path: str
    idle: dict
    charge: dict
    to_wire: list[int] = dataclasses.field(default_factory=list)
    to_answer: list[int] = dataclasses.field(default_factory=list)

    def stop(self, box: int) -> None:
        sent, answered = self.client.post(self.path.format(box), self.idle)
        self.to_wire.append(self.recorder.write(box, 0, after=sent) - sent)
        self.to_answer.append(answered - sent)

    def start(self, box: int) -> None:
        sent, _ = self.client.post(self.path.format(box), self.charge)
        self.recorder.write(box, FULL, after=sent)


def measure(binary: pathlib.Path, directory: pathlib.Path, rounds: int) -> list[Row]:
    log = directory / "push.log"
    with all_of(Recorder(WALLBOXES, log), Recorder(WALLBOXES, log)) as (boxes, peer_boxes):
        wallboxes = [("reference-7kw", port) for port in boxes.ports]
        with all_of(Agent(binary, directory / "push", wallboxes), Peer(peer_boxes.ports, log)) as (
            agent,
            peer,
        ):
            port = agent.serving()
            with Client(port, agent.key) as ours_client, Client(peer.port) as peer_client:
                ours = Side(
                    boxes,
                    ours_client,
                    "/ev-charger/device_ev_{:03d}",
                    idle={"action": {"command": "idle"}},
                    charge={"action": {"command": "charge"}},
                )
                theirs = Side(
                    peer_boxes,
                    peer_client,
                    "/limit/{}",
                    idle={"amperes": 0},
                    charge={"amperes": FULL / 10},
                )
                time.sleep(3)  # every wallbox is polled once, its failsafe armed
                used = cpu_seconds(agent.pid), cpu_seconds(peer.pid)
                started = time.monotonic()
                for _ in range(rounds):
                    play_round([ours, theirs])
                took = time.monotonic() - started
                used = cpu_seconds(agent.pid) - used[0], cpu_seconds(peer.pid) - used[1]
                loop = ours_client.get("/health/ready")["data"]["loop"]
            memory = memory_kib(agent.pid), memory_kib(peer.pid)
    return rows(ours, theirs, loop, [share / took for share in used], memory)


def play_round(sides: list[Side]) -> None:
    """Starts every wallbox, stops every wallbox, at moments that poll cycles know nothing of."""
    started = time.monotonic()
    for box in range(WALLBOXES):
        for side in sides:
            side.start(box)
    time.sleep(CHARGED_FOR)
    order = random.sample(range(WALLBOXES), WALLBOXES)
    for box in order:
        for side in random.sample(sides, len(sides)):
            time.sleep(random.uniform(0.005, 0.03))
            side.stop(box)
    time.sleep(max(0, started + ROUND - time.monotonic()))


def rows(ours: Side, theirs: Side, loop: dict, cpu: list[float], memory: tuple) -> list[Row]:
    milliseconds = [Samples([ns / 1e6 for ns in side.to_wire]) for side in (ours, theirs)]
    wire, peer_wire = milliseconds
    answer = Samples([ns / 1e6 for ns in ours.to_answer])
    late = loop["latenessMicroseconds"]
    share, peer_share = (f"{100 * part:.1f} % CPU" for part in cpu)
    rss, peer_rss = (f"{kib[0] / 1024:.0f} MiB" for kib in memory)
    return [
        Row("push to wire, p50", wire.p50, "ms", 2, wire.described("ms")),
        Row("push to wire, p99", wire.p99, "ms", 10, f"{WALLBOXES} wallboxes, poll 1 s"),
        Row("  push to answer 202", answer.p50, "ms", None, answer.described("ms")),
        Row("  peer script, p50", peer_wire.p50, "ms", None, peer_wire.described("ms")),
        Row("  peer script, p99", peer_wire.p99, "ms", None, "aiohttp + pymodbus, stores nothing"),
        Row("  ours to peer, p50", wire.p50 / peer_wire.p50, "x", None, "in turn, same run"),
        Row(
            "  ours to peer, p99",
            wire.p99 / peer_wire.p99,
            "x",
            None,
            f"ours {share}, {rss}; peer {peer_share}, {peer_rss}",
        ),
        Row(
            f"loop lateness p99, {WALLBOXES} wallboxes",
            late["p99"] / 1000,
            "ms",
            5,
            f"n {late['count']}: p50 {late['p50'] / 1000:.2f}, max {late['max'] / 1000:.2f} ms,"
            f" overruns {loop['overruns']}, errors {loop['errors']} of {loop['transactions']}",
        ),
    ]
