#include "trainer/parallel/process_group.h"

#include <algorithm>
#include <string>
#include <utility>

#include "trainer/parallel/connect.h"

namespace fp4::trainer {
namespace {

// Gradients are summed in pieces of so many elements or one tensor, so that the copies stay small.
constexpr int64_t kPiece = int64_t{1} << 24;

// Errors of c10d are those of a connection: arguments are ours and the same everywhere.
template <typename Work>
void OrLost(const Work& work) {
  try {
    work();
  } catch (const std::exception& error) {
    const std::string_view words(error.what());
    throw PeerLostError(std::string(words.substr(0, words.find('\n'))));
  }
}

int64_t NumElements(const std::vector<at::Tensor>& tensors) {
  int64_t sum = 0;
  for (const at::Tensor& tensor : tensors) sum += tensor.numel();
  return sum;
}

// Tensors, one after the other, in flat or out of it.
template <typename Copy>
void ForEachPart(const std::vector<at::Tensor>& tensors, const at::Tensor& flat, const Copy& copy) {
  int64_t begin = 0;
  for (const at::Tensor& tensor : tensors) {
    copy(tensor, flat.narrow(0, begin, tensor.numel()).view(tensor.sizes()));
    begin += tensor.numel();
  }
}

}  // namespace

struct ProcessGroup::Connection {
  c10::intrusive_ptr<c10d::Backend> backend;
};

ProcessGroup::ProcessGroup(const Place& place, std::unique_ptr<Connection> connection)
    : place_(place), connection_(std::move(connection)) {}

ProcessGroup::~ProcessGroup() = default;

std::unique_ptr<ProcessGroup> ProcessGroup::Connect(const Place& place) {
  auto connection = std::make_unique<Connection>();
  OrLost([&] {
    connection->backend = place.device.is_cpu() ? ConnectGloo(place) : ConnectNccl(place);
  });
  return std::unique_ptr<ProcessGroup>(new ProcessGroup(place, std::move(connection)));
}

void ProcessGroup::SumInRankOrder(const std::vector<at::Tensor>& tensors) {
  at::NoGradGuard no_grad;
  for (size_t begin = 0, end = 0; begin < tensors.size(); begin = end) {
    int64_t elements = 0;
    for (end = begin; end < tensors.size() && (end == begin || elements < kPiece); ++end)
      elements += tensors[end].numel();
    const std::vector<at::Tensor> piece(tensors.begin() + static_cast<ptrdiff_t>(begin),
                                        tensors.begin() + static_cast<ptrdiff_t>(end));
    const int64_t chunk = (NumElements(piece) + size() - 1) / size();
    const at::Tensor flat =
        at::zeros({chunk * size()}, at::TensorOptions(place_.device).dtype(at::kFloat));
    ForEachPart(piece, flat, [](const auto& tensor, const auto& part) { part.copy_(tensor); });
    SumFlat(flat);
    ForEachPart(piece, flat, [](const auto& tensor, const auto& part) { tensor.copy_(part); });
  }
}

// Each process adds up one part of `flat`, for which it gets the terms of all, and gives it back to
// all: as much traffic as a ring needs, in an order that no topology decides.
void ProcessGroup::SumFlat(const at::Tensor& flat) {
  OrLost([&] {
    at::Tensor all = flat;
    at::Tensor terms = at::empty_like(flat);
    std::vector<int64_t> equal_parts;
    connection_->backend->alltoall_base(terms, all, equal_parts, equal_parts)->wait();
    terms = terms.view({size(), -1});
    at::Tensor sum = terms[0].clone();
    for (int64_t rank = 1; rank < size(); ++rank) sum += terms[rank];
    connection_->backend->_allgather_base(all, sum)->wait();
  });
}

double ProcessGroup::Sum(double value) {
  double sum = 0;
  OrLost([&] {
    const at::TensorOptions options = at::TensorOptions(place_.device).dtype(at::kDouble);
    at::Tensor own = at::full({1}, value, options), all = at::empty({size()}, options);
    connection_->backend->_allgather_base(all, own)->wait();
    all = all.cpu();
    for (int64_t rank = 0; rank < size(); ++rank) sum += all[rank].item<double>();
  });
  return sum;
}

bool ProcessGroup::AsFirstSays(bool value) {
  bool said = false;
  OrLost([&] {
    at::Tensor word =
        at::full({1}, value ? 1 : 0, at::TensorOptions(place_.device).dtype(at::kByte));
    std::vector<at::Tensor> words = {word};
    connection_->backend->broadcast(words)->wait();
    said = word.item<uint8_t>() != 0;
  });
  return said;
}

void ProcessGroup::Abort() { connection_->backend->abort(); }

}  // namespace fp4::trainer
