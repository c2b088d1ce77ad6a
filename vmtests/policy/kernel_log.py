# SPDX-License-Identifier: Apache-2.0
"""Reads a guest's kernel log: how the kernel died, and what it complained of while it lived."""

from __future__ import annotations

import datetime
import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

ALLOW_FILE = Path(__file__).with_name("allow.yaml")

_TIMESTAMP = re.compile(r"^(<\d+>)?\[ *\d+\.\d+\](\[ *[TC]\d+\])? ?")
# Written by the guest's init, see //vmtests/guest:init.
_START = re.compile(r"^lxcspec: start (\S+) (\d+)$")
_PANIC = re.compile(r"^Kernel panic - not syncing: ")
_OUT_OF_MEMORY = re.compile(r"^(Out of memory: Killed process|Out of memory and no killable)")
# The kernel's forms of "this must not happen" that it survives, if only for a while.
_SPLAT = re.compile(
    r"^WARNING: "
    r"|\bBUG: "
    r"|^kernel BUG at "
    r"|\bKASAN: |^UBSAN: |\bKFENCE: |\bKCSAN: "
    r"|^Oops: |^(stack segment|general protection fault|divide error|invalid opcode)\b"
    r"|\bINFO: task \S+ blocked for more than "
    r"|\brcu: INFO: \S+ (self-)?detected (expedited )?stall"
    r"|^unregister_netdevice: waiting for "
    r"|^refcount_t: "
)


class PolicyError(Exception):
    """The file of allowed messages is wrong."""


@dataclass(frozen=True)
class Splat:
    """A complaint of the kernel, and the test that had started last."""

    line: str
    test: str | None


@dataclass(frozen=True)
class Allowed:
    """A complaint that is known and accepted until a day."""

    pattern: re.Pattern[str]
    because: str
    until: datetime.date


@dataclass(frozen=True)
class KernelLog:
    """What a log says."""

    panic: str | None = None
    out_of_memory: str | None = None
    splats: tuple[Splat, ...] = ()
    # The tests that started, each with its iteration, in order.
    starts: tuple[tuple[str, int], ...] = ()


def parse(
    text: str, allowed: Sequence[Allowed] = (), today: datetime.date | None = None
) -> KernelLog:
    """Read a console log. A pattern that is allowed until a day before `today` allows nothing."""
    day = today or datetime.date.today()
    valid = [entry for entry in allowed if entry.until >= day]
    panic = None
    out_of_memory = None
    test = None
    splats: list[Splat] = []
    starts: list[tuple[str, int]] = []
    for raw in text.splitlines():
        line = _TIMESTAMP.sub("", raw.strip("\r\0"))
        if start := _START.match(line):
            test = start.group(1)
            starts.append((test, int(start.group(2))))
        elif _PANIC.match(line):
            panic = panic or line
        elif _OUT_OF_MEMORY.match(line):
            out_of_memory = out_of_memory or line
        elif _SPLAT.search(line) and not any(entry.pattern.search(line) for entry in valid):
            splats.append(Splat(line, test))
    return KernelLog(panic, out_of_memory, tuple(splats), tuple(starts))


def _entry(value: Any, where: str) -> Allowed:
    if not isinstance(value, dict) or set(value) != {"line", "because", "until"}:
        raise PolicyError(f"{where}: fields must be line, because, until")
    if not isinstance(value["until"], datetime.date):
        raise PolicyError(f"{where}: until must be a date")
    if not str(value["because"]).strip():
        raise PolicyError(f"{where}: because must give a reason")
    try:
        return Allowed(re.compile(value["line"]), value["because"], value["until"])
    except (re.error, TypeError) as error:
        raise PolicyError(f"{where}: line must be a regular expression: {error}") from error


def parse_allowed(text: str, name: str = "allow.yaml") -> list[Allowed]:
    """Parse a file of allowed messages."""
    try:
        content = yaml.safe_load(text)
    except yaml.YAMLError as error:
        raise PolicyError(f"{name}: not YAML: {error}") from error
    if not isinstance(content, dict) or not isinstance(content.get("allow"), list):
        raise PolicyError(f"{name}: must have a list `allow`")
    return [_entry(value, f"{name}, entry {at}") for at, value in enumerate(content["allow"], 1)]


def read_allowed(path: Path = ALLOW_FILE) -> list[Allowed]:
    """Read the project's own file of allowed messages."""
    return parse_allowed(path.read_text(encoding="utf-8"), path.name)
