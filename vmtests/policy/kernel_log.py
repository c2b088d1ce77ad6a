# SPDX-License-Identifier: Apache-2.0
"""Reads a guest's kernel log: how the kernel died, and what it complained of while it lived."""

from __future__ import annotations

import datetime
import functools
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml
from packaging.specifiers import InvalidSpecifier, SpecifierSet

FOLDER = Path(__file__).parent

_TIMESTAMP = re.compile(r"^(<\d+>)?\[ *\d+\.\d+\](\[ *[TC]\d+\])? ?")
# Written by the guest's init, see //vmtests/guest:init.
_START = re.compile(r"^lxcspec: start (\S+) (\d+)$")
_PANIC = re.compile(r"^Kernel panic - not syncing: ")
# How exc_int3() in arch/x86/kernel/traps.c ends where nobody waits for the trap.
_BREAKPOINT = re.compile(r"^(Oops: )?int3: 0000 \[#\d+\]")
_OUT_OF_MEMORY = re.compile(r"^(Out of memory: Killed process|Out of memory and no killable)")


class PolicyError(Exception):
    """A file of the policy is wrong."""


@dataclass(frozen=True)
class Splat:
    """A complaint of the kernel, and the test that had started last."""

    line: str
    test: str | None


@dataclass(frozen=True)
class Entry:
    """Lines that are denied or allowed: on which kernels, until which day (None: for ever)."""

    pattern: re.Pattern[str]
    because: str
    kernels: SpecifierSet
    until: datetime.date | None

    def applies(self, kernel: str | None, today: datetime.date) -> bool:
        """Whether it counts on a kernel (None: not known, and then it does) on a day."""
        if self.until is not None and self.until < today:
            return False
        match = re.match(r"\d+(\.\d+)*", kernel or "")
        return match is None or self.kernels.contains(match[0], prereleases=True)


@dataclass(frozen=True)
class Policy:
    """What is a splat: what is denied and not allowed."""

    deny: tuple[Entry, ...]
    allow: tuple[Entry, ...] = ()


@dataclass(frozen=True)
class KernelLog:
    """What a log says."""

    panic: str | None = None
    out_of_memory: str | None = None
    splats: tuple[Splat, ...] = ()
    # The tests that started, each with its iteration, in order.
    starts: tuple[tuple[str, int], ...] = ()
    # Whether the kernel came across a breakpoint that it had not set, or had taken away.
    breakpoint: bool = False


def parse(
    text: str,
    policy: Policy | None = None,
    kernel: str | None = None,
    today: datetime.date | None = None,
) -> KernelLog:
    """Read a console log of a kernel (its release); the policy is the project's own by default."""
    day = today or datetime.date.today()
    chosen = policy or read_policy()
    deny = [entry.pattern for entry in chosen.deny if entry.applies(kernel, day)]
    allow = [entry.pattern for entry in chosen.allow if entry.applies(kernel, day)]
    panic = None
    out_of_memory = None
    test = None
    splats: list[Splat] = []
    starts: list[tuple[str, int]] = []
    breakpoint_hit = False
    for raw in text.splitlines():
        line = _TIMESTAMP.sub("", raw.strip("\r\0"))
        breakpoint_hit = breakpoint_hit or _BREAKPOINT.match(line) is not None
        if start := _START.match(line):
            test = start.group(1)
            starts.append((test, int(start.group(2))))
        elif _PANIC.match(line):
            panic = panic or line
        elif _OUT_OF_MEMORY.match(line):
            out_of_memory = out_of_memory or line
        elif any(p.search(line) for p in deny) and not any(p.search(line) for p in allow):
            splats.append(Splat(line, test))
    return KernelLog(panic, out_of_memory, tuple(splats), tuple(starts), breakpoint_hit)


def _entry(value: Any, where: str, must_end: bool) -> Entry:
    needed = {"line", "because"} | ({"until"} if must_end else set())
    if not isinstance(value, dict) or not needed <= set(value) <= {*needed, "kernels", "until"}:
        raise PolicyError(f"{where}: fields must be line, because, until, and may be kernels")
    until = value.get("until")
    if until is not None and not isinstance(until, datetime.date) or must_end and not until:
        raise PolicyError(f"{where}: until must be a date")
    if not str(value["because"]).strip():
        raise PolicyError(f"{where}: because must give a reason")
    try:
        kernels = SpecifierSet(value.get("kernels", ""))
    except (InvalidSpecifier, AttributeError, TypeError) as error:
        raise PolicyError(f"{where}: kernels must be like '>=6.1, <6.3': {error}") from error
    try:
        return Entry(re.compile(value["line"]), value["because"], kernels, until)
    except (re.error, TypeError) as error:
        raise PolicyError(f"{where}: line must be a regular expression: {error}") from error


def parse_entries(text: str, kind: str) -> tuple[Entry, ...]:
    """Parse deny.yaml or allow.yaml (`kind`); what is allowed must end on a day."""
    name = f"{kind}.yaml"
    try:
        content = yaml.safe_load(text)
    except yaml.YAMLError as error:
        raise PolicyError(f"{name}: not YAML: {error}") from error
    if not isinstance(content, dict) or not isinstance(content.get(kind), list):
        raise PolicyError(f"{name}: must have a list `{kind}`")
    must_end = kind == "allow"
    return tuple(
        _entry(value, f"{name}, entry {at}", must_end) for at, value in enumerate(content[kind], 1)
    )


@functools.cache
def read_policy(folder: Path = FOLDER) -> Policy:
    """Read the project's own policy."""
    deny, allow = (
        parse_entries((folder / f"{kind}.yaml").read_text(encoding="utf-8"), kind)
        for kind in ("deny", "allow")
    )
    return Policy(deny, allow)
