# SPDX-License-Identifier: Apache-2.0
"""Tests of fetching: real apt, a mirror on the loopback device, real packages made here."""

import functools
import hashlib
import http.server
import os
import pwd
import subprocess
import tempfile
import threading
import unittest
from dataclasses import replace
from pathlib import Path

from vmtests.kernels.apt import Apt, Mirrors
from vmtests.kernels.cache import cache_directory
from vmtests.kernels.errors import KernelError
from vmtests.kernels.fetch import Fetcher, own_kernel
from vmtests.kernels.lock import LockedKernel, Package


class _Quiet(http.server.SimpleHTTPRequestHandler):
    """Serves a folder without a word."""

    def log_message(self, format: str, *args: object) -> None:  # pylint: disable=redefined-builtin
        """Say nothing."""


def _package(folder: Path, version: str, files: dict[str, bytes]) -> Package:
    """Make a Debian package with the given files, on the mirror in `folder`."""
    name = f"linux-image-{version}-cloud-amd64"
    with tempfile.TemporaryDirectory() as temporary:
        tree = Path(temporary)
        (tree / "DEBIAN").mkdir(mode=0o755)
        (tree / "DEBIAN" / "control").write_text(
            f"Package: {name}\nVersion: {version}\nArchitecture: all\nMaintainer: x <x@x.example>\n"
            "Description: a kernel\n",
            encoding="utf-8",
        )
        for path, content in files.items():
            (tree / path).parent.mkdir(parents=True, exist_ok=True)
            (tree / path).write_bytes(content)
        target = folder / "pool" / f"{name}.deb"
        target.parent.mkdir(exist_ok=True)
        subprocess.run(
            ["dpkg-deb", "--root-owner-group", "-Znone", "--build", str(tree), str(target)],
            check=True,
            stdout=subprocess.DEVNULL,
        )
    content = target.read_bytes()
    digest = hashlib.sha256(content).hexdigest()
    return Package(name, version, "debian", f"pool/{name}.deb", digest, len(content))


def _image(version: str) -> dict[str, bytes]:
    return {
        f"boot/vmlinuz-{version}": b"image " + version.encode(),
        f"lib/modules/{version}/kernel/net/veth.ko": b"veth",
    }


class FetchTest(unittest.TestCase):
    """Fetcher."""

    def setUp(self) -> None:
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        root = Path(folder.name)
        self.mirror = root / "mirror"
        self.mirror.mkdir()
        self.cache = root / "cache"
        handler = functools.partial(_Quiet, directory=str(self.mirror))
        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler)
        threading.Thread(target=self.server.serve_forever, daemon=True).start()
        self.addCleanup(self.server.server_close)
        self.addCleanup(self.server.shutdown)
        self.uri = f"http://127.0.0.1:{self.server.server_address[1]}"
        self.said: list[str] = []
        self.progress: list[tuple[int, int]] = []

    def _fetcher(self, *kernels: tuple[Package, ...], mirrors: tuple[str, ...] = ()) -> Fetcher:
        options = ["-o", "Acquire::http::Proxy=DIRECT", "-o", "Acquire::Retries=0"]
        return Fetcher(
            {"6.1": [LockedKernel(packages) for packages in kernels]},
            self.cache,
            Apt(self.cache / "apt", options),
            self.said.append,
            lambda done, total: self.progress.append((done, total)),
            Mirrors(mirrors or (self.uri,), ()),
        )

    def test_package_becomes_image_and_modules(self) -> None:
        package = _package(self.mirror, "6.1.9", _image("6.1.9"))
        kernel = self._fetcher((package,)).get("6.1")
        self.assertEqual(kernel.image.read_bytes(), b"image 6.1.9")
        assert kernel.modules is not None
        self.assertEqual((kernel.modules / "net" / "veth.ko").read_bytes(), b"veth")
        self.assertEqual(self.progress[-1], (package.size, package.size))
        self.assertIn("fetching linux-image-6.1.9-cloud-amd64", self.said[0])

    def test_image_and_modules_may_be_in_two_packages_below_usr(self) -> None:
        image = _package(self.mirror, "6.19.1", {"usr/lib/modules/6.19.1/vmlinuz": b"image"})
        modules = _package(
            self.mirror, "6.19.2", {"usr/lib/modules/6.19.1/kernel/net/veth.ko": b"veth"}
        )
        kernel = self._fetcher((image, modules)).get("6.1")
        self.assertEqual(kernel.image.read_bytes(), b"image")
        assert kernel.modules is not None
        self.assertTrue((kernel.modules / "net" / "veth.ko").is_file())

    def test_once_cached_no_mirror_is_needed(self) -> None:
        package = _package(self.mirror, "6.1.9", _image("6.1.9"))
        first = self._fetcher((package,)).get("6.1")
        nowhere = "http://127.0.0.1:1"
        self.assertEqual(self._fetcher((package,), mirrors=(nowhere,)).get("6.1"), first)

    def test_changed_byte_is_refused_and_nothing_stays(self) -> None:
        package = _package(self.mirror, "6.1.9", _image("6.1.9"))
        path = self.mirror / package.path
        content = bytearray(path.read_bytes())
        content[-1] ^= 1
        path.write_bytes(content)
        with self.assertRaisesRegex(KernelError, f"refused.*SHA-256.*{package.sha256}"):
            self._fetcher((package,)).get("6.1")
        self.assertEqual(list((self.cache / "kernels").iterdir()), [])

    def test_missing_kernel_gives_way_to_the_next_older_one_and_says_so(self) -> None:
        newer = _package(self.mirror, "6.1.9", _image("6.1.9"))
        older = _package(self.mirror, "6.1.8", _image("6.1.8"))
        (self.mirror / newer.path).unlink()
        kernel = self._fetcher((newer,), (older,)).get("6.1")
        self.assertEqual(kernel.image.read_bytes(), b"image 6.1.8")
        self.assertTrue(any("404" in line and "next older" in line for line in self.said))

    def test_next_mirror_is_asked_before_an_older_kernel(self) -> None:
        package = _package(self.mirror, "6.1.9", _image("6.1.9"))
        kernel = self._fetcher((package,), mirrors=(f"{self.uri}/empty", self.uri)).get("6.1")
        self.assertEqual(kernel.image.read_bytes(), b"image 6.1.9")

    def test_when_all_are_gone_the_lock_is_to_be_refreshed(self) -> None:
        package = _package(self.mirror, "6.1.9", _image("6.1.9"))
        (self.mirror / package.path).unlink()
        with self.assertRaisesRegex(KernelError, "--refresh-lock"):
            self._fetcher((package,)).get("6.1")

    def test_when_all_are_gone_the_nearest_is_named(self) -> None:
        package = _package(self.mirror, "6.1.9", _image("6.1.9"))
        (self.mirror / package.path).unlink()
        fetcher = Fetcher(
            {"6.1": [LockedKernel((package,))]},
            self.cache,
            Apt(self.cache / "apt", ["-o", "Acquire::http::Proxy=DIRECT"]),
            self.said.append,
            mirrors=Mirrors((self.uri,), ()),
            nearest=lambda series: f"nearest of {series}",
        )
        with self.assertRaisesRegex(KernelError, "nearest it has is nearest of 6.1; run"):
            fetcher.get("6.1")

    def test_mirror_that_does_not_answer_is_no_missing_kernel(self) -> None:
        newer = _package(self.mirror, "6.1.9", _image("6.1.9"))
        older = _package(self.mirror, "6.1.8", _image("6.1.8"))
        with self.assertRaisesRegex(KernelError, "cannot be reached"):
            self._fetcher((newer,), (older,), mirrors=("http://127.0.0.1:1",)).get("6.1")

    def test_damaged_copy_in_the_cache_is_fetched_again(self) -> None:
        package = _package(self.mirror, "6.1.9", _image("6.1.9"))
        fetcher = self._fetcher((package,))
        fetcher.get("6.1").image.write_bytes(b"damaged")
        self.assertEqual(fetcher.get("6.1").image.read_bytes(), b"image 6.1.9")
        self.assertTrue(any("damaged" in line for line in self.said))

    def test_disk_without_room_is_told_before_the_download(self) -> None:
        package = replace(_package(self.mirror, "6.1.9", _image("6.1.9")), size=1 << 50)
        with self.assertRaisesRegex(KernelError, "are needed.*XDG_CACHE_HOME"):
            self._fetcher((package,)).get("6.1")
        self.assertEqual(self.progress, [])

    def test_cache_that_cannot_be_made_is_named(self) -> None:
        package = _package(self.mirror, "6.1.9", _image("6.1.9"))
        self.cache.write_bytes(b"a file")
        with self.assertRaisesRegex(KernelError, f"cannot keep kernels in {self.cache}"):
            self._fetcher((package,)).get("6.1")

    def test_package_without_a_kernel_is_an_error(self) -> None:
        package = _package(self.mirror, "6.1.9", {"usr/share/doc/x": b"x"})
        with self.assertRaisesRegex(KernelError, "0 kernel images and 0 module folders"):
            self._fetcher((package,)).get("6.1")

    def test_unknown_series_names_the_known_ones(self) -> None:
        with self.assertRaisesRegex(KernelError, "'9.9'.*there are 6.1"):
            self._fetcher().get("9.9")

    def test_own_kernel_must_exist(self) -> None:
        with self.assertRaisesRegex(KernelError, "/no/kernel: no such kernel image"):
            own_kernel(Path("/no/kernel"), None)
        image = self.mirror / "vmlinuz"
        image.write_bytes(b"x")
        with self.assertRaisesRegex(KernelError, "/no/modules: no such folder"):
            own_kernel(image, Path("/no/modules"))
        self.assertEqual(own_kernel(image, None).sha256, hashlib.sha256(b"x").hexdigest())


class CacheTest(unittest.TestCase):
    """cache_directory()."""

    def test_follows_the_environment(self) -> None:
        self.assertEqual(cache_directory({"XDG_CACHE_HOME": "/c"}), Path("/c/lxcspec"))
        self.assertEqual(cache_directory({"HOME": "/h"}), Path("/h/.cache/lxcspec"))
        # The XDG specification has relative paths ignored.
        home = {"XDG_CACHE_HOME": "c", "HOME": "/h"}
        self.assertEqual(cache_directory(home), Path("/h/.cache/lxcspec"))

    def test_without_environment_the_user_s_home_counts(self) -> None:
        home = pwd.getpwuid(os.getuid()).pw_dir
        self.assertEqual(cache_directory({}), Path(home) / ".cache" / "lxcspec")


if __name__ == "__main__":
    unittest.main()
