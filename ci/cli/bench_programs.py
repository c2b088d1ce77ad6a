# SPDX-License-Identifier: Apache-2.0
"""The benchmark programs: how each is built and called, and the reports they make."""

from __future__ import annotations

import json
import subprocess
import tempfile
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Mapping, Sequence

from ci.cli import bazel, progress, testees
from ci.cli.errors import InfrastructureError

# Debug builds measure the compiler's patience, not the code.
_FLAGS = ("--config=speed",)
# What Google Benchmark says where its filter leaves none.
_NOTHING = "Failed to match any benchmarks"


@dataclass(frozen=True)
class Program:
    """One program of bench/."""

    name: str
    what: str
    # Options that name further built files, by the option.
    files: Mapping[str, str] = field(default_factory=dict)
    # Whether it measures two implementations, or only units of the reference.
    compares: bool = True
    # The option that takes an empty folder; "" for none.
    folder: str = ""
    # Google Benchmark's --benchmark_min_time, in seconds.
    seconds: float = 0.02

    @property
    def target(self) -> str:
        return f"//bench:{self.name}_benchmark"

    def targets(self) -> list[str]:
        """What has to be built for it."""
        others = ["//{0}:{2}".format(*file.rpartition("/")) for file in self.files.values()]
        return [self.target, *others, *([testees.REFERENCE_TARGET] if self.compares else [])]


_PAYLOAD = {"--payload": "bench/harness/payload"}

PROGRAMS: Mapping[str, Program] = {
    "config_parse": Program("config_parse", "configurations loaded"),
    "ring": Program("console_log", "the console's ring, of the reference alone", compares=False),
    "pump": Program("pty_pump", "the pump from a pty, of the reference alone", compares=False),
    "console": Program("console_path", "a running container's console", _PAYLOAD),
    "lifecycle": Program("lifecycle", "containers started and stopped", _PAYLOAD),
    "network": Program(
        "network",
        "starts with eight veth pairs",
        {"--idle": "runtime/container/testdata/idle"},
    ),
    "seccomp": Program(
        "seccomp_notify",
        "calls that wait for a supervisor",
        {"--probe": "conformance/probes/probe"},
        folder="--folder",
        seconds=0.05,
    ),
    "answers": Program(
        "seccomp_answers",
        "ways to answer a call that waits, of the kernel alone",
        compares=False,
        seconds=0.05,
    ),
    "devices": Program(
        "cgroup2_devices",
        "device rules, of the reference alone",
        compares=False,
        seconds=0.003,
    ),
}


@dataclass(frozen=True)
class Run:
    """What is measured, and how often."""

    testee: testees.Testee
    against: testees.Testee
    repetitions: int
    # Google Benchmark's way; "" for all.
    filter: str = ""


Report = Mapping[str, Any]


def measure_all(names: Sequence[str], run: Run) -> dict[str, Report]:
    """Builds the programs and runs one after the other: Google Benchmark's reports, by name."""
    programs = [PROGRAMS[name] for name in names]
    targets = dict.fromkeys(target for program in programs for target in program.targets())
    reports = {}
    with progress.Line() as line:
        built = bazel.build(list(targets), line, _FLAGS)
        for number, name in enumerate(names, 1):
            line.show(f"{number} of {len(names)}: {PROGRAMS[name].what} ...")
            reports[name] = _measure(PROGRAMS[name], run, built)
    return reports


def _measure(program: Program, run: Run, built: Path) -> Report:
    """The report of one run. Where the filter leaves nothing, it is empty."""
    with tempfile.TemporaryDirectory(prefix="lxcspec-") as scratch:
        report = Path(scratch) / "report.json"
        command = [
            str(built / "bench" / f"{program.name}_benchmark"),
            *(f"{option}={built / file}" for option, file in program.files.items()),
            f"--benchmark_repetitions={run.repetitions}",
            "--benchmark_enable_random_interleaving",
            f"--benchmark_min_time={program.seconds}",
            f"--benchmark_out={report}",
            "--benchmark_out_format=json",
        ]
        if program.compares:
            command += [
                f"--testee={run.testee.located(built)}",
                f"--against={run.against.located(built)}",
            ]
        if run.filter:
            command.append(f"--benchmark_filter={run.filter}")
        if program.folder:
            folder = Path(scratch) / "containers"
            folder.mkdir()
            command.append(f"{program.folder}={folder}")
        measured = subprocess.run(
            command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True, check=False
        )
        if run.filter and _NOTHING in measured.stderr:
            return {"benchmarks": []}
        if measured.returncode:
            said = measured.stderr.strip() or f"ended with {measured.returncode}"
            raise InfrastructureError(f"{program.name}_benchmark: {said}")
        parsed: dict[str, Any] = json.loads(report.read_text(encoding="utf-8"))
        return parsed
