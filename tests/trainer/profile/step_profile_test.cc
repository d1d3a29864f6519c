#include "trainer/profile/step_profile.h"

#include <ATen/record_function.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>
#include <sstream>

#include "base/file.h"

namespace fp4::trainer {
namespace {

using ::testing::HasSubstr;
namespace fs = std::filesystem;

void Spend(std::chrono::milliseconds time) {
  const auto end = std::chrono::steady_clock::now() + time;
  while (std::chrono::steady_clock::now() < end) {
  }
}

// Updates with a part that has another one inside.
void Update() {
  RECORD_USER_SCOPE("update");
  { RECORD_FUNCTION("operation", {}); }
  {
    RECORD_USER_SCOPE("outer");
    Spend(std::chrono::milliseconds(2));
    {
      RECORD_USER_SCOPE("fprop blocks.0.mlp.up");
      Spend(std::chrono::milliseconds(6));
    }
    {
      RECORD_USER_SCOPE("fprop blocks.1.mlp.up");
      Spend(std::chrono::milliseconds(6));
    }
  }
}

class StepProfileTest : public testing::Test {
 protected:
  std::unique_ptr<Backend> backend_ = MakeCpuBackend();
};

TEST_F(StepProfileTest, LooksAtTenUpdatesAfterTheFirstTwo) {
  StepProfile profile(*backend_);
  for (int update = 0; update < 2; ++update) Update();
  EXPECT_EQ(profile.num_updates(), 0);
  for (int update = 0; update < 15; ++update) Update();
  EXPECT_EQ(profile.num_updates(), 10);
}

// Bounds on one side only: a busy machine makes everything longer.
TEST_F(StepProfileTest, APartHasTheTimeThatNoInnerPartHas) {
  StepProfile profile(*backend_);
  for (int update = 0; update < 5; ++update) Update();
  const std::map<std::string, double> parts = profile.MillisecondsByPart();
  EXPECT_THAT(parts, testing::UnorderedElementsAre(testing::Key("update"), testing::Key("outer"),
                                                   testing::Key("fprop")));
  EXPECT_GE(parts.at("fprop"), 12);
  EXPECT_GE(parts.at("outer"), 2);
  const double sum = parts.at("fprop") + parts.at("outer") + parts.at("update");
  EXPECT_NEAR(sum, 1000 * profile.seconds() / 3, 1e-6);
}

TEST_F(StepProfileTest, TheTraceHasPartsAndOperations) {
  const fs::path file = fs::path(testing::TempDir()) / "trace.json";
  {
    StepProfile profile(*backend_);
    for (int update = 0; update < 3; ++update) Update();
    ASSERT_TRUE(profile.WriteChromeTrace(file).ok());
  }
  const auto trace = nlohmann::json::parse(*ReadFile(file));
  std::map<std::string, int> seen;
  for (const auto& event : trace.at("traceEvents")) {
    ++seen[event.at("cat").get<std::string>() + " " + event.at("name").get<std::string>()];
    EXPECT_EQ(event.at("ph"), "X");
    EXPECT_GE(event.at("ts").get<double>(), 0);
  }
  EXPECT_EQ(seen["part update"], 1);
  EXPECT_EQ(seen["part fprop blocks.1.mlp.up"], 1);
  EXPECT_EQ(seen["operation operation"], 1);
  fs::remove(file);
}

TEST_F(StepProfileTest, NothingIsSeenWhenItIsGone) {
  { const StepProfile profile(*backend_); }
  Update();
}

TEST_F(StepProfileTest, PrintsPartsAndWhereEnergyComesFrom) {
  StepProfile profile(*backend_);
  for (int update = 0; update < 3; ++update) Update();
  std::ostringstream out;
  PrintProfile(profile, 100, out);
  EXPECT_THAT(out.str(), testing::ContainsRegex("fprop +[0-9.]+ +[0-9.]+%"));
  EXPECT_THAT(out.str(), HasSubstr("energy: "));
  EXPECT_THAT(out.str(), HasSubstr(profile.energy_source()));
}

class EnergySourceTest : public StepProfileTest {
 protected:
  EnergySourceTest() {
    std::string pattern = testing::TempDir() + "powercap-XXXXXX";
    folder_ = mkdtemp(pattern.data());
  }
  ~EnergySourceTest() override { fs::remove_all(folder_); }

  void AddZone(const std::string& zone, const std::string& name, const std::string& microjoules) {
    fs::create_directories(folder_ / zone);
    std::ofstream(folder_ / zone / "name") << name << '\n';
    if (!microjoules.empty()) std::ofstream(folder_ / zone / "energy_uj") << microjoules << '\n';
    std::ofstream(folder_ / zone / "max_energy_range_uj") << "1000000\n";
  }

  fs::path folder_;
};

TEST_F(EnergySourceTest, AddsUpThePackagesAndNothingElse) {
  AddZone("intel-rapl:0", "package-0", "250000");
  AddZone("intel-rapl:1", "package-1", "500000");
  AddZone("intel-rapl:0:0", "core", "100000");
  const EnergySource source(*backend_, folder_);
  EXPECT_EQ(source.name(), "RAPL, 2 packages");
  EXPECT_DOUBLE_EQ(*source.Joules(), 0.75);
}

TEST_F(EnergySourceTest, ACounterThatBeganAnewIsToldRight) {
  AddZone("intel-rapl:0", "package-0", "250000");
  const EnergySource source(*backend_, folder_);
  EXPECT_DOUBLE_EQ(source.Between(0.9, 0.25), 0.35);
}

TEST_F(EnergySourceTest, SaysWhyThereIsNone) {
  const EnergySource none(*backend_, folder_);
  EXPECT_FALSE(none.Joules().has_value());
  EXPECT_THAT(none.name(), HasSubstr("has no package of RAPL"));
  AddZone("intel-rapl:0", "package-0", "");
  const EnergySource unreadable(*backend_, folder_);
  EXPECT_FALSE(unreadable.Joules().has_value());
  EXPECT_THAT(unreadable.name(), HasSubstr("cannot be read"));
}

}  // namespace
}  // namespace fp4::trainer
