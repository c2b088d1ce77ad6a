# SPDX-License-Identifier: Apache-2.0
"""matrix_cells: a test per kernel, cgroup layout and testee, with everything it reads declared but QEMU."""

load("//vmtests/kernels:repository.bzl", "repository_name")
load("//vmtests/kernels:series.bzl", "KERNELS")

_PROGRAMS = {
    "--launcher": "//conformance/launcher:launcher",
    "--suite": "//conformance/tests:suite",
    "--probe": "//conformance/probes:probe",
    "--init": "//vmtests/guest:init",
    "--deny": "//conformance/deny:deny",
}
_TESTEES = {
    "reference": "//runtime:liblxc.so.1",
    "liblxc": "@host_liblxc//:liblxc.so.1",
}

def _cell(name, series, cgroup, testee, smoke):
    kernel = "@{}//:".format(repository_name(series))
    arguments = ["--series", series, "--cgroup", cgroup, "--name", testee]
    arguments += ["--kernel", "$(rootpath {}vmlinuz)".format(kernel)]
    arguments += ["--testee", "$(rootpath {})".format(_TESTEES[testee])]
    for option, label in _PROGRAMS.items():
        arguments += [option, "$(rootpath {})".format(label)]
    if smoke:
        arguments.append("--smoke")
    native.py_test(
        name = name,
        size = "enormous",
        srcs = ["run_cell.py"],
        args = arguments,
        data = _PROGRAMS.values() + [
            kernel + "vmlinuz",
            kernel + "modules",
            _TESTEES[testee],
            "//conformance/expectations",
            "//conformance/tests:sources",
            "//spec:sources",
        ],
        main = "run_cell.py",
        # A guest has two processors.
        tags = ["cpu:2", "manual", "no-sanitizer"],
        deps = [
            "//ci/cli",
            "//vmtests/matrix:cell",
            "//vmtests/matrix:core",
        ],
    )

def matrix_cells():
    """Declares all cells, and the test suites `smoke` and `all`."""
    smoke = []
    every = []
    for series, cgroups in KERNELS.items():
        name = "smoke-{}".format(series)
        _cell(name, series, cgroups[0], "reference", True)
        smoke.append(name)
        for cgroup in cgroups:
            for testee in _TESTEES:
                name = "{}-{}-{}".format(series, cgroup, testee)
                _cell(name, series, cgroup, testee, False)
                every.append(name)
    for name, tests in (("smoke", smoke), ("all_cells", every)):
        native.test_suite(
            name = name,
            tags = ["manual"],
            tests = tests,
            visibility = ["//vmtests:__pkg__"],
        )
