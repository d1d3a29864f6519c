// fp4-train prepare on real files: what it writes, and that no stop, kill or damage changes it.
#include "trainer/prepare/prepare.h"

#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <map>
#include <sstream>

#include "base/file.h"
#include "base/trainer_exit.h"
#include "tests/trainer_data/scratch_folder.h"
#include "trainer/data/dataset.h"
#include "trainer/data/tokenizer.h"

namespace fp4::trainer {
namespace {

using ::testing::AnyOf;
using ::testing::HasSubstr;
namespace fs = std::filesystem;

class PrepareTest : public ScratchFolderTest {
 protected:
  // Forty small documents in two files, encoded as bytes into files of 100 tokens or a little more.
  PrepareOptions Options() {
    std::string lines;
    for (int i = 0; i < 30; ++i)
      lines += "{\"text\": \"document " + std::to_string(i) + " says hello\"}\n";
    PrepareOptions options;
    options.inputs = {Write("in/a.jsonl", lines), Write("in/b.txt", "the last text\nof all\n")};
    options.tokenizer = "bytes";
    options.separator = "0";
    options.part_tokens = 100;
    options.output = folder_ / "out";
    return options;
  }

  int Run(const PrepareOptions& options, const StopCheck& stop = NeverStop) {
    std::ostringstream out, progress;
    testing::internal::CaptureStderr();
    const int exit_status = Prepare(options, SystemClock(), stop, {out, progress});
    error_ = testing::internal::GetCapturedStderr();
    output_ = out.str();
    progress_ = progress.str();
    return exit_status;
  }

  // In a process of its own, which is killed when it asks for the time after `questions`. False: it
  // was done before.
  static bool RunAndKill(const PrepareOptions& options, int questions) {
    const pid_t child = fork();
    if (child == 0) {
      std::ostringstream out;
      const StopCheck stop = [questions, asked = 0]() mutable {
        if (asked++ >= questions) kill(getpid(), SIGKILL);
        return false;
      };
      _exit(Prepare(options, SystemClock(), stop, {out, out}));
    }
    int status = 0;
    waitpid(child, &status, 0);
    return WIFSIGNALED(status);
  }

  // The content of each file, but for the lock.
  std::map<std::string, std::string> Files(const fs::path& folder) {
    std::map<std::string, std::string> files;
    for (const auto& entry : fs::directory_iterator(folder)) {
      if (entry.path().filename() != "lock")
        files[entry.path().filename()] = *ReadFile(entry.path());
    }
    return files;
  }

  std::string error_, output_, progress_;
};

std::vector<uint16_t> Ids(const std::string& bytes) {
  std::vector<uint16_t> ids(bytes.size() / 2);
  std::memcpy(ids.data(), bytes.data(), bytes.size());
  return ids;
}

TEST_F(PrepareTest, WritesWhatTheTokenizerGivesWithASeparatorBehindEachDocument) {
  PrepareOptions options = Options();
  options.inputs = {Write("in/c.txt", "ab\n"),
                    Write("in/d.jsonl", "{\"body\": \"c\"}\n{\"body\": \"\"}\n")};
  options.field = "body";
  options.separator = "300";

  ASSERT_EQ(Run(options), kExitCompleted) << error_;

  EXPECT_EQ(Ids(Files(options.output).at("tokens-00000.bin")),
            (std::vector<uint16_t>{'a', 'b', '\n', 300, 'c', 300, 300}));
  EXPECT_THAT(output_, HasSubstr("7 tokens of 3 documents in 1 file"));
  EXPECT_THAT(output_, HasSubstr("\"vocab_size\": 301"));
  EXPECT_THAT(output_, HasSubstr("\"data\": {\"source\":\"tokens\",\"paths\":[\""));
}

TEST_F(PrepareTest, ARunTrainsOnWhatItWrote) {
  const PrepareOptions options = Options();
  ASSERT_EQ(Run(options), kExitCompleted) << error_;
  spec::DataSpec data;
  data.source = spec::DataSource::kTokens;
  data.paths = {options.output + "/tokens-*.bin"};
  data.validation_fraction = 0.25;
  spec::ModelSpec model;
  model.sequence_length = 16;
  model.vocab_size = 256;

  const auto dataset = OpenDataset(data, model, {});

  ASSERT_TRUE(dataset.ok()) << dataset.status();
  std::vector<int64_t> window(17);
  (*dataset)->CopyWindow(Part::kTraining, 0, window);
  EXPECT_EQ(std::string(window.begin(), window.end()), "document 0 says h");
}

TEST_F(PrepareTest, StoppedOrKilledAnywhereItEndsWithTheBytesOfAnUndisturbedRun) {
  PrepareOptions options = Options();
  ASSERT_EQ(Run(options), kExitCompleted) << error_;
  const auto whole = Files(options.output);
  ASSERT_GT(whole.size(), 5u);

  bool interrupted = true;
  for (int questions = 0; interrupted; ++questions) {
    options.output = folder_ / ("killed-" + std::to_string(questions));
    interrupted = RunAndKill(options, questions);
    const int stopped =
        Run(options, [questions, asked = 0]() mutable { return asked++ >= questions; });
    EXPECT_THAT(stopped, AnyOf(kExitStopped, kExitCompleted)) << error_;
    ASSERT_EQ(Run(options), kExitCompleted) << error_;
    EXPECT_EQ(Files(options.output), whole) << questions;
  }
}

TEST_F(PrepareTest, FinishedFilesAreKeptAndDamagedOnesMadeAgain) {
  const PrepareOptions options = Options();
  ASSERT_EQ(Run(options), kExitCompleted) << error_;
  const auto whole = Files(options.output);
  const fs::path second = fs::path(options.output) / "tokens-00001.bin";
  const fs::path first = fs::path(options.output) / "tokens-00000.bin";
  const auto first_written = fs::last_write_time(first);
  std::ofstream(second, std::ios::app) << "xx";

  ASSERT_EQ(Run(options), kExitCompleted) << error_;

  EXPECT_THAT(progress_,
              HasSubstr("tokens-00001.bin: was changed since it was made; it is made again"));
  EXPECT_EQ(Files(options.output), whole);
  EXPECT_EQ(fs::last_write_time(first), first_written);
}

TEST_F(PrepareTest, AnotherPreparationDoesNotMixIntoAFolder) {
  PrepareOptions options = Options();
  ASSERT_EQ(Run(options), kExitCompleted) << error_;
  const auto whole = Files(options.output);

  options.separator = "none";
  EXPECT_EQ(Run(options), kExitBadDocument);
  EXPECT_THAT(error_, HasSubstr("holds another preparation: separator was \"0\", now \"none\""));
  options = Options();  // writes the inputs anew
  EXPECT_EQ(Run(options), kExitBadDocument);
  EXPECT_THAT(error_, HasSubstr("a.jsonl was {"));
  EXPECT_EQ(Files(options.output), whole);
}

TEST_F(PrepareTest, ATrainedTokenizerIsTheSameEachTimeAndServesTheTrainer) {
  PrepareOptions options = Options();
  std::string text;
  for (int i = 0; i < 400; ++i)
    text += "the quick brown fox jumps over dog number " + std::to_string(i) + "\n";
  options.inputs = {Write("in/fox.txt", text)};
  options.tokenizer = "";
  options.vocab_size = 320;
  options.training_bytes = 1 << 20;
  options.separator = "auto";
  ASSERT_EQ(Run(options), kExitCompleted) << error_;
  const auto first = Files(options.output);
  options.output = folder_ / "again";
  RunAndKill(options, 2);
  ASSERT_EQ(Run(options), kExitCompleted) << error_;
  EXPECT_EQ(Files(options.output), first);

  const auto tokenizer = OpenTokenizer(options.output + "/tokenizer.model");
  ASSERT_TRUE(tokenizer.ok()) << tokenizer.status();
  std::vector<uint16_t> expected;
  ASSERT_TRUE((*tokenizer)->Encode(text, expected).ok());
  expected.push_back(static_cast<uint16_t>((*tokenizer)->end_id().value()));
  std::vector<uint16_t> written;
  for (const auto& [name, content] : first) {
    if (!name.ends_with(".bin")) continue;
    const std::vector<uint16_t> ids = Ids(content);
    written.insert(written.end(), ids.begin(), ids.end());
  }
  EXPECT_EQ(written, expected);
  EXPECT_LT(written.size(), text.size());
  EXPECT_EQ(std::ranges::count(written, 0), 0);  // <unk>: bytes stand for what no piece covers
}

TEST_F(PrepareTest, SaysWhatCannotBeUsed) {
  PrepareOptions options = Options();
  options.inputs = {folder_ / "none-*.txt"};
  EXPECT_EQ(Run(options), kExitBadDocument);
  EXPECT_THAT(error_, HasSubstr("INPUT: '"));
  options = Options();
  options.inputs.push_back(Write("in/bad.jsonl", "{\"text\": \"fine\"}\nno json\n"));
  EXPECT_EQ(Run(options), kExitBadDocument);
  EXPECT_THAT(error_, HasSubstr("bad.jsonl:2: is not JSON"));
  options = Options();
  options.output = folder_ / "other";
  options.tokenizer = options.inputs[1];
  EXPECT_EQ(Run(options), kExitBadDocument);
  EXPECT_THAT(error_, HasSubstr("is not a SentencePiece model file"));
  options = Options();
  options.output = options.inputs[1];
  EXPECT_EQ(Run(options), kExitBadDocument);
  EXPECT_THAT(error_, HasSubstr("--output"));
}

struct CommandLine {
  std::vector<std::string> arguments;
  const char* error;  // null: it is taken
};

TEST(PrepareOptionsTest, TakesATokenizerOrASizeAndNumbersInTheirRanges) {
  const CommandLine rows[] = {
      {{"a.txt", "--output", "o", "--tokenizer", "bytes"}, nullptr},
      {{"a.txt", "b.txt", "--output", "o", "--vocab-size", "65535", "--model-type", "bpe"},
       nullptr},
      {{"a.txt", "--output", "o", "--tokenizer", "bytes", "--separator", "65535"}, nullptr},
      {{"a.txt", "--output", "o"}, "--tokenizer or --vocab-size"},
      {{"a.txt", "--tokenizer", "bytes"}, "--output"},
      {{"a.txt", "--output", "o", "--vocab-size", "65536"}, "from 300 to 65535"},
      {{"a.txt", "--output", "o", "--vocab-size", "1000", "--tokenizer", "bytes"}, "excludes"},
      {{"a.txt", "--output", "o", "--tokenizer", "bytes", "--separator", "65536"}, "65536"},
      {{"a.txt", "--output", "o", "--tokenizer", "bytes", "--part-mib", "0"}, "from 1 to"}};
  for (const CommandLine& row : rows) {
    std::vector<std::string> arguments = {"fp4-train", "prepare"};
    arguments.insert(arguments.end(), row.arguments.begin(), row.arguments.end());
    std::vector<char*> argv;
    for (std::string& argument : arguments) argv.push_back(argument.data());
    int exit_code = -1;
    testing::internal::CaptureStderr();
    const auto options =
        ParsePrepareCommandLine(static_cast<int>(argv.size()), argv.data(), exit_code);
    const std::string error = testing::internal::GetCapturedStderr();
    EXPECT_EQ(options.has_value(), row.error == nullptr) << error;
    if (row.error == nullptr) continue;
    EXPECT_EQ(exit_code, kExitBadDocument);
    EXPECT_THAT(error, HasSubstr(row.error));
  }
}

}  // namespace
}  // namespace fp4::trainer
