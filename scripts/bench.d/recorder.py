"""Wallboxes that write down when they are written to: a Modbus TCP register server in one process.

Speaks the map of devices/reference-7kw.yaml on COUNT ports of 127.0.0.1, each with a vehicle that
charges as soon as 6 A or more are offered. The time of a request is the kernel's: when its bytes
came in on the loopback device, not when this program was given the processor. It is told on the
monotonic clock, so that other processes of the machine can compare.

Standard output: one line with the ports as JSON; then `w BOX NANOSECONDS VALUE` for every write of
the setpoint. With --requests also `q BOX NANOSECONDS FUNCTION` when any request has been answered.
Ends with the end of standard input.
"""

import argparse
import json
import os
import selectors
import socket
import struct
import sys
import time

SO_TIMESTAMPNS = 35
READ_HOLDING, READ_INPUT, WRITE_SINGLE = 3, 4, 6
ILLEGAL_FUNCTION, ILLEGAL_ADDRESS = 1, 2
SETPOINT = 0
PILOT_WAITING, PILOT_CHARGING = 2, 5
MINIMUM_OFFER = 60  # 6 A in tenths of an ampere
DRAWN_AT_MOST = 160


class Wallbox:
    """The registers of one reference-7kw wallbox."""

    def __init__(self, number: int) -> None:
        self.number = number
        self.started = time.monotonic()
        self.holding = [0, 60, 30]  # setpoint, failsafe current, failsafe timeout
        serial = f"BENCH{number:05d}".ljust(16, "\0").encode()
        firmware = b"bench".ljust(8, b"\0")
        self.plate = [0x0701, *struct.unpack(">8H", serial), *struct.unpack(">4H", firmware), 320]

    def read(self, function: int, address: int, count: int) -> list[int] | None:
        """The registers, or None where there are none."""
        registers = self.holding if function == READ_HOLDING else self.inputs()
        words = registers[address : address + count]
        return words if len(words) == count > 0 else None

    def write(self, address: int, value: int) -> bool:
        if address >= len(self.holding):
            return False
        self.holding[address] = value
        return True

    def inputs(self) -> list[int]:
        offered = self.holding[SETPOINT]
        drawn = min(offered, DRAWN_AT_MOST) if offered >= MINIMUM_OFFER else 0
        pilot = PILOT_CHARGING if drawn else PILOT_WAITING
        uptime = int(time.monotonic() - self.started)
        measured = [pilot, 0, drawn, 2300, drawn * 23, 0, 0, 1000, uptime >> 16, uptime & 0xFFFF]
        return [*self.plate, *[0] * (32 - len(self.plate)), *measured]


class Connection:
    """One client of one wallbox: takes frames apart, answers, and tells what was written when."""

    def __init__(self, accepted: socket.socket, wallbox: Wallbox, tells_requests: bool) -> None:
        accepted.setblocking(False)
        accepted.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        accepted.setsockopt(socket.SOL_SOCKET, SO_TIMESTAMPNS, 1)
        self.socket = accepted
        self.wallbox = wallbox
        self.tells_requests = tells_requests
        self.received = b""

    def serve(self) -> list[str]:
        """Answers what has come in; the lines to tell. Raises ConnectionError at the end."""
        data, ancillary, _, _ = self.socket.recvmsg(4096, socket.CMSG_SPACE(16))
        if not data:
            raise ConnectionError("closed by the client")
        arrived = arrival(ancillary)
        self.received += data
        told = []
        while (frame := self.next_frame()) is not None:
            answer, line = self.answer(frame, arrived)
            self.socket.sendall(answer)
            if line:
                told.append(line)
            if self.tells_requests:
                told.append(f"q {self.wallbox.number} {time.monotonic_ns()} {frame[7]}")
        return told

    def next_frame(self) -> bytes | None:
        if len(self.received) < 6:
            return None
        end = 6 + int.from_bytes(self.received[4:6], "big")
        if len(self.received) < end:
            return None
        frame, self.received = self.received[:end], self.received[end:]
        return frame

    def answer(self, frame: bytes, arrived: int) -> tuple[bytes, str | None]:
        function = frame[7]
        address, value = struct.unpack(">HH", frame[8:12])
        line = None
        if function in (READ_HOLDING, READ_INPUT):
            words = self.wallbox.read(function, address, value)
            if words is None:
                body = bytes([function | 0x80, ILLEGAL_ADDRESS])
            else:
                body = struct.pack(f">BB{value}H", function, 2 * value, *words)
        elif function == WRITE_SINGLE and self.wallbox.write(address, value):
            body = frame[7:12]
            if address == SETPOINT:
                line = f"w {self.wallbox.number} {arrived} {value}"
        else:
            reason = ILLEGAL_ADDRESS if function == WRITE_SINGLE else ILLEGAL_FUNCTION
            body = bytes([function | 0x80, reason])
        head = frame[:4] + (1 + len(body)).to_bytes(2, "big") + frame[6:7]
        return head + body, line


def arrival(ancillary: list[tuple[int, int, bytes]]) -> int:
    """When the kernel took the bytes in, on the monotonic clock, in nanoseconds."""
    now, civil_now = time.monotonic_ns(), time.time_ns()
    for _, kind, stamp in ancillary:
        if kind == SO_TIMESTAMPNS:
            seconds, nanoseconds = struct.unpack("qq", stamp[:16])
            return now - (civil_now - seconds * 1_000_000_000 - nanoseconds)
    return now


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("count", type=int)
    parser.add_argument("--requests", action="store_true")
    arguments = parser.parse_args()

    ready = selectors.DefaultSelector()
    ports = []
    for number in range(arguments.count):
        listener = socket.create_server(("127.0.0.1", 0))
        ready.register(listener, selectors.EVENT_READ, Wallbox(number))
        ports.append(listener.getsockname()[1])
    ready.register(sys.stdin, selectors.EVENT_READ)
    print(json.dumps(ports), flush=True)

    while True:
        for key, _ in ready.select():
            if key.fileobj is sys.stdin:
                if not os.read(sys.stdin.fileno(), 64):
                    return
            elif isinstance(key.data, Wallbox):
                accepted, _ = key.fileobj.accept()
                connection = Connection(accepted, key.data, arguments.requests)
                ready.register(accepted, selectors.EVENT_READ, connection)
            else:
                try:
                    told = key.data.serve()
                except (ConnectionError, BlockingIOError):
                    ready.unregister(key.fileobj)
                    key.fileobj.close()
                    continue
                if told:
                    print("\n".join(told), flush=True)


if __name__ == "__main__":
    main()
