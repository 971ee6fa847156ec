"""How long the agent takes to end while clients hold on to it."""

import contextlib
import pathlib
import signal
import socket
import time

from figures import Row, Samples
from processes import Agent, BenchFailure, Simulator

PATIENCE = 30  # seconds until an end counts as none


def measure(binary: pathlib.Path, directory: pathlib.Path, ends: int) -> list[Row]:
    """From the signal to the exit, for agents that charge and are told to end."""
    times = []
    with Simulator(binary, "reference-7kw", directory / "ending.log") as wallbox:
        wallboxes = [("reference-7kw", wallbox.port)]
        for number in range(ends):
            with Agent(binary, directory / f"ending-{number}", wallboxes) as agent:
                port = agent.serving()
                with contextlib.ExitStack() as stack:
                    hold_on(stack, port, agent.key)
                    start = time.monotonic()
                    agent.child.send_signal(signal.SIGTERM)
                    if (code := agent.child.wait(timeout=PATIENCE)) != 0:
                        raise BenchFailure(f"the agent ended with {code}")
                    times.append(time.monotonic() - start)
    samples = Samples(times)
    return [
        Row(
            "end while clients hold on, slowest",
            samples.at(1),
            "s",
            2,
            samples.described("s"),
        )
    ]


def hold_on(stack: contextlib.ExitStack, port: int, key: str) -> None:
    """Clients that watch, that send no more, and that do nothing."""

    def client(sent: str) -> socket.socket:
        client = socket.create_connection(("127.0.0.1", port), timeout=10)
        stack.callback(client.close)
        client.sendall(sent.encode())
        return client

    head = f"HTTP/1.1\r\nHost: 127.0.0.1\r\nx-api-key: {key}\r\n"
    if not client(f"GET /events {head}\r\n").recv(65536).startswith(b"HTTP/1.1 200"):
        raise BenchFailure("the event stream did not begin")
    client(
        f"POST /ev-charger/device_ev_000 {head}Content-Type: application/json\r\n"
        'Content-Length: 100\r\n\r\n{"action":'
    )
    client("GET /ev-charger HTTP/1.1\r\nHost: 127")
    client("")
