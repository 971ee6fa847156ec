"""One night: a simulated wallbox and an agent in simulated time, a plan, a kill, and a verdict."""

import asyncio
import datetime
import json
import pathlib
import random
import re
import signal
import time
import uuid

import aiohttp

ORIGIN = "2026-06-01T20:00:00Z"  # 22:00 in Berlin
PATIENCE = 30  # seconds for something that has to happen
HOUR = 3600
LATENESS = 5  # seconds: a tick, or the restart that a kill costs, with room for a busy machine
SETTLING = datetime.timedelta(seconds=8)


class NightFailure(Exception):
    """Something that was not as planned."""


class NightTooLate(Exception):
    """The machine was so busy that the night had begun before its plan was made."""


class Night:
    def __init__(
        self, binary: pathlib.Path, directory: pathlib.Path, scale: int, dice: random.Random
    ) -> None:
        self.binary = binary
        self.directory = directory
        self.scale = scale
        self.dice = dice
        self.kills = 0
        self.events: list[str] = []
        self.processes: list[asyncio.subprocess.Process] = []
        # Ahead, so that everything is up and the plan is made when the night begins.
        anchor = datetime.datetime.now(datetime.timezone.utc) + SETTLING
        self.anchor = anchor.timestamp()
        self.time = [
            *("--time-origin", ORIGIN, "--time-scale", str(scale)),
            *("--time-anchor", anchor.isoformat(timespec="milliseconds").replace("+00:00", "Z")),
        ]

    # What happens

    async def run(self, kills: bool) -> None:
        await self.start_wallbox()
        await self.make_site()
        await self.start_agent()
        killing = asyncio.create_task(self.kill()) if kills else None
        try:
            await self.plan()
            await self.until(self.at_hour(4))
        finally:
            if killing:
                await killing
        await self.judge()

    async def plan(self) -> None:
        """Before 22:00: stop now, and charge from 23:00 to 1:00."""
        stop = await self.push({"action": {"command": "idle"}})
        await self.ended(stop)
        if time.time() > self.at_hour(0.8):
            raise NightTooLate
        window = {"command": "charge", "start": "2026-06-01T23:00:00", "end": "2026-06-02T01:00:00"}
        self.window = await self.push({"action": window})

    async def kill(self) -> None:
        """At a moment between the first push and the end of the night; and starts it again."""
        await self.until(self.at_hour(self.dice.uniform(0.1, 3.8)))
        self.note("kill -9")
        self.agent.send_signal(signal.SIGKILL)
        await self.agent.wait()
        self.kills += 1
        await self.start_agent()

    async def judge(self) -> None:
        # Where the restart took until now, the last command still has its time.
        last = self.at_hour(3) + LATENESS
        while len(writes := await self.writes()) < 3 and time.time() < last:
            await asyncio.sleep(0.1)
        values = [value for value, _ in writes]
        if values != [0, 32000, 0]:
            raise NightFailure(f"the setpoint was written {writes}, and not 0, 32 A, 0")
        truth = await self.get(self.control, "/")
        if truth["setpointMilliamperes"] != 0:
            raise NightFailure(f"at the end the setpoint is {truth['setpointMilliamperes']} mA")
        allowed = LATENESS * self.scale
        for (value, moment), hour in zip(writes[1:], [1, 3], strict=True):
            late = moment - (instant(ORIGIN) + hour * HOUR)
            if not 0 <= late <= allowed:
                raise NightFailure(f"{value} mA came {late:.0f} s after its time: {writes}")
        await self.ended(self.window)
        actions = (await self.api("GET", "/actions"))["items"]
        states = [(action["command"], action["state"]) for action in actions]
        if states != [("charge", "completed"), ("idle", "completed")]:
            raise NightFailure(f"the actions are {actions}")

    async def writes(self) -> list[tuple[int, float]]:
        """What the setpoint was written, in mA, each with its second in simulated time."""
        return [
            (entry["value"], entry["time"] / 1000)
            for entry in await self.get(self.control, "/writes")
            if entry["register"] == "setpoint"
        ]

    # The programs

    async def start_wallbox(self) -> None:
        vehicle = ["--plugged", "--vehicle-phases", "1", "--vehicle-current", "32"]
        ports = ["--listen", "127.0.0.1:0", "--control", "127.0.0.1:0"]
        wallbox = await self.spawn("simulate", "reference-7kw", *ports, *vehicle, *self.time)
        lines = await self.lines(wallbox, r"at tcp://127\.0\.0\.1:(\d+)", r"endpoint at (http\S+)")
        self.wallbox_port, self.control = lines

    async def make_site(self) -> None:
        self.configuration = self.directory / "agent.yaml"
        self.configuration.write_text(
            "site: { timezone: Europe/Berlin, clock: trusted }\n"
            'api: { listen: "127.0.0.1:0" }\n'
            f"state-dir: {self.directory / 'state'}\n"
            "poll: 100ms\n"
            "chargers:\n"
            "  - id: device_ev_001\n"
            "    profile: reference-7kw\n"
            f"    connect: tcp://127.0.0.1:{self.wallbox_port}\n"
            "    max-current: 32\n"
            "    phases: 1\n"
            "    simulated: true\n"
        )
        keys = ["keys", "create", "--name", "night", "--environment", "sandbox"]
        made = await asyncio.create_subprocess_exec(
            self.binary, *keys, "--config", self.configuration, stdout=asyncio.subprocess.PIPE
        )
        self.key = (await made.communicate())[0].decode().strip()

    async def start_agent(self) -> None:
        self.agent = await self.spawn("run", "--config", str(self.configuration), *self.time)
        (self.address,) = await self.lines(self.agent, r"serving .* at (http\S+)")
        self.note("agent serves")

    async def spawn(self, *arguments: str) -> asyncio.subprocess.Process:
        process = await asyncio.create_subprocess_exec(
            self.binary,
            *arguments,
            stdout=asyncio.subprocess.DEVNULL,
            stderr=asyncio.subprocess.PIPE,
        )
        self.processes.append(process)
        return process

    async def lines(self, process: asyncio.subprocess.Process, *patterns: str) -> list[str]:
        """What the groups of the patterns match, in lines in any order; then reads on in silence."""
        found: dict[str, str] = {}

        async def read() -> None:
            while len(found) < len(patterns):
                line = (await process.stderr.readline()).decode()
                if not line:
                    raise NightFailure(f"a program ended: {self.events[-5:]}")
                self.note(line.rstrip())
                for pattern in patterns:
                    if match := re.search(pattern, line):
                        found[pattern] = match[1]

        try:
            await asyncio.wait_for(read(), PATIENCE)
        except TimeoutError:
            raise NightFailure(f"in vain: {patterns}") from None
        process.drain = asyncio.create_task(self.drain(process))
        return [found[pattern] for pattern in patterns]

    async def drain(self, process: asyncio.subprocess.Process) -> None:
        while line := await process.stderr.readline():
            self.note(line.decode().rstrip())

    def end(self) -> None:
        for process in self.processes:
            if process.returncode is None:
                process.kill()

    # The API

    async def push(self, body: dict) -> str:
        """Until it is answered, with one key: whatever was killed meanwhile, it has one effect."""
        key = {"Idempotency-Key": uuid.UUID(int=self.dice.getrandbits(128)).hex}
        answer = await self.api("POST", "/ev-charger/device_ev_001", body, key)
        self.note(f"accepted {answer['id']} {answer['state']}")
        return answer["id"]

    async def ended(self, action: str) -> None:
        deadline = time.monotonic() + PATIENCE
        ends = ("completed", "failed", "cancelled")
        while (await self.api("GET", f"/actions/{action}"))["state"] not in ends:
            if time.monotonic() > deadline:
                raise NightFailure(f"{action} does not end")
            await asyncio.sleep(0.1)

    async def api(self, method: str, path: str, body: dict | None = None, fields={}) -> dict:
        deadline = time.monotonic() + PATIENCE
        while True:
            try:
                async with (
                    aiohttp.ClientSession() as session,
                    session.request(
                        method,
                        self.address + path,
                        json=body,
                        headers={"x-api-key": self.key, **fields},
                        timeout=aiohttp.ClientTimeout(total=5),
                    ) as answer,
                ):
                    text = await answer.text()
                    if answer.status in (200, 202):
                        return json.loads(text)["data"]
                    if answer.status not in (429, 503):
                        raise NightFailure(f"{method} {path} is answered {answer.status} {text}")
            except (aiohttp.ClientError, OSError, TimeoutError):
                pass  # It was killed.
            if time.monotonic() > deadline:
                raise NightFailure(f"{method} {path} is not answered")
            await asyncio.sleep(0.05)

    @staticmethod
    async def get(address: str, path: str) -> dict | list:
        async with aiohttp.ClientSession() as session, session.get(address + path) as answer:
            return await answer.json()

    # Time

    def at_hour(self, hour: float) -> float:
        """The real time at which this many simulated hours have passed."""
        return self.anchor + hour * HOUR / self.scale

    @staticmethod
    async def until(moment: float) -> None:
        await asyncio.sleep(max(0, moment - time.time()))

    def note(self, text: str) -> None:
        passed = (time.time() - self.anchor) * self.scale / HOUR
        self.events.append(f"{passed:6.2f} h  {text}")

    def story(self) -> str:
        return "\n".join(self.events[-40:])


def instant(stamp: str) -> float:
    return datetime.datetime.fromisoformat(stamp.replace("Z", "+00:00")).timestamp()
