# SPDX-License-Identifier: Apache-2.0
"""kernel_repositories: the matrix's kernels as declared inputs. Each is fetched when a target wants it, not before."""

load("//vmtests/kernels:series.bzl", "KERNELS")

_BUILD = """
exports_files(["vmlinuz"], visibility = ["//visibility:public"])

filegroup(
    name = "modules",
    srcs = glob(["modules/*.ko"]),
    visibility = ["//visibility:public"],
)
"""

_LIBLXC_BUILD = """
exports_files(["liblxc.so.1"], visibility = ["//visibility:public"])
"""

def _kernel_impl(ctx):
    # What is pinned there decides what this repository has.
    lock = ctx.path(Label("//vmtests/kernels:lock.yaml"))
    top = lock.dirname.dirname.dirname
    program = "import sys; sys.path.insert(0, sys.argv.pop(1)); from vmtests.kernels import export; sys.exit(export.main())"
    result = ctx.execute(
        ["/usr/bin/python3", "-c", program, str(top), ctx.attr.series, str(ctx.path("."))],
        timeout = 1800,
    )
    if result.return_code:
        fail("kernel {}: {}".format(ctx.attr.series, result.stderr))
    ctx.file("BUILD", _BUILD)

_kernel_repository = repository_rule(
    implementation = _kernel_impl,
    attrs = {"series": attr.string(mandatory = True)},
    environ = ["XDG_CACHE_HOME"],
)

def _liblxc_impl(ctx):
    result = ctx.execute(["sh", "-c", "PATH=/usr/sbin:/sbin:$PATH ldconfig -p | sed -n 's/^.*liblxc[.]so[.]1 .*=> //p' | head -n 1"])
    path = result.stdout.strip()
    if path:
        ctx.symlink(path, "liblxc.so.1")
    else:
        # The cell that wants it says what is missing.
        ctx.file("liblxc.so.1", "")
    ctx.file("BUILD", _LIBLXC_BUILD)

# This machine's own liblxc, as a testee.
_liblxc_repository = repository_rule(
    implementation = _liblxc_impl,
    local = True,
)

def repository_name(series):
    """The name of a series' repository."""
    return "kernel_" + series.replace(".", "_")

def kernel_repositories():
    """Declares every kernel of the matrix, and the machine's liblxc."""
    for series in KERNELS:
        _kernel_repository(name = repository_name(series), series = series)
    _liblxc_repository(name = "host_liblxc")
