// The built-in language, whose exact statistics are known.
//
// A text is an endless row of phrases: an opening token, which names the phrase's topic; words; the
// topic's closing token. The next word depends on the last word and on the topic, so who predicts
// it well looks back to the opening token, any number of words away: a bigram model cannot. After
// each word the phrase ends with probability 1 / kEndOdds; the next topic depends on the last one.
//
// All probabilities are ratios of small integers, so that samples are the same on every machine.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "trainer/data/random_stream.h"

namespace fp4::trainer {

// Token ids: opening tokens 0 … K - 1, closing tokens K … 2K - 1, words from 2K; K topics.
struct LanguageTables {
  int num_topics = 0;
  int num_words = 0;
  // Integer weights >= 1. `next_topic` (topics x topics) has equal sums of all rows and columns, so
  // that every topic is as frequent as another. A word after word w in topic k weighs follows[w][x]
  // * prefers[k][x], the first word of a phrase prefers[k][x].
  std::vector<std::vector<uint32_t>> next_topic, follows, prefers;
};

// The language that `seed` fixes: 8 topics, 48 words, 64 tokens.
LanguageTables MakeTables(uint64_t seed);

// Immutable, thread-safe. Entropies in nats.
class SyntheticLanguage {
 public:
  static constexpr int kEndOdds = 8;

  explicit SyntheticLanguage(LanguageTables tables);

  int num_tokens() const { return 2 * tables_.num_topics + tables_.num_words; }

  // p(next | last, topic): the topic is that of `last`'s phrase. Zero where the grammar forbids it.
  double Probability(int topic, int last, int next) const;

  // p(topic, token) at a place chosen blindly in an endless text.
  double Stationary(int topic, int token) const;

  // The mean uncertainty of the next token given the whole past.
  double EntropyRate() const;

  // The mean uncertainty of the next token given the last token only: what a bigram model can
  // reach.
  double BigramEntropy() const;

  // The mean over targets tokens[1], tokens[2], … of -log p(target | the tokens before it),
  // exactly, by the forward algorithm; tokens[0] starts at a place chosen blindly.
  double CrossEntropy(std::span<const int64_t> tokens) const;

  // A piece of text that starts at a place chosen blindly.
  void Sample(RandomStream& random, std::span<int64_t> tokens) const;

  // Tells languages apart.
  std::string sha256() const;

 private:
  enum class Kind { kOpening, kClosing, kWord };
  Kind KindOf(int token) const;
  int word_of(int token) const { return token - 2 * tables_.num_topics; }
  uint64_t WordWeight(int topic, int last, int word) const;
  int Next(RandomStream& random, int& topic, int last) const;
  int NextWord(RandomStream& random, int topic, int last) const;
  void SolveWordFrequencies();

  const LanguageTables tables_;
  std::vector<uint64_t> topic_totals_;  // of next_topic's rows
  std::vector<std::vector<uint64_t>>
      word_totals_;  // [topic][last word, or num_words after the opening token]
  std::vector<std::vector<double>> words_per_phrase_;  // [topic][word], expected
};

}  // namespace fp4::trainer
