"""A simulated wallbox and an agent with its state on a file system of its own."""

import http.client
import json
import os
import pathlib
import re
import signal
import subprocess
import time

DEVICE = "/ev-charger/device_ev_001"
PATIENCE = 20  # seconds for something that has to happen
UP = 5  # seconds that a start may take


class Failure(Exception):
    """Something that was not as required."""


class Site:
    def __init__(self, binary: str, scratch: pathlib.Path, disk: pathlib.Path) -> None:
        self.binary = binary
        self.state = disk / "state"
        self.story = (scratch / "agent.log").open("a+")
        self.wallbox = subprocess.Popen(
            [binary, "simulate", "reference-7kw", "--listen", "127.0.0.1:0"]
            + ["--control", "127.0.0.1:0", "--plugged", "--vehicle-phases", "1"]
            + ["--vehicle-current", "32"],
            stderr=subprocess.PIPE,
            text=True,
        )
        port = find(self.wallbox, r"at tcp://127\.0\.0\.1:(\d+)")
        self.control = int(find(self.wallbox, r"endpoint at http://127\.0\.0\.1:(\d+)"))
        self.configuration = scratch / "agent.yaml"
        self.configuration.write_text(
            "site: { timezone: Europe/Berlin, clock: trusted }\n"
            'api: { listen: "127.0.0.1:0" }\n'
            f"state-dir: {self.state}\n"
            "chargers:\n"
            "  - id: device_ev_001\n"
            "    profile: reference-7kw\n"
            f"    connect: tcp://127.0.0.1:{port}\n"
            "    max-current: 32\n"
            "    phases: 1\n"
            "    simulated: true\n"
        )
        self.agent: subprocess.Popen | None = None
        self.accepted_rate = 0.0
        self.make_key()

    def make_key(self) -> None:
        made = subprocess.run(
            [self.binary, "keys", "create", "--config", self.configuration]
            + ["--environment", "sandbox"],
            stdout=subprocess.PIPE,
            text=True,
            check=True,
        )
        self.key = made.stdout.strip()

    # The agent

    def start(self) -> float:
        """Returns the seconds until it answers."""
        begin = time.monotonic()
        self.agent = subprocess.Popen(
            [self.binary, "run", "--config", self.configuration],
            stderr=subprocess.PIPE,
            text=True,
        )
        while line := self.agent.stderr.readline():
            self.story.write(line)
            if match := re.search(r"serving .* at http://127\.0\.0\.1:(\d+)", line):
                self.port = int(match[1])
                os.set_blocking(self.agent.stderr.fileno(), False)
                return time.monotonic() - begin
        raise Failure("the agent did not start")

    def said(self, text: str) -> bool:
        """Whether the agent has said this so far."""
        try:
            self.story.write(self.agent.stderr.read() or "")
        except TypeError:
            pass  # Nothing new.
        self.story.seek(0)
        return text in self.story.read()

    def end(self, kind: int = signal.SIGTERM) -> None:
        self.agent.send_signal(kind)
        self.agent.wait(PATIENCE)

    def close(self) -> None:
        for process in (self.agent, self.wallbox):
            if process and process.poll() is None:
                process.kill()
                process.wait()

    # Requests

    def ask(self, method: str, path: str, body: dict | None = None) -> tuple[int, dict]:
        client = http.client.HTTPConnection("127.0.0.1", self.port, timeout=PATIENCE)
        fields = {"x-api-key": self.key}
        if body is not None:
            fields["content-type"] = "application/json"
        text = json.dumps(body) if body is not None else None
        client.request(method, path, body=text, headers=fields)
        answer = client.getresponse()
        document = json.loads(answer.read())
        client.close()
        return answer.status, document

    def push(self, command: str, **times: str) -> tuple[int, str]:
        """The status, and the id of what was accepted."""
        body = {"action": {"command": command, **times}, "onConflict": "cancel_and_replace"}
        status, document = self.ask("POST", DEVICE, body)
        return status, document.get("data", {}).get("id", "")

    def knows(self, action: str) -> bool:
        status, document = self.ask("GET", "/actions/" + action)
        return status == 200 and document["data"]["state"] in ("scheduled", "cancelled")

    def set_rate(self, kilowatts: float) -> int:
        setting = {"max_charge_rate": {"value": kilowatts, "unit": "kw"}}
        status = self.ask("POST", DEVICE + "/settings", setting)[0]
        if status == 200:
            self.accepted_rate = kilowatts
        return status

    def rate(self) -> float:
        return self.ask("GET", DEVICE)[1]["data"]["settings"]["max_charge_rate"]["value"]

    def is_ready(self) -> bool:
        return self.ask("GET", "/health/ready")[0] == 200

    def truth(self) -> dict:
        """What the wallbox does."""
        client = http.client.HTTPConnection("127.0.0.1", self.control, timeout=PATIENCE)
        client.request("GET", "/")
        return json.loads(client.getresponse().read())

    def wait(self, what: str, holds, within: float = PATIENCE) -> float:
        begin = time.monotonic()
        while not holds():
            if time.monotonic() - begin > within:
                raise Failure(f"in vain for {within} s: {what}")
            time.sleep(0.06)
        return time.monotonic() - begin


def find(process: subprocess.Popen, pattern: str) -> str:
    while line := process.stderr.readline():
        if match := re.search(pattern, line):
            return match[1]
    raise Failure(f"a program ended before it said {pattern}")
