"""A wallbox with the register map of devices/reference-7kw.yaml, served by pymodbus.

An independent witness for the agent's Modbus client: neither the frames nor the meaning of the
registers come from the agent's code. A vehicle is plugged in and draws what it is offered. Prints
`listening on PORT` when it is ready, and every write as `write ADDRESS VALUE`.

With `--serial` it is an RTU slave, and prints `listening on PATH`: the terminal for its master.
"""

import asyncio
import os
import pty
import sys
import time
import tty

from pymodbus.server import ModbusSerialServer, ModbusTcpServer
from pymodbus.simulator import DataType, SimData, SimDevice

VOLTS = 230
VEHICLE_TENTHS_OF_AMPERE = 304  # 7 kW
SETPOINT, FAILSAFE_CURRENT, FAILSAFE_TIMEOUT = 0, 1, 2
READ_INPUT, READ_HOLDING = 4, 3

STARTED = time.monotonic()


def text(value, registers):
    """Two characters to a register, filled up with zeros."""
    data = value.encode().ljust(registers * 2, b"\0")
    return [int.from_bytes(data[i : i + 2], "big") for i in range(0, len(data), 2)]


def split(value):
    """A 32-bit value, the high word first."""
    return [value >> 16, value & 0xFFFF]


class Wallbox:
    def __init__(self):
        self.setpoint = 60

    def inputs(self):
        """The 42 input registers as they are now."""
        amperes = min(self.setpoint, VEHICLE_TENTHS_OF_AMPERE) if self.setpoint >= 60 else 0
        pilot = 5 if amperes else 2  # C2 while it charges, B1 while it is held
        words = [0] * 42
        words[0] = 0x0701
        words[1:9] = text("PEER0001", 8)
        words[9:13] = text("1.0", 4)
        words[13] = 320
        words[32:38] = [pilot, 0, amperes, VOLTS * 10, amperes * VOLTS // 10, 0]
        words[38:40] = split(0)
        words[40:42] = split(int(time.monotonic() - STARTED))
        return words

    async def access(self, function, start, address, count, registers, values):
        if function == READ_INPUT:
            registers[:] = self.inputs()
        elif values is not None:
            for place, value in enumerate(values, start=address):
                print(f"write {place} {value}", flush=True)
                if place == SETPOINT:
                    self.setpoint = value


def registers(address, values):
    return SimData(address, values=values, datatype=DataType.REGISTERS)


def cable():
    """Two terminals that are joined: what is written to one can be read from the other."""
    ends = [pty.openpty(), pty.openpty()]
    for _, terminal in ends:
        tty.setraw(terminal)
    masters = [master for master, _ in ends]
    loop = asyncio.get_running_loop()
    for here, there in (masters, reversed(masters)):
        loop.add_reader(here, lambda here=here, there=there: os.write(there, os.read(here, 4096)))
    # The terminals stay open here, so that they stay when a program closes them.
    return [os.ttyname(terminal) for _, terminal in ends]


async def main():
    wallbox = Wallbox()
    unused = [SimData(0, values=0, datatype=DataType.BITS)]
    device = SimDevice(
        id=1,
        simdata=(
            unused,
            unused,
            [registers(SETPOINT, [wallbox.setpoint, 60, 30])],
            [registers(0, wallbox.inputs())],
        ),
        action=wallbox.access,
    )
    if "--serial" in sys.argv:
        slave, listening = cable()
        server = ModbusSerialServer(device, port=slave, baudrate=9600, parity="N", stopbits=1)
        await server.serve_forever(background=True)
    else:
        server = ModbusTcpServer(device, address=("127.0.0.1", 0))
        await server.serve_forever(background=True)
        listening = server.transport.sockets[0].getsockname()[1]
    print(f"listening on {listening}", flush=True)
    await server.serving


asyncio.run(main())
