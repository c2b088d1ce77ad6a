#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""The tools of LXC 6.0.4, unmodified and with their own libc, on the reference: one test a verb."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
import unittest
from pathlib import Path

from ci.clients import packages
from ci.clients.terminal import Terminal

_LIBRARIES = "usr/lib/x86_64-linux-gnu"
_SECONDS = 120
_CONFIG = "lxc.net.0.type = empty\n"


class LxcToolsTest(unittest.TestCase):
    """Each test makes what it needs, so that each fails for itself alone."""

    library = ""
    tree: Path
    scratch: Path
    lxcpath: Path
    config: Path
    search: str

    @classmethod
    def setUpClass(cls) -> None:
        cls.tree = packages.unpacked("lxc-6.0.4")
        cls.scratch = Path(tempfile.mkdtemp(prefix="lxc-tools-"))
        cls.lxcpath = cls.scratch / "lxc"
        cls.config = cls.scratch / "config"
        cls.config.write_text(_CONFIG, encoding="ascii")
        own = cls.scratch / "library"
        own.mkdir()
        # The loader wants the library under its own name, in a folder of its own.
        (own / "liblxc.so.1").symlink_to(os.path.abspath(cls.library))
        cls.search = f"{own}:{cls.tree / _LIBRARIES}"

    @classmethod
    def tearDownClass(cls) -> None:
        shutil.rmtree(cls.scratch)

    def setUp(self) -> None:
        self.name = self.id().rsplit(".", 1)[-1].removeprefix("test_")
        self.addCleanup(self._destroy_all)

    def _destroy_all(self) -> None:
        for name in os.listdir(self.lxcpath) if self.lxcpath.is_dir() else []:
            self.run_tool("stop", name, "-k")
            self.run_tool("destroy", name, "-s")

    def command(self, verb: str, name: str | None, *arguments: str) -> list[str]:
        """Return how a tool is run with the reference as its library."""
        loader = self.tree / _LIBRARIES / "ld-linux-x86-64.so.2"
        tool = self.tree / "usr/bin" / f"lxc-{verb}"
        named = ["-n", name] if name is not None else []
        search = ["--library-path", self.search]
        return [str(loader), *search, str(tool), "-P", str(self.lxcpath), *named, *arguments]

    def run_tool(
        self, verb: str, name: str | None, *arguments: str
    ) -> subprocess.CompletedProcess[str]:
        """Run a tool to its end."""
        return subprocess.run(
            self.command(verb, name, *arguments),
            # Every symbol that it imports must be there, not just those that it comes to call.
            env={**os.environ, "LD_BIND_NOW": "1"},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=False,
            timeout=_SECONDS,
        )

    def succeed(self, verb: str, name: str | None, *arguments: str) -> str:
        """Run a tool that must succeed, and return what it prints."""
        done = self.run_tool(verb, name, *arguments)
        self.assertEqual(done.returncode, 0, f"lxc-{verb}: {done.stdout}{done.stderr}")
        return done.stdout

    def fail_with(self, verb: str, name: str, *arguments: str) -> str:
        """Run a tool that must fail, and return its complaint."""
        done = self.run_tool(verb, name, *arguments)
        self.assertNotEqual(done.returncode, 0, f"lxc-{verb}: {done.stdout}{done.stderr}")
        return done.stdout + done.stderr

    def create(self, name: str) -> None:
        """Make a busybox container."""
        template = str(self.tree / "usr/share/lxc/templates/lxc-busybox")
        busybox = f"--busybox-path={self.tree / 'usr/bin/busybox'}"
        self.succeed("create", name, "-t", template, "-f", str(self.config), "--", busybox)

    def start(self, name: str) -> None:
        """Make a container and start it."""
        self.create(name)
        self.succeed("start", name)
        self.succeed("wait", name, "-s", "RUNNING", "-t", "30")

    def state(self, name: str) -> str:
        """Return what lxc-info says of the state."""
        return self.succeed("info", name, "-s", "-H").strip()

    def test_create(self) -> None:
        self.create(self.name)
        self.assertTrue((self.lxcpath / self.name / "rootfs/bin/busybox").exists())
        again = self.fail_with("create", self.name, "-t", "none")
        self.assertIn("already exists", again)

    def test_create_by_a_failing_template(self) -> None:
        self.fail_with("create", self.name, "-t", "/bin/false", "-f", str(self.config))
        self.assertFalse((self.lxcpath / self.name).exists())

    def test_destroy(self) -> None:
        self.create(self.name)
        self.succeed("destroy", self.name)
        self.assertFalse((self.lxcpath / self.name).exists())

    def test_destroy_of_a_running_container(self) -> None:
        self.start(self.name)
        self.fail_with("destroy", self.name)
        self.assertTrue((self.lxcpath / self.name / "config").exists())
        self.succeed("destroy", self.name, "-f")
        self.assertFalse((self.lxcpath / self.name).exists())

    def test_start(self) -> None:
        self.start(self.name)
        self.assertEqual(self.state(self.name), "RUNNING")

    def test_stop(self) -> None:
        self.start(self.name)
        self.succeed("stop", self.name, "-k")
        self.assertEqual(self.state(self.name), "STOPPED")

    def test_info(self) -> None:
        self.start(self.name)
        pid = self.succeed("info", self.name, "-p", "-H").strip()
        self.assertEqual(os.readlink(f"/proc/{pid}/root"), "/")
        told = self.succeed("info", self.name, "-c", "lxc.tty.max", "-H")
        self.assertEqual(told.strip(), "5")

    def test_ls(self) -> None:
        self.create("first")
        self.start("second")
        self.assertEqual(self.succeed("ls", None, "-1").split(), ["first", "second"])
        self.assertEqual(self.succeed("ls", None, "-1", "--active").split(), ["second"])
        self.assertEqual(self.succeed("ls", None, "-1", "--stopped").split(), ["first"])

    def test_attach(self) -> None:
        self.start(self.name)
        told = self.succeed("attach", self.name, "--", "/bin/busybox", "hostname")
        self.assertEqual(told.strip(), self.name)
        done = self.run_tool("attach", self.name, "--", "/bin/sh", "-c", "exit 7")
        self.assertEqual(done.returncode, 7, done.stderr)

    def test_console(self) -> None:
        self.start(self.name)
        with Terminal(self.command("console", self.name, "-t", "0")) as terminal:
            self.assertTrue(terminal.wait_for(b"Ctrl-a", 30), terminal.seen)
            # What the greeting promises; busybox waits for Enter before it starts the shell.
            terminal.type(b"\r")
            self.assertTrue(terminal.wait_for(b"# ", 30), terminal.seen)
            terminal.type(b"echo $((6 * 7))\r")
            self.assertTrue(terminal.wait_for(b"\n42", 30), terminal.seen)
            terminal.type(b"\x01q")
            self.assertEqual(terminal.wait_for_end(30), 0)
        self.assertEqual(self.state(self.name), "RUNNING")

    def test_execute(self) -> None:
        self.create(self.name)
        marks = ["/bin/sh", "-c", "hostname > /told; exit 0"]
        self.succeed("execute", self.name, "-s", "lxc.uts.name=other", "--", *marks)
        told = self.lxcpath / self.name / "rootfs/told"
        self.assertEqual(told.read_text(encoding="ascii").strip(), "other")

    def test_freeze_and_unfreeze(self) -> None:
        self.start(self.name)
        self.succeed("freeze", self.name)
        self.assertEqual(self.state(self.name), "FROZEN")
        self.succeed("unfreeze", self.name)
        self.assertEqual(self.state(self.name), "RUNNING")

    def test_device(self) -> None:
        self.start(self.name)
        self.succeed("device", self.name, "add", "/dev/zero", "/dev/added")
        kind = self.succeed("attach", self.name, "--", "/bin/busybox", "stat", "-c%F", "/dev/added")
        self.assertEqual(kind.strip(), "character special file")

    def test_cgroup(self) -> None:
        self.start(self.name)
        self.assertGreater(int(self.succeed("cgroup", self.name, "pids.current")), 0)
        self.succeed("cgroup", self.name, "pids.max", "4321")
        self.assertEqual(self.succeed("cgroup", self.name, "pids.max").strip(), "4321")

    def test_copy(self) -> None:
        self.create(self.name)
        self.succeed("copy", self.name, "-N", "twin")
        self.succeed("start", "twin")
        told = self.succeed("attach", "twin", "--", "/bin/busybox", "hostname")
        self.assertEqual(told.strip(), "twin")

    def test_copy_as_a_snapshot(self) -> None:
        self.create(self.name)
        self.succeed("copy", self.name, "-N", "twin", "-s", "-B", "overlay")
        self.succeed("start", "twin")
        self.succeed("attach", "twin", "--", "/bin/busybox", "touch", "/etc/new")
        self.assertFalse((self.lxcpath / self.name / "rootfs/etc/new").exists())
        self.fail_with("destroy", self.name)
        self.succeed("destroy", "twin", "-f")
        self.succeed("destroy", self.name)

    def test_rename(self) -> None:
        self.create(self.name)
        self.succeed("copy", self.name, "-R", "-N", "renamed")
        self.assertEqual(self.succeed("ls", None, "-1").split(), ["renamed"])
        self.succeed("start", "renamed")

    def test_snapshot(self) -> None:
        self.create(self.name)
        self.succeed("snapshot", self.name)
        self.assertIn("snap0", self.succeed("snapshot", self.name, "-L"))
        self.succeed("snapshot", self.name, "-r", "snap0", "-N", "restored")
        self.fail_with("destroy", self.name)
        self.succeed("snapshot", self.name, "-d", "snap0")
        self.succeed("destroy", self.name)


if __name__ == "__main__":
    LxcToolsTest.library = sys.argv.pop(1)
    unittest.main(verbosity=2)
