# SPDX-License-Identifier: Apache-2.0
"""What generated sequences are made of: keys, and values that each may take or ought to refuse.

Nothing here names a file of the machine's own: some keys open what they name when they are set.
`$DIR` is the sequence's folder."""

from __future__ import annotations

import re
from typing import Pattern, Sequence

# Where a container has interfaces, each with these.
NETWORK_KEYS = (
    "type link name flags hwaddr mtu ipv4.address ipv4.gateway ipv6.address ipv6.gateway "
    "ipvlan.mode ipvlan.isolation l2proxy macvlan.mode script.up script.down veth.mode veth.pair "
    "veth.ipv4.route veth.ipv6.route veth.vlan.id veth.vlan.tagged.id vlan.id"
).split()
INDICES = ("0", "0", "0", "1", "7", "-1", "x", "00")

# Keys whose last word is the user's.
OPEN_KEYS = (
    "lxc.cgroup.pids.max lxc.cgroup2.pids.max lxc.cgroup2.memory.max lxc.sysctl.net.core.somaxconn "
    "lxc.proc.oom_score_adj lxc.prlimit.nofile lxc.prlimit.core lxc.hook.version lxc.hook.no_such "
    "lxc.cgroup lxc.cgroup2 lxc.net lxc.prlimit lxc.sysctl lxc.proc lxc.no.such lxc. lxc"
).split()

# For any key.
_ANY: Sequence[str] = (
    "",
    " ",
    "0",
    "1",
    "2",
    "-1",
    "yes",
    "true",
    "none",
    "name",
    "a b",
    "a=b",
    '"quoted"',
    "#hash",
    "é",
    "x" * 300,
    "99999999999999999999",
    "4294967296",
    "0x10",
    "010",
    "1 ",
    " 1",
    "\t1",
)

_BY_KEY: Sequence[tuple[Pattern[str], Sequence[str]]] = tuple(
    (re.compile(pattern), values)
    for pattern, values in (
        (
            r"\.(size|rotate|max|bufsize|logsize)$",
            ("auto", "1024", "4k", "128kB", "1MB", "2GB", "1TB", "5 MB", "MB"),
        ),
        (r"^lxc\.console\.path$", ("$DIR/tty", "none", "")),
        (r"^lxc\.(pty|tty)\.(max|dir)$", ("0", "4", "1024", "lxc", "../x", "/abs")),
        (
            r"signal",
            (
                "SIGKILL",
                "KILL",
                "9",
                "0",
                "64",
                "65",
                "SIGRTMIN+3",
                "SIGRTMAX-1",
                "RTMIN",
                "SIGNONE",
                "sigterm",
            ),
        ),
        (
            r"idmap",
            (
                "u 0 100000 65536",
                "g 0 100000 65536",
                "b 0 100000 65536",
                "u 0 100000",
                "u 0 1 1 1",
                "x 0 1 1",
                "u -1 0 1",
                "u 0 100000 65536 ",
            ),
        ),
        (r"^lxc\.arch$", ("x86_64", "amd64", "i686", "x86", "aarch64", "pdp11")),
        (
            r"\.type$",
            ("veth", "macvlan", "ipvlan", "vlan", "phys", "empty", "none", "l2tp", "VETH"),
        ),
        (r"macvlan\.mode$", ("private", "vepa", "bridge", "passthru", "l2")),
        (r"ipvlan\.mode$", ("l2", "l3", "l3s", "L3", "l4")),
        (r"ipvlan\.isolation$", ("bridge", "private", "vepa", "passthru")),
        (r"veth\.mode$", ("bridge", "router", "hub")),
        (r"vlan\.(tagged\.)?id$", ("0", "1", "4094", "4095", "4096", "none")),
        (r"l2proxy$", ("0", "1", "2", "yes")),
        (r"hwaddr$", ("00:16:3e:xx:xx:xx", "02:00:00:00:00:01", "zz:zz", "00:16:3E:Xx:xX:01")),
        (r"mtu$", ("1500", "0", "68", "65535", "65536", "-5", "9k")),
        (r"flags$", ("up", "down", "")),
        (
            r"ipv4\.(address|route)$",
            (
                "10.0.0.2/24",
                "10.0.0.2",
                "10.0.0.2/33",
                "10.0.0.2/0",
                "10.0.0.2/24 10.0.0.255",
                "300.0.0.1/24",
                "10.0.0/24",
                "fd00::1/64",
            ),
        ),
        (r"ipv4\.gateway$", ("10.0.0.1", "auto", "dev", "10.0.0.1/24", "fd00::1")),
        (
            r"ipv6\.(address|route)$",
            (
                "fd00::2/64",
                "fd00::2",
                "fd00::2/129",
                "fd00::2/0",
                "::ffff:10.0.0.1/96",
                "fd00::zz/64",
                "10.0.0.1/24",
            ),
        ),
        (r"ipv6\.gateway$", ("fd00::1", "auto", "dev", "fe80::1", "10.0.0.1")),
        (
            r"(link|\.pair|net\.\d+\.name)$",
            ("eth0", "br0", "a-name-of-sixteen", "with/slash", ".", "..", "%d"),
        ),
        (
            r"mount\.auto$",
            (
                "proc",
                "proc:rw sys:ro",
                "proc:mixed",
                "cgroup",
                "cgroup:ro:force",
                "cgroup-full:mixed",
                "sys:none",
                "procfs",
                "proc:",
                "proc  sys",
            ),
        ),
        (
            r"mount\.entry$",
            (
                "proc proc proc defaults 0 0",
                "/dev/null dev/null none bind 0 0",
                "one",
                "a b c",
                "tmpfs tmp tmpfs",
            ),
        ),
        (r"mount\.fstab$", ("$DIR/fstab", "relative", "")),
        (
            r"rootfs\.path$",
            (
                "$DIR/root",
                "dir:$DIR/root",
                "overlay:$DIR/a:$DIR/b",
                "overlayfs:$DIR/a:$DIR/b",
                "btrfs:$DIR/r",
                "nbd:x",
                "/dev/null",
            ),
        ),
        (
            r"rootfs\.options$",
            ("ro", "noexec,nodev", "idmap=container", "idmap=", "optional", "create=dir"),
        ),
        (r"rootfs\.managed$", ("0", "1", "2", "-1", "no")),
        (r"rootfs\.mount$", ("$DIR/root", "$DIR/no", "relative")),
        (
            r"cap\.(drop|keep)$",
            (
                "sys_admin",
                "CAP_SYS_ADMIN",
                "sys_admin net_raw",
                "none",
                "all",
                "63",
                "64",
                "-1",
                "nothing_such",
            ),
        ),
        (
            r"namespace\.(clone|keep)$",
            ("net", "mnt pid", "user", "time", "mount", "pid pid", "NET", "all"),
        ),
        (r"namespace\.share\.", ("$DIR/ns", "1", "other", "/proc/self/ns/net", "0")),
        (
            r"time\.offset\.",
            (
                "1h",
                "-1m",
                "5s",
                "20ms",
                "7us",
                "3ns",
                "1 h",
                "5",
                "h",
                "1d",
                "9223372036854775807ns",
                "9223372036854775808s",
                "1500ms",
            ),
        ),
        (r"environment", ("A=b", "A=", "A", "=b", "A=b c=d", "HOME", "NO_SUCH_NAME_HERE")),
        (r"execute\.cmd$|init\.cmd$", ("/bin/true", "/bin/sh -c 'exit 3'", "relative", "a 'open")),
        (r"init\.(uid|gid)$", ("0", "1000", "4294967294", "4294967295", "-1", "root")),
        (r"init\.groups$", ("0", "1,2,3", "1 2", "1,,2", "a", "0,4294967295", "0,4294967296")),
        (r"init\.cwd$", ("/", "relative", "/a/../b")),
        (
            r"(autodev|ephemeral|monitor\.unshare|start\.auto|no_new_privs|allow_nesting|"
            r"allow_incomplete|core|keyring\.session)$",
            ("0", "1", "2", "-1", "on", "01"),
        ),
        (
            r"(delay|order|autodev\.tmpfs\.size|oom_score_adj)$",
            ("0", "5", "-5", "2147483647", "2147483648", "1s"),
        ),
        (
            r"log\.level$",
            ("0", "8", "9", "-1", "trace", "DEBUG", "Info", "notice", "fatal", "loud"),
        ),
        (r"log\.(file|syslog)$", ("$DIR/log", "daemon", "LOCAL0", "user", "none")),
        (r"personality|selinux|apparmor\.profile", ("unconfined", "unchanged", "generated", "x86")),
        (
            r"prlimit\.",
            (
                "1024",
                "1024:2048",
                "2048:1024",
                "unlimited",
                "1024:unlimited",
                "-1",
                "1:2:3",
                "x",
                ":",
                "1024 : 2048",
            ),
        ),
        (r"sysctl\.|proc\.", ("1", "a b", "-1000")),
        (r"cgroup2?\.[a-z]+\.", ("10", "max", "100M", "a b c")),
        (
            r"cgroup\.(dir|relative|use|monitor|container)",
            ("a", "/a", "a/b", "..", "a/../b", "0", "1", "2", "memory,pids"),
        ),
        (r"group$", ("a", "a,b", "a b", ",", "onboot")),
        (r"include$", ("$DIR/given", "$DIR/none", "$DIR", "")),
        (r"seccomp\.profile$|hook\.|script\.", ("$DIR/file", "relative", "/no/such")),
        (
            r"seccomp\.notify\.proxy$",
            ("unix:$DIR/socket", "unix:@x", "tcp:1", "unix:relative", "unix:"),
        ),
        (r"console\.(logfile|rotate)$", ("$DIR/console.log", "1", "0", "2")),
        (r"uts\.name$", ("host", "ho st", "h" * 65, "-", "a.b")),
    )
)


def values_of(key: str) -> list[str]:
    """What is worth trying for this key, the fitting ones first."""
    fitting = [value for pattern, values in _BY_KEY if pattern.search(key) for value in values]
    return fitting


def any_values() -> Sequence[str]:
    """What is worth trying for every key."""
    return _ANY
