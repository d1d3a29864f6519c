#include "trainer/prepare/encode.h"

#include <atomic>
#include <thread>
#include <utility>

#include "absl/strings/str_cat.h"
#include "base/status_macros.h"
#include "trainer/data/abandon.h"

namespace fp4::trainer {
namespace {

// What is read before it is encoded: enough for many threads, little enough to stop soon.
constexpr size_t kMostBytes = 8 << 20;
constexpr size_t kMostDocuments = 4096;

// Documents on their way through the threads. It owns all that they touch: a stop abandons them.
struct Batch {
  std::shared_ptr<const Tokenizer> tokenizer;
  std::optional<uint16_t> separator;
  std::vector<std::string> texts;
  std::vector<EncodedDocument> documents;
  std::vector<absl::Status> statuses;
  std::atomic<size_t> next = 0;

  void EncodeSome() {
    for (size_t i = next++; i < texts.size(); i = next++) {
      std::vector<uint16_t>& ids = documents[i].ids;
      statuses[i] = tokenizer->Encode(texts[i], ids);
      if (separator) ids.push_back(*separator);
      texts[i] = std::string();
    }
  }
};

}  // namespace

DocumentEncoder::DocumentEncoder(DocumentReader& reader, std::shared_ptr<const Tokenizer> tokenizer,
                                 std::optional<uint16_t> separator, int num_threads)
    : reader_(reader),
      tokenizer_(std::move(tokenizer)),
      separator_(separator),
      num_threads_(num_threads) {}

absl::Status DocumentEncoder::Refill(const StopCheck& stop) {
  auto batch = std::make_shared<Batch>();
  batch->tokenizer = tokenizer_;
  batch->separator = separator_;
  for (size_t bytes = 0; bytes < kMostBytes && batch->texts.size() < kMostDocuments;) {
    FP4_ASSIGN_OR_RETURN(std::optional<std::string> text, reader_.Next(stop));
    if (!text) break;
    bytes += text->size();
    batch->texts.push_back(*std::move(text));
    batch->documents.push_back({.ids = {}, .end = reader_.place()});
  }
  batch->statuses.resize(batch->texts.size());
  FP4_RETURN_IF_ERROR(RunAbandonable(
      [batch, num_threads = num_threads_] {
        std::vector<std::thread> threads;
        for (int i = 1; i < num_threads; ++i)
          threads.emplace_back([batch] { batch->EncodeSome(); });
        batch->EncodeSome();
        for (std::thread& thread : threads) thread.join();
      },
      stop));
  for (size_t i = 0; i < batch->statuses.size(); ++i) {
    if (batch->statuses[i].ok()) continue;
    const DocumentPlace& end = batch->documents[i].end;
    return absl::Status(batch->statuses[i].code(),
                        absl::StrCat(reader_.PathOf(end), ": ", batch->statuses[i].message()));
  }
  ready_ = std::move(batch->documents);
  next_ = 0;
  return absl::OkStatus();
}

absl::StatusOr<std::optional<EncodedDocument>> DocumentEncoder::Next(const StopCheck& stop) {
  if (next_ == ready_.size()) FP4_RETURN_IF_ERROR(Refill(stop));
  if (next_ == ready_.size()) return std::optional<EncodedDocument>();
  return std::optional(std::move(ready_[next_++]));
}

}  // namespace fp4::trainer
