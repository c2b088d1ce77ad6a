// SPDX-License-Identifier: Apache-2.0
//
// Our declaration of the ABI against the installed public header: what both have stands at the
// same place. The assertions are the compiler's; the test only says so.

#include "runtime/api/abi.h"

#include <gtest/gtest.h>
#include <lxc/attach_options.h>
#include <lxc/lxccontainer.h>

#include <cstddef>

namespace lxcspec::runtime {
namespace {

#define SAME_PLACE(member)                                                                  \
  static_assert(offsetof(abi::Container, member) == offsetof(struct lxc_container, member), \
                "struct lxc_container, " #member)

SAME_PLACE(is_defined);
SAME_PLACE(state);
SAME_PLACE(is_running);
SAME_PLACE(freeze);
SAME_PLACE(unfreeze);
SAME_PLACE(init_pid);
SAME_PLACE(load_config);
SAME_PLACE(start);
SAME_PLACE(startl);
SAME_PLACE(stop);
SAME_PLACE(want_daemonize);
SAME_PLACE(want_close_all_fds);
SAME_PLACE(config_file_name);
SAME_PLACE(wait);
SAME_PLACE(set_config_item);
SAME_PLACE(destroy);
SAME_PLACE(save_config);
SAME_PLACE(create);
SAME_PLACE(createl);
SAME_PLACE(rename);
SAME_PLACE(reboot);
SAME_PLACE(shutdown);
SAME_PLACE(clear_config);
SAME_PLACE(clear_config_item);
SAME_PLACE(get_config_item);
SAME_PLACE(get_running_config_item);
SAME_PLACE(get_keys);
SAME_PLACE(get_interfaces);
SAME_PLACE(get_ips);
SAME_PLACE(get_cgroup_item);
SAME_PLACE(set_cgroup_item);
SAME_PLACE(get_config_path);
SAME_PLACE(set_config_path);
SAME_PLACE(clone);
SAME_PLACE(console_getfd);
SAME_PLACE(console);
SAME_PLACE(attach);
SAME_PLACE(attach_run_wait);
SAME_PLACE(attach_run_waitl);
SAME_PLACE(snapshot);
SAME_PLACE(snapshot_list);
SAME_PLACE(snapshot_restore);
SAME_PLACE(snapshot_destroy);
SAME_PLACE(may_control);
SAME_PLACE(add_device_node);
SAME_PLACE(remove_device_node);
SAME_PLACE(attach_interface);
SAME_PLACE(detach_interface);
SAME_PLACE(checkpoint);
SAME_PLACE(restore);
SAME_PLACE(destroy_with_snapshots);
SAME_PLACE(snapshot_destroy_all);
SAME_PLACE(migrate);
SAME_PLACE(console_log);
SAME_PLACE(reboot2);
SAME_PLACE(mount);
SAME_PLACE(umount);
SAME_PLACE(seccomp_notify_fd);
SAME_PLACE(seccomp_notify_fd_active);
SAME_PLACE(init_pidfd);
SAME_PLACE(devpts_fd);
SAME_PLACE(name);
SAME_PLACE(configfile);
SAME_PLACE(pidfile);
SAME_PLACE(slock);
SAME_PLACE(privlock);
SAME_PLACE(numthreads);
SAME_PLACE(lxc_conf);
SAME_PLACE(error_string);
SAME_PLACE(error_num);
SAME_PLACE(daemonize);
SAME_PLACE(config_path);
#undef SAME_PLACE

// Since LXC 6.0, which Debian 12's header is older than.
static_assert(offsetof(abi::Container, rcv_timeout) == 568);
static_assert(offsetof(abi::Container, set_timeout) == 576);
static_assert(sizeof(abi::Container) == 584);

static_assert(sizeof(abi::Log) == sizeof(struct lxc_log));
static_assert(offsetof(abi::Log, prefix) == offsetof(struct lxc_log, prefix));
static_assert(offsetof(abi::Log, quiet) == offsetof(struct lxc_log, quiet));
static_assert(sizeof(abi::ConsoleLog) == sizeof(struct lxc_console_log));
static_assert(offsetof(abi::ConsoleLog, data) == offsetof(struct lxc_console_log, data));

static_assert(sizeof(abi::AttachOptions) == sizeof(lxc_attach_options_t));
static_assert(offsetof(abi::AttachOptions, uid) == offsetof(lxc_attach_options_t, uid));
static_assert(offsetof(abi::AttachOptions, env_policy) ==
              offsetof(lxc_attach_options_t, env_policy));
static_assert(offsetof(abi::AttachOptions, stdin_fd) == offsetof(lxc_attach_options_t, stdin_fd));
static_assert(offsetof(abi::AttachOptions, lsm_label) == offsetof(lxc_attach_options_t, lsm_label));
static_assert(offsetof(abi::AttachOptions, groups) == offsetof(lxc_attach_options_t, groups));
static_assert(sizeof(abi::AttachCommand) == sizeof(lxc_attach_command_t));
static_assert(offsetof(abi::AttachCommand, argv) == offsetof(lxc_attach_command_t, argv));

static_assert(sizeof(abi::Snapshot) == sizeof(struct lxc_snapshot));
static_assert(offsetof(abi::Snapshot, name) == offsetof(struct lxc_snapshot, name));
static_assert(offsetof(abi::Snapshot, comment_pathname) ==
              offsetof(struct lxc_snapshot, comment_pathname));
static_assert(offsetof(abi::Snapshot, timestamp) == offsetof(struct lxc_snapshot, timestamp));
static_assert(offsetof(abi::Snapshot, lxcpath) == offsetof(struct lxc_snapshot, lxcpath));
static_assert(offsetof(abi::Snapshot, free) == offsetof(struct lxc_snapshot, free));

static_assert(offsetof(abi::BackingStoreSpecs, fssize) == offsetof(struct bdev_specs, fssize));
static_assert(offsetof(abi::BackingStoreSpecs, zfs) == offsetof(struct bdev_specs, zfs));
static_assert(offsetof(abi::BackingStoreSpecs, lvm) == offsetof(struct bdev_specs, lvm));
static_assert(offsetof(abi::BackingStoreSpecs, dir) == offsetof(struct bdev_specs, dir));
static_assert(offsetof(abi::BackingStoreSpecs, rbd) == offsetof(struct bdev_specs, rbd));
static_assert(offsetof(abi::BackingStoreSpecs, rbd.rbduser) == 72);
static_assert(sizeof(abi::BackingStoreSpecs) == 80);

TEST(AbiTest, OurLayoutIsTheInstalledHeaders) { SUCCEED(); }

}  // namespace
}  // namespace lxcspec::runtime
