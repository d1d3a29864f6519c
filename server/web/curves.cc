#include "server/web/curves.h"

#include <algorithm>
#include <memory>
#include <utility>

#include "base/mutex.h"

namespace fp4::web {
namespace {

constexpr size_t kRunsAtOnce = 8;
constexpr size_t kReadersAtOnce = 2;

// Pieces of a question: up to kReadersAtOnce are being read; who has read one begins the next.
class CurveReading : public std::enable_shared_from_this<CurveReading> {
 public:
  CurveReading(store::Store& store, CurvesQuestion question,
               std::function<void(store::CurveRecord&)> reduce,
               std::function<void(absl::StatusOr<Curves>)> done)
      : store_(store),
        question_(std::move(question)),
        reduce_(std::move(reduce)),
        done_(std::move(done)),
        pieces_((question_.run_ids.size() + kRunsAtOnce - 1) / kRunsAtOnce),
        num_left_(pieces_.size()) {}

  void Start() {
    if (pieces_.empty())
      return store_.Read([self = shared_from_this()](auto&) { self->done_(Curves()); });
    for (size_t i = 0; i < kReadersAtOnce; ++i) ReadNext();
  }

 private:
  void ReadNext() {
    size_t piece = 0;
    {
      MutexLock lock(mutex_);
      if (next_ == pieces_.size()) return;
      piece = next_++;
    }
    store_.Read([self = shared_from_this(), piece](store::Reader& reader) {
      const bool last = self->ReadPiece(reader, piece);
      last ? self->Finish() : self->ReadNext();
    });
  }

  // True: that was the last one to be ready.
  bool ReadPiece(store::Reader& reader, size_t piece) {
    const size_t begin = piece * kRunsAtOnce;
    const size_t size = std::min(kRunsAtOnce, question_.run_ids.size() - begin);
    const auto ids = std::span<const std::string>(question_.run_ids).subspan(begin, size);
    absl::StatusOr<Curves> curves =
        reader.ReadCurves(ids, question_.names, question_.from_step, question_.to_step);
    if (curves.ok()) {
      for (store::CurveRecord& curve : *curves) reduce_(curve);
    }
    MutexLock lock(mutex_);
    pieces_[piece] = std::move(curves);
    return --num_left_ == 0;
  }

  void Finish() {
    Curves all;
    for (absl::StatusOr<Curves>& piece : pieces_) {
      if (!piece.ok()) return done_(piece.status());
      std::move(piece->begin(), piece->end(), std::back_inserter(all));
    }
    done_(std::move(all));
  }

  store::Store& store_;
  const CurvesQuestion question_;
  const std::function<void(store::CurveRecord&)> reduce_;
  const std::function<void(absl::StatusOr<Curves>)> done_;

  Mutex mutex_;
  size_t next_ ABSL_GUARDED_BY(mutex_) = 0;
  std::vector<absl::StatusOr<Curves>> pieces_;  // its size stands; read without the lock in the end
  size_t num_left_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace

void ReadCurves(store::Store& store, CurvesQuestion question,
                std::function<void(store::CurveRecord&)> reduce,
                std::function<void(absl::StatusOr<Curves>)> done) {
  std::make_shared<CurveReading>(store, std::move(question), std::move(reduce), std::move(done))
      ->Start();
}

}  // namespace fp4::web
