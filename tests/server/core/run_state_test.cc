#include "server/core/run_state.h"

#include <fstream>
#include <regex>
#include <set>
#include <sstream>
#include <string>

#include "gtest/gtest.h"

namespace fp4::core {
namespace {

using Edges = std::set<std::pair<std::string, std::string>>;

// The arrows of docs/run-states.md's diagram. "[*]" is the beginning and the end.
Edges EdgesOfTheDocs() {
  std::ifstream file(FP4_SOURCE_DIR "/docs/run-states.md");
  std::stringstream text;
  text << file.rdbuf();
  const std::string page = text.str();
  const std::regex arrow(R"(\n\s+(\[\*\]|\w+) --> (\[\*\]|\w+))");
  Edges edges;
  for (std::sregex_iterator it(page.begin(), page.end(), arrow), end; it != end; ++it) {
    edges.emplace((*it)[1], (*it)[2]);
  }
  return edges;
}

TEST(RunStateTest, TheDiagramInTheDocsShowsExactlyTheLegalTransitions) {
  Edges expected = {{"[*]", "queued"}};
  for (const Transition& transition : Transitions()) {
    expected.emplace(RunStateName(transition.from), RunStateName(transition.to));
  }
  for (RunState state : kRunStates) {
    if (IsFinished(state)) expected.emplace(RunStateName(state), "[*]");
  }
  EXPECT_EQ(EdgesOfTheDocs(), expected);
}

TEST(RunStateTest, NamesReadBack) {
  for (RunState state : kRunStates) EXPECT_EQ(RunStateFromName(RunStateName(state)), state);
  EXPECT_EQ(RunStateFromName("paused"), std::nullopt);
}

TEST(RunStateTest, ACompletedRunIsNeverLeft) {
  for (RunState state : kRunStates) EXPECT_FALSE(IsLegal(RunState::kCompleted, state));
}

TEST(RunStateTest, OnlyAQueuedRunIsAssigned) {
  for (RunState state : kRunStates) {
    EXPECT_EQ(IsLegal(state, RunState::kAssigned), state == RunState::kQueued);
  }
}

}  // namespace
}  // namespace fp4::core
