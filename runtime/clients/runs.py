# SPDX-License-Identifier: Apache-2.0
"""A client that takes a busybox container through its life; it makes one that is not there."""

import os
import sys

import lxc  # type: ignore[import]

PATIENCE = 30

path, name = sys.argv[1:]
c = lxc.Container(name, path)
if not c.defined:
    assert c.set_config_item("lxc.net.0.type", "empty")
    assert c.create("busybox"), "create"
assert c.get_config_item("lxc.rootfs.path").endswith(f"{path}/{name}/rootfs")
assert c.start(), "start"
try:
    assert c.wait("RUNNING", PATIENCE) and c.running and c.state == "RUNNING"
    assert os.path.isdir(f"/proc/{c.init_pid}")
    assert lxc.list_containers(defined=False, config_path=path) == (name,)
    # Its own host name and processes; and the exit status comes back.
    within = 'test "$(hostname)" = "$0" -a "$(cat /proc/1/comm)" = init'
    assert c.attach_wait(lxc.attach_run_command, ["sh", "-c", within, name]) == 0
    assert c.attach_wait(lxc.attach_run_command, ["sh", "-c", "exit 3"]) >> 8 == 3
    assert int(c.get_cgroup_item("pids.current")) > 0
    assert "lo" in c.get_interfaces()
    assert c.freeze() and c.state == "FROZEN"
    assert c.unfreeze() and c.state == "RUNNING"
    assert c.shutdown(PATIENCE), "shutdown"
    assert c.start() and c.wait("RUNNING", PATIENCE), "second start"
finally:
    c.stop()
assert c.wait("STOPPED", PATIENCE) and not c.running and c.init_pid == -1
assert c.destroy() and not c.defined
assert not os.path.exists(os.path.join(path, name))
print("client ended well")
