# SPDX-License-Identifier: Apache-2.0
"""A client that configures a container and finds it again."""

import sys

import lxc  # type: ignore[import]

path = sys.argv[1]
assert lxc.version == "7.0.0-lxcspec", lxc.version
c = lxc.Container("c1", path)
assert not c.defined and not c.running and c.state == "STOPPED" and c.init_pid == -1
assert c.set_config_item("lxc.uts.name", "host")
assert not c.set_config_item("lxc.tty.max", "many")
assert c.append_config_item("lxc.cap.drop", "mknod")
assert c.get_config_item("lxc.uts.name") == "host"
assert c.get_config_item("lxc.cap.drop") == ["mknod"], c.get_config_item("lxc.cap.drop")
assert c.set_config_item("lxc.rootfs.path", f"dir:{path}/nowhere")
assert c.save_config() and c.defined
assert lxc.list_containers(config_path=path) == ("c1",), lxc.list_containers(config_path=path)
again = lxc.Container("c1", path)
assert again.get_config_item("lxc.uts.name") == "host"
assert again.clear_config_item("lxc.uts.name")
assert again.get_config_item("lxc.uts.name") == ""
assert not c.start()
print("client ended well")
