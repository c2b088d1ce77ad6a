# SPDX-License-Identifier: Apache-2.0
"""What is in the archive, and that it is the same each time."""

from __future__ import annotations

import io
import os
import tarfile
import tempfile
import unittest
from pathlib import Path

from ci.dist import pack


class PackTest(unittest.TestCase):
    def setUp(self) -> None:
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = Path(folder.name)

    def file(self, name: str, content: bytes, mode: int = 0o755) -> Path:
        path = self.folder / name
        path.write_bytes(content)
        path.chmod(mode)
        return path

    def test_files_are_below_one_folder_and_programs_executable(self) -> None:
        files = {
            "built/suite": self.file("a", b"\x7fELF..."),
            "lxcspec": self.file("b", b"#!/bin/sh\n"),
            "README.md": self.file("c", b"words"),
            "ci/read.py": self.file("d", b"#!/usr/bin/python3\n", 0o644),
        }
        with tarfile.open(fileobj=io.BytesIO(pack.pack(files))) as archive:
            modes = {entry.name: entry.mode for entry in archive}
            owners = {(entry.uid, entry.gid, entry.mtime) for entry in archive}
        self.assertEqual(
            modes,
            {
                "lxcspec/README.md": 0o644,
                "lxcspec/built/suite": 0o755,
                "lxcspec/ci/read.py": 0o644,
                "lxcspec/lxcspec": 0o755,
            },
        )
        self.assertEqual(owners, {(0, 0, 0)})

    def test_the_same_files_make_the_same_archive(self) -> None:
        one, other = self.file("a", b"x"), self.file("b", b"x")
        os.utime(other, (1, 1))
        self.assertEqual(pack.pack({"x": one, "y": one}), pack.pack({"y": other, "x": other}))

    def test_places_outside_are_refused(self) -> None:
        self.assertEqual(pack.read_list("a/b=/c\n"), {"a/b": Path("/c")})
        for line in ("/etc/passwd=x", "../x=x", "a/../../x=x"):
            with self.assertRaises(ValueError):
                pack.read_list(line)


if __name__ == "__main__":
    unittest.main()
