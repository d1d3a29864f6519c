// Collects what is wrong with a document.
#pragma once

#include <set>
#include <string>
#include <string_view>
#include <tuple>
#include <vector>

#include "spec/document.h"
#include "spec/json.h"

namespace fp4::spec {

// Where the checks are in a document, as a chain on the stack; made into text only when a problem
// needs it.
struct Path {
  const Path* parent = nullptr;
  std::string_view name;  // of a field; empty: the item at `index`, or the root
  size_t index = 0;

  Path Field(std::string_view field) const { return {this, field, 0}; }
  Path Item(size_t item) const { return {this, {}, item}; }
  // "precision.rules[0].use"
  std::string ToString() const;
};

class Problems {
 public:
  // A problem found twice counts once: a fault outside the variants is met in each of them.
  void Add(const Place& place, const Path& path, std::string message);
  void Add(const Place& place, const std::string& path, std::string message);
  void Add(Problem problem);

  bool Contains(const Problem& problem) const;
  bool empty() const { return problems_.empty(); }
  size_t size() const { return problems_.size(); }
  const std::vector<Problem>& all() const { return problems_; }

  // In the document's order, those of overrides last; at most `limit`, then one that says how many
  // there are.
  std::vector<Problem> Sorted(size_t limit) const;

 private:
  std::vector<Problem> problems_;
  using Key = std::tuple<std::string, int, int, std::string>;
  static Key KeyOf(const Problem& problem);

  std::set<Key> seen_;
};

}  // namespace fp4::spec
