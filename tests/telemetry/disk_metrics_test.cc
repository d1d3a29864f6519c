#include "telemetry/disk_metrics.h"

#include <gmock/gmock.h>

#include <filesystem>
#include <sstream>

namespace fp4::telemetry {
namespace {

using ::testing::HasSubstr;

double ValueOf(const std::string& name, const std::string& text) {
  const size_t at = text.find("\n" + name + " ");
  EXPECT_NE(at, std::string::npos) << name << " in\n" << text;
  return std::stod(text.substr(at + name.size() + 2));
}

TEST(ExportDiskSpace, ShowsWhatTheFileSystemHas) {
  MetricRegistry registry;
  ExportDiskSpace("fp4_worker", testing::TempDir(), registry);
  const std::string text = registry.Text();
  const auto space = std::filesystem::space(testing::TempDir());
  EXPECT_EQ(ValueOf("fp4_worker_disk_size_bytes", text), static_cast<double>(space.capacity));
  EXPECT_GT(ValueOf("fp4_worker_disk_free_bytes", text), 0);
  EXPECT_LE(ValueOf("fp4_worker_disk_free_bytes", text), static_cast<double>(space.capacity));
}

TEST(ExportDiskSpace, AFolderThatIsGoneHasNoNumber) {
  const std::string folder = testing::TempDir() + "/gone-soon";
  std::filesystem::create_directory(folder);
  MetricRegistry registry;
  ExportDiskSpace("fp4_worker", folder, registry);
  registry.Text();
  std::filesystem::remove(folder);
  EXPECT_THAT(registry.Text(), HasSubstr("\nfp4_worker_disk_free_bytes Nan\n"));
}

}  // namespace
}  // namespace fp4::telemetry
