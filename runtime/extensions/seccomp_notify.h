// SPDX-License-Identifier: Apache-2.0
//
// The extension seccomp_notify: calls that a policy's action `notify` names wait until a supervisor
// has answered them. spec/extensions/seccomp_notify.md

#ifndef LXCSPEC_RUNTIME_EXTENSIONS_SECCOMP_NOTIFY_H_
#define LXCSPEC_RUNTIME_EXTENSIONS_SECCOMP_NOTIFY_H_

#include <linux/seccomp.h>

#include <cstdint>
#include <optional>
#include <string_view>

#include "runtime/base/result.h"
#include "runtime/base/unique_fd.h"

namespace lxcspec::runtime {

// ENOSYS where a policy must not ask for it: this kernel lacks it, or it is switched off.
Status NotifyCanBeHad(bool is_switched_on);

// The monitor's part: a descriptor to send to a client. EBADF where the container's filter has no
// listener.
Result<UniqueFd> ListenerForClient(const UniqueFd& listener);

// The errno that seccomp_notify_fd() gives for what kept the descriptor from a client: one that is
// not there is one that is not open.
int SeccompNotifyFdError(int code);

// What a call gets that nobody answers: ENOSYS.
seccomp_notif_resp UnansweredCall(uint64_t id);

// The answer to a call that a supervisor gave: bytes that begin with a seccomp_notif_resp. Nothing
// where it is not one that the kernel could take for that call: for another id, with unknown flags,
// a value beside `continue`, or an error that is none.
std::optional<seccomp_notif_resp> CheckedAnswer(std::string_view bytes, uint64_t id);

}  // namespace lxcspec::runtime

#endif  // LXCSPEC_RUNTIME_EXTENSIONS_SECCOMP_NOTIFY_H_
