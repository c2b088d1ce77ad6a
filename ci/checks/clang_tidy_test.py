#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""A file is looked at again when what its verdict depends on has changed, and only then."""

from __future__ import annotations

import tempfile
import unittest
from pathlib import Path
from typing import Any
from unittest import mock

from ci.checks import clang_tidy


class TreeOfThree(unittest.TestCase):
    """a.cc includes b.h, which includes a header that is generated."""

    def setUp(self) -> None:
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.top = Path(folder.name)
        self.write("a.cc", '#include <string>\n#include "b.h"\n')
        self.write("b.h", '#include "made/c.h"\n#include "of_a_system.h"\n')
        self.write("bin/made/c.h", "")
        self.write("other.h", "")
        self.write(".clang-tidy", "Checks: '*'\n")
        config = mock.patch.object(clang_tidy, "CONFIG", self.top / ".clang-tidy")
        config.start()
        self.addCleanup(config.stop)

    def write(self, name: str, text: str) -> None:
        path = self.top / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")

    def entry(self, *words: str) -> dict[str, Any]:
        arguments = ["gcc", "-iquote", ".", "-iquote", "bin", *words, "-c", "a.cc"]
        return {"directory": str(self.top), "file": "a.cc", "arguments": arguments}

    def key(self, *words: str, version: bytes = b"14") -> str:
        return clang_tidy.key_of(self.entry(*words), version)


class KeyTest(TreeOfThree):
    def test_headers_are_found_wherever_they_are_included(self) -> None:
        found = {path.relative_to(self.top) for path in clang_tidy.sources_of(self.entry())}
        self.assertEqual(found, {Path("a.cc"), Path("b.h"), Path("bin/made/c.h")})

    def test_nothing_changed(self) -> None:
        key = self.key()
        self.write("other.h", "int other;\n")
        self.assertEqual(self.key(), key)

    def test_each_file_that_is_included_counts(self) -> None:
        for name in ("a.cc", "b.h", "bin/made/c.h", ".clang-tidy"):
            with self.subTest(changed=name):
                key = self.key()
                self.write(name, (self.top / name).read_text(encoding="utf-8") + "\n// more\n")
                self.assertNotEqual(self.key(), key)

    def test_the_command_and_the_tool_count(self) -> None:
        self.assertNotEqual(self.key("-DNDEBUG"), self.key())
        self.assertNotEqual(self.key(version=b"19"), self.key())


class PassedTest(unittest.TestCase):
    def test_only_the_newest_key_of_a_file_is_known(self) -> None:
        with tempfile.TemporaryDirectory() as folder:
            passed = clang_tidy.Passed(Path(folder))
            self.assertFalse(passed.has("one/a.cc", "1"))
            passed.add("one/a.cc", "1")
            passed.add("one/a.cc", "2")
            passed.add("two/a.cc", "1")
            self.assertTrue(clang_tidy.Passed(Path(folder)).has("one/a.cc", "2"))
            self.assertFalse(passed.has("one/a.cc", "1"))
            self.assertEqual(len(list(Path(folder).iterdir())), 2)


if __name__ == "__main__":
    unittest.main()
