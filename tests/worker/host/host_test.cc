// What the worker finds out about its machine: GPUs, slots, the measured compute type, the paths it
// may open.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <thread>

#include "base/file.h"
#include "tests/worker/temporary_folder.h"
#include "worker/host/posix_processes.h"
#include "worker/host/probe.h"
#include "worker/host/slots.h"
#include "worker/host/visible_gpus.h"
#include "worker/run/document_paths.h"

namespace fp4::worker {
namespace {

using testing::HasSubstr;

struct VisibleCase {
  const char* visible;
  std::vector<size_t> expected;
};

TEST(VisibleGpusTest, FollowsCuda) {
  const std::vector<GpuInfo> gpus = {{.uuid = "GPU-aa1", .name = ""},
                                     {.uuid = "GPU-aa2", .name = ""},
                                     {.uuid = "GPU-b", .name = ""}};
  const VisibleCase cases[] = {
      {nullptr, {0, 1, 2}}, {"", {}},          {"2,0", {2, 0}}, {"1, 2", {1, 2}},
      {"0,7,1", {0}},       {"GPU-b", {2}},    {"GPU-aa", {}},  {"GPU-aa2,0", {1, 0}},
      {"-1", {}},           {"NoDevFiles", {}}};
  for (const VisibleCase& c : cases) {
    EXPECT_EQ(VisibleGpus(gpus, c.visible), c.expected) << (c.visible ? c.visible : "unset");
  }
}

TEST(MakeSlotsTest, GivesAGpuEachOrElseCpuSlots) {
  const HostInfo host = {.num_cores = 16, .memory_bytes = 1, .processor = "p", .host_name = "h"};
  const std::vector<GpuInfo> gpus = {{.uuid = "GPU-a", .name = "A"},
                                     {.uuid = "GPU-b", .name = "B"}};
  const auto summary = [](const std::vector<Slot>& slots) {
    std::string text;
    for (const Slot& slot : slots)
      text +=
          slot.device + ":" + std::to_string(slot.cpu_threads) + ":" + slot.cpu_compute_dtype + " ";
    return text;
  };
  EXPECT_EQ(summary(MakeSlots(host, {}, 0, "fp32")), "cpu:16:fp32 ");
  EXPECT_EQ(summary(MakeSlots(host, {}, 3, "fp32")), "cpu:5:fp32 cpu:5:fp32 cpu:5:fp32 ");
  EXPECT_EQ(summary(MakeSlots(host, gpus, 0, "")), "GPU-a:8:bf16 GPU-b:8:bf16 ");
  EXPECT_EQ(summary(MakeSlots(host, gpus, 2, "fp32")),
            "GPU-a:4:bf16 GPU-b:4:bf16 cpu:4:fp32 cpu:4:fp32 ");
  EXPECT_EQ(
      MakeSlots({.num_cores = 2, .processor = "", .host_name = ""}, {}, 5, "fp32")[4].cpu_threads,
      1);
}

TEST(ReadHostInfoTest, FindsThisMachine) {
  const HostInfo host = ReadHostInfo();
  EXPECT_GE(host.num_cores, 1);
  EXPECT_GT(host.memory_bytes, int64_t{64} << 20);
  EXPECT_FALSE(host.processor.empty());
  EXPECT_FALSE(host.host_name.empty());
}

class ProbeTest : public testing::Test {
 protected:
  void WriteTrainer(const std::string& script) {
    ASSERT_TRUE(ReplaceFile(trainer_, "#!/bin/sh\necho run >>" +
                                          (folder_.path() / "runs").string() + "\n" + script)
                    .ok());
    std::filesystem::permissions(trainer_, std::filesystem::perms::owner_all);
  }
  absl::StatusOr<ProbeResult> Run() {
    ProbeOptions options = {.trainer = trainer_,
                            .work_dir = folder_.path(),
                            .processor = "p",
                            .pause = [](absl::Duration) {
                              std::this_thread::sleep_for(std::chrono::milliseconds(5));
                              return false;
                            }};
    return Probe(options, processes_);
  }

  TemporaryFolder folder_;
  std::filesystem::path trainer_ = folder_.path() / "fp4-train";
  PosixProcesses processes_;
};

TEST_F(ProbeTest, AnswerIsKept) {
  WriteTrainer(R"(echo '{"cpu_compute_dtype":"bf16","fp32_gflops":1.5}')");
  ASSERT_EQ(Run()->cpu_compute_dtype, "bf16");
  EXPECT_EQ(Run()->json, R"({"cpu_compute_dtype":"bf16","fp32_gflops":1.5})");
  EXPECT_EQ(ReadFile(folder_.path() / "runs").value(), "run\n");
  WriteTrainer(R"(echo '{"cpu_compute_dtype":"fp32"}' # another binary)");
  EXPECT_EQ(Run()->cpu_compute_dtype, "fp32");
}

TEST_F(ProbeTest, FailureCarriesTheTrainersWords) {
  EXPECT_TRUE(absl::IsNotFound(Run().status()));
  WriteTrainer("echo no torch here >&2; exit 1");
  EXPECT_THAT(Run().status().ToString(), HasSubstr("no torch here"));
  WriteTrainer(R"(echo '{"cpu_compute_dtype":"fp8"}')");
  EXPECT_THAT(Run().status().ToString(), HasSubstr("'fp8'; allowed: fp32, bf16"));
  WriteTrainer("echo nonsense");
  EXPECT_THAT(Run().status().ToString(), HasSubstr("nonsense"));
}

TEST(CheckDocumentPathsTest, NamesTheFieldAndThePath) {
  TemporaryFolder folder;
  const AllowedRoots allowed({folder.path()});
  const std::string inside = folder.path() / "*.txt";
  EXPECT_TRUE(
      CheckDocumentPaths(R"({"data":{"source":"synthetic","tokenizer":"bytes"}})", allowed).ok());
  EXPECT_TRUE(CheckDocumentPaths("{\"data\":{\"paths\":[\"" + inside + "\"]}}", allowed).ok());
  const std::pair<const char*, const char*> refused[] = {
      {R"({"data":{"paths":["/etc/passwd"]}})", "data.paths: '/etc/passwd'"},
      {R"({"data":{"validation_paths":["/etc/p*"]}})", "data.validation_paths: '/etc/p*'"},
      {R"({"data":{"tokenizer":"/t.model"}})", "data.tokenizer: '/t.model'"},
      {R"({"model":{"initialize_from":"/w"}})", "model.initialize_from: '/w'"}};
  for (const auto& [document, words] : refused) {
    EXPECT_THAT(CheckDocumentPaths(document, allowed).ToString(), HasSubstr(words));
  }
  EXPECT_TRUE(absl::IsInvalidArgument(CheckDocumentPaths("{\"data\":3}", allowed)));
  EXPECT_TRUE(absl::IsInvalidArgument(CheckDocumentPaths("{", allowed)));
}

}  // namespace
}  // namespace fp4::worker
