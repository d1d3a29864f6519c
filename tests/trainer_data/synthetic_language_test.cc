#include "trainer/data/synthetic_language.h"

#include <gtest/gtest.h>

#include <cmath>
#include <functional>

namespace fp4::trainer {
namespace {

// Two topics, three words: ids 0 1 open, 2 3 close, 4 5 6 are words.
LanguageTables TinyTables() {
  return {.num_topics = 2,
          .num_words = 3,
          .next_topic = {{3, 1}, {1, 3}},
          .follows = {{1, 4, 2}, {5, 1, 1}, {1, 1, 1}},
          .prefers = {{6, 1, 1}, {1, 2, 7}}};
}

class SyntheticLanguageTest : public testing::TestWithParam<uint64_t> {};

TEST_P(SyntheticLanguageTest, ProbabilitiesSumToOneWhereTheStateExists) {
  const SyntheticLanguage language(MakeTables(GetParam()));
  for (int topic = 0; topic < 8; ++topic) {
    for (int last = 0; last < language.num_tokens(); ++last) {
      double sum = 0;
      for (int next = 0; next < language.num_tokens(); ++next)
        sum += language.Probability(topic, last, next);
      EXPECT_NEAR(sum, language.Stationary(topic, last) > 0 ? 1 : 0, 1e-12);
    }
  }
}

TEST_P(SyntheticLanguageTest, AStepLeavesTheStationaryDistributionAsItIs) {
  const SyntheticLanguage language(MakeTables(GetParam()));
  double total = 0;
  for (int next_topic = 0; next_topic < 8; ++next_topic) {
    for (int next = 0; next < language.num_tokens(); ++next) {
      double flow = 0;
      for (int topic = 0; topic < 8; ++topic) {
        if (next < 8 ? next != next_topic : topic != next_topic)
          continue;  // only an opening token changes it
        for (int last = 0; last < language.num_tokens(); ++last) {
          flow += language.Stationary(topic, last) * language.Probability(topic, last, next);
        }
      }
      EXPECT_NEAR(flow, language.Stationary(next_topic, next), 1e-12);
      total += flow;
    }
  }
  EXPECT_NEAR(total, 1, 1e-12);
}

TEST_P(SyntheticLanguageTest, MuchOfItLiesBeyondABigram) {
  const SyntheticLanguage language(MakeTables(GetParam()));
  EXPECT_GT(language.BigramEntropy() - language.EntropyRate(), 0.3);
  EXPECT_LT(language.BigramEntropy(), std::log(64) - 1);
}

TEST_P(SyntheticLanguageTest, SamplesCostWhatTheEntropyRateSays) {
  const SyntheticLanguage language(MakeTables(GetParam()));
  RandomStream random(GetParam(), 12345);
  std::vector<int64_t> tokens(200001);
  language.Sample(random, tokens);
  // -log p has a deviation of about 1.2 a token.
  EXPECT_NEAR(language.CrossEntropy(tokens), language.EntropyRate(), 0.015);
}

INSTANTIATE_TEST_SUITE_P(Seeds, SyntheticLanguageTest, testing::Values(0, 1, 2, 1234567890123));

// p(tokens) by adding up every sequence of topics.
double BruteForce(const SyntheticLanguage& language, std::span<const int64_t> tokens) {
  std::function<double(int, size_t)> rest = [&](int topic, size_t at) -> double {
    if (at + 1 == tokens.size()) return 1;
    const int last = static_cast<int>(tokens[at]), next = static_cast<int>(tokens[at + 1]);
    double sum = 0;
    for (int next_topic = 0; next_topic < 2; ++next_topic) {
      const bool opens = next < 2;
      if (opens ? next_topic != next : next_topic != topic) continue;
      sum += language.Probability(topic, last, next) * rest(next_topic, at + 1);
    }
    return sum;
  };
  double sum = 0;
  for (int topic = 0; topic < 2; ++topic) {
    sum += language.Stationary(topic, static_cast<int>(tokens[0])) * rest(topic, 0);
  }
  return sum;
}

TEST(SyntheticLanguage, CrossEntropyIsThatOfEnumeration) {
  const SyntheticLanguage language(TinyTables());
  double total = 0, uncertain_starts = 0;
  for (int64_t code = 0; code < 7 * 7 * 7 * 7 * 7; ++code) {
    std::vector<int64_t> tokens;
    for (int64_t rest = code; tokens.size() < 5; rest /= 7) tokens.push_back(rest % 7);
    const double joint = BruteForce(language, tokens);
    total += joint;
    if (joint == 0) continue;
    const double first = BruteForce(language, std::span(tokens).first(1));
    EXPECT_NEAR(language.CrossEntropy(tokens), -std::log(joint / first) / 4, 1e-12);
    uncertain_starts += tokens[0] >= 4;
  }
  EXPECT_NEAR(total, 1, 1e-12);
  EXPECT_GT(uncertain_starts, 100);  // windows whose topic must be guessed were among them
}

TEST(SyntheticLanguage, KnowingTheWindowOnlyCostsMoreThanTheEntropyRate) {
  // The exact mean over all windows: it falls towards the rate as windows grow.
  const SyntheticLanguage language(TinyTables());
  double previous = INFINITY;
  for (int length : {2, 3, 5}) {
    double mean = 0;
    for (int64_t code = 0; code < std::pow(7, length); ++code) {
      std::vector<int64_t> tokens;
      for (int64_t rest = code; static_cast<int>(tokens.size()) < length; rest /= 7)
        tokens.push_back(rest % 7);
      const double joint = BruteForce(language, tokens);
      if (joint > 0) mean += joint * language.CrossEntropy(tokens);
    }
    if (length == 2) {
      EXPECT_NEAR(mean, language.BigramEntropy(), 1e-12);
    }
    EXPECT_GT(mean, language.EntropyRate());
    EXPECT_LT(mean, previous);
    previous = mean;
  }
}

TEST(SyntheticLanguage, SamplesStartLikeTheStationaryDistribution) {
  const SyntheticLanguage language(TinyTables());
  constexpr int kSamples = 100000;
  std::vector<int> pairs(49);
  for (int i = 0; i < kSamples; ++i) {
    RandomStream random(5, i);
    int64_t tokens[2];
    language.Sample(random, tokens);
    ++pairs[tokens[0] * 7 + tokens[1]];
  }
  for (int64_t first = 0; first < 7; ++first) {
    for (int64_t second = 0; second < 7; ++second) {
      const double p = BruteForce(language, std::vector<int64_t>{first, second});
      EXPECT_NEAR(pairs[first * 7 + second], kSamples * p,
                  5 * std::sqrt(kSamples * p * (1 - p)) + 1e-9);
    }
  }
}

}  // namespace
}  // namespace fp4::trainer
