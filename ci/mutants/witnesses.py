# SPDX-License-Identifier: Apache-2.0
"""The tests that may notice a mutant: unit tests and the conformance suite, on the instrumented
build. Each runs with no mutant or with one, and says whether all was well."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Iterator, Mapping, Protocol, Sequence

from ci.mutants import isolation

UNIT, CONFORMANCE = "unit", "conformance"
# A mutant that hangs is ended after this many seconds, or a multiple of what the test takes.
_LEAST_DEADLINE = 6.0
_TIMES_LONGER = 10.0
# How often a results file is looked at, in seconds.
_PERIOD = 0.05


@dataclass(frozen=True)
class Test:
    """`seconds` is what it takes without a mutant."""

    name: str
    kind: str
    seconds: float
    extension: str = ""

    @property
    def deadline(self) -> float:
        return max(_LEAST_DEADLINE, _TIMES_LONGER * self.seconds)


class Environment:
    """What tells the instrumented build which mutant is on, and where to note what it came to."""

    def __init__(self, mutant: int = 0, reached: Path | None = None) -> None:
        self.words: dict[str, str] = {}
        if mutant:
            self.words["LXCSPEC_MUTANT"] = str(mutant)
        if reached:
            self.words["LXCSPEC_REACHED"] = str(reached)


class Runner(Protocol):
    """One kind of tests."""

    def run(
        self, tests: Sequence[Test], environment: Environment
    ) -> Iterator[tuple[str, bool, float]]:
        """Each test as it ends: its name, whether all was well, and the seconds it took."""


class UnitTests:
    """`programs` by name."""

    def __init__(self, programs: Mapping[str, Path]) -> None:
        self.programs = programs

    def run(
        self, tests: Sequence[Test], environment: Environment
    ) -> Iterator[tuple[str, bool, float]]:
        for test in tests:
            program = self.programs[test.name]
            files = program.with_name(f"{program.name}.runfiles") / "lxcspec"
            began = time.monotonic()
            code = isolation.run([str(program)], files, environment.words, test.deadline)
            yield test.name, code == 0, time.monotonic() - began


@dataclass(frozen=True)
class Programs:
    """What a launcher run is made of."""

    launcher: Path
    suite: Path
    probe: Path
    testee: Path


class Suite:
    """The conformance suite; `folder` is for results files."""

    def __init__(self, programs: Programs, folder: Path, jobs: int) -> None:
        self._programs = programs
        self._folder = folder
        self._jobs = jobs
        folder.mkdir(parents=True, exist_ok=True)

    def _start(self, stem: str, names: Sequence[str], environment: Environment) -> _Launched:
        file = self._folder / f"{stem}.jsonl"
        listed = self._folder / f"{stem}.tests"
        file.unlink(missing_ok=True)
        listed.write_text("".join(f"{name}\n" for name in names), encoding="utf-8")
        programs = self._programs
        process = subprocess.Popen(
            [
                str(programs.launcher),
                f"--suite={programs.suite}",
                f"--testee={programs.testee}",
                f"--probe={programs.probe}",
                f"--results={file}",
                f"--tests={listed}",
                f"--jobs={self._jobs}",
                # The name of the test stands on the command line of a process of its own.
                "--fresh",
                "--name=mutant",
                "--speed=1",
            ],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            env={**os.environ, **environment.words},
            process_group=0,
        )
        return _Launched(process, file)

    def run(
        self, tests: Sequence[Test], environment: Environment
    ) -> Iterator[tuple[str, bool, float]]:
        """Who has heard enough closes the iterator: what still runs is ended."""
        by_name = {test.name: test for test in tests}
        stem = f"{os.getpid()}-{id(by_name):x}"
        launched = self._start(stem, list(by_name), environment)
        waiting = dict(by_name)
        patience = max((test.deadline for test in tests), default=0) + _LEAST_DEADLINE
        last = time.monotonic()
        try:
            while waiting:
                ended = launched.process.poll() is not None
                found = launched.results()
                for name, good, seconds in found:
                    if waiting.pop(name, None):
                        yield name, good, seconds
                now = time.monotonic()
                if found:
                    last = now
                elif ended or now - last > patience:
                    # What the launcher could not end, or did not begin, was not well.
                    break
                else:
                    time.sleep(_PERIOD)
            for name in waiting:
                yield name, False, 0.0
        finally:
            launched.stop()
            for suffix in ("jsonl", "tests"):
                (self._folder / f"{stem}.{suffix}").unlink(missing_ok=True)


class _Launched:
    """A launcher at work, and what is new in its results file."""

    def __init__(self, process: subprocess.Popen[bytes], file: Path) -> None:
        self.process = process
        self._file = file
        self._offset = 0

    def results(self) -> list[tuple[str, bool, float]]:
        try:
            with self._file.open("rb") as file:
                file.seek(self._offset)
                text = file.read()
        except OSError:
            return []
        whole = text[: text.rfind(b"\n") + 1]
        self._offset += len(whole)
        found = []
        for line in whole.splitlines():
            record = json.loads(line)
            if record.get("record") == "result":
                good = record["verdict"] == "pass" and not record["leaks"]
                found.append((record["test"], good, record["ms"] / 1000))
        return found

    def stop(self) -> None:
        """The launcher ends its tests and tidies up."""
        if self.process.poll() is not None:
            return
        self.process.send_signal(signal.SIGTERM)
        try:
            self.process.wait(20)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
