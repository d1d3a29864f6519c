#include "client/export/mlflow.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>

#include "client/export/mlflow_facts.h"
#include "tests/client/export/series.h"

namespace fp4::client {
namespace {

std::string ContentOf(const std::vector<ExportFile>& files, const std::string& path) {
  const auto found = std::ranges::find(files, path, &ExportFile::path);
  return found == files.end() ? "no " + path : found->content;
}

TEST(MlflowRunFilesTest, AMetricIsALineForEachPoint) {
  RunRecord record =
      MakeRecord({MakeSeries("val/loss", {{0, NAN}, {5, std::nextafter(2.5, 3)}}),
                  MakeSeries("quant/blocks.0.mlp.up/weight_error", {{1, INFINITY}})});
  record.times[{1, 5}] = absl::FromUnixMillis(1234567);
  const std::vector<ExportFile> files = MlflowRunFiles(record, "/x");
  EXPECT_EQ(ContentOf(files, "k7x2m9qd/b2c3d4e5/metrics/val/loss"),
            "1000000 NaN 0\n1234567 2.5000000000000004 5\n");
  EXPECT_EQ(ContentOf(files, "k7x2m9qd/b2c3d4e5/metrics/quant/blocks.0.mlp.up/weight_error"),
            "1000000 Infinity 1\n");
}

TEST(MlflowRunFilesTest, ARunWithoutPointsHasTheFoldersThatMlflowLooksFor) {
  const std::vector<ExportFile> files = MlflowRunFiles(MakeRecord({}), "/x");
  EXPECT_EQ(ContentOf(files, "k7x2m9qd/b2c3d4e5/metrics/"), "");
  EXPECT_EQ(ContentOf(files, "k7x2m9qd/b2c3d4e5/params/"), "");
}

TEST(MlflowRunFilesTest, FieldsOfTheDocumentAreParameters) {
  const std::vector<ExportFile> files = MlflowRunFiles(MakeRecord({}), "/x");
  EXPECT_EQ(ContentOf(files, "k7x2m9qd/b2c3d4e5/params/model.d_model"), "64");
  EXPECT_EQ(ContentOf(files, "k7x2m9qd/b2c3d4e5/params/model.channels"), "[1, 2]");
  EXPECT_EQ(ContentOf(files, "k7x2m9qd/b2c3d4e5/params/description"), "");
  EXPECT_EQ(ContentOf(files, "k7x2m9qd/b2c3d4e5/tags/mlflow.source.git.commit"), "abc123");
}

TEST(MlflowRunFilesTest, AParameterThatMlflowRefusesIsInTheArtifactAlone) {
  RunRecord record = MakeRecord({});
  const std::string document = "{\"long\": \"" + std::string(6001, 'x') + "\"}";
  record.run.set_resolved_document(document);
  const std::vector<ExportFile> files = MlflowRunFiles(record, "/x");
  EXPECT_EQ(ContentOf(files, "k7x2m9qd/b2c3d4e5/params/long"), "no k7x2m9qd/b2c3d4e5/params/long");
  EXPECT_EQ(ContentOf(files, "k7x2m9qd/b2c3d4e5/artifacts/document.json"), document);
}

TEST(MlflowRunFilesTest, StatesAreMlflowsNumbers) {
  const struct {
    v1::RunState state;
    const char* line;
  } cases[] = {{v1::RUN_STATE_QUEUED, "\nstatus: 2\n"},
               {v1::RUN_STATE_RUNNING, "\nstatus: 1\n"},
               {v1::RUN_STATE_COMPLETED, "\nstatus: 3\n"},
               {v1::RUN_STATE_FAILED, "\nstatus: 4\n"},
               {v1::RUN_STATE_CANCELLED, "\nstatus: 5\n"}};
  for (const auto& c : cases) {
    RunRecord record = MakeRecord({});
    record.run.set_state(c.state);
    const ExportFile meta = MlflowRunFiles(record, "/x y").back();
    EXPECT_EQ(meta.path, "k7x2m9qd/b2c3d4e5/meta.yaml");
    EXPECT_NE(meta.content.find(c.line), std::string::npos) << meta.content;
    EXPECT_NE(meta.content.find("\"file:///x%20y/k7x2m9qd/b2c3d4e5/artifacts\""), std::string::npos)
        << meta.content;
  }
}

TEST(MlflowExperimentFilesTest, AHostileNameStaysAText) {
  v1::Experiment experiment;
  experiment.set_id("k7x2m9qd");
  experiment.set_name("a\": b\nname: c");
  const ExportFile meta = MlflowExperimentFiles(experiment, "/x").front();
  EXPECT_NE(meta.content.find(R"x(name: "a\": b\nname: c (k7x2m9qd)")x"), std::string::npos)
      << meta.content;
}

TEST(MlflowKeyTest, StaysInsideItsFolder) {
  const struct {
    const char *name, *expected;
  } cases[] = {{"val/loss", "val/loss"},
               {"../../etc/passwd", "_/_/etc/passwd"},
               {"/abs", "_/abs"},
               {"a//b/.", "a/_/b/_"},
               {"", "_"},
               {"λ<b>", "___b_"}};
  for (const auto& c : cases) EXPECT_EQ(MlflowKey(c.name), c.expected);
}

}  // namespace
}  // namespace fp4::client
