#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""The good example is covered; each bad one has exactly the mistake that it names."""

from __future__ import annotations

import contextlib
import io
import json
import re
import shutil
import tempfile
import unittest
from pathlib import Path

from spec.tools import catalogue, coverage, generate
from spec.tools.coverage import Specification, cover_files, source_name
from spec.tools.errors import SpecError

EXAMPLES = Path(__file__).parent / "examples"
RING, CLOCK = "ring_log_conformance_test.cc", "clock_shift_conformance_test.cc"
EXPECT = re.compile(r"^// expect: (.+)$", re.MULTILINE)
MINIMUM = 15


class CoverageTest(unittest.TestCase):
    def setUp(self) -> None:
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.root = Path(folder.name)
        for name in (RING, CLOCK):
            shutil.copy(EXAMPLES / "coverage" / "good" / name, self.root / name)
        self.data = generate.as_json(catalogue.load(EXAMPLES / "good"))
        self.specification = Specification.from_json(self.data)

    def files(self) -> list[Path]:
        return sorted(self.root.glob("*.cc"))

    def messages(self) -> list[str]:
        try:
            cover_files(self.files(), self.specification)
        except SpecError as error:
            return [str(problem).removeprefix(f"{self.root}/") for problem in error.problems]
        return []

    def test_good_example(self) -> None:
        found = cover_files(self.files(), self.specification)
        self.assertEqual(
            list(found["tests"]),
            [
                "ClockTest.AnswersTrue",
                "ClockTest.KeepsItsOffset",
                "RingLogTest.AnswersTrue",
                "RingLogTest.KeepsTheTail",
                "RingSizeTest.NoSizeIsRefused",
            ],
        )
        self.assertEqual(
            found["tests"]["RingLogTest.KeepsTheTail"],
            {
                "requirements": ["ring_log.keeps_tail", "ring_log.stopped"],
                "file": str(self.root / RING),
                "line": 29,
                "extension": "ring_log",
            },
        )
        self.assertEqual(found["requirements"]["clock.no_unit"], ["ClockTest.KeepsItsOffset"])
        self.assertNotIn("clock.ticks", found["requirements"])

    def test_each_bad_example_gives_the_message_it_names_and_no_other(self) -> None:
        examples = sorted((EXAMPLES / "coverage" / "bad").glob("*.cc"))
        self.assertGreaterEqual(len(examples), MINIMUM, "examples are missing from the test's data")
        for example in examples:
            with self.subTest(example=example.name):
                text = example.read_text(encoding="utf-8")
                (self.root / CLOCK).write_text(text, encoding="utf-8")
                found = [message.replace(f"{self.root}/", "") for message in self.messages()]
                self.assertEqual(found, EXPECT.findall(text))

    def test_a_file_of_no_extension_and_a_file_without_a_test_are_messages(self) -> None:
        shutil.copy(self.root / CLOCK, self.root / "clok_conformance_test.cc")
        (self.root / CLOCK).write_text("// nothing\n")
        found = self.messages()
        self.assertIn(f"{CLOCK}:1: the file has no test", found)
        self.assertIn(
            "clok_conformance_test.cc:1: "
            "the file must be named <extension>[_<topic>]_conformance_test.cc",
            found,
        )

    def test_the_longest_extension_names_the_file(self) -> None:
        of = self.specification.extension_of
        self.assertEqual(of("a/ring_log_conformance_test.cc"), "ring_log")
        self.assertEqual(of("a/ring_log_size_conformance_test.cc"), "ring_log")
        self.assertEqual(of("a/ring_log_file_conformance_test.cc"), "ring_log_file")
        self.assertEqual(of("a/ring_logs_conformance_test.cc"), "")
        self.assertEqual(of("a/ring_log_test.cc"), "")

    def test_the_source_of_a_test_that_ran(self) -> None:
        known = ["ClockTest.Ticks", "RingSizeTest.Refused", "RingLogTest.Keeps"]
        self.assertEqual(source_name("RingLogTest.Keeps", known), "RingLogTest.Keeps")
        self.assertEqual(
            source_name("All/RingSizeTest.Refused/zero", known), "RingSizeTest.Refused"
        )
        self.assertEqual(source_name("ClockTest/Boot.Ticks", known), "ClockTest.Ticks")
        self.assertEqual(source_name("ClockTest.Tick", known), "")

    def test_without_a_build(self) -> None:
        found = coverage.read_tests(self.files(), catalogue.load(EXAMPLES / "good"))
        self.assertEqual(found["ClockTest.AnswersTrue"].requirements, ("clock.announced",))
        self.assertEqual(found["ClockTest.AnswersTrue"].line, 12)

    def run_main(self, *arguments: str) -> tuple[int, str]:
        stderr = io.StringIO()
        with contextlib.redirect_stderr(stderr):
            return coverage.main([*arguments, *map(str, self.files())]), stderr.getvalue()

    def test_the_command(self) -> None:
        requirements, output = self.root / "requirements.json", self.root / "coverage.json"
        requirements.write_text(json.dumps(self.data))
        arguments = ("--requirements", str(requirements), "--output", str(output))
        self.assertEqual(self.run_main(*arguments), (0, ""))
        self.assertEqual(len(json.loads(output.read_text())["tests"]), 5)

        output.unlink()
        code, stderr = self.run_main(*arguments, "--unlisted=a/x_conformance_test.cc")
        self.assertEqual(code, 1)
        self.assertEqual(stderr, "a/x_conformance_test.cc:1: no rule in BUILD lists this file\n")
        self.assertFalse(output.exists())

        (self.root / CLOCK).unlink()
        code, stderr = self.run_main(*arguments)
        self.assertEqual(code, 1)
        self.assertIn("spec/extensions/clock.md:30: 'clock.announced' has no test", stderr)
        self.assertFalse(output.exists())


if __name__ == "__main__":
    unittest.main()
