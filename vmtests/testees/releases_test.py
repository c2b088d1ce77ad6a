# SPDX-License-Identifier: Apache-2.0

from __future__ import annotations

import tempfile
import unittest
from pathlib import Path

from vmtests.kernels import lock as lock_file
from vmtests.kernels.errors import KernelError
from vmtests.testees import releases


class LockTest(unittest.TestCase):
    def test_every_release_is_pinned_with_its_c_library(self) -> None:
        lock = lock_file.read(releases.LOCK_FILE)
        self.assertEqual(list(lock), list(releases.RELEASES))
        for name, (_, package) in releases.RELEASES.items():
            versions = {each.package: each.version for each in lock[name][0].packages}
            self.assertIn("libc6", versions)
            self.assertIn(name.removeprefix("liblxc-"), versions[package])

    def test_what_a_simulated_installation_names_is_read(self) -> None:
        said = (
            "Conf libcap2 (1:2.44-1 Debian:11.11/oldoldstable [amd64])\n"
            "Inst libcap2 (1:2.44-1 Debian:11.11/oldoldstable [amd64])\n"
            "Inst liblxc1 (1:4.0.6-2+deb11u2 Debian:11.11/oldoldstable [amd64])\n"
        )
        wanted = ["libcap2=1:2.44-1", "liblxc1=1:4.0.6-2+deb11u2"]
        self.assertEqual(releases.to_install(said), wanted)


class ReleaseTest(unittest.TestCase):
    def setUp(self) -> None:
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = Path(folder.name)
        self.libraries = self.folder / "usr/lib/x86_64-linux-gnu"
        self.libraries.mkdir(parents=True)

    def test_a_newer_release_is_loaded_by_its_own_linker(self) -> None:
        (self.libraries / "liblxc.so.1.9.0").touch()
        (self.libraries / "ld-linux-x86-64.so.2").touch()
        found = releases.located("liblxc-7.0.0", self.folder)
        linker = str(self.libraries / "ld-linux-x86-64.so.2")
        self.assertEqual(found.loader, (linker, "--library-path", str(self.libraries)))

    def test_an_older_one_by_the_machines(self) -> None:
        (self.libraries / "liblxc.so.1.7.0").touch()
        self.assertEqual(releases.located("liblxc-4.0.6", self.folder).loader, ())

    def test_a_folder_without_a_library_is_refused(self) -> None:
        with self.assertRaisesRegex(KernelError, "has 0 files"):
            releases.located("liblxc-4.0.6", self.folder)

    def test_an_unknown_release_is_refused(self) -> None:
        with self.assertRaisesRegex(KernelError, "no release 'liblxc-3.0.3'"):
            releases.fetch("liblxc-3.0.3", print)


if __name__ == "__main__":
    unittest.main()
