// SPDX-License-Identifier: Apache-2.0
//
// struct lxc_container and its companions as clients were compiled against them: LXC 7.0's layout,
// which extends those of 5.0 and 6.0. abi_test.cc holds it against the installed header.

#ifndef LXCSPEC_RUNTIME_API_ABI_H_
#define LXCSPEC_RUNTIME_API_ABI_H_

#include <sys/types.h>

#include <cstddef>
#include <cstdint>

namespace lxcspec::runtime::abi {

struct MigrateOptions;
struct Mount;
struct Groups {
  size_t size;
  gid_t* list;
};

struct AttachOptions {
  int attach_flags;
  int namespaces;
  long personality;
  char* initial_cwd;
  uid_t uid;
  gid_t gid;
  int env_policy;
  char** extra_env_vars;
  char** extra_keep_env;
  int stdin_fd;
  int stdout_fd;
  int stderr_fd;
  int log_fd;
  char* lsm_label;
  Groups groups;
};

struct AttachCommand {
  char* program;
  char** argv;
};

using AttachFunction = int (*)(void* payload);

struct Snapshot {
  char* name;
  char* comment_pathname;
  char* timestamp;
  char* lxcpath;
  // Frees the strings; the array that it stands in is the client's to free.
  void (*free)(Snapshot*);
};

struct BackingStoreSpecs {
  char* fstype;
  uint64_t fssize;
  struct {
    char* zfsroot;
  } zfs;
  struct {
    char* vg;
    char* lv;
    char* thinpool;
  } lvm;
  char* dir;
  struct {
    char* rbdname;
    char* rbdpool;
    // Since LXC 7.0: older clients' structs end before it.
    char* rbduser;
  } rbd;
};

struct Log {
  const char* name;
  const char* lxcpath;
  const char* file;
  const char* level;
  const char* prefix;
  bool quiet;
};

struct ConsoleLog {
  bool clear;
  bool read;
  uint64_t* read_max;
  char* data;
};

struct Container {
  // Clients read these fields, and free nothing in them.
  char* name;
  char* configfile;
  char* pidfile;
  void* slock;
  void* privlock;
  int numthreads;
  void* lxc_conf;
  char* error_string;
  int error_num;
  bool daemonize;
  char* config_path;

  bool (*is_defined)(Container*);
  const char* (*state)(Container*);
  bool (*is_running)(Container*);
  bool (*freeze)(Container*);
  bool (*unfreeze)(Container*);
  pid_t (*init_pid)(Container*);
  bool (*load_config)(Container*, const char* file);
  bool (*start)(Container*, int use_init, char* const argv[]);
  bool (*startl)(Container*, int use_init, ...);
  bool (*stop)(Container*);
  bool (*want_daemonize)(Container*, bool state);
  bool (*want_close_all_fds)(Container*, bool state);
  char* (*config_file_name)(Container*);
  bool (*wait)(Container*, const char* state, int timeout);
  bool (*set_config_item)(Container*, const char* key, const char* value);
  bool (*destroy)(Container*);
  bool (*save_config)(Container*, const char* file);
  bool (*create)(Container*, const char* bdev, const char* type, BackingStoreSpecs*, int flags,
                 char* const argv[]);
  bool (*createl)(Container*, const char* bdev, const char* type, BackingStoreSpecs*, int flags,
                  ...);
  bool (*rename)(Container*, const char* name);
  bool (*reboot)(Container*);
  bool (*shutdown)(Container*, int timeout);
  void (*clear_config)(Container*);
  bool (*clear_config_item)(Container*, const char* key);
  int (*get_config_item)(Container*, const char* key, char* value, int size);
  char* (*get_running_config_item)(Container*, const char* key);
  int (*get_keys)(Container*, const char* key, char* value, int size);
  char** (*get_interfaces)(Container*);
  char** (*get_ips)(Container*, const char* interface, const char* family, int scope);
  int (*get_cgroup_item)(Container*, const char* key, char* value, int size);
  bool (*set_cgroup_item)(Container*, const char* key, const char* value);
  const char* (*get_config_path)(Container*);
  bool (*set_config_path)(Container*, const char* path);
  Container* (*clone)(Container*, const char* name, const char* lxcpath, int flags,
                      const char* bdev, const char* bdev_data, uint64_t size, char** hook_args);
  int (*console_getfd)(Container*, int* tty, int* primary_fd);
  int (*console)(Container*, int tty, int in, int out, int err, int escape);
  int (*attach)(Container*, AttachFunction, void* payload, AttachOptions*, pid_t*);
  int (*attach_run_wait)(Container*, AttachOptions*, const char* program, const char* const argv[]);
  int (*attach_run_waitl)(Container*, AttachOptions*, const char* program, const char* arg, ...);
  int (*snapshot)(Container*, const char* comment_file);
  int (*snapshot_list)(Container*, Snapshot**);
  bool (*snapshot_restore)(Container*, const char* snapshot, const char* name);
  bool (*snapshot_destroy)(Container*, const char* snapshot);
  bool (*may_control)(Container*);
  bool (*add_device_node)(Container*, const char* source, const char* destination);
  bool (*remove_device_node)(Container*, const char* source, const char* destination);
  bool (*attach_interface)(Container*, const char* device, const char* destination);
  bool (*detach_interface)(Container*, const char* device, const char* destination);
  bool (*checkpoint)(Container*, char* directory, bool stop, bool verbose);
  bool (*restore)(Container*, char* directory, bool verbose);
  bool (*destroy_with_snapshots)(Container*);
  bool (*snapshot_destroy_all)(Container*);
  int (*migrate)(Container*, unsigned command, MigrateOptions*, unsigned size);
  int (*console_log)(Container*, ConsoleLog*);
  bool (*reboot2)(Container*, int timeout);
  int (*mount)(Container*, const char* source, const char* target, const char* type,
               unsigned long flags, const void* data, Mount*);
  int (*umount)(Container*, const char* target, unsigned long flags, Mount*);
  int (*seccomp_notify_fd)(Container*);
  int (*seccomp_notify_fd_active)(Container*);
  int (*init_pidfd)(Container*);
  int (*devpts_fd)(Container*);
  int rcv_timeout;
  bool (*set_timeout)(Container*, int timeout);
};

}  // namespace lxcspec::runtime::abi

#endif  // LXCSPEC_RUNTIME_API_ABI_H_
