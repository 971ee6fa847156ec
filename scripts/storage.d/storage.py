"""Disks that fail, and what becomes of requests, charging and the next start (requirement R18)."""

import argparse
import errno
import pathlib
import signal
import subprocess
import sys
import tempfile
import time

from disk_site import Failure, Site, UP


def mount(*arguments: str) -> bool:
    """Whether it could be mounted: a container may not have what it takes."""
    return subprocess.run(["mount", *arguments], stderr=subprocess.DEVNULL).returncode == 0


def require(condition: bool, words: str) -> None:
    if not condition:
        raise Failure(words)


def begin_charging(site: Site) -> None:
    site.start()
    require(site.set_rate(7) == 200 and site.push("charge")[0] == 202, "the start is refused")
    site.wait("32 A flow", lambda: site.truth()["setpointMilliamperes"] >= 30000)


def keeps_charging(site: Site, seconds: float) -> None:
    """The lease of a target is 10 s: longer than that shows that it is renewed."""
    begin = time.monotonic()
    while time.monotonic() - begin < seconds:
        truth = site.truth()
        require(truth["setpointMilliamperes"] >= 30000, f"it does not charge on: {truth}")
        require(site.ask("GET", "/ev-charger")[0] == 200, "reads are not answered")
        time.sleep(0.5)


def fill(path: pathlib.Path) -> None:
    """Takes all the room that there is."""
    with path.open("ab", buffering=0) as file:
        for size in (65536, 4096, 1):
            try:
                while True:
                    file.write(b"x" * size)
            except OSError as error:
                if error.errno != errno.ENOSPC:
                    raise


def refused(site: Site, allowed: set[int]) -> str:
    """Plans stops for next month until one is refused; returns the last that was accepted."""
    accepted = ""
    for _ in range(6000):
        status, action = site.push("idle", start="700h")
        if status == 202:
            accepted = action
            continue
        require(status in allowed, f"a push is answered {status}")
        # A setting takes less room: what still fits is accepted, and counts.
        for number in range(200):
            status = site.set_rate((7.1, 7.2)[number % 2])
            if status != 200:
                break
            time.sleep(0.06)
        require(status in allowed, f"a setting is answered {status}")
        require(not site.is_ready(), "it says that it is ready")
        return accepted
    raise Failure("a disk without room refuses nothing")


def holds(site: Site, accepted: str) -> None:
    require(not accepted or site.knows(accepted), f"{accepted} was accepted and is lost")
    require(site.rate() == site.accepted_rate, f"the limit is {site.rate()} kW")


def full(site: Site, disk: pathlib.Path) -> str:
    begin_charging(site)
    fill(disk / "filler")
    accepted = refused(site, {507})
    keeps_charging(site, 12)
    holds(site, accepted)
    site.end(signal.SIGKILL)
    (disk / "filler").unlink()
    up = site.start()
    require(up <= UP, f"up after {up:.1f} s")
    holds(site, accepted)
    # And without a restart: full once more, and room again.
    fill(disk / "filler")
    accepted = refused(site, {507})
    (disk / "filler").unlink()
    recovered = site.wait("a stop is accepted again", lambda: site.push("idle")[0] == 202, 10)
    site.wait("it stops", lambda: site.truth()["setpointMilliamperes"] == 0)
    site.wait("it is ready", site.is_ready, 10)
    holds(site, accepted)
    site.end()
    return f"full: refused with 507, charged on, up after {up:.1f} s, well after {recovered:.1f} s"


def read_only(site: Site, disk: pathlib.Path) -> tuple[str, str]:
    begin_charging(site)
    # As ext4 does it by itself when it finds an error.
    subprocess.run(["mount", "-o", "remount,abort", disk], check=True)
    accepted = refused(site, {503, 507})
    keeps_charging(site, 12)
    holds(site, accepted)
    site.end(signal.SIGKILL)
    return "read-only: refused with 503, charged on", accepted


def after_repair(site: Site, accepted: str) -> str:
    up = site.start()
    require(up <= UP, f"up after {up:.1f} s")
    holds(site, accepted)
    require(site.push("idle")[0] == 202, "a push is refused")
    site.end()
    return f"repaired: up after {up:.1f} s with what was accepted"


def damaged(site: Site) -> str:
    worst = 0.0
    database = site.state / "evse-agent.sqlite"
    for name, bytes_ in [("garbage", b"\x55" * 50000), ("emptied", b""), ("half a page", b"SQL")]:
        site.start()
        require(site.push("charge")[0] == 202, "a push is refused")
        site.end()
        asides = len(list(site.state.glob("*.corrupt-*")))
        database.write_bytes(bytes_)
        worst = max(worst, site.start())
        require(site.said("was damaged"), f"{name}: not a word of it")
        require(len(list(site.state.glob("*.corrupt-*"))) > asides, f"{name}: not kept")
        require(site.ask("GET", "/ev-charger")[0] == 401, f"{name}: an old key opens")
        # What the wallbox was handed back with stands: nothing is raised.
        time.sleep(3)
        require(site.truth()["setpointMilliamperes"] <= 6000, f"{name}: raised")
        site.end()
        site.make_key()
    require(worst <= UP, f"up after {worst:.1f} s")
    return f"damaged: set aside and told, up after {worst:.1f} s"


def run(binary: str) -> None:
    with tempfile.TemporaryDirectory() as name:
        scratch = pathlib.Path(name)
        disks = {kind: scratch / kind for kind in ("tmpfs", "ext4", "plain")}
        for disk in disks.values():
            disk.mkdir()
        sites: list[Site] = []

        def site(kind: str) -> Site:
            sites.append(Site(binary, scratch, disks[kind]))
            return sites[-1]

        try:
            require(
                mount("-t", "tmpfs", "-o", "size=16m", "tmpfs", str(disks["tmpfs"])),
                "cannot mount a tmpfs",
            )
            print(full(site("tmpfs"), disks["tmpfs"]), flush=True)
            image = scratch / "image"
            subprocess.run(["truncate", "-s", "24M", image], check=True)
            maker = pathlib.Path("/usr/sbin/mkfs.ext4")
            if maker.exists():
                subprocess.run([maker, "-q", image], check=True)
            if maker.exists() and mount("-o", "loop", str(image), str(disks["ext4"])):
                ext4 = site("ext4")
                words, accepted = read_only(ext4, disks["ext4"])
                print(words, flush=True)
                subprocess.run(["umount", disks["ext4"]], check=True)
                require(mount("-o", "loop", str(image), str(disks["ext4"])), "mounted no more")
                print(after_repair(ext4, accepted), flush=True)
            else:
                print("read-only: skipped: no e2fsprogs, or no loop devices here", flush=True)
            print(damaged(site("plain")), flush=True)
        except Failure:
            print((scratch / "agent.log").read_text()[-6000:], file=sys.stderr)
            raise
        finally:
            for each in sites:
                each.close()
            for kind in ("tmpfs", "ext4"):
                subprocess.run(["umount", "-l", disks[kind]], stderr=subprocess.DEVNULL)


if __name__ == "__main__":
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--binary", default=".build/debug/evse-agent")
    try:
        run(options.parse_args().binary)
    except Failure as failure:
        sys.exit(f"check-storage: {failure}")
    print("check-storage: every disk that failed was told, and nothing false was accepted")
