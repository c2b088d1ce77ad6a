# SPDX-License-Identifier: Apache-2.0
"""Runs one cell in a process of its own: `python3 -m vmtests.matrix.cell JOB`.

So that cells run side by side, and all of one (guests too) ends with its process. JOB is a JSON
file; what came of it is written beside the results, whole or not at all.
"""

from __future__ import annotations

import json
import os
import sys
import time
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from vmtests.kernels.fetch import sha256_of
from vmtests.runner.endings import Ending
from vmtests.runner.run import Options, run_in_vm

ENDING = "ending.json"
RESULTS = "results.jsonl"
JOB = "job.json"
IDENTITY = "identity.json"


@dataclass(frozen=True)
class CellJob:
    """What to run; paths are absolute."""

    folder: str
    kernel: str
    modules: str
    cgroup: str
    denied: tuple[str, ...]
    name: str
    launcher: str
    suite: str
    probe: str
    testee: str
    init: str
    deny: str
    tests: tuple[str, ...]
    jobs: int
    cpus: int
    memory_mib: int
    # Of a testee that brings its own C library: what starts the suite, and where all of it is.
    loader: tuple[str, ...] = ()
    extra: str = ""
    smt: bool = False
    resume: bool = False

    def identity(self) -> dict[str, Any]:
        """What must be the same for an ended cell's results to be taken again."""
        fields = asdict(self)
        for name in ("folder", "resume", "jobs"):
            del fields[name]
        for name in ("launcher", "suite", "probe", "testee", "init", "deny"):
            fields[name] = sha256_of(Path(getattr(self, name)))
        fields["denied"] = list(self.denied)
        fields["loader"] = list(self.loader)
        fields["tests"] = list(self.tests)
        return fields


def read_job(path: Path) -> CellJob:
    """Read a job file."""
    content = json.loads(path.read_text(encoding="utf-8"))
    content["denied"] = tuple(content["denied"])
    content["loader"] = tuple(content["loader"])
    content["tests"] = tuple(content["tests"])
    return CellJob(**content)


def write_whole(path: Path, content: Any) -> None:
    """Write JSON to a file that is there whole or not at all."""
    draft = path.with_name(path.name + ".new")
    draft.write_text(json.dumps(content, indent=1) + "\n", encoding="utf-8")
    os.replace(draft, path)


def ended(folder: Path) -> Mapping[str, Any] | None:
    """Return how the cell in a folder has ended, if it has."""
    try:
        content = json.loads((folder / ENDING).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None
    return content if isinstance(content, dict) else None


def read_identity(folder: Path) -> Any:
    """Return the identity of the cell that was last begun in a folder; None if there is none."""
    try:
        return json.loads((folder / IDENTITY).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None


def describe(ending: Ending, seconds: float, said: list[str]) -> dict[str, Any]:
    """Return what is kept of an ending."""
    return {
        "kind": ending.kind.value,
        "reason": ending.reason,
        "complete": ending.complete,
        "seconds": seconds,
        "said": said,
        "guests": [
            {
                "kind": guest.kind.value,
                "reason": guest.reason,
                "boot_seconds": guest.boot_seconds,
                "emulators_fault": guest.emulators_fault,
                "logs": str(guest.logs) if guest.logs else "",
            }
            for guest in ending.guests
        ],
    }


def run(job: CellJob) -> dict[str, Any]:
    """Run the cell, and return and keep what came of it."""
    folder = Path(job.folder)
    said: list[str] = []
    (folder / ENDING).unlink(missing_ok=True)
    began = time.monotonic()
    ending = run_in_vm(
        job.kernel,
        Path(job.launcher),
        Path(job.suite),
        Path(job.probe),
        Path(job.testee),
        folder / RESULTS,
        init=Path(job.init),
        tests=list(job.tests) or None,
        options=Options(
            memory_mib=job.memory_mib,
            cpus=job.cpus,
            smt=job.smt,
            jobs=job.jobs,
            cgroup=job.cgroup,
            deny=Path(job.deny),
            denied=job.denied,
            launcher_arguments=("--name", job.name),
            resume=job.resume,
            loader=job.loader,
            extra_files=(Path(job.extra),) if job.extra else (),
            modules=Path(job.modules) if job.modules else None,
        ),
        say=said.append,
    )
    content = describe(ending, time.monotonic() - began, said)
    write_whole(folder / ENDING, content)
    return content


def main() -> int:
    """Run the cell of the job file; exit 0 whatever its ending, which is in a file."""
    if len(sys.argv) != 2:
        print("usage: python3 -m vmtests.matrix.cell JOB", file=sys.stderr)
        return 2
    run(read_job(Path(sys.argv[1])))
    return 0


if __name__ == "__main__":
    sys.exit(main())
