#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Looking things up, and what is generated, on the good example."""

from __future__ import annotations

import contextlib
import io
import json
import shutil
import tempfile
import unittest
from pathlib import Path

from spec.tools import catalogue, generate, lint
from spec.tools.catalogue import UnknownName
from spec.tools.model import pascal_case

GOOD = Path(__file__).parent / "examples" / "good"


class LookUpTest(unittest.TestCase):
    def setUp(self) -> None:
        self.found = catalogue.load(GOOD)

    def test_a_requirement_has_all_that_its_chapter_says(self) -> None:
        requirement = self.found.requirement("clock.keeps_offset")
        self.assertEqual(
            (requirement.level, requirement.since, requirement.kind), ("MAY", "5.0", "does")
        )
        self.assertEqual(requirement.observable, "the clock")
        self.assertEqual(requirement.needs, ("clock", "pty"))
        self.assertEqual(
            requirement.statement,
            "The clock is later by the offset, and stays so until it is set again.",
        )
        self.assertEqual(requirement.left_open, "what a clock is, and who reads it.")
        self.assertEqual(requirement.sources, ("clock.h", "clock(7)"))
        self.assertEqual((requirement.file, requirement.line), ("extensions/clock.md", 37))

    def test_prose_is_kept_by_section(self) -> None:
        prose = self.found.chapters["clock"].prose
        self.assertEqual(prose["Purpose"], "A clock of its own.")
        self.assertTrue(prose["Public surface"].startswith("The key `clock.offset`:\n\n| value |"))
        self.assertTrue(prose["Public surface"].endswith("### Units\nOnly seconds."))
        self.assertNotIn("Requirements", prose)

    def test_a_constant_finds_its_requirement(self) -> None:
        for name in ("spec::ring_log::kNoSize", "ring_log::kNoSize"):
            self.assertEqual(self.found.requirement(name).id, "ring_log.no_size")

    def test_an_unknown_name_says_which_was_meant(self) -> None:
        for name, message in (
            ("ring_log.keep_tail", "no requirement 'ring_log.keep_tail'; did you mean"),
            ("keeps_tail", "no requirement 'keeps_tail'; did you mean 'ring_log.keeps_tail'?"),
            ("ring_log", "'ring_log' is an extension, not one of its requirements"),
            ("ring_log_file", "'ring_log_file' has no chapter yet, and so no requirements"),
            ("xyz", "no requirement 'xyz'"),
        ):
            with self.subTest(name=name), self.assertRaises(UnknownName) as caught:
                self.found.requirement(name)
            self.assertTrue(str(caught.exception).startswith(message), str(caught.exception))
        with self.assertRaisesRegex(UnknownName, "no extension 'clok'; did you mean 'clock'?"):
            self.found.of_extension("clok")
        with self.assertRaisesRegex(UnknownName, "no level '8.0'; there are 4.0, 5.0, 6.0, 7.0"):
            self.found.at_level("8.0")

    def test_an_extension_without_a_chapter_has_no_requirements(self) -> None:
        self.assertEqual(self.found.of_extension("ring_log_file"), ())
        self.assertEqual(len(self.found.of_extension("ring_log")), 4)

    def test_levels(self) -> None:
        def ids(level: str) -> list[str]:
            return [requirement.slug for requirement in self.found.at_level(level)]

        ring = ["announced", "keeps_tail", "stopped"]
        ring5 = ["announced", "keeps_tail", "no_size", "stopped"]
        clock = ["announced", "keeps_offset", "no_unit", "cannot_shift"]
        self.assertEqual(ids("4.0"), ring)
        self.assertEqual(ids("5.0"), ring5 + clock)
        self.assertEqual(ids("6.0"), ring5 + [slug for slug in clock if slug != "keeps_offset"])
        self.assertEqual(ids("7.0"), ring5 + clock)  # clock.ticks is retired

    def test_pascal_case(self) -> None:
        self.assertEqual(pascal_case("overflow_keeps_tail"), "OverflowKeepsTail")
        self.assertEqual(pascal_case("v2_is_2nd"), "V2Is2nd")


class CommandTest(unittest.TestCase):
    def setUp(self) -> None:
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.root = Path(folder.name) / "spec"
        shutil.copytree(GOOD, self.root)
        self.registry = str(self.root / "registry.yaml")
        self.header, self.json = self.root / "requirements.h", self.root / "requirements.json"

    def generate(self) -> tuple[int, str]:
        arguments = ["--registry", self.registry]
        arguments += ["--header", str(self.header), "--json", str(self.json)]
        stderr = io.StringIO()
        with contextlib.redirect_stderr(stderr):
            return generate.main(arguments), stderr.getvalue()

    def test_header_and_json(self) -> None:
        self.assertEqual(self.generate(), (0, ""))
        header = self.header.read_text(encoding="utf-8")
        self.assertIn("inline constexpr Requirement kKeepsTail{", header)
        self.assertNotIn("kTicks", header)  # retired
        self.assertNotIn('"bell"', header)  # without a probe
        data = json.loads(self.json.read_text(encoding="utf-8"))
        self.assertEqual(len(data["requirements"]), 9)
        ticks = next(r for r in data["requirements"] if r["id"] == "clock.ticks")
        self.assertEqual(ticks["retired"], "2026-11-24")
        self.assertEqual((ticks["file"], ticks["line"]), ("spec/extensions/clock.md", 49))
        self.assertEqual([level["level"] for level in data["levels"]], ["4.0", "5.0", "6.0", "7.0"])
        self.assertNotIn("clock.ticks", data["levels"][3]["requirements"])

    def test_a_mistake_writes_nothing(self) -> None:
        chapter = self.root / "extensions" / "clock.md"
        chapter.write_text(chapter.read_text().replace("kind: does", "kind: did"))
        code, stderr = self.generate()
        self.assertEqual(code, 1)
        self.assertEqual(len(stderr.splitlines()), 2)
        self.assertFalse(self.header.exists() or self.json.exists())

    def test_lint_prints_every_mistake_and_counts_them(self) -> None:
        stdout, stderr = io.StringIO(), io.StringIO()
        with contextlib.redirect_stdout(stdout), contextlib.redirect_stderr(stderr):
            self.assertEqual(lint.main(["--registry", self.registry]), 0)
            chapter = self.root / "extensions" / "clock.md"
            chapter.write_text(chapter.read_text().replace("kind: does", "kind: did"))
            self.assertEqual(lint.main(["--registry", self.registry]), 1)
        self.assertEqual(stdout.getvalue(), "3 extensions, 2 chapters, 8 requirements\n")
        lines = stderr.getvalue().splitlines()
        self.assertRegex(lines[0], "clock.md:38: kind 'did' must be does, refuses, lacks or ann")
        self.assertTrue(lines[-1].startswith("2 problems in "))


if __name__ == "__main__":
    unittest.main()
