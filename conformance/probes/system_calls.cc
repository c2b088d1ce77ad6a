// SPDX-License-Identifier: Apache-2.0

#include "conformance/probes/system_calls.h"

#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <charconv>
#include <csignal>
#include <cstdint>
#include <cstdio>
#include <cstring>
#include <optional>
#include <string_view>

#include "conformance/probes/escape.h"

namespace lxcspec::probe {
namespace {

constexpr size_t kPageSize = 4096;

struct Call {
  long number = 0;
  std::array<uint64_t, 6> arguments{};
};

char* SharedPage() {
  static char* const page =
      static_cast<char*>(mmap(nullptr, kPageSize, PROT_READ | PROT_WRITE,
                              // Below 4 GiB, where 32-bit calls can name it too.
                              MAP_SHARED | MAP_ANONYMOUS | MAP_32BIT, -1, 0));
  return page;
}

std::optional<uint64_t> Value(std::string_view text) {
  if (text == "@") return reinterpret_cast<uintptr_t>(SharedPage());
  const bool hexadecimal = text.starts_with("0x");
  if (hexadecimal) text.remove_prefix(2);
  uint64_t value = 0;
  const auto [end, error] =
      std::from_chars(text.data(), text.data() + text.size(), value, hexadecimal ? 16 : 10);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return value;
}

std::optional<Call> ParseCall(const std::vector<std::string>& words) {
  Call call;
  const std::optional<uint64_t> number = Value(words[0]);
  if (!number) return std::nullopt;
  call.number = static_cast<long>(*number);
  if (words[1] == "-") return call;
  std::string_view rest = words[1];
  for (uint64_t& argument : call.arguments) {
    const size_t comma = rest.find(',');
    const std::optional<uint64_t> value = Value(rest.substr(0, comma));
    if (!value) return std::nullopt;
    argument = *value;
    if (comma == std::string_view::npos) return call;
    rest.remove_prefix(comma + 1);
  }
  return std::nullopt;
}

Answer NoCall(const std::vector<std::string>& words) {
  return {.error = EINVAL, .text = "no system call: " + words[0] + " " + words[1]};
}

// What a call of libc returns: -1 and errno, or the value.
long Make(const Call& call) {
  const auto& a = call.arguments;
  return syscall(call.number, a[0], a[1], a[2], a[3], a[4], a[5]);
}

Answer FromReturned(long returned) {
  constexpr long kLastErrno = 4095;
  if (returned < 0 && returned >= -kLastErrno) {
    return {.error = static_cast<int>(-returned), .text = ""};
  }
  return {.error = 0, .text = std::to_string(returned)};
}

volatile std::sig_atomic_t trap_code = 0;
volatile std::sig_atomic_t trap_call = 0;
volatile std::sig_atomic_t trap_arch = 0;

void OnTrap(int, siginfo_t* info, void*) {
  trap_code = info->si_code;
  trap_call = info->si_syscall;
  trap_arch = static_cast<int>(info->si_arch);
}

}  // namespace

Answer MakeSystemCall(const std::vector<std::string>& arguments) {
  const std::optional<Call> call = ParseCall(arguments);
  if (!call) return NoCall(arguments);
  const long returned = Make(*call);
  return FromReturned(returned == -1 ? -errno : returned);
}

Answer MakeCompatCall(const std::vector<std::string>& arguments) {
  const std::optional<Call> call = ParseCall(arguments);
  if (!call) return NoCall(arguments);
#if defined(__x86_64__)
  const auto& a = call->arguments;
  // The sixth argument is in ebp, which the compiler keeps for itself.
  long returned = call->number;
  asm volatile("int $0x80"
               : "+a"(returned)
               : "b"(a[0]), "c"(a[1]), "d"(a[2]), "S"(a[3]), "D"(a[4])
               : "memory", "r8", "r9", "r10", "r11");
  return FromReturned(static_cast<int32_t>(returned));
#else
  return {.error = ENOSYS, .text = "no 32-bit calls on this architecture"};
#endif
}

Answer MakeTrappedCall(const std::vector<std::string>& arguments) {
  const std::optional<Call> call = ParseCall(arguments);
  if (!call) return NoCall(arguments);
  struct sigaction action {};
  action.sa_sigaction = OnTrap;
  action.sa_flags = SA_SIGINFO;
  if (sigaction(SIGSYS, &action, nullptr) != 0) return {.error = errno, .text = "sigaction"};
  Make(*call);
  if (trap_code == 0) return {.error = 0, .text = "not trapped"};
  char text[64];
  snprintf(text, sizeof(text), "code %d call %d arch %x", static_cast<int>(trap_code),
           static_cast<int>(trap_call), static_cast<unsigned>(trap_arch));
  return {.error = 0, .text = text};
}

Answer Poke(const std::vector<std::string>& arguments) {
  const std::optional<std::string> bytes = Unescape(arguments[0]);
  if (!bytes || bytes->size() >= kPageSize) {
    return {.error = EINVAL, .text = "poke: bad escape, or too long"};
  }
  memcpy(SharedPage(), bytes->c_str(), bytes->size() + 1);
  return {};
}

}  // namespace lxcspec::probe
