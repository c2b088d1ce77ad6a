# SPDX-License-Identifier: Apache-2.0
"""The faults of one extension, which may use the good testee and the kernel, and nothing else."""

load("@rules_cc//cc:defs.bzl", "cc_library")

def faults_of(extension, srcs = None, deps = []):
    """Declares `<extension>_faults`.

    Args:
      extension: the extension's name, as in spec/registry.yaml.
      srcs: default: `<extension>_faults.cc`.
      deps: what they use beside fault.h.
    """
    cc_library(
        name = extension + "_faults",
        testonly = True,
        srcs = srcs or [extension + "_faults.cc"],
        alwayslink = True,
        copts = ["-include", "spec/requirements/%s.h" % extension],
        deps = [":fault", "//spec:requirements_of_" + extension] + deps,
    )
