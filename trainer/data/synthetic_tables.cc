#include <numeric>
#include <utility>
#include <vector>

#include "trainer/data/synthetic_language.h"

namespace fp4::trainer {
namespace {

constexpr int kTopics = 8;
constexpr int kWords = 48;
constexpr int kFollowers = 6;  // likely next words of a word
constexpr uint32_t kFollowerWeight = 24;
constexpr int kTopicWords = 12;  // words that a topic prefers
constexpr uint32_t kTopicWeight = 16;
constexpr uint32_t kTopicShifts[kTopics] = {24, 12, 6, 2, 1, 1, 1, 1};

std::vector<int> Permutation(RandomStream& random, int size) {
  std::vector<int> permutation(size);
  std::iota(permutation.begin(), permutation.end(), 0);
  for (int i = size - 1; i > 0; --i) std::swap(permutation[i], permutation[random.Below(i + 1)]);
  return permutation;
}

// `count` of `size` weights are `weight`, the rest 1.
std::vector<uint32_t> SomeOf(RandomStream& random, int size, int count, uint32_t weight) {
  const std::vector<int> permutation = Permutation(random, size);
  std::vector<uint32_t> weights(size, 1);
  for (int i = 0; i < count; ++i) weights[permutation[i]] = weight;
  return weights;
}

}  // namespace

LanguageTables MakeTables(uint64_t seed) {
  RandomStream random(seed, /*stream=*/0);
  LanguageTables tables;
  tables.num_topics = kTopics;
  tables.num_words = kWords;
  // A circulant matrix with its rows and columns permuted: equal sums both ways.
  const std::vector<int> from = Permutation(random, kTopics), to = Permutation(random, kTopics);
  for (int topic = 0; topic < kTopics; ++topic) {
    std::vector<uint32_t> row;
    for (int next = 0; next < kTopics; ++next) {
      row.push_back(kTopicShifts[(to[next] + kTopics - from[topic]) % kTopics]);
    }
    tables.next_topic.push_back(std::move(row));
    tables.prefers.push_back(SomeOf(random, kWords, kTopicWords, kTopicWeight));
  }
  for (int word = 0; word < kWords; ++word) {
    tables.follows.push_back(SomeOf(random, kWords, kFollowers, kFollowerWeight));
  }
  return tables;
}

}  // namespace fp4::trainer
