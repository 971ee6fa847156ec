"""Plans nights and checks what the wallbox was written. See scripts/check-nights --help."""

import argparse
import asyncio
import datetime
import pathlib
import random
import sys
import tempfile
import time

from night import Night, NightFailure, NightTooLate

ATTEMPTS = 3
ROOT = pathlib.Path(__file__).resolve().parent.parent.parent


def parse() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="scripts/check-nights", description=__doc__)
    parser.add_argument("nights", nargs="?", type=int, default=20, help="how many; default 20")
    parser.add_argument("--seed", type=int, help="of the moments of the kills; default random")
    parser.add_argument(
        "--scale", type=int, default=1800, help="simulated seconds in a real one; default 1800"
    )
    parser.add_argument("--parallel", type=int, default=12, help="nights at once; default 12")
    parser.add_argument("--no-kill", action="store_true", help="let the agent live")
    parser.add_argument(
        "--binary",
        type=lambda path: pathlib.Path(path).resolve(),
        default=ROOT / ".build/debug/evse-agent",
    )
    return parser.parse_args()


async def run(arguments: argparse.Namespace) -> int:
    seed = arguments.seed if arguments.seed is not None else random.SystemRandom().getrandbits(32)
    print(f"{arguments.nights} nights, seed {seed}, {arguments.scale} times as fast", flush=True)
    places = asyncio.Semaphore(arguments.parallel)
    failures = []
    started = time.monotonic()
    killed = 0

    async def one(number: int) -> None:
        async with places:
            for _ in range(ATTEMPTS):
                if await attempt(number):
                    return
            failures.append(number)
            print(f"night {number} failed: the machine is too busy for {ATTEMPTS} attempts")

    async def attempt(number: int) -> bool:
        """Whether there was time to make the plan."""
        nonlocal killed
        dice = random.Random(seed * 1_000_003 + number)
        with tempfile.TemporaryDirectory(prefix="evse-night-") as directory:
            night = Night(arguments.binary, pathlib.Path(directory), arguments.scale, dice)
            try:
                await night.run(kills=not arguments.no_kill)
                killed += night.kills
            except NightTooLate:
                return False
            except NightFailure as failure:
                failures.append(number)
                print(f"night {number} failed: {failure}\n{night.story()}", flush=True)
            finally:
                night.end()
        return True

    await asyncio.gather(*(one(number) for number in range(arguments.nights)))
    took = time.monotonic() - started
    when = datetime.timedelta(seconds=round(took))
    print(
        f"{arguments.nights - len(failures)} of {arguments.nights} nights as planned, "
        f"{killed} kills, in {when}"
    )
    if failures:
        print(f"again: scripts/check-nights {arguments.nights} --seed {seed}")
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(asyncio.run(run(parse())))
