// SPDX-License-Identifier: Apache-2.0
//
// What the console's ring costs beside the floor, which is one memcpy of the same bytes, and beside
// a ring as it is usually written. Names end as bench/ratios.py wants them: the ring is the testee.
//
//   bazel run --config=speed //bench:console_log_benchmark -- --benchmark_repetitions=21
//       --benchmark_enable_random_interleaving --benchmark_min_time=0.02

#include <benchmark/benchmark.h>
#include <fmt/format.h>
#include <sys/mman.h>

#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "runtime/kernel/console_ring.h"

namespace lxcspec::runtime {
namespace {

constexpr uint64_t kKibi = 1024;
constexpr uint64_t kMebi = kKibi * kKibi;

// Memory that is mapped and not yet touched.
class Mapping {
 public:
  explicit Mapping(uint64_t size)
      : size_(size),
        memory_(static_cast<char*>(
            mmap(nullptr, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0))) {}
  Mapping(const Mapping&) = delete;
  Mapping& operator=(const Mapping&) = delete;
  ~Mapping() { munmap(memory_, size_); }

  char* get() { return memory_; }

 private:
  uint64_t size_;
  char* memory_;
};

// Offsets that are compared and taken back, and the C library's copy.
class UsualRing {
 public:
  explicit UsualRing(uint64_t size) : size_(size), memory_(size) {}

  __attribute__((noinline)) void Write(std::span<const char> bytes) {
    const uint64_t first = std::min<uint64_t>(bytes.size(), size_ - write_);
    memcpy(memory_.get() + write_, bytes.data(), first);
    memcpy(memory_.get(), bytes.data() + first, bytes.size() - first);
    write_ += bytes.size();
    if (write_ >= size_) write_ -= size_;
    used_ += bytes.size();
    if (used_ <= size_) return;
    read_ += used_ - size_;
    if (read_ >= size_) read_ -= size_;
    used_ = size_;
  }

  uint64_t Copy(std::span<char> bytes) {
    const uint64_t count = std::min<uint64_t>(bytes.size(), used_);
    const uint64_t first = std::min(count, size_ - read_);
    memcpy(bytes.data(), memory_.get() + read_, first);
    memcpy(bytes.data() + first, memory_.get(), count - first);
    return count;
  }

 private:
  uint64_t size_;
  Mapping memory_;
  uint64_t read_ = 0;
  uint64_t write_ = 0;
  uint64_t used_ = 0;
};

// No ring at all: bytes go where the last ones ended.
class Floor {
 public:
  explicit Floor(uint64_t size) : size_(size), memory_(size) {}

  void Write(std::span<const char> bytes) {
    if (bytes.size() > size_ - write_) write_ = 0;
    memcpy(memory_.get() + write_, bytes.data(), bytes.size());
    write_ += bytes.size();
  }

  uint64_t Copy(std::span<char> bytes) {
    memcpy(bytes.data(), memory_.get(), bytes.size());
    return bytes.size();
  }

 private:
  uint64_t size_;
  Mapping memory_;
  uint64_t write_ = 0;
};

template <typename Ring>
Ring Make(uint64_t size) {
  return Ring(size);
}
template <>
ConsoleRing Make(uint64_t size) {
  return ConsoleRing::Create(size).value();
}

template <typename Ring>
void Fill(Ring& ring, uint64_t size, std::span<const char> bytes) {
  for (uint64_t written = 0; written < 2 * size; written += bytes.size()) ring.Write(bytes);
}

// A full ring, which each write pushes something out of.
template <typename Ring>
void Write(benchmark::State& state, uint64_t size, uint64_t length) {
  const std::string bytes(length, 'x');
  Ring ring = Make<Ring>(size);
  Fill(ring, size, std::string(kKibi, 'x'));
  for ([[maybe_unused]] auto _ : state) {
    std::span<const char> span(bytes);
    benchmark::DoNotOptimize(span);
    ring.Write(span);
    benchmark::ClobberMemory();
  }
  state.SetBytesProcessed(state.iterations() * static_cast<int64_t>(length));
}

template <typename Ring>
void ReadAll(benchmark::State& state, uint64_t size) {
  Ring ring = Make<Ring>(size);
  Fill(ring, size, std::string(kKibi - 1, 'x'));
  std::string out(size, '\0');
  for ([[maybe_unused]] auto _ : state) {
    benchmark::DoNotOptimize(ring.Copy(out));
    benchmark::ClobberMemory();
  }
  state.SetBytesProcessed(state.iterations() * static_cast<int64_t>(size));
}

// From its making until it is full: the memory is touched for the first time.
template <typename Ring>
void FirstLap(benchmark::State& state, uint64_t size) {
  const std::string bytes(kKibi, 'x');
  for ([[maybe_unused]] auto _ : state) {
    Ring ring = Make<Ring>(size);
    Fill(ring, size, bytes);
    benchmark::ClobberMemory();
  }
}

// Who counts instructions says how many iterations there are to be.
int64_t WantedIterations() {
  const char* const wanted = getenv("LXCSPEC_BENCH_ITERATIONS");
  return wanted == nullptr ? 0 : strtoll(wanted, nullptr, 10);
}

template <typename Function>
void Register(const std::string& name, const char* role, Function function) {
  auto* const made = benchmark::RegisterBenchmark((name + "/" + role).c_str(), std::move(function));
  if (WantedIterations() > 0) made->Iterations(WantedIterations());
}

template <typename Ring>
void RegisterAll(const char* role) {
  for (const auto& [label, size] : {std::pair("128K", 128 * kKibi), std::pair("16M", 16 * kMebi)}) {
    for (const uint64_t length : {1, 16, 80, 256, 1024, 4096, 65536}) {
      Register(
          fmt::format("BM_ConsoleLogWrite/{}/{}", label, length), role,
          [size = size, length](benchmark::State& state) { Write<Ring>(state, size, length); });
    }
    Register(fmt::format("BM_ConsoleLogRead/{}", label), role,
             [size = size](benchmark::State& state) { ReadAll<Ring>(state, size); });
    Register(fmt::format("BM_ConsoleLogFirstLap/{}", label), role,
             [size = size](benchmark::State& state) { FirstLap<Ring>(state, size); });
  }
}

}  // namespace
}  // namespace lxcspec::runtime

int main(int argc, char** argv) {
  benchmark::Initialize(&argc, argv);
  if (benchmark::ReportUnrecognizedArguments(argc, argv)) return 2;
  lxcspec::runtime::RegisterAll<lxcspec::runtime::ConsoleRing>("testee");
  lxcspec::runtime::RegisterAll<lxcspec::runtime::UsualRing>("against");
  lxcspec::runtime::RegisterAll<lxcspec::runtime::Floor>("floor");
  return benchmark::RunSpecifiedBenchmarks() > 0 ? 0 : 3;
}
