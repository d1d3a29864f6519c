#include "client/render/layer_groups.h"

#include <algorithm>
#include <set>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"

namespace fp4::client {
namespace {

// "blocks.", {0, 1}, ".mlp", {"up", "down"}; without blocks the leaf alone.
struct Group {
  std::string before, after;
  std::set<int> blocks;
  std::vector<std::string> leaves;
};

// A layer's name cut at its block number and its last segment.
Group Parse(const std::string& layer) {
  std::vector<std::string> segments = absl::StrSplit(layer, '.');
  int block = 0;
  if (segments.size() < 3 || !absl::SimpleAtoi(segments[1], &block)) return {layer, "", {}, {}};
  const std::vector<std::string> middle(segments.begin() + 2, segments.end() - 1);
  const std::string after = middle.empty() ? "" : "." + absl::StrJoin(middle, ".");
  return {segments[0] + ".", after, {block}, {segments.back()}};
}

// One group for each leaf, with all its blocks.
std::vector<Group> ByLeaf(const std::vector<std::string>& layers) {
  std::vector<Group> groups;
  for (const std::string& layer : layers) {
    Group parsed = Parse(layer);
    auto same = std::find_if(groups.begin(), groups.end(), [&](const Group& group) {
      return group.before == parsed.before && group.after == parsed.after &&
             group.leaves == parsed.leaves;
    });
    if (same == groups.end()) {
      groups.push_back(std::move(parsed));
    } else {
      same->blocks.merge(parsed.blocks);
    }
  }
  return groups;
}

// Leaves of the same parent in the same blocks come together.
std::vector<Group> ByBlocks(std::vector<Group> by_leaf) {
  std::vector<Group> groups;
  for (Group& candidate : by_leaf) {
    auto same = std::find_if(groups.begin(), groups.end(), [&](const Group& group) {
      return !group.leaves.empty() && group.before == candidate.before &&
             group.after == candidate.after && group.blocks == candidate.blocks;
    });
    if (same == groups.end()) {
      groups.push_back(std::move(candidate));
    } else {
      same->leaves.push_back(candidate.leaves.front());
    }
  }
  return groups;
}

std::string FormatBlocks(const std::set<int>& blocks) {
  const int first = *blocks.begin(), last = *blocks.rbegin();
  if (blocks.size() == 1) return absl::StrCat(first);
  const bool gapless = last - first + 1 == static_cast<int>(blocks.size());
  if (gapless && blocks.size() > 1) return absl::StrCat("{", first, "..", last, "}");
  return absl::StrCat("{", absl::StrJoin(blocks, ","), "}");
}

}  // namespace

std::vector<std::string> GroupLayers(const std::vector<std::string>& layers) {
  std::vector<std::string> patterns;
  for (const Group& group : ByBlocks(ByLeaf(layers))) {
    if (group.leaves.empty()) {
      patterns.push_back(group.before);
      continue;
    }
    const std::string leaves = absl::StrJoin(group.leaves, ",");
    patterns.push_back(absl::StrCat(group.before, FormatBlocks(group.blocks), group.after, ".",
                                    group.leaves.size() > 1 ? "{" + leaves + "}" : leaves));
  }
  return patterns;
}

}  // namespace fp4::client
