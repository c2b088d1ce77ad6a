# SPDX-License-Identifier: Apache-2.0
"""Calls Bazel: quiet, with one line of progress, and the error where a build fails."""

from __future__ import annotations

import os
import re
import shlex
import signal
import subprocess
from pathlib import Path
from typing import Sequence

from ci.cli import progress
from ci.cli.errors import InfrastructureError
from ci.cli.paths import BUILT, TOP, packed

_PROGRESS = re.compile(r"^(\[[\d,]+ / [\d,]+\]|Loading:|Analyzing:|INFO:|\s*$)")


def command(*words: str) -> list[str]:
    """A Bazel command line. Flags of this machine come from the environment: before the command
    from LXCSPEC_BAZEL_STARTUP_FLAGS, after it from LXCSPEC_BAZEL_FLAGS."""
    startup = shlex.split(os.environ.get("LXCSPEC_BAZEL_STARTUP_FLAGS", ""))
    flags = shlex.split(os.environ.get("LXCSPEC_BAZEL_FLAGS", ""))
    return ["bazel", *startup, words[0], *flags, *words[1:]]


def watch(
    line: progress.Line, label: str, words: Sequence[str], top: Path = TOP
) -> tuple[int, list[str]]:
    """Runs Bazel and shows its progress; returns its exit code and what it said otherwise."""
    # A process group of its own: an interrupt reaches us alone, and we pass it on once.
    with subprocess.Popen(
        command(words[0], "--color=no", "--curses=no", *words[1:]),
        cwd=top,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
        errors="replace",
        process_group=0,
    ) as process:
        said: list[str] = []
        assert process.stderr is not None
        try:
            for text in process.stderr:
                if _PROGRESS.match(text):
                    line.show(f"{label} {text.strip()}")
                else:
                    said.append(text.rstrip())
            return process.wait(), said
        except KeyboardInterrupt:
            process.send_signal(signal.SIGINT)
            process.wait()
            raise


def build(
    targets: Sequence[str], line: progress.Line, flags: Sequence[str] = (), top: Path = TOP
) -> Path:
    """Builds targets of the sources in `top`; returns the folder of Bazel's outputs. In an unpacked
    archive they are there, or cannot be had."""
    if top == TOP and packed():
        return _found(targets)
    line.show("building ...")
    try:
        code, said = watch(line, "building", ["build", *flags, *targets], top)
    except OSError as error:
        raise InfrastructureError(f"cannot run bazel: {error.strerror}") from error
    line.clear()
    if code:
        raise InfrastructureError("\n".join([*said, f"the build of {' '.join(targets)} failed"]))
    return bin_folder(flags, top)


def _found(targets: Sequence[str]) -> Path:
    missing = [
        target
        for target in targets
        if not (BUILT / target.removeprefix("//").replace(":", "/")).exists()
    ]
    if missing:
        raise InfrastructureError(
            f"this is not in the archive, only in a checkout: {', '.join(missing)}"
        )
    return BUILT


def bin_folder(flags: Sequence[str] = (), top: Path = TOP) -> Path:
    """Where Bazel puts what it builds, with the flags that are in use."""
    answer = subprocess.run(
        command("info", *flags, "bazel-bin"), cwd=top, capture_output=True, text=True, check=False
    )
    if answer.returncode:
        raise InfrastructureError(answer.stderr.strip() or "bazel info failed")
    return Path(answer.stdout.strip())
