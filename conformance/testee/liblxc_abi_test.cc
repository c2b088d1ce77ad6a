// SPDX-License-Identifier: Apache-2.0
//
// Our own declaration of liblxc's structs against the installed public header: every member that
// both have stands at the same place. The assertions are the compiler's; the test only says so.

#include "conformance/testee/liblxc_abi.h"

#include <gtest/gtest.h>
#include <lxc/lxccontainer.h>

#include <cstddef>

namespace lxcspec {
namespace {

#define SAME_PLACE(member)                                                                  \
  static_assert(offsetof(abi::Container, member) == offsetof(struct lxc_container, member), \
                "struct lxc_container, " #member)

SAME_PLACE(name);
SAME_PLACE(error_string);
SAME_PLACE(error_num);
SAME_PLACE(daemonize);
SAME_PLACE(config_path);
SAME_PLACE(is_defined);
SAME_PLACE(state);
SAME_PLACE(is_running);
SAME_PLACE(freeze);
SAME_PLACE(unfreeze);
SAME_PLACE(init_pid);
SAME_PLACE(load_config);
SAME_PLACE(start);
SAME_PLACE(stop);
SAME_PLACE(want_daemonize);
SAME_PLACE(want_close_all_fds);
SAME_PLACE(config_file_name);
SAME_PLACE(wait);
SAME_PLACE(set_config_item);
SAME_PLACE(destroy);
SAME_PLACE(save_config);
SAME_PLACE(rename);
SAME_PLACE(reboot);
SAME_PLACE(shutdown);
SAME_PLACE(clear_config);
SAME_PLACE(clear_config_item);
SAME_PLACE(get_config_item);
SAME_PLACE(get_running_config_item);
SAME_PLACE(get_keys);
SAME_PLACE(get_cgroup_item);
SAME_PLACE(set_cgroup_item);
SAME_PLACE(get_config_path);
SAME_PLACE(set_config_path);
SAME_PLACE(clone);
SAME_PLACE(attach);
SAME_PLACE(attach_run_wait);
SAME_PLACE(migrate);
SAME_PLACE(console_log);
SAME_PLACE(reboot2);
SAME_PLACE(mount);
SAME_PLACE(umount);
SAME_PLACE(seccomp_notify_fd);
SAME_PLACE(seccomp_notify_fd_active);
SAME_PLACE(init_pidfd);
SAME_PLACE(devpts_fd);
#undef SAME_PLACE

static_assert(sizeof(abi::Log) == sizeof(struct lxc_log));
static_assert(offsetof(abi::Log, quiet) == offsetof(struct lxc_log, quiet));
static_assert(offsetof(abi::Log, prefix) == offsetof(struct lxc_log, prefix));
static_assert(sizeof(abi::ConsoleLog) == sizeof(struct lxc_console_log));
static_assert(offsetof(abi::ConsoleLog, read_max) == offsetof(struct lxc_console_log, read_max));
static_assert(offsetof(abi::ConsoleLog, data) == offsetof(struct lxc_console_log, data));
static_assert(sizeof(abi::Mount) == sizeof(struct lxc_mount));
static_assert(abi::kMountApiV1 == LXC_MOUNT_API_V1);
// Since LXC 6.0, which Debian 12's header is older than.
static_assert(offsetof(abi::Container, rcv_timeout) == 568);
static_assert(offsetof(abi::Container, set_timeout) == 576);
static_assert(sizeof(abi::Container) == 584);

TEST(LiblxcAbiTest, OurLayoutIsTheInstalledHeaders) { SUCCEED(); }

}  // namespace
}  // namespace lxcspec
