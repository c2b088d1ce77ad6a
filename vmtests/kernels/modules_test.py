# SPDX-License-Identifier: Apache-2.0
"""Tests of choosing and ordering modules."""

import gzip
import lzma
import struct
import tempfile
import unittest
from pathlib import Path

from vmtests.kernels.modules import ModuleError, canonical, load_order


def _module(depends: str) -> bytes:
    modinfo = b"license=GPL\0depends=" + depends.encode() + b"\0retpoline=Y\0"
    names = b"\0.modinfo\0.shstrtab\0"
    header = b"\x7fELF\x02\x01\x01" + b"\0" * 9
    sections_at = 64 + len(modinfo) + len(names)
    header += struct.pack("<HHIQQQIHHHHHH", 1, 62, 1, 0, 0, sections_at, 0, 64, 0, 0, 64, 3, 2)
    sections = b"\0" * 64
    sections += struct.pack("<IIQQQQ", 1, 1, 0, 0, 64, len(modinfo)).ljust(64, b"\0")
    names_at = 64 + len(modinfo)
    sections += struct.pack("<IIQQQQ", 10, 3, 0, 0, names_at, len(names)).ljust(64, b"\0")
    return header + modinfo + names + sections


class LoadOrderTest(unittest.TestCase):
    """load_order()."""

    def setUp(self) -> None:
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.root = Path(folder.name)
        (self.root / "net").mkdir()

    def _put(self, name: str, content: bytes) -> None:
        (self.root / "net" / name).write_bytes(content)

    def _names(self, *wanted: str) -> list[str]:
        return [module.name for module in load_order(self.root, wanted)]

    def test_dependencies_come_first_and_once(self) -> None:
        self._put("bridge.ko", _module("stp,llc"))
        self._put("stp.ko", _module("llc"))
        self._put("llc.ko", _module(""))
        self.assertEqual(self._names("bridge", "stp"), ["llc", "stp", "bridge"])

    def test_dash_and_underscore_are_one(self) -> None:
        self._put("nf-nat.ko", _module("nf_conntrack"))
        self._put("nf-conntrack.ko", _module(""))
        self.assertEqual(self._names("nf_nat"), ["nf_conntrack", "nf_nat"])
        self.assertEqual(canonical("nf-nat.ko.xz"), "nf_nat")

    def test_compressed_modules_are_unpacked(self) -> None:
        self._put("a.ko.xz", lzma.compress(_module("b")))
        self._put("b.ko.gz", gzip.compress(_module("")))
        loaded = list(load_order(self.root, ["a"]))
        self.assertEqual([module.content for module in loaded], [_module(""), _module("b")])

    def test_what_the_kernel_does_not_have_as_a_module_is_left_out(self) -> None:
        self._put("a.ko", _module("builtin_one"))
        self.assertEqual(self._names("a", "nothing"), ["a"])

    def test_circle_of_dependencies_ends(self) -> None:
        self._put("a.ko", _module("b"))
        self._put("b.ko", _module("a"))
        self.assertEqual(sorted(self._names("a")), ["a", "b"])

    def test_damaged_module_is_named(self) -> None:
        self._put("a.ko.xz", b"not xz")
        with self.assertRaisesRegex(ModuleError, "a.ko.xz: damaged"):
            self._names("a")

    def test_unknown_compression_is_named(self) -> None:
        self._put("a.ko.zst", b"")
        with self.assertRaisesRegex(ModuleError, "Zstandard"):
            self._names("a")


if __name__ == "__main__":
    unittest.main()
