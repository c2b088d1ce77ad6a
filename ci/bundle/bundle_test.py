# SPDX-License-Identifier: Apache-2.0
"""A bundle as it was packed is verified; whatever was changed in it is refused, and named."""

from __future__ import annotations

import gzip
import io
import random
import re
import tarfile
import unittest

from ci.bundle import archive, content, verify
from ci.bundle.errors import NotBundled, Refused
from ci.bundle.forgeries import DATE, FORGED, Files, files, raw
from ci.reports.fixtures import catalogue


def _tarred(*members: tuple[str, bytes, bytes]) -> bytes:
    """A tar of name, type and content."""
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w") as tar:
        for name, kind, body in members:
            member = tarfile.TarInfo(name)
            member.type, member.size, member.linkname = kind, len(body), "/etc/passwd"
            tar.addfile(member, io.BytesIO(body))
    return out.getvalue()


def _listed(given: Files) -> bytes:
    return archive.manifest(given)


class BundleTest(unittest.TestCase):
    def setUp(self) -> None:
        self.files = files()

    def _refused(self, data: bytes, pattern: str, identity: str = "") -> None:
        with self.assertRaises(Refused) as caught:
            verify.verify(data, identity)
        self.assertRegex(str(caught.exception), re.compile(pattern, re.DOTALL))

    def test_what_was_packed_is_verified(self) -> None:
        for compressed in (True, False):
            found = verify.verify(archive.pack(self.files, compressed))
            self.assertEqual((found.date, found.commit), (DATE, "0123abcd"))
            self.assertEqual([c.exit_code for c in found.comparisons], [1, 0])
            self.assertEqual(found.files, len(self.files))

    def test_the_same_results_make_the_same_bytes(self) -> None:
        self.assertEqual(archive.pack(self.files), archive.pack(files()))

    def test_its_identity_is_that_of_its_manifest(self) -> None:
        data = archive.pack(self.files)
        identity = archive.digest(archive.manifest(self.files))
        self.assertEqual(verify.verify(data, identity.upper()).identity, identity)
        self._refused(data, "another bundle than the one asked for", "0" * 64)

    def test_every_forgery_is_refused_and_named(self) -> None:
        self.assertGreaterEqual(len(FORGED), 20)
        for what, change, said in FORGED:
            with self.subTest(what):
                forged = dict(self.files)
                change(forged)
                self.assertNotEqual(forged, self.files)
                self._refused(archive.pack(forged), said)

    def test_a_file_changed_without_its_hash_is_named(self) -> None:
        listed = _listed(self.files)
        for name in self.files:
            changed = {"MANIFEST": listed, **self.files, name: self.files[name] + b" "}
            self._refused(archive._tar(changed), f"{re.escape(name)} is not what MANIFEST lists")

    def test_manifest_and_files_must_agree(self) -> None:
        listed = _listed(self.files)
        first = listed.splitlines(keepends=True)[0]
        some = dict(list(self.files.items())[1:])
        for members, said in (
            (self.files, "there is no MANIFEST"),
            ({"MANIFEST": listed, **some}, "specification.json is listed in MANIFEST and is not"),
            ({"MANIFEST": listed, **self.files, "more": b""}, "more is there and is not listed"),
            ({"MANIFEST": listed + first, **self.files}, "lists bundle.json twice"),
            ({"MANIFEST": b"\n" + listed, **self.files}, "line 1, is no line of a manifest"),
        ):
            self._refused(archive._tar(members), said)

    def test_an_archive_holds_plain_files_once_with_plain_names(self) -> None:
        for members, said in (
            ([("../x", tarfile.REGTYPE, b"")], "'../x' is no name"),
            ([("/etc/passwd", tarfile.REGTYPE, b"")], "'/etc/passwd' is no name"),
            ([("a/../../x", tarfile.REGTYPE, b"")], "is no name"),
            ([("a\nb", tarfile.REGTYPE, b"")], "is no name"),
            ([("x", tarfile.SYMTYPE, b"")], "'x' is no plain file"),
            ([("x", tarfile.LNKTYPE, b"")], "'x' is no plain file"),
            ([("x", tarfile.CHRTYPE, b"")], "'x' is no plain file"),
            ([("x", tarfile.DIRTYPE, b"")], "'x' is no plain file"),
            ([("x", tarfile.REGTYPE, b"1"), ("x", tarfile.REGTYPE, b"2")], "x is there twice"),
        ):
            self._refused(_tarred(*members), said)

    def test_an_archive_has_no_room_for_more(self) -> None:
        data = archive.pack(self.files)
        plain = archive.pack(self.files, compressed=False)
        self._refused(data[:-20], "ends too early|damaged")
        self._refused(data[: len(data) // 2], "ends too early")
        self._refused(data + b"more", "4 bytes follow the archive")
        self._refused(data + data, "bytes follow the archive")
        self._refused(plain + b"\0" * 512, "in another way")
        self._refused(plain[:1536], "MANIFEST|in another way|no archive")
        self._refused(b"", "no archive")
        self._refused(b"PK\3\4" + b"\0" * 2000, "no archive")
        swapped = {"MANIFEST": _listed(self.files), **dict(reversed(self.files.items()))}
        self._refused(archive._tar(swapped), "in another way")
        owned = io.BytesIO()
        with tarfile.open(fileobj=owned, mode="w", format=tarfile.PAX_FORMAT) as tar:
            ordered = {"MANIFEST": _listed(self.files), **dict(sorted(self.files.items()))}
            for name, body in ordered.items():
                member = tarfile.TarInfo(name)
                member.size, member.mode, member.uid = len(body), 0o644, 1000
                tar.addfile(member, io.BytesIO(body))
        self._refused(owned.getvalue(), "in another way")

    def test_too_much_is_refused_before_it_fills_memory(self) -> None:
        before, archive.LARGEST = archive.LARGEST, 100_000
        try:
            self._refused(gzip.compress(b"\0" * 200_000), "holds more than")
            self._refused(b"\0" * 200_000, "holds more than")
        finally:
            archive.LARGEST = before

    def test_any_flipped_bit_is_refused(self) -> None:
        plain = archive.pack(self.files, compressed=False)
        how = random.Random(11)
        for _ in range(150):
            spoilt = bytearray(plain)
            spoilt[how.randrange(len(plain))] ^= 1 << how.randrange(8)
            with self.assertRaises(Refused):
                verify.verify(bytes(spoilt))

    def test_results_that_prove_nothing_are_not_packed(self) -> None:
        for old, new, said in (
            (b"ab" * 32, b"", "do not say the SHA-256 of their testee"),
            (b"cd" * 32, b"12", "do not say the SHA-256 of their suite"),
            (b'{"record": "end"', b'"record": "end"', "is damaged"),
        ):
            spoilt = content.Input(raw().replace(old, new), b"", "a ledger")
            with self.assertRaisesRegex(NotBundled, said):
                content.make([spoilt], catalogue(), b"", DATE, "")


if __name__ == "__main__":
    unittest.main()
