# SPDX-License-Identifier: Apache-2.0
"""Two implementations that play the same sequences, each below a program of its own
(conformance/differential/player.cc)."""

from __future__ import annotations

import json
import shutil
import subprocess
import tempfile
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Sequence

from ci.differential.generate import Step


# Everything read-only but the folder, where it goes on, and a /run for locks.
_READ_ONLY = """folder=$1; shift
mount --bind "$folder" "$folder"
mount -o remount,bind,ro /
mount -t tmpfs tmpfs /run
cd "$folder"
exec "$@" --folder "$folder"
"""


class PlayerError(Exception):
    """The program that plays has ended, or was never there; the message says what it said."""


@dataclass(frozen=True)
class Answer:
    """What one call came to. `value` is what it returned; `error` an errno's name."""

    ok: bool
    value: str = ""
    error: str = ""


@dataclass(frozen=True)
class Played:
    """The answers until the process ended, and how it did: `exit 0`, `signal 11`, `no end`."""

    answers: tuple[Answer, ...]
    end: str = "exit 0"


class Player:
    """One implementation. Its files are in a temporary folder, which goes with it."""

    def __init__(self, name: str, program: Path, testee: Path, seconds: int = 10) -> None:
        self.name = name
        self._words = [str(program), "--testee", str(testee), "--seconds", str(seconds)]

    def __enter__(self) -> Player:
        self._folder = Path(tempfile.mkdtemp(prefix="lxcspec-diff."))
        self._said = (self._folder / "said").open("w+", encoding="utf-8", errors="replace")
        # In namespaces of its own, and where only its folder can be written: some keys open what
        # they name.
        # pylint: disable=consider-using-with
        self._process = subprocess.Popen(
            ["unshare", "--user", "--map-root-user", "--mount", "--net", "--ipc", "--uts", "--pid"]
            + ["--fork", "--kill-child", "sh", "-euc", _READ_ONLY, "sh", str(self._folder)]
            + self._words,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self._said,
            text=True,
            errors="surrogateescape",
        )
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        value: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._process.kill()
        self._process.communicate()
        self._said.close()
        shutil.rmtree(self._folder, ignore_errors=True)

    def send(self, steps: Sequence[Step]) -> None:
        assert self._process.stdin is not None
        try:
            self._process.stdin.write(json.dumps(steps) + "\n")
            self._process.stdin.flush()
        except OSError as error:
            raise self._gone() from error

    def receive(self) -> Played:
        assert self._process.stdout is not None
        line = self._process.stdout.readline()
        if not line:
            raise self._gone()
        record = json.loads(line)
        return Played(tuple(Answer(**answer) for answer in record["answers"]), record["end"])

    def _gone(self) -> PlayerError:
        self._process.wait()
        self._said.seek(0)
        return PlayerError(f"{self.name}: {self._said.read().strip()[-500:] or 'ended early'}")


class Pair:
    """Plays one sequence on both at the same time."""

    def __init__(self, one: Player, other: Player) -> None:
        self.one = one
        self.other = other

    def play(self, steps: Sequence[Step]) -> tuple[Played, Played]:
        self.one.send(steps)
        self.other.send(steps)
        return self.one.receive(), self.other.receive()
