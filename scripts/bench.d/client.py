"""An HTTP client that knows when it sent: one kept-alive connection on a raw socket."""

import json
import socket
import time


class Client:
    def __init__(self, port: int, key: str | None = None) -> None:
        self.socket = socket.create_connection(("127.0.0.1", port), timeout=10)
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.head = f"Host: 127.0.0.1:{port}\r\n" + (f"x-api-key: {key}\r\n" if key else "")

    def __enter__(self) -> "Client":
        return self

    def __exit__(self, *_) -> None:
        self.socket.close()

    def get(self, path: str) -> dict:
        return self._exchange(f"GET {path} HTTP/1.1\r\n{self.head}\r\n".encode())[2]

    def post(self, path: str, body: dict) -> tuple[int, int]:
        """Posts JSON. Returns when its first byte went out and when the answer was there."""
        data = json.dumps(body)
        sent, answered, _ = self._exchange(
            f"POST {path} HTTP/1.1\r\n{self.head}Content-Type: application/json\r\n"
            f"Content-Length: {len(data)}\r\n\r\n{data}".encode()
        )
        return sent, answered

    def _exchange(self, request: bytes) -> tuple[int, int, dict]:
        sent = time.monotonic_ns()
        self.socket.sendall(request)
        received = b""
        while b"\r\n\r\n" not in received:
            received += self._receive()
        head, _, body = received.partition(b"\r\n\r\n")
        status, *fields = head.decode().split("\r\n")
        names = dict(field.lower().split(": ", 1) for field in fields)
        while len(body) < int(names["content-length"]):
            body += self._receive()
        answered = time.monotonic_ns()
        if status.split()[1] not in ("200", "202"):
            # Without the request: it has the key in it.
            raise RuntimeError(f"the answer is {status}: {body.decode()}")
        return sent, answered, json.loads(body)

    def _receive(self) -> bytes:
        data = self.socket.recv(65536)
        if not data:
            raise ConnectionError("the server has closed the connection")
        return data
