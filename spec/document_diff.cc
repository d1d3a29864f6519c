#include "spec/document_diff.h"

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "spec/json.h"

namespace fp4::spec {
namespace {

std::string Joined(const std::string& path, const std::string& key) {
  return path.empty() ? key : absl::StrCat(path, ".", key);
}

class Comparer {
 public:
  void Compare(const std::string& path, const Node& left, const Node& right) {
    if (left.kind == Node::Kind::kObject && right.kind == Node::Kind::kObject) {
      CompareMembers(path, left, right);
    } else if (IsItemwise(left, right)) {
      for (size_t i = 0; i < left.items.size(); ++i) {
        Compare(absl::StrCat(path, "[", i, "]"), left.items[i], right.items[i]);
      }
    } else {
      Note(path, WriteCompactJson(left), WriteCompactJson(right));
    }
  }

  std::vector<FieldDifference> Take() { return std::move(differences_); }

 private:
  static bool IsItemwise(const Node& left, const Node& right) {
    const auto holds_objects = [](const Node& node) {
      return std::ranges::all_of(node.items,
                                 [](const Node& item) { return item.kind == Node::Kind::kObject; });
    };
    return left.kind == Node::Kind::kList && right.kind == Node::Kind::kList &&
           left.items.size() == right.items.size() && holds_objects(left) && holds_objects(right);
  }

  void CompareMembers(const std::string& path, const Node& left, const Node& right) {
    for (const Member& member : left.members) {
      const std::string below = Joined(path, member.key);
      if (const Node* other = right.Find(member.key)) {
        Compare(below, member.value, *other);
      } else {
        Note(below, WriteCompactJson(member.value), "");
      }
    }
    for (const Member& member : right.members) {
      if (left.Find(member.key) != nullptr) continue;
      Note(Joined(path, member.key), "", WriteCompactJson(member.value));
    }
  }

  void Note(const std::string& path, std::string left, std::string right) {
    if (left != right) differences_.push_back({path, std::move(left), std::move(right)});
  }

  std::vector<FieldDifference> differences_;
};

}  // namespace

std::vector<FieldDifference> DifferencesOf(std::string_view left, std::string_view right) {
  const ParsedJson left_json = ParseJson(left), right_json = ParseJson(right);
  if (!left_json.complete || !right_json.complete) {
    if (left == right) return {};
    return {{"", std::string(left), std::string(right)}};
  }
  Comparer comparer;
  comparer.Compare("", left_json.root, right_json.root);
  return comparer.Take();
}

}  // namespace fp4::spec
