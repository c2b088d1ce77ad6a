#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Debian's python3-lxc, unmodified, on the reference: it must not notice the difference."""

import os
import subprocess
import sys
import tempfile
import unittest

CLIENT = """
import sys, lxc
path = sys.argv[1]
assert lxc.version == "7.0.0-lxcspec", lxc.version
c = lxc.Container("c1", path)
assert not c.defined and not c.running and c.state == "STOPPED" and c.init_pid == -1
assert c.set_config_item("lxc.uts.name", "host")
assert not c.set_config_item("lxc.tty.max", "many")
assert c.append_config_item("lxc.cap.drop", "mknod")
assert c.get_config_item("lxc.uts.name") == "host"
assert c.get_config_item("lxc.cap.drop") == ["mknod"], c.get_config_item("lxc.cap.drop")
assert c.save_config() and c.defined
assert lxc.list_containers(config_path=path) == ("c1",), lxc.list_containers(config_path=path)
again = lxc.Container("c1", path)
assert again.get_config_item("lxc.uts.name") == "host"
assert again.clear_config_item("lxc.uts.name")
assert again.get_config_item("lxc.uts.name") == ""
assert not c.start()
print("client ended well")
"""


class PythonClientTest(unittest.TestCase):
    library = ""

    def test_configures_a_container(self) -> None:
        with tempfile.TemporaryDirectory() as folder:
            # The loader wants the library under its own name, in a folder of its own.
            os.symlink(os.path.abspath(self.library), os.path.join(folder, "liblxc.so.1"))
            client = subprocess.run(
                ["/usr/bin/python3", "-c", CLIENT, os.path.join(folder, "lxc")],
                env={**os.environ, "LD_LIBRARY_PATH": folder, "PYTHONPATH": ""},
                capture_output=True,
                text=True,
                check=False,
            )
        self.assertEqual(client.returncode, 0, client.stderr)
        self.assertIn("client ended well", client.stdout)


if __name__ == "__main__":
    PythonClientTest.library = sys.argv.pop(1)
    unittest.main()
