// SentencePiece behind a wall: its header redefines absl::string_view, so no file may see both it
// and Abseil.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace fp4::trainer {

// Thread-safe once made.
class SentencePiece {
 public:
  // From a model file's bytes; null, and why in `error`, when they are not one.
  static std::unique_ptr<SentencePiece> FromModel(std::string_view model, std::string& error);

  virtual ~SentencePiece() = default;

  virtual int vocabulary() const = 0;
  // The id that marks the end of a text; negative: the model has none.
  virtual int end_id() const = 0;

  // The ids of `text`, without begin or end markers. False, and why in `error`, when it cannot.
  virtual bool Encode(std::string_view text, std::vector<int>& ids, std::string& error) const = 0;
};

}  // namespace fp4::trainer
