# SPDX-License-Identifier: Apache-2.0
"""Runs the launcher on this machine and follows its results file."""

from __future__ import annotations

import json
import signal
import subprocess
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ci.cli import progress
from ci.cli.errors import INFRASTRUCTURE

# How often the progress line looks at the results file, in seconds.
_PERIOD = 0.2
# What the launcher may take to end its tests after an interrupt, in seconds.
_GRACE = 20
# Folders that a test sees empty; a testee below one needs its neighbours made visible.
_PRIVATE = ("/run", "/tmp", "/var/log", "/var/lib/lxc", "/dev/shm")
_DONE, _INTERRUPTED = 0, 130


@dataclass(frozen=True)
class Job:
    """One launcher run. No `tests` means all of them; `total` is how many results to expect."""

    name: str
    path: Path
    launcher: Path
    suite: Path
    probe: Path
    results: Path
    tests: tuple[str, ...]
    total: int
    repeat: int
    seed: int | None
    jobs: int
    resume: bool
    # The guest's first program; needed in a VM only.
    init: Path
    # What starts the suite, and a folder that it and the testee need.
    loader: tuple[str, ...] = ()
    folder: Path | None = None
    # Shared objects that the testee loads by itself; a guest gets them, and what they need.
    libraries: tuple[Path, ...] = ()
    # Of a testee that is a program, whose path is then the program's.
    command: tuple[str, ...] = ()

    @property
    def testee(self) -> str:
        """The testee as the launcher is told."""
        return f"exec:{' '.join(self.command)}" if self.command else str(self.path)


@dataclass(frozen=True)
class Trouble:
    """Why a results file is not to be taken as it is, and the exit code that follows."""

    text: str
    code: int


class Follower:
    """Reads what was appended to a results file and says how far the run is."""

    def __init__(self, job: Job) -> None:
        self._job = job
        self._offset = 0
        self._rest = b""
        self._done = 0
        self._failed = 0
        self._current = ""

    def take(self, record: dict[str, Any]) -> None:
        """Notes one record."""
        kind = record.get("record")
        if kind == "start":
            self._current = str(record.get("test", ""))
        elif kind == "result":
            self._done += 1
            self._failed += record.get("verdict") not in ("pass", "unsupported")

    def text(self) -> str:
        """The progress line."""
        failed = f", {self._failed} not passed" if self._failed else ""
        return f"{self._job.name}: {self._done} of {self._job.total}{failed}  {self._current}"

    def poll(self) -> str:
        """Reads what is new in the results file; returns the progress line."""
        try:
            with self._job.results.open("rb") as file:
                file.seek(self._offset)
                new = file.read()
        except OSError:
            new = b""
        self._offset += len(new)
        *lines, self._rest = (self._rest + new).split(b"\n")
        for text in lines:
            try:
                record = json.loads(text)
            except ValueError:
                continue
            if isinstance(record, dict):
                self.take(record)
        return self.text()


def launcher_arguments(job: Job, tests_file: Path | None) -> list[str]:
    """The launcher's options (conformance/README.md, "Command lines")."""
    arguments = [
        f"--suite={job.suite}",
        f"--testee={job.testee}",
        f"--probe={job.probe}",
        f"--results={job.results}",
        f"--name={job.name}",
        f"--repeat={job.repeat}",
        f"--jobs={job.jobs}",
    ]
    if tests_file:
        arguments.append(f"--tests={tests_file}")
    if job.seed is not None:
        arguments.append(f"--shuffle={job.seed}")
    if job.resume:
        arguments.append("--resume")
    if job.loader:
        arguments.append(f"--loader={' '.join(job.loader)}")
    return arguments + visible(job.folder or job.path.parent)


def visible(folder: Path) -> list[str]:
    """The option that lets tests see a folder, where they would not."""
    hidden = any(str(folder).startswith(f"{private}/") for private in _PRIVATE)
    return [f"--visible={folder}"] if hidden else []


def stop(process: subprocess.Popen[Any]) -> None:
    """Ends a launcher as its own interrupt does: it ends its tests and tidies up."""
    process.send_signal(signal.SIGINT)
    try:
        process.wait(_GRACE)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


def run(job: Job, line: progress.Line) -> Trouble | None:
    """Runs to the end; returns None or why the results cannot be complete."""
    if not job.resume:
        job.results.unlink(missing_ok=True)
    with tempfile.TemporaryDirectory(prefix="lxcspec-") as folder:
        tests_file = None
        if job.tests:
            tests_file = Path(folder) / "tests"
            tests_file.write_text("".join(f"{name}\n" for name in job.tests), encoding="utf-8")
        said = (Path(folder) / "said").open("w+", encoding="utf-8", errors="replace")
        command = [str(job.launcher), *launcher_arguments(job, tests_file)]
        with said, subprocess.Popen(
            command,
            stdin=subprocess.DEVNULL,
            stdout=said,
            stderr=subprocess.STDOUT,
            text=True,
            # An interrupt from the terminal reaches us alone, and we pass it on once.
            process_group=0,
        ) as process:
            follower = Follower(job)
            try:
                while True:
                    try:
                        code = process.wait(_PERIOD)
                        break
                    except subprocess.TimeoutExpired:
                        line.show(follower.poll())
            except KeyboardInterrupt:
                stop(process)
                raise
            if code == _INTERRUPTED:
                raise KeyboardInterrupt
            if code == _DONE:
                return None
            said.seek(0)
            words = said.read().strip()[-4000:]
            return Trouble(f"the launcher ended with {code}: {words}", INFRASTRUCTURE)
