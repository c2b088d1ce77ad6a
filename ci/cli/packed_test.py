# SPDX-License-Identifier: Apache-2.0
"""What is different in an unpacked archive: nothing is built, nothing is installed."""

from __future__ import annotations

import tempfile
import unittest
from pathlib import Path
from unittest import mock

from ci.cli import bazel, paths, prepare, progress
from ci.cli.errors import InfrastructureError


class PackedTest(unittest.TestCase):
    def setUp(self) -> None:
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.built = Path(folder.name) / "built"
        for module in (paths, bazel):
            patch = mock.patch.object(module, "BUILT", self.built)
            patch.start()
            self.addCleanup(patch.stop)

    def pack(self, *files: str) -> None:
        for file in files:
            (self.built / file).parent.mkdir(parents=True, exist_ok=True)
            (self.built / file).touch()

    def test_a_checkout_is_not_packed(self) -> None:
        self.assertFalse(paths.packed())

    def test_programs_are_where_the_archive_has_them(self) -> None:
        self.pack("conformance/launcher/launcher")
        found = bazel.build(["//conformance/launcher:launcher"], progress.Line(quiet=True))
        self.assertEqual(found, self.built)

    def test_what_is_not_in_the_archive_is_named(self) -> None:
        self.pack("conformance/launcher/launcher")
        with self.assertRaisesRegex(InfrastructureError, "only in a checkout: //bench:x"):
            bazel.build(["//conformance/launcher:launcher", "//bench:x"], progress.Line(quiet=True))

    def test_missing_packages_are_named_and_not_installed(self) -> None:
        self.pack("x")
        with (
            mock.patch.object(prepare, "_set_up") as set_up,
            mock.patch("importlib.util.find_spec", lambda name: None),
        ):
            for check in (prepare.for_reading, prepare.for_building):
                with self.assertRaisesRegex(InfrastructureError, "apt-get install python3-yaml"):
                    check()
        set_up.assert_not_called()

    def test_a_missing_library_of_the_programs_is_named(self) -> None:
        self.pack("x")
        with mock.patch.object(prepare, "_LIBRARIES", {"libnone.so.9": "libnone9"}):
            with self.assertRaisesRegex(InfrastructureError, "missing: apt-get install libnone9$"):
                prepare.for_building()
            prepare.for_reading()


if __name__ == "__main__":
    unittest.main()
