"""What one would write in an afternoon, for comparison: polls wallboxes once a second with
pymodbus, writes a limit when aiohttp is asked to, stores nothing. Usage: peer.py MODBUS_PORT..."""

import asyncio
import sys

from aiohttp import web
from pymodbus.client import AsyncModbusTcpClient

clients = []
latest = {}


async def poll(number):
    await asyncio.sleep(number / len(clients))
    while True:
        measured = await clients[number].read_input_registers(32, count=10, device_id=1)
        told = await clients[number].read_holding_registers(0, count=3, device_id=1)
        latest[number] = measured.registers + told.registers
        await asyncio.sleep(1)


async def set_limit(request):
    number = int(request.match_info["number"])
    amperes = (await request.json())["amperes"]
    answer = await clients[number].write_register(0, int(amperes * 10), device_id=1)
    return web.json_response({"ok": not answer.isError()})


async def main():
    for port in sys.argv[1:]:
        clients.append(AsyncModbusTcpClient("127.0.0.1", port=int(port)))
        await clients[-1].connect()
    app = web.Application()
    app.router.add_post("/limit/{number}", set_limit)
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    print(runner.addresses[0][1], flush=True)
    await asyncio.gather(*(poll(number) for number in range(len(clients))))


asyncio.run(main())
