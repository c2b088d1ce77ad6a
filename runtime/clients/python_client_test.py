#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Debian's python3-lxc, unmodified, on the reference: it must not notice the difference."""

import os
import subprocess
import sys
import tempfile
import unittest
from pathlib import Path

FOLDER = Path(__file__).parent
SECONDS = 120


class PythonClientTest(unittest.TestCase):
    library = ""

    def setUp(self) -> None:
        folder = tempfile.TemporaryDirectory(prefix="lxc-python-")
        self.addCleanup(folder.cleanup)
        self.folder = Path(folder.name)
        # The loader wants the library under its own name, in a folder of its own.
        (self.folder / "liblxc.so.1").symlink_to(os.path.abspath(self.library))
        self.lxcpath = self.folder / "lxc"
        self.lxcpath.mkdir()

    def run_client(self, script: str, *arguments: str) -> None:
        """Run a client to its end, which must be a good one."""
        client = subprocess.run(
            ["/usr/bin/python3", str(FOLDER / script), str(self.lxcpath), *arguments],
            env={**os.environ, "LD_LIBRARY_PATH": str(self.folder), "PYTHONPATH": ""},
            capture_output=True,
            text=True,
            check=False,
            timeout=SECONDS,
        )
        self.assertEqual(client.returncode, 0, client.stdout + client.stderr)
        self.assertIn("client ended well", client.stdout)

    def test_configures_a_container(self) -> None:
        self.run_client("configures.py")

    def test_runs_a_container_that_it_made(self) -> None:
        self.run_client("runs.py", "made")

    def test_runs_a_container_of_the_real_lxc_create(self) -> None:
        config = self.folder / "config"
        config.write_text("lxc.net.0.type = empty\n", encoding="ascii")
        create = ["lxc-create", "-P", str(self.lxcpath), "-n", "real", "-f", str(config)]
        made = subprocess.run(
            [*create, "-t", "busybox"],
            capture_output=True,
            text=True,
            check=False,
            timeout=SECONDS,
        )
        self.assertEqual(made.returncode, 0, made.stdout + made.stderr)
        self.run_client("runs.py", "real")


if __name__ == "__main__":
    PythonClientTest.library = sys.argv.pop(1)
    unittest.main()
