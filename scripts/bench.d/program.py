"""What the programs that measure the release build have in common: a folder of their own, how they end,
and which binary they measure."""

import argparse
import contextlib
import pathlib
import shutil
import signal
import sys
import tempfile
from collections.abc import Callable, Iterator

from processes import ROOT, BenchFailure


@contextlib.contextmanager
def folder(name: str) -> Iterator[pathlib.Path]:
    """A folder that goes with its block. Not in /tmp, which may be memory: what a commit costs, and how many
    bytes reach the disk, is part of the answer."""
    parent = ROOT / ".build"
    parent.mkdir(exist_ok=True)
    directory = pathlib.Path(tempfile.mkdtemp(prefix=f"{name}-", dir=parent))
    try:
        yield directory
    finally:
        shutil.rmtree(directory)


def status(name: str, measure: Callable[[pathlib.Path], bool]) -> int:
    """The exit code of a program that measures something: 0 where `measure` says that all is well."""
    # As after Ctrl-C: everything that was started ends too.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    try:
        with folder(name) as directory:
            return 0 if measure(directory) else 1
    except BenchFailure as failure:
        print(f"{name}: {failure}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 130


def add_binary_option(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--binary",
        type=lambda path: pathlib.Path(path).resolve(),
        default=ROOT / ".build/release/evse-agent",
        help="measure this one instead of the release build of the checkout",
    )
