# SPDX-License-Identifier: Apache-2.0
"""The specification as values: extensions, needs, levels, chapters, requirements."""

from __future__ import annotations

import re
from dataclasses import dataclass

LEVELS = ("MUST", "MUST NOT", "SHOULD", "SHOULD NOT", "MAY")
KINDS = ("does", "refuses", "lacks", "announces")
LXC_LEVELS = ("4.0", "5.0", "6.0", "7.0")
SECTIONS = ("Purpose", "Public surface", "Kernel needs", "Security", "Left open", "Requirements")
ANNOUNCED = "announced"

NAME = re.compile(r"[a-z][a-z0-9]*(_[a-z0-9]+)*")
SLUG = re.compile(r"[a-z0-9]+(_[a-z0-9]+)*")
RELEASE = re.compile(r"(0|[1-9]\d*)\.(0|[1-9]\d*)\.(0|[1-9]\d*)", re.ASCII)


def release_key(release: str) -> tuple[int, ...]:
    """Orders releases (`4.0.12`) and levels (`4.0`) by their numbers."""
    return tuple(int(part) for part in release.split("."))


def pascal_case(slug: str) -> str:
    """`overflow_keeps_tail` becomes `OverflowKeepsTail`."""
    return "".join(part[:1].upper() + part[1:] for part in slug.split("_"))


@dataclass(frozen=True)
class Need:
    """A kernel facility. Without a probe no requirement may ask for it yet."""

    name: str
    proof: str
    probe: bool


@dataclass(frozen=True)
class Extension:
    """One name that lxc_has_api_extension() may be asked for."""

    name: str
    since: str  # a release, such as 4.0.5
    level: str  # the first LXC level that has it
    summary: str
    documented: bool
    needs: tuple[str, ...]
    chapter: bool
    bench: str  # a benchmark's name, or empty
    no_bench_because: str
    guard: str
    note: str
    line: int


@dataclass(frozen=True)
class Requirement:
    """One checkable statement. `since` is an LXC level; `retired` is a date or empty."""

    id: str
    level: str
    since: str
    kind: str
    observable: str
    needs: tuple[str, ...]
    statement: str
    left_open: str
    sources: tuple[str, ...]
    retired: str
    file: str
    line: int

    @property
    def extension(self) -> str:
        return self.id.split(".", 1)[0]

    @property
    def slug(self) -> str:
        return self.id.split(".", 1)[1]

    @property
    def constant(self) -> str:
        """The name that a test cites, `spec::console_log::kReadEmpty`."""
        return f"spec::{self.extension}::k{pascal_case(self.slug)}"


@dataclass(frozen=True)
class Chapter:
    """One extension's file: its prose by section, and its requirements in order."""

    extension: str
    prose: dict[str, str]
    requirements: tuple[Requirement, ...]
    file: str


@dataclass(frozen=True)
class Level:
    """What an LXC level has: the extensions up to `release`, the last in its series to add one."""

    name: str
    release: str
    extensions: tuple[str, ...]
    exceptions: dict[str, str]  # requirement id to the reason why this level is without it
    file: str
