// What checks across fields work with: the values of one variant, which of them can be trusted, and
// where to point.
#pragma once

#include <initializer_list>
#include <set>
#include <string>
#include <string_view>

#include "spec/field.h"
#include "spec/problems.h"
#include "spec/run_spec.h"

namespace fp4::spec {

// Fields are named in full: "model.num_heads", "training.loss_scale.initial".
class FieldChecks {
 public:
  using Names = std::initializer_list<std::string_view>;

  // `merged` is the document of one variant, `run` what it comes to, `bad` the fields whose value
  // did not fit and was replaced by the default. All of them outlive this.
  FieldChecks(const Node& merged, const RunSpec& run, const std::set<std::string>& bad,
              Problems& problems)
      : merged_(merged), bad_(bad), run_(run), problems_(problems) {}

  const RunSpec& run() const { return run_; }

  // Whether all of the fields have values that fit.
  bool Usable(Names fields) const;

  // The value as given; null: it stands at its default.
  const Node* Given(std::string_view field) const;

  // Whether it is given and differs from its default, so that somebody means something by it.
  bool IsMeant(std::string_view field) const;

  // The one of the fields that was given last (an override, a variant, the document); the first of
  // equals.
  std::string_view Latest(Names fields) const;

  // A problem at the field's value or, where it is not given, at its section.
  void Report(std::string_view field, std::string message);

 private:
  const Node& merged_;
  const std::set<std::string>& bad_;
  const RunSpec& run_;
  Problems& problems_;
};

}  // namespace fp4::spec
