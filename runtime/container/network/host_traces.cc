// SPDX-License-Identifier: Apache-2.0

#include "runtime/container/network/host_traces.h"

#include <fmt/format.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/stat.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <chrono>

#include "runtime/base/text.h"
#include "runtime/extensions/network_phys_macvlan_mtu.h"

namespace lxcspec::runtime {
namespace {

using Clock = std::chrono::steady_clock;

// The kernel takes a network namespace down a while after its last process.
constexpr std::chrono::seconds kComingBack(2);

constexpr std::array<std::pair<std::string_view, HostTraceKind>, 4> kKinds = {{
    {"made", HostTraceKind::kMade},
    {"lent", HostTraceKind::kLent},
    {"proxy", HostTraceKind::kProxy},
    {"route", HostTraceKind::kRoute},
}};

std::string_view NameOf(HostTraceKind kind) {
  return std::find_if(kKinds.begin(), kKinds.end(),
                      [&](const auto& one) { return one.second == kind; })
      ->first;
}

bool IsGone(const Status& done) {
  const int code = done ? 0 : done.error().code;
  return code == ENODEV || code == ENOENT || code == ESRCH || code == ENXIO;
}

Status UnlessGone(Status done) {
  if (IsGone(done)) return {};
  return done;
}

Status RemoveMade(NetlinkSocket& host, const HostTrace& trace) {
  const auto link = FindLink(host, trace.device);
  if (!link) return UnlessGone(Forward(link.error()));
  // The number may be another's by now.
  if (link->name != trace.name) return {};
  return UnlessGone(
      DeleteLink(host, trace.device, fmt::format("delete the network device {}", trace.name)));
}

void AwaitReturn(NetlinkSocket& host, int device) {
  const auto deadline = Clock::now() + kComingBack;
  while (!FindLink(host, device) && Clock::now() < deadline) poll(nullptr, 0, 5);
}

}  // namespace

std::string HostTrace::ToString() const {
  const std::string common = fmt::format("{} {} {}", NameOf(kind), network, device);
  switch (kind) {
    case HostTraceKind::kMade:
      return fmt::format("{} {}", common, name);
    case HostTraceKind::kLent:
      return fmt::format("{} {} {}{}", common, name, mtu,
                         hardware_address ? " " + HardwareAddressText(*hardware_address) : "");
    default:
      return fmt::format("{} {}", common, address.ToString());
  }
}

std::optional<HostTrace> ParseHostTrace(std::string_view line) {
  const std::vector<std::string> words = Words(line);
  if (words.size() < 4) return std::nullopt;
  const auto* kind = std::find_if(kKinds.begin(), kKinds.end(),
                                  [&](const auto& one) { return one.first == words[0]; });
  const auto network = ParseUnsigned(words[1]);
  const auto device = ParseUnsigned(words[2]);
  if (kind == kKinds.end() || !network || !device || *device > INT32_MAX) return std::nullopt;
  HostTrace trace{.kind = kind->second, .network = *network, .device = static_cast<int>(*device)};
  if (trace.kind == HostTraceKind::kMade || trace.kind == HostTraceKind::kLent) {
    trace.name = words[3];
    if (!CheckLinkName(trace.name)) return std::nullopt;
    if (trace.kind == HostTraceKind::kMade) return trace;
    const auto mtu = words.size() < 5 ? std::nullopt : ParseUnsigned(words[4]);
    if (!mtu || *mtu > UINT32_MAX) return std::nullopt;
    trace.mtu = static_cast<uint32_t>(*mtu);
    if (words.size() > 5) trace.hardware_address = ParseHardwareAddress(words[5]);
    return trace;
  }
  auto address = ParseIpAddress(AF_INET, words[3]);
  if (!address) address = ParseIpAddress(AF_INET6, words[3]);
  if (!address) return std::nullopt;
  trace.address = *address;
  return trace;
}

Result<uint64_t> OwnNetworkNumber() {
  struct stat file {};
  if (stat("/proc/thread-self/ns/net", &file) != 0) return ErrnoFailure("stat(ns/net)");
  return file.st_ino;
}

Status RemoveHostTrace(NetlinkSocket& host, const HostTrace& trace) {
  switch (trace.kind) {
    case HostTraceKind::kMade:
      return RemoveMade(host, trace);
    case HostTraceKind::kLent:
      return RestoreDevice(host, {.index = trace.device,
                                  .name = trace.name,
                                  .mtu = trace.mtu,
                                  .address = trace.hardware_address});
    case HostTraceKind::kProxy:
      return UnlessGone(DeleteProxyNeighbour(host, trace.device, trace.address));
    case HostTraceKind::kRoute:
      return UnlessGone(DeleteRoute(
          host,
          {.destination = IpPrefix::Whole(trace.address), .gateway = {}, .device = trace.device}));
  }
  return {};
}

Status RemoveHostTraces(const std::vector<std::string>& lines) {
  if (lines.empty()) return {};
  const auto own = OwnNetworkNumber();
  if (!own) return Forward(own.error());
  auto host = NetlinkSocket::Open();
  if (!host) return Forward(host.error());
  Status first;
  for (auto line = lines.rbegin(); line != lines.rend(); ++line) {
    const auto trace = ParseHostTrace(*line);
    if (!trace || trace->network != *own) continue;
    if (trace->kind == HostTraceKind::kLent) AwaitReturn(*host, trace->device);
    const Status removed = RemoveHostTrace(*host, *trace);
    if (first && !removed) first = removed;
  }
  return first;
}

std::vector<std::string> HostTraces::Lines() const {
  std::vector<std::string> lines;
  lines.reserve(traces_.size());
  for (const HostTrace& trace : traces_) lines.push_back(trace.ToString());
  return lines;
}

Status HostTraces::Add(HostTrace trace) {
  traces_.push_back(std::move(trace));
  return announce_(Lines());
}

void HostTraces::Clear() {
  if (traces_.empty()) return;
  traces_.clear();
  static_cast<void>(announce_({}));
}

}  // namespace lxcspec::runtime
