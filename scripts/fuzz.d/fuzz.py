"""Fuzzes what comes from outside: builds Tests/FuzzTests/Targets with libFuzzer and AddressSanitizer,
as release code, and runs one target after another (requirement R38). What is found is kept as an input
of the tests, in Tests/FuzzTests/Corpus."""

import argparse
import os
import pathlib
import platform
import re
import shutil
import subprocess
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "core.d"))
import reduced

TESTS = reduced.ROOT / "Tests/FuzzTests"
CORPUS = TESTS / "Corpus"
WORK = reduced.ROOT / ".build/fuzz"
# Of the corpus that is kept: what a reader of the repository bears.
KEPT_BYTES = 48_000
LONGEST = {"profiles": 8192, "configurations": 4096}

# Our own code is instrumented; of the executable only the configuration is built, as a library.
MANIFEST = """
package.targets += [
    .target(
        name: "EVSEAgent",
        dependencies: ["ChargeModel", "FlightRecorder", "Modbus", "LibmodbusBus", yams],
        path: "Sources/EVSEAgent/Configuration", swiftSettings: strict),
    .executableTarget(
        name: "Fuzz",
        dependencies: [
            "EVSEAgent", "ActionStore", "AgentAPI", "LibmodbusBus", "WallboxModel",
            "ChargerDriver", "ChargeControl", "DeviceProfiles", "Modbus", "ChargeModel",
            "AgentTestSupport", grdb, httpTypes,
        ],
        path: "Fuzz", swiftSettings: strict,
        linkerSettings: [.unsafeFlags(["-sanitize=address", "{runtime}", "-lstdc++"])]),
]
"""
# In one option: of two the compiler takes the last one.
INSTRUMENTED = '.unsafeFlags(["-sanitize=fuzzer,address", "-enable-testing"]),'


def runtime():
    """libFuzzer without a `main` of its own."""
    swift = pathlib.Path(shutil.which("swift")).resolve()
    name = f"libclang_rt.fuzzer_no_main-{platform.machine()}.a"
    found = sorted(swift.parent.parent.glob(f"lib/clang/*/lib/linux/{name}"))
    if not found:
        sys.exit(f"fuzz: the toolchain has no {name}; take one from https://swift.org/install")
    return found[-1]


def build():
    package = reduced.Package(
        "fuzz/package",
        reduced.CORE + reduced.SUPPORT
        + ["LibmodbusBus", "ActionStore", "AgentAPI"],
        libraries=None, settings=INSTRUMENTED, also=MANIFEST.format(runtime=runtime()),
    )
    package.update()
    (package.path / "Fuzz").mkdir(exist_ok=True)
    reduced.mirror(TESTS / "Targets", package.path / "Fuzz/Targets")
    main = (reduced.ROOT / "scripts/fuzz.d/main.swift").read_text()
    reduced.write(package.path / "Fuzz/main.swift", main)
    if package.swift("build", "-c", "release", "--product", "Fuzz").returncode != 0:
        sys.exit("fuzz: the build failed")
    return package.path / ".build/release/Fuzz"


# An input is a line: printable ASCII as it is.


def line_of(data):
    special = {0x5C: "\\\\", 0x0A: "\\n", 0x09: "\\t"}
    return "".join(
        special.get(byte) or (chr(byte) if 0x20 <= byte < 0x7F else f"\\x{byte:02X}")
        for byte in data
    )


def data_of(line):
    escapes = {"\\": b"\\", "n": b"\n", "t": b"\t"}
    pieces = re.findall(r"\\x[0-9A-Fa-f]{2}|\\.|[^\\]+", line)
    return b"".join(
        bytes([int(piece[2:], 16)]) if piece.startswith("\\x")
        else escapes[piece[1]] if piece.startswith("\\")
        else piece.encode()
        for piece in pieces
    )


def kept(target):
    for file in [CORPUS / f"{target}.txt", CORPUS / f"{target}.findings.txt"]:
        if file.exists():
            yield from (data_of(line) for line in file.read_text().split("\n") if line)
    if target == "profiles":
        yield from (file.read_bytes() for file in sorted(reduced.ROOT.glob("devices/*.yaml")))


def folder(kind, target):
    path = WORK / kind / target
    path.mkdir(parents=True, exist_ok=True)
    return path


def run(binary, target, *arguments):
    environment = os.environ | {"EVSE_FUZZ_TARGET": target, "SWIFT_BACKTRACE": "enable=no"}
    return subprocess.run(
        [binary, "-detect_leaks=0", "-rss_limit_mb=4096", *map(str, arguments)],
        env=environment, capture_output=True, check=False,
    )


def fuzz(binary, target, seconds):
    """One row of the table, and whether nothing was found."""
    corpus, seeds, findings = (folder(kind, target) for kind in ["corpus", "seeds", "findings"])
    for number, data in enumerate(kept(target)):
        (seeds / f"kept-{number}").write_bytes(data)
    before = set(findings.iterdir())
    done = run(
        binary, target, corpus, seeds, f"-max_total_time={seconds}", "-timeout=20",
        f"-max_len={LONGEST.get(target, 1024)}", f"-artifact_prefix={findings}/",
        "-print_final_stats=1", "-use_value_profile=1",
    )
    log = done.stderr.decode(errors="replace")
    stats = dict(re.findall(r"stat::(\w+):\s+(\d+)", log))
    edges = re.findall(r"cov: (\d+)", log)
    if not edges:
        sys.exit(f"fuzz: {target} is blind: no code of ours counts what it executes\n{log[-2000:]}")
    found = sorted(set(findings.iterdir()) - before)
    executed = int(stats.get("number_of_executed_units", 0))
    reduced.figure(
        "R38", f"fuzzing {target}", "0 findings", f"{len(found)} in {executed:,} executions",
        done.returncode == 0,
    )
    print(
        f"{target:18}{executed:13,}"
        f"{int(stats.get('average_exec_per_sec', 0)):10,}{edges[-1]:>8}"
        f"{len(list(corpus.iterdir())):8}{len(found):10}",
        flush=True,
    )
    if done.returncode == 0:
        return True
    print("\n".join(log.splitlines()[-40:]))
    for file in found:
        line = line_of(file.read_bytes())
        with open(CORPUS / f"{target}.findings.txt", "a") as lines:
            lines.write(line + "\n")
        print(f"kept in Tests/FuzzTests/Corpus/{target}.findings.txt: {line[:300]}")
    return False


def keep(binary, target):
    """The smallest inputs that together reach what all do."""
    corpus, seeds, merged = (folder(kind, target) for kind in ["corpus", "seeds", "merged"])
    for file in merged.iterdir():
        file.unlink()
    run(binary, target, "-set_cover_merge=1", merged, corpus, seeds)
    inputs = sorted((file.read_bytes() for file in merged.iterdir()), key=lambda data: (len(data), data))
    if target == "profiles":
        devices = {file.read_bytes() for file in reduced.ROOT.glob("devices/*.yaml")}
        inputs = [data for data in inputs if data not in devices]
    lines, size = [], 0
    for data in inputs:
        size += len(line_of(data)) + 1
        if size > KEPT_BYTES:
            break
        lines.append(line_of(data))
    (CORPUS / f"{target}.txt").write_text("\n".join(lines) + "\n")
    print(f"{target}: {len(lines)} of {len(inputs)} inputs kept")


def parse():
    parser = argparse.ArgumentParser(prog="scripts/fuzz", description=__doc__)
    parser.add_argument("target", nargs="?", help="one target; all by default")
    parser.add_argument("--seconds", type=int, default=60, help="for each target; default 60")
    parser.add_argument("--list", action="store_true", help="name the targets")
    parser.add_argument(
        "--keep", action="store_true", help="renew Tests/FuzzTests/Corpus from what was reached"
    )
    return parser.parse_args()


def main():
    arguments = parse()
    binary = build()
    targets = subprocess.run([binary], capture_output=True, text=True).stdout.split()
    if arguments.list:
        return print("\n".join(targets))
    if arguments.target:
        if arguments.target not in targets:
            sys.exit(f"fuzz: no target {arguments.target}; there are {', '.join(targets)}")
        targets = [arguments.target]
    print(f"{'target':18}{'executions':>13}{'per s':>10}{'edges':>8}{'corpus':>8}{'findings':>10}")
    sound = [fuzz(binary, target, arguments.seconds) for target in targets]
    if arguments.keep:
        for target in targets:
            keep(binary, target)
    if not all(sound):
        sys.exit("fuzz: something was found; mend it, its input stays in the tests")


if __name__ == "__main__":
    main()
