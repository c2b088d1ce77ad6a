# SPDX-License-Identifier: Apache-2.0
"""`lxcspec fuzz`: parsers of outside input under random input, one after the other."""

from __future__ import annotations

import argparse
import os
import re
import shutil
import signal
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import Sequence

from ci.cli import paths, prepare, progress
from ci.cli.errors import OK, VERDICT, InfrastructureError, Interrupted, UsageError, did_you_mean
from ci.cli.options import Commands, positive

_DETAILS = """
    Builds each fuzz target of the tree with clang, AddressSanitizer and UndefinedBehaviorSanitizer
    and runs it on its corpus. What reaches something new is kept for the next run; an input
    that fails is kept as well and named with what went wrong.

    Exit codes: 0 nothing was found, 1 something was, 2 bad usage, 3 infrastructure.
"""

_EXAMPLES = """
    ./lxcspec fuzz                                   every target, one minute each
    ./lxcspec fuzz --target policy_fuzz --minutes 60
    ./lxcspec fuzz --list                            what there is
"""


@dataclass(frozen=True)
class Target:
    """A fuzz target: `//package:name`, whose source is package/name.cc."""

    name: str
    package: str

    @property
    def label(self) -> str:
        return f"//{self.package}:{self.name}"


@dataclass(frozen=True)
class Fuzzed:
    """How often the target was executed, and the input that made it fail, if one did."""

    executions: int
    found: str = ""
    why: str = ""


def targets(top: Path = paths.TOP) -> list[Target]:
    """Every target, by name."""
    found = [
        Target(source.stem, str(source.parent.relative_to(top)))
        for part in ("runtime", "conformance")
        for source in (top / part).rglob("*_fuzz.cc")
    ]
    return sorted(found, key=lambda target: target.name)


def read_log(log: str) -> Fuzzed:
    """What libFuzzer said. https://llvm.org/docs/LibFuzzer.html, "Output"."""
    done = re.findall(r"stat::number_of_executed_units:\s*(\d+)", log) or re.findall(
        r"^#(\d+)", log, re.MULTILINE
    )
    wrong = re.search(r"^(?:==\d+==\s*ERROR: )?(.*(?:Sanitizer|runtime error): .*)$", log, re.M)
    kept = re.search(r"Test unit written to (\S+)", log)
    return Fuzzed(
        executions=int(done[-1]) if done else 0,
        found=kept.group(1) if kept else "",
        why=(wrong.group(1).strip() if wrong else ""),
    )


def add_to(commands: Commands) -> None:
    parser = commands.add("fuzz", "throw random input at the parsers", _DETAILS, _EXAMPLES, execute)
    parser.add_argument("--target", metavar="NAME", action="append", default=[], help="only this")
    parser.add_argument(
        "--minutes", metavar="N", type=positive, default=1, help="for each target (default: 1)"
    )
    parser.add_argument("--list", action="store_true", help="print the targets, and run none")


def _chosen(names: Sequence[str]) -> list[Target]:
    every = targets()
    known = [target.name for target in every]
    for name in names:
        if name not in known:
            raise UsageError(f"there is no fuzz target '{name}'.{did_you_mean(name, known)}")
    return [target for target in every if not names or target.name in names]


def _run(target: Target, minutes: int, line: progress.Line) -> Fuzzed:
    words = [
        str(paths.TOP / "ci" / "fuzz"),
        target.label,
        f"-max_total_time={60 * minutes}",
        "-print_final_stats=1",
    ]
    lines: list[str] = []
    line.show(f"{target.name}: building ...")
    # A process group of its own: an interrupt reaches us alone, and we pass it on once.
    with subprocess.Popen(
        words,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        errors="replace",
        process_group=0,
    ) as process:
        assert process.stdout is not None
        try:
            for text in process.stdout:
                lines.append(text)
                if text.startswith("#"):
                    line.show(f"{target.name}: {text.split()[0].lstrip('#')} executions")
        except KeyboardInterrupt:
            # The shell and what it runs.
            os.killpg(process.pid, signal.SIGTERM)
            process.wait()
            raise
        code = process.wait()
    fuzzed = read_log("".join(lines))
    if code and not fuzzed.found:
        raise InfrastructureError(f"{target.label} does not run:\n{''.join(lines[-15:]).rstrip()}")
    return fuzzed


def execute(options: argparse.Namespace) -> int:
    """Runs the targets and says what each found."""
    prepare.for_building()
    chosen = _chosen(options.target)
    if options.list:
        for target in chosen:
            print(f"{target.name:20} {target.label}")
        return OK
    if not shutil.which("clang++"):
        raise InfrastructureError("fuzzing needs clang++: run ci/setup --dev")
    bad = 0
    with progress.Line() as line:
        for target in chosen:
            try:
                fuzzed = _run(target, options.minutes, line)
            except KeyboardInterrupt as error:
                raise Interrupted(f"interrupted in {target.name}; its corpus is kept") from error
            line.clear()
            said = "nothing found"
            if fuzzed.found:
                bad += 1
                said = f"FOUND {fuzzed.why or 'a failure'}\n  input: {fuzzed.found}"
            print(f"{target.name:20} {fuzzed.executions:>12,} executions: {said}", flush=True)
    return VERDICT if bad else OK
