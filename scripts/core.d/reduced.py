"""A copy of the package that holds some of its targets only, so that it builds in a fraction of the
time. Its manifest is the package's own, with what is not wanted taken out."""

import filecmp
import os
import pathlib
import shutil
import subprocess

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent

# Model and Core, and the suites that run on them alone.
CORE = [
    "ChargeModel", "Modbus", "DeviceProfiles", "ChargerDriver", "ChargeControl", "FlightRecorder",
    "WallboxModel",
]
SUITES = [target + "Tests" for target in CORE] + ["ProfileConformanceTests", "SimulationTests"]
SUPPORT = ["AgentTestSupport", "AgentSimulation", "SimulateSeeds", "CLinux", "CLibmodbus"]
LIBRARIES = ["Yams", "swift-argument-parser"]

REDUCTION = """
// Only these targets, and what they need.
let kept: [String] = [{targets}]
package.products.removeAll()
package.targets.removeAll {{ !kept.contains($0.name) }}
"""

FETCHED = """
let libraries: [String] = [{libraries}]
package.dependencies.removeAll {{ dependency in
    guard case .sourceControl(_, let location, _) = dependency.kind else {{ return true }}
    return !libraries.contains {{ location.hasSuffix("/" + $0) }}
}}
"""

STRICTNESS = ".treatAllWarnings(as: .error),"


class Package:
    """Kept under `.build`, so that the next run builds what has changed since.

    `libraries` are the packages that it fetches, None for all; `settings` take the place of the setting
    that makes warnings errors; `also` is added to the manifest.
    """

    def __init__(self, name, targets, libraries=LIBRARIES, settings=STRICTNESS, also=""):
        self.path = ROOT / ".build" / name
        self.reduction = REDUCTION.format(targets=quoted(targets)) + also
        if libraries is not None:
            self.reduction += FETCHED.format(libraries=quoted(libraries))
        self.settings = settings

    def update(self, texts=None):
        """Brings the copy up to date; files that are the same are not touched.

        `texts` are those that files have in the copy, by their paths.
        """
        self.path.mkdir(parents=True, exist_ok=True)
        own = {self.path / file: text for file, text in (texts or {}).items()}
        for folder in ["Sources", "Tests", "devices"]:
            mirror(ROOT / folder, self.path / folder, own)
        for file, text in own.items():
            write(file, text)
        write(self.path / "README.md", (ROOT / "README.md").read_text())
        manifest = (ROOT / "Package.swift").read_text().replace(STRICTNESS, self.settings)
        write(self.path / "Package.swift", manifest + self.reduction)
        if not (self.path / "Package.resolved").exists():
            shutil.copy(ROOT / "Package.resolved", self.path)

    def swift(self, command, *arguments, **options):
        return subprocess.run(["swift", command, *arguments], cwd=self.path, check=False, **options)


def figure(requirement, what, asked, measured, is_met):
    """One row for the table of scripts/prove, when that runs."""
    if collected := os.environ.get("EVSE_FIGURES"):
        row = [requirement, what, asked, measured, "met" if is_met else "MISSED"]
        with open(collected, "a") as file:
            file.write("\t".join(row) + "\n")


def quoted(names):
    return ", ".join(f'"{name}"' for name in names)


def write(path, text):
    if not path.exists() or path.read_text() != text:
        path.write_text(text)


def mirror(source, copy, but=()):
    """Copies a folder, but for the files that the copy has of its own."""
    copy.mkdir(exist_ok=True)
    wanted = {entry.name: entry for entry in source.iterdir() if entry.name != "__pycache__"}
    for entry in copy.iterdir():
        if entry.name not in wanted:
            shutil.rmtree(entry) if entry.is_dir() else entry.unlink()
    for name, entry in wanted.items():
        if entry.is_dir():
            mirror(entry, copy / name, but)
        elif copy / name in but:
            continue
        elif not (copy / name).exists() or not filecmp.cmp(entry, copy / name, shallow=False):
            shutil.copyfile(entry, copy / name)
