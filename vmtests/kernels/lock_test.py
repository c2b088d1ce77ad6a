# SPDX-License-Identifier: Apache-2.0
"""Tests of the lock file."""

import unittest

from vmtests.kernels.errors import KernelError
from vmtests.kernels.lock import dump, parse, read

GOOD = """\
schema: 1
series:
  '6.1':
  - - package: linux-image-6.1.0-9-cloud-amd64
      version: 6.1.30-1
      archive: debian
      path: pool/main/l/linux-signed-amd64/linux-image-6.1.0-9-cloud-amd64_6.1.30-1_amd64.deb
      sha256: 0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef
      size: 1000
"""


class LockTest(unittest.TestCase):
    """parse(), dump(), read()."""

    def test_every_field_arrives(self) -> None:
        (kernel,) = parse(GOOD)["6.1"]
        (package,) = kernel.packages
        self.assertEqual(kernel.name, "linux-image-6.1.0-9-cloud-amd64_6.1.30-1")
        self.assertEqual((package.archive, package.size), ("debian", 1000))

    def test_what_is_written_reads_back_the_same(self) -> None:
        self.assertEqual(parse(dump(parse(GOOD))), parse(GOOD))

    def test_own_file_is_as_it_is_written(self) -> None:
        own = read()
        self.assertEqual(parse(dump(own)), own)
        self.assertEqual(
            list(own),
            ["5.10", "6.1", "6.12", "6.16", "6.17", "6.18", "6.19", "7.0", "7.1", "7.2", "7.3"],
        )

    def test_what_no_index_vouches_for_says_so(self) -> None:
        unvouched = GOOD + "      vouched: false\n"
        (kernel,) = parse(unvouched)["6.1"]
        self.assertFalse(kernel.packages[0].vouched)
        self.assertIn("      vouched: false\n", dump(parse(unvouched)))
        self.assertNotIn("vouched: true", dump(parse(GOOD)))

    def test_wrong_files_are_refused_with_their_place(self) -> None:
        for before, after, complaint in (
            ("schema: 1", "schema: 2", "schema must be 1"),
            ("'6.1'", "6.1", "must be a string"),
            ("archive: debian", "archive: elsewhere", "series 6.1, kernel 1: archive"),
            ("0123456789abcdef01", "xyz", "sha256"),
            ("path: pool/", "path: /pool/", "below pool/"),
            ("linux-signed-amd64/", "../", "below pool/"),
            ("size: 1000", "size: many", "size must be"),
            ("      size: 1000\n", "", "fields must be"),
            ("package:", "pakage:", "fields must be"),
            ("size: 1000", "size: 1000\n      vouched: perhaps", "vouched must be"),
            ("schema: 1", "schema: [", "not YAML"),
        ):
            with self.subTest(after), self.assertRaisesRegex(KernelError, complaint):
                parse(GOOD.replace(before, after, 1))
        with self.assertRaisesRegex(KernelError, "no series"):
            parse("schema: 1\n")


if __name__ == "__main__":
    unittest.main()
