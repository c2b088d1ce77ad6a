# SPDX-License-Identifier: Apache-2.0
"""The only rule of this folder: the conformance tests of one extension.

The tests of all extensions are linked into one program, the suite, which the launcher runs one test a process. What a
test may depend on is fixed here, so that no test can reach past the Testee interface.
"""

load("@rules_cc//cc:defs.bzl", "cc_library")

_HARNESS = [
    "//conformance/harness:console_test",
    "//conformance/harness:container_test",
    "//conformance/harness:interruption",
    "//conformance/harness:log_test",
    "//conformance/harness:notify_proxy",
    "//conformance/harness:other_client",
    "//conformance/harness:probed_container",
    "//conformance/harness:processes",
    "//conformance/harness:seccomp_notify",
    "//conformance/harness:seccomp_test",
    "//conformance/harness:testee_test",
    "//conformance/posix:result",
    "//conformance/posix:unique_fd",
    "//conformance/testee",
    "//third_party:fmt",
    "//third_party:gtest",
]

def conformance_test(name, extension, srcs, harness = []):
    """Declares the tests of one extension.

    Args:
      name: `<extension>_conformance`.
      extension: the extension's name, as in spec/registry.yaml.
      harness: what else of conformance/harness its tests use: ["cgroups"].
      srcs: `<extension>_conformance_test.cc`, and `<extension>_<topic>_conformance_test.cc` where one file is not enough.
    """
    for src in srcs:
        if not src.startswith(extension + "_") or not src.endswith("_conformance_test.cc"):
            fail("%s is no conformance test of %s" % (src, extension))
    cc_library(
        name = name,
        testonly = True,
        srcs = srcs,
        alwayslink = True,
        # The suite starts anew for each test, and GoogleTest's templates in it are most of that.
        # What a test may cite: so that one chapter's change does not compile the tests of all.
        copts = ["-O1", "-include", "spec/requirements/%s.h" % extension],
        deps = _HARNESS + ["//spec:requirements_of_" + extension] +
               ["//conformance/harness:" + library for library in harness],
    )
