"""Valid requests while others try to get in the way (requirements R33 and R34)."""

import contextlib
import multiprocessing
import pathlib
import select
import socket
import time

import attack
from client import Client
from figures import Row
from processes import Agent, Simulator

FLOODERS = 4


class Flood:
    """Clients that send the same bytes for ever, each on a connection of its own that is opened anew
    when it is cut off. Processes of their own: threads would take turns with the one that measures."""

    def __init__(self, port: int, opening: bytes, again: bytes, pause: float = 0) -> None:
        self.port, self.opening, self.again, self.pause = port, opening, again, pause
        self.is_over = multiprocessing.Event()
        self.sent_bytes, self.cut_offs = multiprocessing.Value("q"), multiprocessing.Value("q")
        self.processes = [
            multiprocessing.Process(target=self._run, args=(number,), daemon=True)
            for number in range(FLOODERS)
        ]

    def __enter__(self):
        for process in self.processes:
            process.start()
        return self

    def __exit__(self, *_) -> None:
        self.is_over.set()
        for process in self.processes:
            process.join()

    @property
    def cut_off(self) -> int:
        return self.cut_offs.value

    def _run(self, number: int) -> None:
        while not self.is_over.is_set():
            with contextlib.suppress(OSError):
                self._talk(f"127.0.0.{20 + number}")
            with self.cut_offs:
                self.cut_offs.value += 1
            # As fast as one may come back without running out of ports.
            time.sleep(0.01)

    def _talk(self, source: str) -> None:
        with socket.create_connection(
            ("127.0.0.1", self.port), timeout=5, source_address=(source, 0)
        ) as client:
            client.sendall(self.opening)
            while not self.is_over.is_set():
                client.sendall(self.again)
                with self.sent_bytes:
                    self.sent_bytes.value += len(self.again)
                if self.pause:
                    time.sleep(self.pause)
                if select.select([client], [], [], 0)[0] and not client.recv(65536):
                    return


def attacks(port: int) -> dict:
    """Each with its name; what is in it is known to nobody before it starts."""
    head = b"POST /ev-charger/device_ev_000 HTTP/1.1\r\nHost: 127.0.0.1\r\nx-api-key: wrong\r\n"
    chunked = head + b"Content-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n"
    wrong = b"GET /ev-charger HTTP/1.1\r\nHost: 127.0.0.1\r\nx-api-key: wrong\r\n\r\n"
    field = b"x-many: 1\r\n"
    return {
        "200 slow clients": attack.Slowloris(port),
        "wrong keys, as fast as it goes": Flood(port, b"", wrong),
        "headers without end": Flood(port, b"GET / HTTP/1.1\r\n", field * 1000),
        "a body of a byte a chunk": Flood(port, chunked, b"1\r\na\r\n" * 1000),
        "chunks of 4 GiB": Flood(port, chunked, b"ffffffff\r\n" + b"a" * 16384),
        "connections that say nothing": Flood(port, b"", b"", pause=0.05),
        "bytes that are no HTTP": Flood(port, b"", bytes(range(256)) * 64),
    }


def measure(binary: pathlib.Path, directory: pathlib.Path, seconds: int) -> list[Row]:
    rows = []
    with Simulator(binary, "reference-7kw", directory / "hostile.log") as wallbox:
        wallboxes = [("reference-7kw", wallbox.port)]
        with Agent(binary, directory / "hostile", wallboxes) as agent:
            port = agent.serving()
            time.sleep(1)
            for name, hostile in attacks(port).items():
                with hostile:
                    time.sleep(0.5)
                    end = time.monotonic() + max(seconds / 6, 5)
                    times = attack.answer_times(port, agent.key, end)
                said = f"; {hostile.sent_bytes.value / 1e6:.0f} MB sent" if isinstance(hostile, Flood) else ""
                rows.append(
                    Row(
                        f"R34 valid p99, {name}", times.p99, "ms", 100,
                        f"{times.described('ms')}{said}; cut off {hostile.cut_off}",
                    )
                )
            with Client(port, agent.key) as client:
                late = client.get("/health/ready")["data"]["loop"]["latenessMicroseconds"]
    rows.append(
        Row(
            "R34 the loop late meanwhile, p99", late["p99"] / 1000, "ms", 100,
            f"max {late['max'] / 1000:.2f} ms",
        )
    )
    return rows
