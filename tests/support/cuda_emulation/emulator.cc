// Grids on the CPU: one block at a time, its threads as fibers that take turns.
#include <algorithm>
#include <array>
#include <bit>
#include <memory>
#include <numeric>
#include <random>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "cuda_runtime.h"
#include "tests/support/cuda_emulation/fiber.h"

uint3 threadIdx, blockIdx;
dim3 blockDim, gridDim;

namespace fp4::cuda_emulation {
namespace {

constexpr unsigned kWarp = 32;

enum class Where : uint8_t { kRunning, kAtWarp, kAtBlock, kGone };

struct Thread {
  Where state = Where::kGone;
  uint3 index = {};
  // What it waits for, in kAtWarp and (`where` only) kAtBlock.
  WarpOperation operation = WarpOperation::kSync;
  unsigned mask = 0;
  uint64_t value = 0;  // what it brings, then its result
  int argument = 0, width = 0;
  std::source_location where;
};

std::string Place(const std::source_location& where) {
  return std::string(where.file_name()) + ":" + std::to_string(where.line());
}

bool SamePlace(const std::source_location& a, const std::source_location& b) {
  return a.line() == b.line() && a.column() == b.column() &&
         (a.file_name() == b.file_name() || std::string_view(a.file_name()) == b.file_name());
}

// The numbers below `size` in an order that looks random.
class Order {
 public:
  Order(uint64_t size, std::mt19937_64& random)
      : size_(size), next_(random() % size), step_(1 + random() % size) {
    while (std::gcd(step_, size_) != 1) ++step_;
  }
  uint64_t Next() {
    const uint64_t result = next_;
    next_ = (next_ + step_) % size_;
    return result;
  }

 private:
  uint64_t size_, next_, step_;
};

class Emulator {
 public:
  cudaError_t Run(dim3 grid, dim3 block, const std::function<void()>& thread) {
    const uint64_t num_threads = uint64_t{block.x} * block.y * block.z;
    const uint64_t num_blocks = uint64_t{grid.x} * grid.y * grid.z;
    error_.clear();
    if (num_threads == 0 || num_threads > 1024 || num_blocks == 0 || grid.x > 0x7FFFFFFF ||
        grid.y > 0xFFFF || grid.z > 0xFFFF) {
      error_ = "a grid or block of a size that cannot be launched";
      return last_ = cudaErrorInvalidConfiguration;
    }
    gridDim = grid;
    blockDim = block;
    body_ = &thread;
    threads_.resize(num_threads);
    while (fibers_.size() < num_threads) fibers_.push_back(std::make_unique<Fiber>());
    Order blocks(num_blocks, random_);
    for (uint64_t i = 0; i < num_blocks && error_.empty(); ++i) RunBlock(blocks.Next());
    if (error_.empty()) return cudaSuccess;
    for (auto& fiber : fibers_) fiber->Reset();
    return last_ = cudaErrorLaunchFailure;
  }

  uint64_t MeetWarp(const Thread& request) {
    const unsigned lane = current_ % kWarp;
    Thread& self = threads_[current_];
    const uint3 index = self.index;
    self = request;
    self.index = index;
    self.state = Where::kAtWarp;
    unsigned& waiting = waiting_[current_ / kWarp];
    CheckRequest(lane, waiting & self.mask);
    waiting |= 1u << lane;
    if (error_.empty() && (waiting & self.mask) == self.mask) {
      waiting &= ~self.mask;
      Exchange(self.mask);
    }
    if (self.state != Where::kRunning) Fiber::Yield();
    return threads_[current_].value;
  }

  bool MeetBlock(bool predicate, const std::source_location& where) {
    Thread& self = threads_[current_];
    self.state = Where::kAtBlock;
    self.where = where;
    any_ |= predicate;
    ++num_at_block_;
    if (num_at_block_ == threads_.size()) OpenBarrier(where);
    if (self.state != Where::kRunning) Fiber::Yield();
    return any_result_;
  }

  cudaError_t last_error() { return std::exchange(last_, cudaSuccess); }
  const std::string& error() const { return error_; }

 private:
  static void Main();

  void RunBlock(uint64_t block) {
    blockIdx = {static_cast<unsigned>(block % gridDim.x),
                static_cast<unsigned>(block / gridDim.x % gridDim.y),
                static_cast<unsigned>(block / gridDim.x / gridDim.y)};
    waiting_.fill(0);
    num_at_block_ = 0;
    any_ = false;
    size_t num_left = threads_.size();
    for (unsigned i = 0; i < threads_.size(); ++i) {
      threads_[i] = {};
      threads_[i].state = Where::kRunning;
      threads_[i].index = {i % blockDim.x, i / blockDim.x % blockDim.y,
                           i / blockDim.x / blockDim.y};
    }
    while (num_left > 0 && error_.empty()) {
      bool progress = false;
      Order order(threads_.size(), random_);
      for (size_t i = 0; i < threads_.size() && error_.empty(); ++i) {
        current_ = order.Next();
        if (threads_[current_].state != Where::kRunning) continue;
        progress = true;
        threadIdx = threads_[current_].index;
        fibers_[current_]->Resume(Main);
        if (threads_[current_].state == Where::kGone) --num_left;
      }
      if (!progress) FailAsStuck();
    }
  }

  void Fail(size_t thread, const std::string& what) {
    if (!error_.empty()) return;
    error_ = "thread " + std::to_string(thread) + " of block (" + std::to_string(blockIdx.x) +
             ", " + std::to_string(blockIdx.y) + ", " + std::to_string(blockIdx.z) + "), at " +
             Place(threads_[thread].where) + ": " + what;
  }

  Thread& Lane(unsigned lane) { return threads_[current_ / kWarp * kWarp + lane]; }

  // What the current thread asks for, against the rules and against a lane that already waits for
  // it; those have been compared with each other.
  void CheckRequest(unsigned lane, unsigned waiting) {
    const Thread& self = threads_[current_];
    if ((self.mask >> lane & 1) == 0) return Fail(current_, "is not in the mask that it gives");
    if ((self.width & (self.width - 1)) != 0 || self.width < 1 || self.width > 32)
      return Fail(current_, "width " + std::to_string(self.width) + " of a shuffle");
    const size_t num_lanes = std::min<size_t>(kWarp, threads_.size() - current_ / kWarp * kWarp);
    if (static_cast<size_t>(std::bit_width(self.mask)) > num_lanes)
      return Fail(current_, "the mask names a lane that the block has not");
    if (waiting == 0) return;
    const auto other = static_cast<unsigned>(std::countr_zero(waiting));
    const Thread& there = Lane(other);
    if (there.operation != self.operation || there.mask != self.mask || there.width != self.width ||
        !SamePlace(there.where, self.where)) {
      Fail(current_, "its mask names lane " + std::to_string(other) +
                         ", which is at another operation, at " + Place(there.where));
    }
  }

  void Exchange(unsigned mask) {
    uint64_t values[kWarp] = {};
    uint64_t largest = 0;
    for (unsigned left = mask; left != 0; left &= left - 1) {
      const auto lane = static_cast<unsigned>(std::countr_zero(left));
      values[lane] = Lane(lane).value;
      largest = std::max(largest, values[lane]);
    }
    for (unsigned left = mask; left != 0; left &= left - 1) {
      const auto lane = static_cast<unsigned>(std::countr_zero(left));
      Thread& thread = Lane(lane);
      thread.state = Where::kRunning;
      switch (thread.operation) {
        case WarpOperation::kShuffle:
        case WarpOperation::kShuffleXor: {
          const unsigned source = Source(thread, lane);
          if ((mask >> source & 1) == 0)
            Fail(current_, "a shuffle from lane " + std::to_string(source) + " outside the mask");
          thread.value = values[source];
          break;
        }
        case WarpOperation::kReduceMax:
        case WarpOperation::kAny:
          thread.value = largest;
          break;
        case WarpOperation::kSync:
          break;
      }
    }
  }

  // As the CUDA C++ Programming Guide says of `width`: a source beyond the group is taken modulo
  // it; an exclusive or that leads to a later group gives the lane's own value.
  static unsigned Source(const Thread& thread, unsigned lane) {
    const auto last = static_cast<unsigned>(thread.width - 1);
    const auto argument = static_cast<unsigned>(thread.argument);
    if (thread.operation == WarpOperation::kShuffle) return (lane & ~last) | (argument & last);
    const unsigned source = lane ^ argument;
    return source > (lane | last) ? lane : source;
  }

  void OpenBarrier(const std::source_location& where) {
    for (size_t i = 0; i < threads_.size(); ++i) {
      if (!SamePlace(threads_[i].where, where))
        return Fail(i, "waits at another barrier than " + Place(where));
    }
    for (Thread& thread : threads_) thread.state = Where::kRunning;
    num_at_block_ = 0;
    any_result_ = std::exchange(any_, false);
  }

  void FailAsStuck() {
    auto waits = std::ranges::find_if(threads_, [](const Thread& thread) {
      return thread.state == Where::kAtWarp || thread.state == Where::kAtBlock;
    });
    auto missing = std::ranges::find_if(threads_, [&](const Thread& thread) {
      const auto other = static_cast<size_t>(&thread - threads_.data());
      const auto self = static_cast<size_t>(waits - threads_.begin());
      if (waits->state == Where::kAtBlock) return thread.state != Where::kAtBlock;
      return other / kWarp == self / kWarp && (waits->mask >> other % kWarp & 1) != 0 &&
             thread.state != Where::kAtWarp;
    });
    Fail(static_cast<size_t>(waits - threads_.begin()),
         "waits for ever for thread " + std::to_string(missing - threads_.begin()) +
             (missing->state == Where::kGone ? ", which has returned"
                                             : ", which waits at " + Place(missing->where)));
  }

  std::vector<std::unique_ptr<Fiber>> fibers_;
  std::vector<Thread> threads_;  // of the block that runs
  size_t current_ = 0;
  std::array<unsigned, 1024 / kWarp> waiting_ = {};  // lanes in kAtWarp, of each warp
  size_t num_at_block_ = 0;
  bool any_ = false, any_result_ = false;
  const std::function<void()>* body_ = nullptr;
  std::mt19937_64 random_{20251125};
  std::string error_;
  cudaError_t last_ = cudaSuccess;
};

Emulator& TheEmulator() {
  static Emulator emulator;
  return emulator;
}

// A fiber runs one CUDA thread after the other.
void Emulator::Main() {
  Emulator& emulator = TheEmulator();
  for (;;) {
    (*emulator.body_)();
    emulator.threads_[emulator.current_].state = Where::kGone;
    Fiber::Yield();
  }
}

}  // namespace

uint64_t MeetWarp(WarpOperation operation, unsigned mask, uint64_t value, int argument, int width,
                  const std::source_location& where) {
  Thread request;
  request.operation = operation;
  request.mask = mask;
  request.value = value;
  request.argument = argument;
  request.width = width;
  request.where = where;
  return TheEmulator().MeetWarp(request);
}

bool MeetBlock(bool predicate, const std::source_location& where) {
  return TheEmulator().MeetBlock(predicate, where);
}

cudaError_t RunGrid(dim3 grid, dim3 block, const std::function<void()>& thread) {
  return TheEmulator().Run(grid, block, thread);
}

}  // namespace fp4::cuda_emulation

cudaError_t cudaGetLastError() { return fp4::cuda_emulation::TheEmulator().last_error(); }

const char* cudaGetErrorString(cudaError_t error) {
  switch (error) {
    case cudaSuccess:
      return "no error";
    case cudaErrorInvalidValue:
      return "invalid argument, or memory overwritten beyond its end";
    case cudaErrorMemoryAllocation:
      return "out of memory";
    case cudaErrorInvalidConfiguration:
    case cudaErrorLaunchFailure:
      break;
  }
  return fp4::cuda_emulation::TheEmulator().error().c_str();
}
