// SPDX-License-Identifier: Apache-2.0
//
// liblxc's C ABI as the adapter calls it: the structs' layouts and the exported functions' types.
// Written from the published layout; liblxc_abi_test.cc holds it against the installed header.

#ifndef LXCSPEC_CONFORMANCE_TESTEE_LIBLXC_ABI_H_
#define LXCSPEC_CONFORMANCE_TESTEE_LIBLXC_ABI_H_

#include <sys/types.h>

#include <cstddef>
#include <cstdint>

namespace lxcspec::abi {

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

struct Mount {
  int version;
};

inline constexpr int kMountApiV1 = 1;

// struct lxc_container of LXC 7.0. Earlier releases end earlier (Layout). Members that no test
// calls yet are untyped.
struct Container {
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
  void* startl;
  bool (*stop)(Container*);
  bool (*want_daemonize)(Container*, bool);
  bool (*want_close_all_fds)(Container*, bool);
  char* (*config_file_name)(Container*);
  bool (*wait)(Container*, const char* state, int timeout);
  bool (*set_config_item)(Container*, const char* key, const char* value);
  bool (*destroy)(Container*);
  bool (*save_config)(Container*, const char* file);
  void* create;
  void* createl;
  bool (*rename)(Container*, const char* name);
  bool (*reboot)(Container*);
  bool (*shutdown)(Container*, int timeout);
  void (*clear_config)(Container*);
  bool (*clear_config_item)(Container*, const char* key);
  int (*get_config_item)(Container*, const char* key, char* value, int size);
  char* (*get_running_config_item)(Container*, const char* key);
  int (*get_keys)(Container*, const char* key, char* value, int size);
  void* get_interfaces;
  void* get_ips;
  int (*get_cgroup_item)(Container*, const char* key, char* value, int size);
  bool (*set_cgroup_item)(Container*, const char* key, const char* value);
  const char* (*get_config_path)(Container*);
  bool (*set_config_path)(Container*, const char* path);
  Container* (*clone)(Container*, const char* name, const char* lxcpath, int flags,
                      const char* storage, const char* storage_data, uint64_t size,
                      char** hook_arguments);
  void* console_getfd;
  void* console;
  // NULL options are the default ones.
  int (*attach)(Container*, int (*function)(void*), void* payload, void* options, pid_t* attached);
  // NULL options are the default ones.
  int (*attach_run_wait)(Container*, void* options, const char* program, const char* const argv[]);
  void* attach_run_waitl;
  void* snapshot;
  void* snapshot_list;
  void* snapshot_restore;
  void* snapshot_destroy;
  void* may_control;
  void* add_device_node;
  void* remove_device_node;
  void* attach_interface;
  void* detach_interface;
  void* checkpoint;
  void* restore;
  void* destroy_with_snapshots;
  void* snapshot_destroy_all;
  void* migrate;
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

// The functions that a shared object exports. One that is missing is NULL.
struct Library {
  const char* (*get_version)();
  bool (*has_api_extension)(const char*);
  bool (*config_item_is_supported)(const char*);
  int (*log_init)(Log*);
  void (*log_close)();
  Container* (*container_new)(const char* name, const char* lxcpath);
  int (*container_put)(Container*);
};

}  // namespace lxcspec::abi

#endif  // LXCSPEC_CONFORMANCE_TESTEE_LIBLXC_ABI_H_
