#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Whatever a chapter or a YAML file holds, reading it ends with a value or with a SpecError."""

from __future__ import annotations

import os
import random
import unittest
from pathlib import Path
from typing import Callable

from spec.tools import chapter, cpp_source, registry
from spec.tools.errors import Problems, SpecError
from spec.tools.model import LXC_LEVELS, Chapter, Need

GOOD = Path(__file__).parent / "examples" / "good"
NEEDS = {name: Need(name, "see it", True) for name in ("pty", "clock")}
# The seed of a failure is in its message.
SEED = int(os.environ.get("LXCSPEC_FUZZ_SEED", "20261124"))
ROUNDS = int(os.environ.get("LXCSPEC_FUZZ_ROUNDS", "600"))
# Pieces that mean something to one of the parsers.
PIECES = (
    "\n",
    "\n\n",
    "   ",
    "#",
    "## Requirements\n",
    "### ring_log.x\n",
    "---\n",
    "===\n",
    "level:",
    "Source:",
    "Left open:",
    "needs: ",
    "```\n",
    "<!--",
    "-->",
    "- ",
    "> ",
    "\t",
    "\r",
    "\x00",
    "\u2028",
    "\x0c",
    "é",
    ";",
    ",",
    ":",
    "&a ",
    "*a",
    "? ",
    "{",
    "[",
    "!!python/object:x ",
    "'",
    '"',
    "|",
    "%",
    'R"x(',
    "/*",
    "TEST(A, B) {",
    "COVERS(",
    "\\",
)


def mutated(text: str, rng: random.Random) -> str:
    """One to six edits: cut, double, move, insert, change case."""
    for _ in range(rng.randint(1, 6)):
        begin = rng.randint(0, len(text))
        end = min(len(text), begin + rng.choice((1, 1, 3, 20, 200)))
        piece = text[begin:end]
        edit = rng.randrange(6)
        if edit == 0:
            text = text[:begin] + text[end:]
        elif edit == 1:
            text = text[:end] + piece + text[end:]
        elif edit == 2:
            rest = text[:begin] + text[end:]
            at = rng.randint(0, len(rest))
            text = rest[:at] + piece + rest[at:]
        elif edit == 3:
            text = text[:begin] + rng.choice(PIECES) + text[begin:]
        elif edit == 4:
            text = text[:begin] + piece.swapcase() + text[end:]
        else:
            lines = text.split("\n")
            rng.shuffle(lines)
            text = "\n".join(lines) if rng.randrange(8) == 0 else text
    return text


class FuzzTest(unittest.TestCase):
    def mutate(self, original: str, read: Callable[[str], None]) -> None:
        for seed in range(SEED, SEED + ROUNDS):
            text = mutated(original, random.Random(seed))
            try:
                read(text)
            except SpecError as error:
                self.check(error, text, seed)
            except Exception as error:
                raise AssertionError(f"seed {seed}: {error!r} for {text!r}") from error

    def check(self, error: SpecError, text: str, seed: int) -> None:
        """A problem has a message of one line, and a line that the file has."""
        self.assertTrue(error.problems, f"seed {seed}")
        last = text.replace("\r\n", "\n").replace("\r", "\n").count("\n") + 1
        for problem in error.problems:
            self.assertTrue(1 <= problem.line <= last, f"seed {seed}: {problem} of {last} lines")
            self.assertTrue(problem.message, f"seed {seed}")

    def test_chapters(self) -> None:
        for name in ("ring_log", "clock"):
            text = (GOOD / "extensions" / f"{name}.md").read_text(encoding="utf-8")
            context = chapter.Context(name, "4.0", NEEDS)

            def read(mutant: str, context: chapter.Context = context) -> None:
                self.check_chapter(chapter.parse(mutant, "x.md", context), context.extension)

            self.mutate(text, read)

    def check_chapter(self, parsed: Chapter, extension: str) -> None:
        """What is accepted keeps the promises that others build on."""
        ids = [requirement.id for requirement in parsed.requirements]
        self.assertEqual(len(ids), len(set(ids)))
        constants = {requirement.constant for requirement in parsed.requirements}
        self.assertEqual(len(constants), len(ids))
        for requirement in parsed.requirements:
            self.assertEqual(requirement.extension, extension)
            self.assertTrue(requirement.statement and requirement.sources)
            self.assertLessEqual(set(requirement.needs), set(NEEDS))

    def test_registries_needs_and_levels(self) -> None:
        releases = {level: f"{level}.0" for level in LXC_LEVELS}
        problems = Problems("x.yaml")

        def read_registry(text: str) -> None:
            problems.found.clear()
            registry.read_registry(text, NEEDS, releases, problems)
            self.raise_if_any(problems)

        def read_needs(text: str) -> None:
            problems.found.clear()
            registry.read_needs(text, problems)
            self.raise_if_any(problems)

        def read_level(text: str) -> None:
            problems.found.clear()
            registry.read_level(text, "6.0", problems)
            self.raise_if_any(problems)

        self.mutate((GOOD / "registry.yaml").read_text(encoding="utf-8"), read_registry)
        self.mutate((GOOD / "needs.yaml").read_text(encoding="utf-8"), read_needs)
        self.mutate((GOOD / "levels" / "lxc-6.0.yaml").read_text(encoding="utf-8"), read_level)

    def raise_if_any(self, problems: Problems) -> None:
        if problems.found:
            raise SpecError(problems.found)

    def test_tests(self) -> None:
        def read(text: str) -> None:
            _, problems = cpp_source.scan("x.cc", text)
            self.raise_if_any(problems)

        path = Path(__file__).parent / "examples" / "coverage" / "good" / "x"
        text = path.with_name("ring_log_conformance_test.cc").read_text(encoding="utf-8")
        self.mutate(text, read)


if __name__ == "__main__":
    unittest.main()
