# SPDX-License-Identifier: Apache-2.0
"""Tests of what is read from apt, and of choosing kernels from what it lists."""

import re
import tempfile
import unittest
from pathlib import Path

from vmtests.kernels.apt import Apt, Mirrors, explain, machine_mirrors, parse_targets
from vmtests.kernels.errors import KernelError, NotOnMirror
from vmtests.kernels.lock import LockedKernel, Package
from vmtests.kernels.refresh import (
    SERIES,
    choose,
    compare_versions,
    listed_packages,
    nearest,
    sources,
    stanzas,
    vanished,
)

ONE_LINE = """\
# a comment
deb [arch=amd64] http://mirror.example/debian bookworm main contrib
deb http://mirror.example/debian-security bookworm-security main
deb-src http://source.example/debian bookworm main
deb http://other.example/packages bookworm-tools main
"""

DEB822 = """\
Types: deb
URIs: http://mirror.example/debian
Suites: bookworm bookworm-updates
Components: main

Types: deb
URIs: http://mirror.example/debian-security
Suites: bookworm-security
Components: main

Types: deb
URIs: http://off.example/debian
Suites: bookworm
Components: main
Enabled: no
"""

EXPECTED = Mirrors(("http://mirror.example/debian",), ("http://mirror.example/debian-security",))


class MirrorsTest(unittest.TestCase):
    """machine_mirrors(), by apt itself."""

    def setUp(self) -> None:
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.root = Path(folder.name)

    def _mirrors(self, name: str, text: str) -> Mirrors:
        parts = self.root / "parts"
        parts.mkdir()
        (parts / name).write_text(text, encoding="utf-8")
        options = ["-o", "Dir::Etc::SourceList=/dev/null", "-o", f"Dir::Etc::SourceParts={parts}"]
        return machine_mirrors(Apt(self.root / "state", options))

    def test_one_line_format(self) -> None:
        self.assertEqual(self._mirrors("debian.list", ONE_LINE), EXPECTED)

    def test_deb822_format(self) -> None:
        self.assertEqual(self._mirrors("debian.sources", DEB822), EXPECTED)

    def test_machine_without_a_debian_mirror_is_told_what_to_do(self) -> None:
        with self.assertRaisesRegex(KernelError, "no Debian mirror.*sources.list.d.*--kernel PATH"):
            self._mirrors("other.list", "deb http://other.example/x stable-tools main\n")

    def test_security_archive_is_looked_for_beside_a_mirror_that_is_alone(self) -> None:
        self.assertEqual(parse_targets("http://mirror.example/debian/\tbookworm\tmain\n"), EXPECTED)

    def test_updates_are_no_security_archive(self) -> None:
        listing = (
            "http://a.example/debian/\tbookworm-updates\tmain\n"
            "http://b.example/sec/\tbuster/updates\tmain\n"
            "http://b.example/sec/\tbullseye-security\tmain\n"
        )
        self.assertEqual(
            parse_targets(listing), Mirrors(("http://a.example/debian",), ("http://b.example/sec",))
        )

    def test_missing_apt_is_told_what_to_do(self) -> None:
        with self.assertRaisesRegex(KernelError, "not on this machine.*--kernel PATH"):
            Apt(self.root / "state").run("/no/such/apt-get", "update")


class ExplainTest(unittest.TestCase):
    """explain(): apt's complaints in words that help."""

    def test_missing_file_is_told_from_everything_else(self) -> None:
        error = explain("E: Failed to fetch http://m/x.deb  404  Not Found [IP: 1.2.3.4 80]", "x")
        self.assertIsInstance(error, NotOnMirror)

    def test_full_disk_is_told_where_to_get_room(self) -> None:
        error = explain(
            "E: Failed to fetch x  Write error - write (28: No space left on device)", "x"
        )
        self.assertRegex(str(error), "disk is full.*XDG_CACHE_HOME")

    def test_no_network_names_the_ways_out(self) -> None:
        for complaint in (
            "E: Failed to fetch http://m/x  Temporary failure resolving 'm'",
            "E: Failed to fetch http://m/x  Could not connect to m:80 (1.2.3.4). - connect (111: "
            "Connection refused)",
            "E: Failed to fetch http://m/x  Connection timed out",
        ):
            with self.subTest(complaint):
                error = explain(complaint, "x")
                self.assertNotIsInstance(error, NotOnMirror)
                self.assertRegex(str(error), "cannot be reached.*proxy.*--kernel PATH")

    def test_anything_else_is_quoted(self) -> None:
        self.assertIn("strange", str(explain("W: a warning\nE: strange\n", "x")))
        self.assertIn("no message", str(explain("", "x")))


def _stanza(package: str, version: str, path: str) -> str:
    return (
        f"Package: {package}\nVersion: {version}\nFilename: {path}/{package}_{version}.deb\n"
        f"Size: 10\nSHA256: {package}_{version}\nDescription: a kernel\n more about it\n"
    )


class RefreshTest(unittest.TestCase):
    """Choosing what goes into the lock file."""

    PATTERN = r"linux-image-6\.1\.0-\d+-cloud-amd64"

    def _chosen(self, *listed: tuple[str, str, str]) -> list[tuple[str, str]]:
        text = "\n".join(_stanza(*fields) for fields in listed)
        kernels = choose(listed_packages(stanzas(text)), self.PATTERN)
        return [(k.packages[0].version, k.packages[0].archive) for k in kernels]

    def test_newest_come_first_by_debian_s_order(self) -> None:
        name = "linux-image-6.1.0-{}-cloud-amd64"
        listed = [(name.format(n), f"6.1.{n}-1", "pool/main/l") for n in (9, 10, 7, 8)]
        self.assertEqual(
            [version for version, _ in self._chosen(*listed)], ["6.1.10-1", "6.1.9-1", "6.1.8-1"]
        )
        self.assertEqual(compare_versions("6.1~rc1-1", "6.1-1"), -1)
        self.assertEqual(compare_versions("6.1.10-1", "6.1.9-1"), 1)
        self.assertEqual(compare_versions("6.1-1", "6.1-1"), 0)

    def test_newest_of_the_release_is_kept_though_others_are_newer(self) -> None:
        name = "linux-image-6.1.0-{}-cloud-amd64"
        listed = [(name.format(n), f"6.1.{n}-1", "pool/updates/main/l") for n in (5, 6, 7, 8)]
        listed += [(name.format(n), f"6.1.{n}-1", "pool/main/l") for n in (1, 2)]
        self.assertEqual(self._chosen(*listed)[-1], ("6.1.2-1", "debian"))

    def test_other_packages_are_left_out(self) -> None:
        self.assertEqual(
            self._chosen(
                ("linux-image-6.1.0-9-amd64", "6.1.9-1", "pool/main/l"),
                ("linux-image-6.1-cloud-amd64", "6.1.9-1", "pool/main/l"),
            ),
            [],
        )

    def _packages(self, *listed: tuple[str, str]) -> list[Package]:
        text = "\n".join(_stanza(name, version, "pool/main/l") for name, version in listed)
        return listed_packages(stanzas(text))

    def test_image_without_modules_is_joined_by_those_of_its_version(self) -> None:
        packages = self._packages(
            ("linux-binary-7.3.4+deb13-cloud-amd64", "7.3.4-1"),
            ("linux-modules-7.3.4+deb13-cloud-amd64", "7.3.4-1"),
            ("linux-binary-7.3.3+deb13-cloud-amd64", "7.3.3-1"),
        )
        (kernel,) = choose(packages, SERIES["7.3"])
        self.assertEqual(
            [package.package for package in kernel.packages],
            ["linux-binary-7.3.4+deb13-cloud-amd64", "linux-modules-7.3.4+deb13-cloud-amd64"],
        )

    def test_modules_that_no_index_lists_are_asked_for_elsewhere(self) -> None:
        packages = self._packages(("linux-binary-7.0.9+deb13-cloud-amd64", "7.0.9-1"))
        modules = Package("m", "7.0.9-1", "debian", "pool/m.deb", "0" * 64, 1, vouched=False)
        self.assertEqual(
            choose(packages, SERIES["7.0"], lambda image: modules),
            [LockedKernel((packages[0], modules))],
        )

    def test_each_series_takes_only_its_own(self) -> None:
        versions = {"5.10": "5.10.0-9", "6.1": "6.1.0-9", "6.12": "6.12.9+deb12"}
        for series, pattern in SERIES.items():
            version = versions.get(series, f"{series}.9+deb13.1")
            names = [f"linux-{kind}-{version}-cloud-amd64" for kind in ("image", "binary")]
            matching = [s for s, p in SERIES.items() for n in names if re.fullmatch(p, n)]
            with self.subTest(series):
                self.assertEqual(matching, [series])
                self.assertIsNone(re.fullmatch(pattern, names[0].replace("-cloud", "")))

    def test_vanished_kernel_is_told_with_the_nearest(self) -> None:
        old = self._packages(("linux-image-6.1.0-8-cloud-amd64", "6.1.8-1"))
        now = self._packages(
            ("linux-image-6.1.0-9-cloud-amd64", "6.1.9-1"),
            ("linux-image-6.12.9+deb12-cloud-amd64", "6.12.9-1"),
        )
        (line,) = vanished({"6.1": [LockedKernel(tuple(old))]}, now)
        self.assertRegex(line, r"6\.1: linux-image-6\.1\.0-8.* vanished.*6\.1\.0-9-cloud")
        self.assertEqual(vanished({"6.1": [LockedKernel(tuple(old))]}, old), [])

    def test_nearest_to_a_series_without_kernels_is_of_another(self) -> None:
        packages = self._packages(
            ("linux-image-6.12.9+deb12-cloud-amd64", "6.12.9-1"),
            ("linux-image-6.17.9+deb13-cloud-amd64", "6.17.9-1"),
        )
        self.assertRegex(nearest(packages, "6.18"), r"6\.17\.9.*\(series 6\.17\)")
        self.assertEqual(nearest([], "6.18"), "")

    def test_private_source_list_has_the_suites_on_the_machine_s_mirrors(self) -> None:
        lines = sources(EXPECTED).splitlines()
        self.assertTrue(
            any(
                line.endswith("http://mirror.example/debian bookworm-backports main")
                for line in lines
            )
        )
        self.assertTrue(
            any(line.endswith("/debian-security bookworm-security main") for line in lines)
        )


if __name__ == "__main__":
    unittest.main()
