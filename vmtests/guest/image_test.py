# SPDX-License-Identifier: Apache-2.0
"""Tests of the initramfs: its bytes, its files and the libraries in it."""

import json
import os
import stat
import subprocess
import tempfile
import unittest
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from vmtests.guest import elf
from vmtests.guest.cpio import CharacterDevice, Directory, Entry, File, Symlink, archive
from vmtests.guest.image import JOB, RESULTS, Image, Payload, Sabotage, build, command_line
from vmtests.guest.tree import Tree, TreeError, host_library_cache, parse_ldconfig
from vmtests.kernels.modules import Module

INIT = Path("vmtests/guest/init").absolute()
STATIC = Path("vmtests/testdata/fake_launcher").absolute()
# A program with libraries that every machine has.
DYNAMIC = Path("/bin/sh")
LIBC = "libc.so.6"


def _listing(content: bytes) -> dict[str, tuple[int, bytes]]:
    """Read an archive: mode and content by path, refusing anything that is not zero or in order."""
    found: dict[str, tuple[int, bytes]] = {}
    at = 0
    while True:
        assert content[at : at + 6] == b"070701"
        fields = [int(content[at + 6 + 8 * i : at + 14 + 8 * i], 16) for i in range(13)]
        _, mode, uid, gid, _, mtime, size, _, _, _, _, name_size, _ = fields
        assert (uid, gid, mtime) == (0, 0, 0)
        name = content[at + 110 : at + 110 + name_size - 1].decode()
        body = (at + 110 + name_size + 3) // 4 * 4
        if name == "TRAILER!!!":
            return found
        assert name > max(found, default="")
        found[name] = (mode, content[body : body + size])
        at = (body + size + 3) // 4 * 4


def _image(**changes: Any) -> Image:
    payload = Payload(launcher=STATIC, suite=DYNAMIC, probe=STATIC, testee=_libc())
    modules = [Module("veth", b"veth"), Module("bridge", b"bridge")]
    return Image(INIT, modules, replace(payload, **changes))


def _libc() -> Path:
    return Path(host_library_cache()(LIBC)[0])


class CpioTest(unittest.TestCase):
    """archive()."""

    ENTRIES: Mapping[str, Entry] = {
        "/b": Directory(),
        "/b/link": Symlink("../a"),
        "/a": File(b"four", 0o755),
        "/b/odd": File(b"12345"),
        "/c": CharacterDevice(5, 1),
    }

    def test_the_cpio_program_reads_every_kind(self) -> None:
        listing = subprocess.run(
            ["cpio", "--list", "--verbose", "--numeric-uid-gid", "--quiet"],
            input=b"".join(archive(self.ENTRIES)),
            stdout=subprocess.PIPE,
            check=True,
            env={"LC_ALL": "C", "PATH": os.environ["PATH"], "TZ": "UTC"},
        ).stdout.decode()
        lines = [line.split() for line in listing.splitlines()]
        self.assertEqual(
            [line[0] for line in lines],
            [
                "-rwxr-xr-x",
                "drwxr-xr-x",
                "lrwxrwxrwx",
                "-rw-r--r--",
                "crw-------",
            ],
        )
        self.assertEqual([line[2:4] for line in lines], [["0", "0"]] * 5)
        self.assertEqual(lines[2][-3:], ["b/link", "->", "../a"])
        self.assertIn("5,", lines[4])

    def test_order_of_the_entries_does_not_matter(self) -> None:
        backwards = dict(reversed(list(self.ENTRIES.items())))
        self.assertEqual(b"".join(archive(self.ENTRIES)), b"".join(archive(backwards)))

    def test_file_without_its_directory_is_refused(self) -> None:
        with self.assertRaisesRegex(ValueError, "/x/y"):
            list(archive({"/x/y": File(b"")}))


class ImageTest(unittest.TestCase):
    """build()."""

    def test_same_input_same_bytes(self) -> None:
        self.assertEqual(b"".join(build(_image())), b"".join(build(_image())))

    def test_programs_and_their_libraries_are_in_it(self) -> None:
        found = _listing(b"".join(build(_image())))
        for path, source in (
            ("init", INIT),
            ("lxcspec/launcher", STATIC),
            ("lxcspec/suite", DYNAMIC),
        ):
            mode, content = found[path]
            self.assertEqual(content, source.read_bytes())
            self.assertEqual(stat.S_IMODE(mode), 0o755)
        # Below the path that the dynamic loader looks for, links resolved as it will.
        loader = elf.read(DYNAMIC).interpreter
        assert loader is not None
        for path in (loader, str(_libc())):
            self.assertEqual(found[_resolve(found, path)][1], Path(path).read_bytes())

    def test_job_says_what_to_run(self) -> None:
        found = _listing(b"".join(build(_image(tests=["A.One", "A.Two"]))))
        job = json.loads(found[JOB[1:]][1])
        self.assertEqual(job["modules"], ["/lxcspec/modules/veth.ko", "/lxcspec/modules/bridge.ko"])
        self.assertEqual(found["lxcspec/modules/veth.ko"][1], b"veth")
        command = job["command"]
        self.assertEqual(command[command.index("--testee") + 1], str(_libc()))
        self.assertEqual(found[command[command.index("--tests") + 1][1:]][1], b"A.One\nA.Two\n")
        self.assertNotIn("--resume", command)
        self.assertNotIn("sabotage", job)

    def test_results_so_far_travel_and_are_resumed(self) -> None:
        found = _listing(b"".join(build(_image(results=b"{}\n"))))
        self.assertEqual(found[RESULTS[1:]][1], b"{}\n")
        self.assertIn("--resume", json.loads(found[JOB[1:]][1])["command"])

    def test_launcher_s_further_arguments_come_last(self) -> None:
        payload = _image(launcher_arguments=("--repeat", "3"), tests=["A.One"]).payload
        assert payload is not None
        self.assertEqual(command_line(payload)[-2:], ["--repeat", "3"])

    def test_sabotage_is_in_the_job(self) -> None:
        found = _listing(b"".join(build(_image(sabotage=Sabotage("panic", "A.One")))))
        self.assertEqual(
            json.loads(found[JOB[1:]][1])["sabotage"], {"act": "panic", "test": "A.One"}
        )

    def test_without_payload_there_is_nothing_to_run(self) -> None:
        found = _listing(b"".join(build(Image(INIT))))
        self.assertEqual(json.loads(found[JOB[1:]][1])["command"], [])

    def test_missing_file_is_named(self) -> None:
        for part in ("launcher", "suite", "probe", "testee"):
            with self.subTest(part), self.assertRaisesRegex(TreeError, "/no/such/file"):
                b"".join(build(_image(**{part: Path("/no/such/file")})))

    def test_testee_that_is_no_library_is_named(self) -> None:
        with tempfile.NamedTemporaryFile() as file:
            file.write(b"text")
            file.flush()
            with self.assertRaisesRegex(TreeError, f"{file.name}.*not an ELF file"):
                b"".join(build(_image(testee=Path(file.name))))


def _resolve(found: Mapping[str, tuple[int, bytes]], path: str) -> str:
    """Follow the links of an archive."""
    parts = [part for part in path.split("/") if part]
    done: list[str] = []
    while parts:
        part = parts.pop(0)
        if part == "..":
            done.pop()
            continue
        mode, content = found["/".join([*done, part])]
        if stat.S_ISLNK(mode):
            target = content.decode()
            if target.startswith("/"):
                done = []
            parts = [piece for piece in target.split("/") if piece] + parts
        else:
            done.append(part)
    return "/".join(done)


class TreeTest(unittest.TestCase):
    """Tree, in a folder with links."""

    def setUp(self) -> None:
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.root = Path(folder.name).resolve()
        self.tree = Tree(lambda name: [])

    def test_links_on_the_way_are_kept(self) -> None:
        (self.root / "real").mkdir()
        (self.root / "real" / "lib.so.1.2").write_bytes(b"x")
        (self.root / "real" / "lib.so.1").symlink_to("lib.so.1.2")
        (self.root / "alias").symlink_to("real")
        (self.root / "far").symlink_to(f"{self.root}/alias/../alias/lib.so.1")

        self.tree.put_host_file(self.root / "far")

        entries = self.tree.entries
        self.assertEqual(entries[f"{self.root}/alias"], Symlink("real"))
        self.assertEqual(entries[f"{self.root}/real/lib.so.1"], Symlink("lib.so.1.2"))
        self.assertIsInstance(entries[f"{self.root}/real/lib.so.1.2"], File)

    def test_link_to_itself_is_an_error(self) -> None:
        (self.root / "loop").symlink_to("loop")
        with self.assertRaisesRegex(TreeError, "too many levels"):
            self.tree.put_host_file(self.root / "loop")

    def test_two_files_for_one_path_are_an_error(self) -> None:
        self.tree.put("/a", File(b"1"))
        self.tree.put("/a", File(b"1"))
        with self.assertRaisesRegex(TreeError, "two different files for /a"):
            self.tree.put("/a", File(b"2"))

    def test_library_that_is_nowhere_is_named_with_who_needs_it(self) -> None:
        # Here the loader finds nothing by itself.
        library = self.root / "libneedy.so"
        content = bytearray(_libc().read_bytes())
        name = elf.parse(bytes(content), "libc").needed[0].encode()
        at = content.index(name + b"\0")
        content[at : at + len(name)] = b"z" * len(name)
        library.write_bytes(content)
        with self.assertRaisesRegex(TreeError, f"{library} needs zzz.*not on this machine"):
            self.tree.put_libraries(library)

    def test_variants_for_one_processor_are_left_out(self) -> None:
        listing = (
            "3 libs found in cache `/etc/ld.so.cache'\n"
            '\tliba.so.1 (libc6,x86-64, hwcap: "x86-64-v3") => /usr/lib/glibc-hwcaps/v3/liba.so.1\n'
            "\tliba.so.1 (libc6,x86-64) => /usr/lib/liba.so.1\n"
            "\tliba.so.1 (libc6) => /usr/lib32/liba.so.1\n"
        )
        self.assertEqual(parse_ldconfig(listing), {"liba.so.1": ["/usr/lib/liba.so.1"]})


if __name__ == "__main__":
    unittest.main()
