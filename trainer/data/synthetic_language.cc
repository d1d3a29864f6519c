#include "trainer/data/synthetic_language.h"

#include <algorithm>
#include <cmath>
#include <numeric>
#include <utility>

#include "absl/strings/str_cat.h"
#include "base/sha256.h"

namespace fp4::trainer {
namespace {

// (7/8)^512 is below the precision of a double.
constexpr int kIterations = 512;

double Surprise(double probability) { return probability > 0 ? -std::log(probability) : 0; }

}  // namespace

SyntheticLanguage::SyntheticLanguage(LanguageTables tables) : tables_(std::move(tables)) {
  for (int topic = 0; topic < tables_.num_topics; ++topic) {
    const std::vector<uint32_t>& next = tables_.next_topic[topic];
    topic_totals_.push_back(std::accumulate(next.begin(), next.end(), uint64_t{0}));
    std::vector<uint64_t> totals;
    for (int last = 0; last <= tables_.num_words; ++last) {
      uint64_t total = 0;
      for (int word = 0; word < tables_.num_words; ++word) total += WordWeight(topic, last, word);
      totals.push_back(total);
    }
    word_totals_.push_back(std::move(totals));
  }
  SolveWordFrequencies();
}

// m(w) = first(w) + (1 - 1/kEndOdds) sum_v m(v) p(w | v), for each topic.
void SyntheticLanguage::SolveWordFrequencies() {
  const int num_words = tables_.num_words;
  for (int topic = 0; topic < tables_.num_topics; ++topic) {
    std::vector<double> expected(num_words, 0.0);
    for (int iteration = 0; iteration < kIterations; ++iteration) {
      std::vector<double> next(num_words);
      for (int word = 0; word < num_words; ++word) {
        double sum = Probability(topic, topic, 2 * tables_.num_topics + word);
        for (int last = 0; last < num_words; ++last) {
          sum += expected[last] *
                 Probability(topic, 2 * tables_.num_topics + last, 2 * tables_.num_topics + word);
        }
        next[word] = sum;
      }
      expected = std::move(next);
    }
    words_per_phrase_.push_back(std::move(expected));
  }
}

SyntheticLanguage::Kind SyntheticLanguage::KindOf(int token) const {
  if (token < tables_.num_topics) return Kind::kOpening;
  return token < 2 * tables_.num_topics ? Kind::kClosing : Kind::kWord;
}

uint64_t SyntheticLanguage::WordWeight(int topic, int last, int word) const {
  const uint64_t preference = tables_.prefers[topic][word];
  return last == tables_.num_words ? preference : preference * tables_.follows[last][word];
}

double SyntheticLanguage::Probability(int topic, int last, int next) const {
  const auto word_probability = [&](int last_word) {
    return static_cast<double>(WordWeight(topic, last_word, word_of(next))) /
           static_cast<double>(word_totals_[topic][last_word]);
  };
  switch (KindOf(last)) {
    case Kind::kOpening:
      if (last != topic || KindOf(next) != Kind::kWord) return 0;
      return word_probability(tables_.num_words);
    case Kind::kWord:
      if (next == tables_.num_topics + topic) return 1.0 / kEndOdds;
      if (KindOf(next) != Kind::kWord) return 0;
      return (1 - 1.0 / kEndOdds) * word_probability(word_of(last));
    case Kind::kClosing:
      if (last != tables_.num_topics + topic || KindOf(next) != Kind::kOpening) return 0;
      return static_cast<double>(tables_.next_topic[topic][next]) /
             static_cast<double>(topic_totals_[topic]);
  }
  return 0;
}

double SyntheticLanguage::Stationary(int topic, int token) const {
  // A phrase has an opening, a closing token and kEndOdds words on average; topics are equally
  // frequent.
  const double phrases = 1.0 / (tables_.num_topics * (kEndOdds + 2));
  switch (KindOf(token)) {
    case Kind::kOpening:
      return token == topic ? phrases : 0;
    case Kind::kClosing:
      return token == tables_.num_topics + topic ? phrases : 0;
    case Kind::kWord:
      return phrases * words_per_phrase_[topic][word_of(token)];
  }
  return 0;
}

double SyntheticLanguage::EntropyRate() const {
  double rate = 0;
  for (int topic = 0; topic < tables_.num_topics; ++topic) {
    for (int last = 0; last < num_tokens(); ++last) {
      for (int next = 0; next < num_tokens(); ++next) {
        const double probability = Probability(topic, last, next);
        rate += Stationary(topic, last) * probability * Surprise(probability);
      }
    }
  }
  return rate;
}

double SyntheticLanguage::BigramEntropy() const {
  double entropy = 0;
  for (int last = 0; last < num_tokens(); ++last) {
    double frequency = 0;
    for (int topic = 0; topic < tables_.num_topics; ++topic) frequency += Stationary(topic, last);
    for (int next = 0; next < num_tokens(); ++next) {
      double joint = 0;
      for (int topic = 0; topic < tables_.num_topics; ++topic) {
        joint += Stationary(topic, last) * Probability(topic, last, next);
      }
      if (joint > 0) entropy += joint * Surprise(joint / frequency);
    }
  }
  return entropy;
}

double SyntheticLanguage::CrossEntropy(std::span<const int64_t> tokens) const {
  // belief[k] = p(topic k | tokens so far); the last token is known, so the topic is all that is
  // hidden.
  std::vector<double> belief;
  for (int topic = 0; topic < tables_.num_topics; ++topic) {
    belief.push_back(Stationary(topic, static_cast<int>(tokens[0])));
  }
  const double start = std::accumulate(belief.begin(), belief.end(), 0.0);
  for (double& p : belief) p /= start;
  double sum = 0;
  for (size_t i = 1; i < tokens.size(); ++i) {
    const int last = static_cast<int>(tokens[i - 1]), next = static_cast<int>(tokens[i]);
    double probability = 0;
    for (int topic = 0; topic < tables_.num_topics; ++topic) {
      belief[topic] *= Probability(topic, last, next);
      probability += belief[topic];
    }
    sum -= std::log(probability);
    if (KindOf(next) == Kind::kOpening) {
      std::fill(belief.begin(), belief.end(), 0.0);
      belief[next] = 1;
    } else {
      for (double& p : belief) p /= probability;
    }
  }
  return sum / static_cast<double>(tokens.size() - 1);
}

int SyntheticLanguage::NextWord(RandomStream& random, int topic, int last) const {
  uint64_t left = random.Below(word_totals_[topic][last]);
  int word = 0;
  while (left >= WordWeight(topic, last, word)) left -= WordWeight(topic, last, word++);
  return 2 * tables_.num_topics + word;
}

int SyntheticLanguage::Next(RandomStream& random, int& topic, int last) const {
  switch (KindOf(last)) {
    case Kind::kOpening:
      return NextWord(random, topic, tables_.num_words);
    case Kind::kWord:
      if (random.Below(kEndOdds) == 0) return tables_.num_topics + topic;
      return NextWord(random, topic, word_of(last));
    case Kind::kClosing: {
      uint64_t left = random.Below(topic_totals_[topic]);
      const std::vector<uint32_t>& weights = tables_.next_topic[topic];
      for (topic = 0; left >= weights[topic]; ++topic) left -= weights[topic];
      return topic;
    }
  }
  return 0;
}

void SyntheticLanguage::Sample(RandomStream& random, std::span<int64_t> tokens) const {
  // The first token's place in its phrase: each of the kEndOdds + 2 expected places is as likely.
  // How many words precede a word has no memory, as the phrase's end has none.
  int topic = static_cast<int>(random.Below(tables_.num_topics));
  const uint64_t place = random.Below(kEndOdds + 2);
  int last = place == 1 ? tables_.num_topics + topic : topic;
  if (place > 1) {
    last = NextWord(random, topic, tables_.num_words);
    while (random.Below(kEndOdds) != 0) last = NextWord(random, topic, word_of(last));
  }
  tokens[0] = last;
  for (int64_t& token : tokens.subspan(1)) token = last = Next(random, topic, last);
}

std::string SyntheticLanguage::sha256() const {
  std::string text = absl::StrCat("fp4lab language 1\n", kEndOdds, "\n");
  for (const auto* table : {&tables_.next_topic, &tables_.follows, &tables_.prefers}) {
    for (const std::vector<uint32_t>& row : *table) {
      for (uint32_t weight : row) absl::StrAppend(&text, weight, " ");
      absl::StrAppend(&text, "\n");
    }
  }
  return Sha256Hex(text);
}

}  // namespace fp4::trainer
