#pragma once

#include <filesystem>
#include <memory>
#include <stdexcept>
#include <vector>

#include "trainer/torch.h"

namespace fp4::trainer {

// Another process of the group is gone, or its machine does not answer.
class PeerLostError : public std::runtime_error {
  using std::runtime_error::runtime_error;
};

// The processes that train one run together, as one of them sees them: LibTorch's c10d, NCCL
// between GPUs and Gloo, over the loopback interface, between CPUs. Every process makes the same
// calls in the same order. Throws PeerLostError. Not thread-safe but for Abort.
class ProcessGroup {
 public:
  struct Place {
    int64_t rank = 0, size = 1;
    std::filesystem::path store;  // the same file for all, on one machine; it is made by this
    at::Device device = at::kCPU;
  };
  // Whether this build can connect processes on such devices: GPUs need NCCL in libfp4_cuda.so.
  static bool CanConnect(const at::Device& device);
  // Waits for all others. The device is one that can be connected.
  static std::unique_ptr<ProcessGroup> Connect(const Place& place);
  ~ProcessGroup();

  int64_t rank() const { return place_.rank; }
  int64_t size() const { return place_.size; }

  // Each tensor becomes the sum of the tensors in its place of all processes, on each the same
  // bits: ((t0 + t1) + t2) + …, element by element in fp32, in the order of the ranks, and only
  // then rounded to the tensor's type. Shapes and types are the same everywhere; the device is
  // that of the group.
  void SumInRankOrder(const std::vector<at::Tensor>& tensors);

  // The sum of one number of each process, in the order of the ranks.
  double Sum(double value);

  // What the first process says; of the others the value does not count.
  bool AsFirstSays(bool value);

  // Breaks off what waits for others, now and from now on. Any thread.
  void Abort();

 private:
  struct Connection;
  ProcessGroup(const Place& place, std::unique_ptr<Connection> connection);
  void SumFlat(const at::Tensor& flat);

  const Place place_;
  const std::unique_ptr<Connection> connection_;
};

}  // namespace fp4::trainer
