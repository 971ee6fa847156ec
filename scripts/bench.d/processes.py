"""The processes that the bench measures, and the ones that they talk to. Each ends with its
`with` block; one that does not come to that ends with the bench."""

import atexit
import contextlib
import json
import os
import pathlib
import queue
import re
import subprocess
import sys
import threading
import time

HERE = pathlib.Path(__file__).resolve().parent
ROOT = HERE.parent.parent
PATIENCE = 20  # seconds for a process to come up, or for something awaited to happen


class BenchFailure(Exception):
    """Something that has to work before anything can be measured does not."""


class Process:
    """A child process whose output is read line by line as it comes."""

    def __init__(self, command: list, log: pathlib.Path, talks_on: str = "stdout") -> None:
        self.name = pathlib.Path(str(command[0])).name + " " + str(command[1])
        self.log = log
        self.lines: queue.Queue[str] = queue.Queue()
        streams = {"stdout": subprocess.DEVNULL, "stderr": open(log, "ab")}
        streams[talks_on] = subprocess.PIPE
        self.started_at = time.monotonic_ns()
        self.child = subprocess.Popen(
            [str(word) for word in command], stdin=subprocess.PIPE, text=True, cwd=ROOT, **streams
        )
        self.output = getattr(self.child, talks_on)
        atexit.register(self.end)
        threading.Thread(target=self._read, daemon=True).start()

    def _read(self) -> None:
        for line in self.output:
            self.lines.put(line.rstrip("\n"))

    def __enter__(self):
        return self

    def __exit__(self, *_) -> None:
        self.end()

    def end(self) -> None:
        atexit.unregister(self.end)
        self.child.terminate()
        try:
            self.child.wait(timeout=5)
        except subprocess.TimeoutExpired:
            self.child.kill()
            self.child.wait()

    @property
    def pid(self) -> int:
        return self.child.pid

    def line(self, pattern: str, within: float = PATIENCE) -> re.Match:
        """Waits for a line that the pattern matches; other lines are passed over."""
        deadline = time.monotonic() + within
        passed = []
        while True:
            try:
                line = self.lines.get(timeout=max(0, deadline - time.monotonic()))
            except queue.Empty:
                raise BenchFailure(
                    f"{self.name} did not say /{pattern}/ within {within} s; it said: {passed[-5:]}"
                    f"; log: {self.log.read_text()[-500:] if self.log.exists() else ''}"
                ) from None
            if found := re.search(pattern, line):
                return found
            passed.append(line)


class Recorder(Process):
    """Simulated wallboxes that tell when they are written to; see recorder.py."""

    def __init__(self, count: int, log: pathlib.Path, requests: bool = False) -> None:
        options = ["--requests"] if requests else []
        super().__init__([sys.executable, HERE / "recorder.py", count, *options], log)
        self.ports = json.loads(self.line(r"^\[.*\]$")[0])

    def write(self, box: int, value: int, after: int) -> int:
        """When the setpoint of a wallbox was written with a value after a time: nanoseconds."""
        deadline = time.monotonic() + PATIENCE
        while time.monotonic() < deadline:
            found = self.line(rf"^w {box} (\d+) {value}$")
            if int(found[1]) >= after:
                return int(found[1])
        raise BenchFailure(f"wallbox {box} was not written with {value}")


class Simulator(Process):
    """`evse-agent simulate`: one wallbox in a process of its own."""

    def __init__(self, binary: pathlib.Path, profile: str, log: pathlib.Path) -> None:
        command = [binary, "simulate", profile, "--listen", "127.0.0.1:0", "--plugged"]
        super().__init__([*command, "--log-level", "error"], log, talks_on="stderr")
        self.port = int(self.line(r"at tcp://127\.0\.0\.1:(\d+)")[1])


class Agent(Process):
    """`evse-agent run` for wallboxes at (profile, port); `key` opens its API at `port`. `more` is
    added to its configuration."""

    def __init__(
        self,
        binary: pathlib.Path,
        directory: pathlib.Path,
        wallboxes: list[tuple[str, int]],
        makes_key: bool = True,
        poll: str = "1s",
        more: str = "",
    ) -> None:
        directory.mkdir(parents=True, exist_ok=True)
        self.configuration = directory / "agent.yaml"
        text = self._configuration(directory, wallboxes, poll) + more
        self.configuration.write_text(text)
        if makes_key:
            self.key = self.make_key(binary, "bench")
        command = [binary, "run", "--config", self.configuration]
        super().__init__(command, directory / "agent.log", talks_on="stderr")

    @staticmethod
    def _configuration(
        directory: pathlib.Path, wallboxes: list[tuple[str, int]], poll: str
    ) -> str:
        chargers = "".join(
            f"  - {{ id: device_ev_{number:03d}, profile: {profile}, max-current: 32,"
            f' connect: "tcp://127.0.0.1:{port}", simulated: true }}\n'
            for number, (profile, port) in enumerate(wallboxes)
        )
        return (
            "site: { timezone: Europe/Berlin, clock: trusted }\n"
            'api: { listen: "127.0.0.1:0" }\n'
            f"state-dir: {directory / 'state'}\n"
            f"poll: {poll}\n"
            f"chargers:\n{chargers}"
        )

    def make_key(self, binary: pathlib.Path, name: str) -> str:
        options = ["--config", self.configuration, "--name", name, "--environment", "sandbox"]
        made = subprocess.run(
            [binary, "keys", "create", *options], capture_output=True, text=True, cwd=ROOT
        )
        if made.returncode != 0:
            raise BenchFailure(f"cannot make an API key: {made.stderr}")
        return made.stdout.strip()

    def serving(self) -> int:
        """Waits until the API accepts connections; its port."""
        return int(self.line(r"serving \d+ chargers? at http://127\.0\.0\.1:(\d+)")[1])


class Peer(Process):
    """The script to compare with; see peer.py."""

    def __init__(self, ports: list[int], log: pathlib.Path) -> None:
        super().__init__([sys.executable, HERE / "peer.py", *ports], log)
        self.port = int(self.line(r"^(\d+)$")[1])


def cpu_seconds(pid: int) -> float:
    """Processor time of all threads of a process, from its own CPU clock."""
    return time.clock_gettime((~pid << 3) | 2)


def memory_kib(pid: int) -> tuple[int, int]:
    """Resident and anonymous memory of a process."""
    rollup = pathlib.Path(f"/proc/{pid}/smaps_rollup").read_text()
    figures = dict(re.findall(r"^(\w+): +(\d+) kB$", rollup, re.MULTILINE))
    return int(figures["Rss"]), int(figures["Anonymous"])


def thread_count(pid: int) -> int:
    return len(os.listdir(f"/proc/{pid}/task"))


@contextlib.contextmanager
def all_of(*processes):
    """Several processes that end together."""
    with contextlib.ExitStack() as stack:
        yield [stack.enter_context(process) for process in processes]
