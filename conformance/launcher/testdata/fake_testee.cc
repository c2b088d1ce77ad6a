// SPDX-License-Identifier: Apache-2.0

extern "C" const char* lxc_get_version() { return "1.0.0"; }
