# SPDX-License-Identifier: Apache-2.0
"""Tests of reading ELF files, on files made here byte by byte."""

import struct
import unittest

from vmtests.guest import elf


def make_elf(
    dynamic: list[tuple[int, str]], interpreter: str | None = None, modinfo: bytes = b""
) -> bytes:
    """Return a small ELF file: one loaded segment at an address unlike its offset."""
    base = 0x400000
    strings = b"\0"
    entries = []
    for tag, text in dynamic:
        entries.append((tag, len(strings)))
        strings += text.encode() + b"\0"
    header_size = 64 + 3 * 56
    strings_at = header_size
    interp = (interpreter or "").encode() + b"\0"
    interp_at = strings_at + len(strings)
    dynamic_at = interp_at + len(interp)
    table = b"".join(struct.pack("<QQ", tag, value) for tag, value in entries)
    table += struct.pack("<QQ", 5, base + strings_at) + struct.pack("<QQ", 0, 0)
    names = b"\0.modinfo\0.shstrtab\0"
    modinfo_at = dynamic_at + len(table)
    names_at = modinfo_at + len(modinfo)
    sections_at = names_at + len(names)
    segments = [
        (1, 5, 0, base, base, sections_at, sections_at, 4096),
        (2, 6, dynamic_at, base + dynamic_at, base + dynamic_at, len(table), len(table), 8),
    ]
    if interpreter is not None:
        segments.append((3, 4, interp_at, 0, 0, len(interp), len(interp), 1))
    header = b"\x7fELF\x02\x01\x01" + b"\0" * 9
    header += struct.pack(
        "<HHIQQQIHHHHHH", 3, 62, 1, 0, 64, sections_at, 0, 64, 56, len(segments), 64, 3, 2
    )
    body = b"".join(struct.pack("<IIQQQQQQ", *segment) for segment in segments)
    body = body.ljust(3 * 56, b"\0")
    sections = b"\0" * 64
    sections += struct.pack("<IIQQQQ", 1, 1, 0, 0, modinfo_at, len(modinfo)).ljust(64, b"\0")
    sections += struct.pack("<IIQQQQ", 10, 3, 0, 0, names_at, len(names)).ljust(64, b"\0")
    return header + body + strings + interp + table + modinfo + names + sections


class ElfTest(unittest.TestCase):
    """parse() and section()."""

    def test_needed_libraries_keep_their_order(self) -> None:
        parsed = elf.parse(make_elf([(1, "libb.so"), (1, "liba.so.1")], "/lib64/ld.so"), "x")
        self.assertEqual(parsed.needed, ("libb.so", "liba.so.1"))
        self.assertEqual(parsed.interpreter, "/lib64/ld.so")
        self.assertEqual(parsed.machine, 62)

    def test_run_path_is_split_and_overrides_the_old_form(self) -> None:
        parsed = elf.parse(make_elf([(15, "/old"), (29, "$ORIGIN/../lib:/new")]), "x")
        self.assertEqual(parsed.run_paths, ("$ORIGIN/../lib", "/new"))
        self.assertEqual(elf.parse(make_elf([(15, "/old")]), "x").run_paths, ("/old",))

    def test_program_without_interpreter_and_libraries_is_static(self) -> None:
        self.assertTrue(elf.parse(make_elf([]), "x").static)
        self.assertFalse(elf.parse(make_elf([(1, "liba.so")]), "x").static)

    def test_section_is_found_by_name(self) -> None:
        data = make_elf([], modinfo=b"depends=llc,stp\0")
        self.assertEqual(elf.section(data, ".modinfo", "x"), b"depends=llc,stp\0")
        self.assertEqual(elf.section(data, ".text", "x"), b"")

    def test_file_of_another_kind_is_refused_by_name(self) -> None:
        for data in (b"", b"#!/bin/sh\n", b"\x7fELF\x01\x01" + b"\0" * 60):
            with self.subTest(data), self.assertRaisesRegex(elf.ElfError, "some/file"):
                elf.parse(data, "some/file")

    def test_truncated_file_is_an_error_wherever_it_ends(self) -> None:
        whole = make_elf([(1, "liba.so")], "/lib64/ld.so", b"depends=\0")
        # The last bytes are section headers, which parse() has no use for.
        end = whole.index(b"depends=")
        for size in range(16, end):
            try:
                parsed = elf.parse(whole[:size], "x")
            except elf.ElfError:
                continue
            self.assertNotEqual(parsed.needed, ("liba.so",), f"{size} bytes")


if __name__ == "__main__":
    unittest.main()
