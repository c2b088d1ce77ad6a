# SPDX-License-Identifier: Apache-2.0
"""Bazel's own rule sets: the distribution's copies where it ships them, so that a build needs no network.

Debian installs them below /usr/share/bazel/rules. Elsewhere rules_cc is a pinned upstream archive, and the rest is
left to the defaults that every Bazel appends to a WORKSPACE.
"""

_DEBIAN_RULES = "/usr/share/bazel/rules"

# Debian's rules_cc 0.0.4 loads `use_cpp_toolchain`, which its Bazel 4.2.3 does not have.
_NAMES_USE_CPP_TOOLCHAIN = [
    "cc/private/rules_impl/cc_flags_supplier.bzl",
    "cc/private/rules_impl/compiler_flag.bzl",
]

def _rules_cc_impl(rctx):
    debian = rctx.path(_DEBIAN_RULES + "/cc")
    if not debian.exists:
        rctx.download_and_extract(
            rctx.attr.url,
            sha256 = rctx.attr.sha256,
            stripPrefix = rctx.attr.strip_prefix,
        )
        return
    copied = rctx.execute(["cp", "-rL", str(debian) + "/.", "."])
    if copied.return_code != 0:
        fail("cannot copy %s: %s" % (debian, copied.stderr))
    for path in _NAMES_USE_CPP_TOOLCHAIN:
        text = rctx.read(path)
        text = text.replace(', "use_cpp_toolchain")', ")")
        text = text.replace("use_cpp_toolchain()", '["@bazel_tools//tools/cpp:toolchain_type"]')
        rctx.file(path, text)

rules_cc_repository = repository_rule(
    implementation = _rules_cc_impl,
    attrs = {
        "sha256": attr.string(),
        "strip_prefix": attr.string(),
        "url": attr.string(),
    },
    local = True,
    doc = "rules_cc: Debian's copy, mended for Debian's Bazel, or else a pinned upstream archive.",
)

_OFFLINE = '''
def register_offline_repositories():
    native.local_repository(name = "rules_java", path = "{rules}/java")
    native.local_repository(name = "rules_proto", path = "{rules}/proto")
    native.new_local_repository(
        name = "remote_coverage_tools",
        build_file_content = 'filegroup(name = "coverage_report_generator", visibility = ["//visibility:public"])',
        path = "{empty}",
    )
'''

_ONLINE = """
def register_offline_repositories():
    pass
"""

def _offline_repositories_impl(rctx):
    debian = rctx.path(_DEBIAN_RULES + "/java").exists
    rctx.file("BUILD")
    rctx.file("empty/.keep")
    text = _OFFLINE.format(rules = _DEBIAN_RULES, empty = str(rctx.path("empty"))) if debian else _ONLINE
    rctx.file("repositories.bzl", text)

offline_repositories = repository_rule(
    implementation = _offline_repositories_impl,
    local = True,
    doc = "Stands in for the repositories that Bazel would otherwise download, where the distribution has them.",
)
