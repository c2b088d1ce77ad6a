# SPDX-License-Identifier: Apache-2.0
"""Checks the form of the decisions (spec/rfcs/README.md) and the requirements that they name."""

from __future__ import annotations

import datetime
import re
from pathlib import Path
from typing import Collection, Iterable

from spec.tools.errors import Problem, Problems, did_you_mean
from spec.tools.model import Requirement

SECTIONS = re.compile(r"The questions?, The decisions?, What follows")
_SPDX = "<!-- SPDX-License-Identifier: Apache-2.0 -->"
_NAME = re.compile(r"(\d{8})-[a-z0-9]+(-[a-z0-9]+)*\.md")
_HEAD = re.compile(
    r"Date: (?P<date>\S+)\. Status: (?P<status>[^.]+)\. Requirements: (?P<requirements>.+)\."
)
_EXAMPLE = "'Date: 2026-11-24. Status: accepted. Requirements: none.'"


def _date_of(name: str) -> str:
    """The date in a file's name; empty if there is none."""
    named = _NAME.fullmatch(name)
    try:
        return datetime.datetime.strptime(named[1], "%Y%m%d").date().isoformat() if named else ""
    except ValueError:
        return ""


class _Rfc:
    def __init__(self, file: Path, ids: Collection[str] | None) -> None:
        self.file = file
        self.ids = ids
        self.problems = Problems(f"rfcs/{file.name}")
        self.lines = file.read_text(encoding="utf-8").split("\n")

    def check(self) -> list[Problem]:
        if not _date_of(self.file.name):
            self.problems.add(1, "the file must be named YYYYMMDD-topic.md")
        if self.lines[0] != _SPDX:
            self.problems.add(
                1, "the first line must be the comment SPDX-License-Identifier: Apache-2.0"
            )
        if len(self.lines) < 2 or not self.lines[1].startswith("# "):
            self.problems.add(min(2, len(self.lines)), "the title '# ...' is missing")
        self._check_sections()
        self._check_head()
        return self.problems.found

    def _check_sections(self) -> None:
        found = [(n, x[3:]) for n, x in enumerate(self.lines, 1) if x.startswith("## ")]
        if not SECTIONS.fullmatch(", ".join(title for _, title in found)):
            self.problems.add(
                found[0][0] if found else len(self.lines),
                "the sections must be The question, The decision, What follows, in this order",
            )
        for line, title in found:
            following = next((text for text in self.lines[line:] if text.strip()), "#")
            if following.startswith("#"):
                self.problems.add(line, f"section '{title}' is empty")

    def _check_head(self) -> None:
        """The paragraph below the title."""
        start = next((n for n, x in enumerate(self.lines) if x.startswith("Date:")), None)
        if start is None:
            self.problems.add(min(3, len(self.lines)), f"there must be a paragraph {_EXAMPLE}")
            return
        end = next((n for n in range(start, len(self.lines)) if not self.lines[n].strip()), None)
        match = _HEAD.fullmatch(" ".join(line.strip() for line in self.lines[start:end]))
        if match is None:
            self.problems.add(start + 1, f"this must be as {_EXAMPLE}")
            return
        if match["date"] != _date_of(self.file.name):
            self.problems.add(start + 1, f"date {match['date']} is not that of the file's name")
        status = match["status"]
        successor = status.removeprefix("superseded by ")
        if successor != status and not (self.file.parent / f"{successor}.md").exists():
            self.problems.add(start + 1, f"there is no {successor} that could supersede this")
        elif successor == status and status != "accepted":
            self.problems.add(
                start + 1, f"status '{status}' must be 'accepted' or 'superseded by <RFC>'"
            )
        self._check_requirements(match["requirements"], start + 1)

    def _check_requirements(self, text: str, line: int) -> None:
        named = re.findall(r"`([^`]*)`", text)
        if not named and text != "none":
            self.problems.add(line, "name the requirements that follow, or write 'none'")
        for id_ in named:
            if self.ids is not None and id_ not in self.ids:
                hint = did_you_mean(id_, self.ids)
                self.problems.add(line, f"there is no requirement '{id_}'{hint}")


def check_sources(root: Path, requirements: Iterable[Requirement]) -> list[Problem]:
    """A requirement whose source is a decision (`rfcs/20261124-topic`) that is not there."""
    topics = [file.stem for file in sorted((root / "rfcs").glob("*.md"))]
    found: list[Problem] = []
    for requirement in requirements:
        for source in requirement.sources:
            topic = source.removeprefix("rfcs/")
            if topic != source and topic not in topics:
                hint = did_you_mean(topic, topics)
                message = f"source of '{requirement.id}': there is no '{source}'{hint}"
                found.append(Problem(requirement.file, requirement.line, message))
    return found


def check(root: Path, ids: Collection[str] | None) -> list[Problem]:
    """What is wrong with the decisions below `root`. Without `ids` no requirement is looked up."""
    files = [file for file in sorted((root / "rfcs").glob("*")) if file.name != "README.md"]
    return [problem for file in files for problem in _Rfc(file, ids).check()]
