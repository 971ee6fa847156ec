"""Valid requests while 200 clients send their requests a byte at a time and never end them
(requirement R34)."""

import contextlib
import pathlib
import socket
import threading
import time

from client import Client
from figures import Row, Samples
from processes import Agent, BenchFailure, Simulator

ATTACKERS = 200
PERIOD = 0.05  # seconds between valid requests: what a key is allowed, with no margin to spare


class Slowloris:
    """Clients that each send a byte of a request every half second; one that is cut off comes
    back at once."""

    def __init__(self, port: int) -> None:
        self.port = port
        self.cut_off = 0
        self.is_over = threading.Event()
        self.thread = threading.Thread(target=self._run, daemon=True)

    def __enter__(self):
        self.thread.start()
        return self

    def __exit__(self, *_) -> None:
        self.is_over.set()
        self.thread.join()

    def _run(self) -> None:
        with contextlib.ExitStack() as stack:
            clients = [self._connect(stack, number) for number in range(ATTACKERS)]
            while not self.is_over.wait(0.5):
                for number, client in enumerate(clients):
                    try:
                        client.send(b"a")
                    except OSError:
                        self.cut_off += 1
                        client.close()
                        clients[number] = self._connect(stack, number)

    def _connect(self, stack: contextlib.ExitStack, number: int) -> socket.socket:
        # From three other addresses: from the same one they would share the bound of a source.
        source = (f"127.0.0.{2 + number % 3}", 0)
        client = socket.create_connection(("127.0.0.1", self.port), timeout=5, source_address=source)
        stack.callback(client.close)
        client.send(b"GET /ev-charger HTTP/1.1\r\nx-slow: ")
        return client


def measure(binary: pathlib.Path, directory: pathlib.Path, seconds: int) -> list[Row]:
    with Simulator(binary, "reference-7kw", directory / "attack.log") as wallbox:
        wallboxes = [("reference-7kw", wallbox.port)]
        with Agent(binary, directory / "attack", wallboxes) as agent:
            port = agent.serving()
            time.sleep(1)
            with Slowloris(port) as attack:
                time.sleep(1)
                times = answer_times(port, agent.key, time.monotonic() + seconds)
            with Client(port, agent.key) as client:
                loop = client.get("/health/ready")["data"]["loop"]
    return [
        Row(
            "R34 answer under 200 slow clients, p99",
            times.p99,
            "ms",
            100,
            f"{times.described('ms')}; cut off {attack.cut_off}; "
            f"loop late p99 {loop['latenessMicroseconds']['p99'] / 1000:.2f} ms",
        )
    ]


def answer_times(port: int, key: str, end: float) -> Samples:
    """Of requests with a connection each, which is the harder case."""
    times = []
    while time.monotonic() < end:
        start = time.monotonic()
        try:
            with Client(port, key) as client:
                client.get("/ev-charger")
        except (OSError, RuntimeError) as error:
            raise BenchFailure(f"a valid request was not answered under attack: {error}") from error
        took = time.monotonic() - start
        times.append(took * 1000)
        time.sleep(max(0, PERIOD - took))
    return Samples(times)
