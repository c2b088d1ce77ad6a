# SPDX-License-Identifier: Apache-2.0
"""The kernels of ../matrix.yaml with their cgroup layouts, where Bazel can read them; a test compares the two."""

KERNELS = {
    "5.10": ["unified", "hybrid", "legacy"],
    "6.1": ["unified", "hybrid", "legacy"],
    "6.12": ["unified", "hybrid", "legacy"],
    "6.16": ["unified"],
    "6.17": ["unified"],
    "6.18": ["unified", "hybrid", "legacy"],
    "6.19": ["unified"],
    "7.0": ["unified"],
    "7.1": ["unified"],
    "7.2": ["unified"],
    "7.3": ["unified", "hybrid"],
}
