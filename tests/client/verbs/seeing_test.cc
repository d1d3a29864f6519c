// `wait`, `queue`, `diff`, `plot`, `export`, `events` and `clone` as processes.
#include <gtest/gtest.h>
#include <signal.h>

#include <algorithm>
#include <filesystem>
#include <nlohmann/json.hpp>

#include "base/file.h"
#include "spec/score_table.h"
#include "tests/client/support/command_fixture.h"

namespace fp4::client {
namespace {

using Json = nlohmann::json;

class SeeingTest : public CommandFixture {
 protected:
  SeeingTest() {
    v1::Experiment experiment = MakeExperiment({"baseline", "fp4"});
    experiment.set_document(kDocument);
    experiment.set_document_name("demo.json");
    experiment.add_overrides("training.steps=50");
    service_.SetExperiment(experiment);
    v1::Series series;
    series.set_name("val/loss");
    for (int step : {10, 20}) {
      v1::Point& point = *series.add_points();
      point.set_step(step);
      point.set_value(40.0 / step);
    }
    service_.SetSeries(series);
  }

  void Finish(v1::RunState fp4) {
    service_.Add(StateTo("run0000a", v1::RUN_STATE_COMPLETED));
    service_.Add(StateTo("run0000b", fp4, "trainer_failed"));
  }
};

TEST_F(SeeingTest, WaitReturnsInSilenceWhenAllHaveCompleted) {
  Command command = Run({"wait", "k7x2"});
  Finish(v1::RUN_STATE_COMPLETED);
  EXPECT_EQ(command.Wait(), 0) << command.err();
  EXPECT_EQ(command.out(), "");
  EXPECT_EQ(command.err(), "");
}

TEST_F(SeeingTest, WaitNamesTheRunsThatDidNotComplete) {
  Finish(v1::RUN_STATE_FAILED);
  Command command = Run({"wait", "k7x2"});
  EXPECT_EQ(command.Wait(), 1);
  EXPECT_EQ(command.out(), "");
  EXPECT_NE(command.err().find("run run0000b (fp4 seed 1) failed, trainer_failed"),
            std::string::npos)
      << command.err();
  EXPECT_EQ(command.err().find("run0000a"), std::string::npos);
}

TEST_F(SeeingTest, WaitOutlivesAConnectionThatBreaksBeforeAnyEvent) {
  service_.Add(StateTo("run0000a", v1::RUN_STATE_RUNNING));
  service_.BreakWatchAfter(0);
  Command command = Run({"wait", "k7x2"});
  while (service_.watch_requests().empty()) absl::SleepFor(absl::Milliseconds(5));
  Finish(v1::RUN_STATE_COMPLETED);
  EXPECT_EQ(command.Wait(), 0) << command.err();
}

TEST_F(SeeingTest, WaitForNothingIsAnError) { EXPECT_EQ(Run({"wait", "zzzz"}).Wait(), 4); }

TEST_F(SeeingTest, QueueListsPositionsAndReasons) {
  v1::ListQueueResponse queue;
  for (const char* id : {"run0000b", "run0000a"}) {
    v1::QueuedRun& run = *queue.add_runs();
    run.set_run_id(id);
    run.set_position(queue.runs_size());
    run.set_reason("no_worker");
    run.set_why("no worker is connected");
    run.set_needs("a CPU slot");
  }
  queue.set_num_queued(2);
  service_.SetQueue(queue);
  Command json = Run({"queue", "-o", "json"});
  EXPECT_EQ(json.Wait(), 0) << json.err();
  EXPECT_EQ(Json::parse(json.out()), Json::parse(R"([
      {"run": "run0000b", "position": 1, "reason": "no_worker",
       "why": "no worker is connected", "needs": "a CPU slot"},
      {"run": "run0000a", "position": 2, "reason": "no_worker",
       "why": "no worker is connected", "needs": "a CPU slot"}])"));
  Command text = Run({"queue"});
  EXPECT_EQ(text.Wait(), 0);
  EXPECT_NE(text.out().find("1  run0000b  demo        fp4"), std::string::npos) << text.out();
  EXPECT_NE(text.out().find("2 runs wait: no worker is connected"), std::string::npos);
  Command one = Run({"queue", "--limit", "1"});
  EXPECT_EQ(one.Wait(), 0);
  EXPECT_EQ(one.err(), "1 more wait: --limit 0 shows all.\n");
}

TEST_F(SeeingTest, AnEmptyQueueIsSaid) {
  Command text = Run({"queue"});
  EXPECT_EQ(text.Wait(), 0);
  EXPECT_EQ(text.err(), "No run waits.\n");
  Command json = Run({"queue", "-o", "json"});
  EXPECT_EQ(json.Wait(), 0);
  EXPECT_EQ(json.out(), "[]\n");
}

TEST_F(SeeingTest, WorkersAreListedSlotBySlot) {
  Command text = Run({"workers", "ls"});
  EXPECT_EQ(text.Wait(), 0) << text.err();
  EXPECT_NE(text.out().find("connected     0  CPU, 2 threads  free"), std::string::npos)
      << text.out();
  Command json = Run({"workers", "ls", "-o", "json"});
  EXPECT_EQ(json.Wait(), 0);
  EXPECT_EQ(Json::parse(json.out())[0]["slots"][0]["cpu_threads"], 2);
  EXPECT_EQ(Run({"workers", "dance"}).Wait(), 2);
}

TEST_F(SeeingTest, DiffTakesFilesExperimentsAndVariants) {
  std::string text = kDocument;
  text.replace(text.find("\"steps\": 40"), 11, "\"steps\": 60");
  const std::string file = Write("b.json", text);
  Command changed = Run({"diff", "k7x2:fp4", file + ":fp4"});
  EXPECT_EQ(changed.Wait(), 0) << changed.err();
  EXPECT_NE(changed.out().find("k7x2m9qd:fp4 -> "), std::string::npos);
  EXPECT_NE(changed.out().find("training.steps"), std::string::npos) << changed.out();
  Command json = Run({"diff", "k7x2:baseline", "k7x2:fp4", "-o", "json"});
  EXPECT_EQ(json.Wait(), 0) << json.err();
  EXPECT_EQ(Json::parse(json.out())["variants"][0]["document"][0],
            Json::parse(R"({"path": "precision.default", "a": "baseline", "b": "fp4"})"));
}

TEST_F(SeeingTest, UnifiedDiffShowsTheLinesOfTheDocuments) {
  Command unified = Run({"diff", "k7x2:baseline", "k7x2:fp4", "--unified"});
  EXPECT_EQ(unified.Wait(), 0) << unified.err();
  EXPECT_EQ(unified.out().substr(0, 43), "--- k7x2m9qd:baseline\n+++ k7x2m9qd:fp4\n@@ -");
  EXPECT_NE(unified.out().find("\n+  \"precision\": {\"default\": \"fp4\""), std::string::npos)
      << unified.out();
  Command equal = Run({"diff", "k7x2:fp4", "k7x2:fp4", "--unified"});
  EXPECT_EQ(equal.Wait(), 0);
  EXPECT_EQ(equal.out(), "k7x2m9qd:fp4 -> k7x2m9qd:fp4: the documents are equal\n");
}

TEST_F(SeeingTest, TopPrintsOnePictureAndWantsATerminalElse) {
  Command once = Run({"top", "--once"});
  EXPECT_EQ(once.Wait(), 0) << once.err();
  EXPECT_NE(once.out().find("0 of 1 slot busy"), std::string::npos) << once.out();
  Command pipe = Run({"top"});
  EXPECT_EQ(pipe.Wait(), 2);
  EXPECT_EQ(pipe.err(), "fp4ctl: top needs a terminal; --once prints one picture\n");
  EXPECT_EQ(Run({"top", "-o", "json"}).Wait(), 2);
}

TEST_F(SeeingTest, PlotWithBandsDrawsAVariantOnce) {
  Command command = Run({"plot", "k7x2", "--bands"});
  EXPECT_EQ(command.Wait(), 0) << command.err();
  EXPECT_NE(command.out().find("fp4 (k7x2m9qd), 1 seed"), std::string::npos) << command.out();
}

TEST_F(SeeingTest, DiffOfFilesNeedsNoController) {
  const std::string file = Write("a.json", kDocument);
  Command command =
      RunWith({"FP4_CONTROLLER=127.0.0.1:1"}, {"diff", file + ":baseline", file + ":fp4"});
  EXPECT_EQ(command.Wait(), 0) << command.err();
  EXPECT_NE(command.out().find("precision.default"), std::string::npos);
}

TEST_F(SeeingTest, DiffNamesWhatItDoesNotKnow) {
  Command id = Run({"diff", "zzzz", "k7x2"});
  EXPECT_EQ(id.Wait(), 4);
  EXPECT_NE(id.err().find("zzzz"), std::string::npos);
  Command variant = Run({"diff", "k7x2:nf4", "k7x2:fp4"});
  EXPECT_EQ(variant.Wait(), 4);
  EXPECT_EQ(variant.err(), "fp4ctl: 'nf4' is not a variant of k7x2; allowed: baseline, fp4\n");
  EXPECT_EQ(Run({"diff", "nothere.json", "k7x2"}).Wait(), 2);
  Command broken = Run({"diff", Write("c.json", "{\"nam\": 1}"), "k7x2"});
  EXPECT_EQ(broken.Wait(), 2);
  EXPECT_NE(broken.err().find("c.json:1:"), std::string::npos) << broken.err();
}

TEST_F(SeeingTest, ExportWritesAFileForEachRunAndAnIndex) {
  const std::filesystem::path folder = folder_.path() / "deep" / "results";
  Command command = Run({"export", "k7x2", "--to", "csv", "--dir", folder.string()});
  EXPECT_EQ(command.Wait(), 0) << command.err();
  EXPECT_EQ(*ReadFile(folder / "fp4-seed1-run0000b.csv"), "step,val/loss\n10,4\n20,2\n");
  EXPECT_EQ(*ReadFile(folder / "baseline-seed1-run0000a.csv"), "step,val/loss\n10,4\n20,2\n");
  const Json index = Json::parse(*ReadFile(folder / "runs.json"));
  EXPECT_EQ(index[1]["file"], "fp4-seed1-run0000b.csv");
  EXPECT_EQ(index[1]["run"], "run0000b");
  EXPECT_EQ(std::distance(std::filesystem::directory_iterator(folder), {}), 3);
}

TEST_F(SeeingTest, ExportForTensorBoardIsAFolderForEachRun) {
  const std::filesystem::path folder = folder_.path() / "logs";
  Command command = Run({"export", "k7x2", "--to", "tensorboard", "--dir", folder.string()});
  EXPECT_EQ(command.Wait(), 0) << command.err();
  const std::string file =
      *ReadFile(folder / "fp4-seed1-run0000b" / "events.out.tfevents.1767323045.run0000b");
  EXPECT_NE(file.find("val/loss"), std::string::npos);
  EXPECT_TRUE(service_.watch_requests().back().no_follow());
}

TEST_F(SeeingTest, ExportForMlflowOfOneRunHasItsExperimentToo) {
  const std::filesystem::path folder = folder_.path() / "mlruns";
  Command command = Run({"export", "run0000b", "--to", "mlflow", "--dir", folder.string()});
  EXPECT_EQ(command.Wait(), 0) << command.err();
  EXPECT_TRUE(std::filesystem::exists(folder / "k7x2m9qd" / "meta.yaml"));
  EXPECT_EQ(*ReadFile(folder / "k7x2m9qd" / "run0000b" / "metrics" / "val" / "loss"),
            "1767323045000 4 10\n1767323045000 2 20\n");
}

TEST_F(SeeingTest, ExportSaysWhatItCannotDo) {
  const std::string file = Write("taken", "");
  Command folder = Run({"export", "k7x2", "--to", "csv", "--dir", file});
  EXPECT_EQ(folder.Wait(), 1);
  EXPECT_NE(folder.err().find("--dir: " + file), std::string::npos) << folder.err();
  Command format = Run({"export", "k7x2", "--to", "xls", "--dir", "."});
  EXPECT_EQ(format.Wait(), 2);
  EXPECT_NE(format.err().find("xls not in {csv,jsonl,tensorboard,mlflow}"), std::string::npos)
      << format.err();
}

TEST_F(SeeingTest, ReportIsAFileOrGoesToStandardOutput) {
  v1::CompareResponse comparison;
  comparison.set_experiment_id("k7x2m9qd");
  comparison.set_metric("val/loss");
  comparison.set_reference("baseline");
  comparison.add_variants()->set_name("baseline");
  service_.SetComparison(comparison);
  const std::filesystem::path file = folder_.path() / "report.html";
  Command html = Run({"report", "k7x2", "--out", file.string()});
  EXPECT_EQ(html.Wait(), 0) << html.err();
  EXPECT_EQ(html.out(), file.string() + "\n");
  EXPECT_NE(ReadFile(file)->find("<svg class=\"chart"), std::string::npos);
  Command text = Run({"report", "k7x2", "--out", "-", "--format", "md"});
  EXPECT_EQ(text.Wait(), 0) << text.err();
  EXPECT_EQ(text.out().substr(0, 8), "# demo\n\n");
}

TEST_F(SeeingTest, ReportSaysWhatItCannotDo) {
  EXPECT_EQ(Run({"report", "zzzz", "--out", "-"}).Wait(), 4);
  EXPECT_EQ(Run({"report", "k7x2", "--out", "-", "--margin", "0"}).Wait(), 2);
  EXPECT_EQ(Run({"report", "k7x2", "--out", "-", "-o", "json"}).Wait(), 2);
  Command lost = Run({"report", "k7x2", "--out", "/nowhere/report.html"});
  EXPECT_EQ(lost.Wait(), 1);
  EXPECT_NE(lost.err().find("/nowhere/report.html"), std::string::npos) << lost.err();
  Command full = Shell("$FP4CTL report k7x2 --out - >/dev/full");
  EXPECT_EQ(full.Wait(), 1);
  EXPECT_NE(full.err().find("write error"), std::string::npos) << full.err();
}

TEST_F(SeeingTest, PlotDrawsEachRun) {
  Command command = Run({"plot", "run0000a", "run0000b"});
  EXPECT_EQ(command.Wait(), 0) << command.err();
  EXPECT_NE(command.out().find("b  fp4 seed 1 (run0000b)"), std::string::npos) << command.out();
  Command unknown = Run({"plot", "k7x2", "--name", "val/los"});
  EXPECT_EQ(unknown.Wait(), 4);
  EXPECT_NE(unknown.err().find("did you mean 'val/loss'"), std::string::npos) << unknown.err();
  EXPECT_EQ(Run({"plot", "k7x2", "-o", "json"}).Wait(), 2);
}

TEST_F(SeeingTest, EventsPrintsAllThatIsStored) {
  service_.Add(StateTo("run0000a", v1::RUN_STATE_RUNNING));
  service_.Add(MetricsAt("run0000a", 1, 10, 3.5, 1));
  Command command = Run({"events", "run0000a"});
  EXPECT_EQ(command.Wait(), 0) << command.err();
  EXPECT_EQ(std::ranges::count(command.out(), '\n'), 2) << command.out();
  EXPECT_NE(command.out().find("\"train/loss\":3.5"), std::string::npos) << command.out();
  EXPECT_TRUE(service_.watch_requests().back().no_follow());
}

TEST_F(SeeingTest, CloneSubmitsTheDocumentWithItsOverrides) {
  Command command = Run({"clone", "k7x2", "--set", "seeds=[4,5]"});
  EXPECT_EQ(command.Wait(), 0) << command.err();
  EXPECT_NE(command.out().find("Experiment k7x2m9qd (demo): 2 runs queued"), std::string::npos);
  const v1::CreateExperimentRequest request = service_.create_request();
  EXPECT_EQ(request.document(), kDocument);
  ASSERT_EQ(request.overrides_size(), 2);
  EXPECT_EQ(request.overrides(0), "training.steps=50");
  EXPECT_EQ(request.overrides(1), "seeds=[4,5]");
  EXPECT_FALSE(request.request_id().empty());
}

TEST_F(SeeingTest, ClonePrintsWithoutSubmitting) {
  Command command = Run({"clone", "k7x2", "--print"});
  EXPECT_EQ(command.Wait(), 0);
  EXPECT_EQ(command.out(), std::string(kDocument) + "\n");
  EXPECT_EQ(command.err(), "It was submitted with --set training.steps=50\n");
  EXPECT_TRUE(service_.create_request().document().empty());
}

v1::Event EventOf(const spec::ScoreTable& table) {
  v1::Event event;
  event.set_run_id("run0000a");
  event.mutable_sensitivity()->set_step(table.step);
  event.mutable_sensitivity()->set_json(spec::ToJson(table));
  return event;
}

v1::Event ScoresAt(int64_t step, double loss_change) {
  return EventOf(
      {.step = step,
       .micro_batches = 1,
       .targets = 64,
       .layers = {{.layer = "lm_head",
                   .current = "baseline",
                   .scores = {{.recipe = "nf4", .bytes = 9, .loss_change = loss_change}}}}});
}

TEST_F(SeeingTest, SensitivityPrintsTheNewestScoresOrThoseOfAStep) {
  service_.Add(ScoresAt(10, 0.5));
  service_.Add(ScoresAt(20, 0.25));
  Command newest = Run({"sensitivity", "run0000a"});
  EXPECT_EQ(newest.Wait(), 0) << newest.err();
  EXPECT_EQ(newest.out(),
            "step 20, 64 targets\n"
            "layer    current                 nf4\n"
            "lm_head  baseline  +2.50e-01 (0e+00)\n");
  Command earlier = Run({"sensitivity", "run0000a", "--step", "10", "-o", "json"});
  EXPECT_EQ(earlier.Wait(), 0) << earlier.err();
  const Json json = Json::parse(earlier.out());
  EXPECT_EQ(json["run"], "run0000a");
  EXPECT_EQ(json["step"], 10);
  EXPECT_EQ(json["layers"][0]["scores"][0]["loss_change"], 0.5);
}

v1::Event AdviceAt(int64_t step, double gain) {
  return EventOf(
      {.step = step,
       .micro_batches = 1,
       .targets = 64,
       .moves = {{.move = {.kind = spec::MoveKind::kUnits, .layer = "layers.0", .units = 2},
                  .extra_bytes = 512,
                  .gain = gain,
                  .standard_error = 0.125}}});
}

class AdviseTest : public SeeingTest {
 protected:
  AdviseTest() {
    v1::Experiment experiment = MakeExperiment({"baseline", "fp4"});
    experiment.mutable_runs(0)->set_resolved_document(
        R"({"schema_version": 1, "name": "demo", "seeds": [1], "training": {"steps": 40},
            "model": {"preset": "autoencoder-16", "layer_sizes": [32, 4, 32]},
            "data": {"source": "vectors"}, "sensitivity": {"formats": ["int8"], "advise": true}})");
    service_.SetExperiment(experiment);
  }
};

TEST_F(AdviseTest, PrintsTheNewestMovesWithTheirChanges) {
  service_.Add(AdviceAt(10, 0.5));
  service_.Add(AdviceAt(20, 0.25));
  Command text = Run({"advise", "run0000a"});
  EXPECT_EQ(text.Wait(), 0) << text.err();
  EXPECT_EQ(text.out().substr(0, 20), "step 20, 64 targets\n");
  EXPECT_NE(text.out().find("layers.0-plus-2"), std::string::npos) << text.out();
  Command json = Run({"advise", "run0000a", "--step", "10", "-o", "json"});
  EXPECT_EQ(json.Wait(), 0) << json.err();
  const Json move = Json::parse(json.out())["moves"][0];
  EXPECT_EQ(move["gain"], 0.5);
  EXPECT_EQ(move["change"], Json::parse(R"({"model": {"layer_sizes": [32, 6, 32]}})"));
}

TEST_F(AdviseTest, SubmitsTheBestMovesWithTheSeedsThatItIsGiven) {
  service_.Add(AdviceAt(20, 0.25));
  Command command = Run({"advise", "run0000a", "--submit", "--seeds", "5", "--seeds", "6"});
  EXPECT_EQ(command.Wait(), 0) << command.err();
  const Json sent = Json::parse(service_.create_request().document());
  EXPECT_EQ(sent["seeds"], Json({5, 6}));
  EXPECT_TRUE(sent["variants"].contains("base"));
  EXPECT_EQ(sent["variants"]["layers.0-plus-2"]["model"]["layer_sizes"], Json({32, 6, 32}));
  Command wrong = Run({"advise", "run0000a", "--print", "--seeds", "-1"});
  EXPECT_EQ(wrong.Wait(), 2);
  EXPECT_NE(wrong.err().find("'-1'"), std::string::npos) << wrong.err();
}

TEST_F(AdviseTest, WithoutGainsOrAdviceSaysWhy) {
  Command none = Run({"advise", "run0000a"});
  EXPECT_EQ(none.Wait(), 4);
  EXPECT_NE(none.err().find("run run0000a has no advice"), std::string::npos) << none.err();
  EXPECT_NE(none.err().find(R"("sensitivity": {"advise": true})"), std::string::npos);
  service_.Add(AdviceAt(20, -0.25));
  Command nothing = Run({"advise", "run0000a", "--submit"});
  EXPECT_EQ(nothing.Wait(), 2);
  EXPECT_NE(nothing.err().find("predicted to gain anything"), std::string::npos) << nothing.err();
}

TEST_F(SeeingTest, SensitivityOfARunWithoutScoresSaysWhatAsksForThem) {
  Command none = Run({"sensitivity", "run0000a"});
  EXPECT_EQ(none.Wait(), 4);
  EXPECT_NE(none.err().find("run run0000a has no scores; its document asks for them by "
                            "`sensitivity` or precision.budget"),
            std::string::npos)
      << none.err();
}

}  // namespace
}  // namespace fp4::client
