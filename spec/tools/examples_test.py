#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""The good example has no mistake; each bad one has exactly the mistake that it names.

A file in examples/bad/ takes the place of one file of examples/good/. Its comment `expect:` says
which file and line must be reported, and with which message.
"""

from __future__ import annotations

import re
import shutil
import tempfile
import unittest
from pathlib import Path

from spec.tools import catalogue
from spec.tools.errors import SpecError

EXAMPLES = Path(__file__).parent / "examples"
# What a bad example of each folder replaces.
REPLACED = {
    "chapter": "extensions/ring_log.md",
    "later_chapter": "extensions/clock.md",
    "registry": "registry.yaml",
    "needs": "needs.yaml",
    "level": "levels/lxc-5.0.yaml",
}
EXPECT = re.compile(r"(?:<!--|#) expect: (.+?)(?: -->)?$", re.MULTILINE)
MINIMUM = 60


def messages_of(root: Path) -> list[str]:
    try:
        catalogue.load(root)
    except SpecError as error:
        return [str(problem) for problem in error.problems]
    return []


class ExamplesTest(unittest.TestCase):
    def setUp(self) -> None:
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.root = Path(folder.name) / "spec"
        shutil.copytree(EXAMPLES / "good", self.root)

    def test_good_example_has_no_mistake(self) -> None:
        found = catalogue.load(self.root)
        self.assertEqual(list(found.extensions), ["ring_log", "ring_log_file", "clock"])
        self.assertEqual(len(found.requirements), 9)

    def test_each_bad_example_gives_the_message_it_names_and_no_other(self) -> None:
        examples = sorted((EXAMPLES / "bad").glob("*/*"))
        self.assertGreaterEqual(len(examples), MINIMUM, "examples are missing from the test's data")
        for example in examples:
            with self.subTest(example=f"{example.parent.name}/{example.name}"):
                text = example.read_text(encoding="utf-8")
                expected = EXPECT.findall(text)
                self.assertEqual(len(expected), 1, "an example names one message")
                target = self.root / REPLACED[example.parent.name]
                original = target.read_text(encoding="utf-8")
                target.write_text(text, encoding="utf-8")
                found = messages_of(self.root)
                target.write_text(original, encoding="utf-8")
                self.assertEqual(found, expected)

    def test_all_mistakes_are_reported_not_only_the_first(self) -> None:
        chapter = self.root / "extensions" / "ring_log.md"
        text = chapter.read_text(encoding="utf-8")
        text = text.replace("level: MUST   since", "level: must   since")
        text = text.replace("Source: ring.h", "Source:").replace("Nothing of note.\n", "")
        chapter.write_text(text, encoding="utf-8")
        registry = self.root / "registry.yaml"
        registry.write_text(registry.read_text().replace("since: 4.0.3", "since: soon"))
        files = [message.split(":")[0] for message in messages_of(self.root)]
        self.assertEqual(files, ["extensions/ring_log.md"] * 5 + ["registry.yaml"])

    def test_a_missing_file_is_a_message(self) -> None:
        (self.root / "needs.yaml").unlink()
        (self.root / "levels" / "lxc-6.0.yaml").unlink()
        found = messages_of(self.root)
        self.assertEqual(
            found,
            ["levels/lxc-6.0.yaml:1: the file is missing", "needs.yaml:1: the file is missing"],
        )

    def test_a_chapter_and_a_level_that_nobody_knows_are_messages(self) -> None:
        shutil.copy(self.root / "extensions/clock.md", self.root / "extensions/clok.md")
        (self.root / "levels" / "lxc-8.0.yaml").write_text("level: 8.0\n")
        found = messages_of(self.root)
        self.assertIn(
            "extensions/clok.md:1: registry.yaml has no 'clok'; did you mean 'clock'?", found
        )
        self.assertTrue(any(message.startswith("levels/lxc-8.0.yaml:1: ") for message in found))

    def test_a_file_that_is_not_utf8_is_a_message(self) -> None:
        (self.root / "extensions" / "clock.md").write_bytes(b"abc\xff")
        self.assertEqual(
            messages_of(self.root), ["extensions/clock.md:1: the file is not UTF-8 at byte 3"]
        )


if __name__ == "__main__":
    unittest.main()
