#include <fcntl.h>
#include <sys/stat.h>

#include <fstream>
#include <numeric>
#include <set>

#include "base/sha256.h"
#include "tests/trainer_data/scratch_folder.h"
#include "tests/trainer_data/tiny_sentence_piece.h"
#include "trainer/data/dataset.h"

namespace fp4::trainer {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

class FileDatasetTest : public ScratchFolderTest {
 protected:
  FileDatasetTest() {
    data_.source = spec::DataSource::kTokens;
    model_.vocab_size = 65536;
    model_.sequence_length = 4;
  }

  // Ids first, first + 1, …
  std::string WriteRange(const std::string& name, int count, int first = 0) {
    std::vector<uint16_t> ids(count);
    std::iota(ids.begin(), ids.end(), static_cast<uint16_t>(first));
    return WriteTokens(name, ids);
  }

  absl::StatusOr<std::unique_ptr<Dataset>> Open() {
    return OpenDataset(data_, model_, {.cache_folders = {folder_ / "cache"}, .stop = stop_});
  }

  std::unique_ptr<Dataset> MustOpen() {
    auto dataset = Open();
    EXPECT_TRUE(dataset.ok()) << dataset.status();
    return *std::move(dataset);
  }

  std::vector<int64_t> Window(const Dataset& dataset, Part part, int64_t index) {
    std::vector<int64_t> tokens(model_.sequence_length + 1);
    dataset.CopyWindow(part, index, tokens);
    return tokens;
  }

  // The first tokens of all windows of a part.
  std::vector<int64_t> Starts(const Dataset& dataset, Part part) {
    std::vector<int64_t> starts;
    for (int64_t i = 0; i < dataset.num_windows(part); ++i)
      starts.push_back(Window(dataset, part, i)[0]);
    return starts;
  }

  spec::DataSpec data_;
  spec::ModelSpec model_;
  StopCheck stop_ = NeverStop;
};

TEST_F(FileDatasetTest, WindowsOfTokensShareTheirBorders) {
  data_.paths = {WriteRange("a.bin", 25)};
  data_.validation_fraction = 0.3;
  const auto dataset = MustOpen();
  EXPECT_EQ(Window(*dataset, Part::kTraining, 0), (std::vector<int64_t>{0, 1, 2, 3, 4}));
  EXPECT_THAT(Starts(*dataset, Part::kTraining), ElementsAre(0, 4, 8, 12));
  EXPECT_THAT(Starts(*dataset, Part::kValidation), ElementsAre(16, 20));
  EXPECT_EQ(Window(*dataset, Part::kValidation, 1).back(), 24);
}

TEST_F(FileDatasetTest, OneTokenMoreThanWindowsTimesLengthMakesThem) {
  model_.sequence_length = 128;
  data_.paths = {WriteTokens("a.bin", std::vector<uint16_t>(131073))};
  const auto dataset = MustOpen();
  EXPECT_EQ(dataset->num_windows(Part::kTraining) + dataset->num_windows(Part::kValidation), 1024);
}

TEST_F(FileDatasetTest, WindowsRunAcrossFiles) {
  data_.paths = {WriteRange("b.bin", 3), WriteRange("a.bin", 9, 3)};
  data_.validation_paths = {WriteRange("v.bin", 5, 100)};
  const auto dataset = MustOpen();
  EXPECT_EQ(Window(*dataset, Part::kTraining, 0), (std::vector<int64_t>{0, 1, 2, 3, 4}));
  EXPECT_EQ(Window(*dataset, Part::kTraining, 1), (std::vector<int64_t>{4, 5, 6, 7, 8}));
  EXPECT_THAT(Starts(*dataset, Part::kValidation), ElementsAre(100));
}

TEST_F(FileDatasetTest, SlidingWindowsOfTheTailDoNotReachIntoTraining) {
  data_.paths = {WriteRange("a.bin", 25)};
  data_.validation_fraction = 0.3;
  data_.window = spec::Window::kSliding;
  const auto dataset = MustOpen();
  EXPECT_EQ(Starts(*dataset, Part::kTraining).size(), 13u);  // 0 … 12, the last ends with token 16
  EXPECT_EQ(Window(*dataset, Part::kTraining, 12).back(), 16);
  EXPECT_THAT(Starts(*dataset, Part::kValidation), ElementsAre(16, 17, 18, 19, 20));
}

TEST_F(FileDatasetTest, RandomWindowSplitHoldsEveryWindowOnceAndWarns) {
  data_.paths = {WriteRange("a.bin", 104)};
  data_.split = spec::Split::kWindow;
  data_.window = spec::Window::kSliding;
  const auto dataset = MustOpen();
  std::vector<int64_t> all = Starts(*dataset, Part::kTraining);
  EXPECT_EQ(dataset->num_windows(Part::kValidation), 10);
  for (int64_t start : Starts(*dataset, Part::kValidation)) all.push_back(start);
  EXPECT_EQ(std::set<int64_t>(all.begin(), all.end()).size(), 100u);
  EXPECT_THAT(dataset->warnings(), ElementsAre(HasSubstr("overlap")));
}

TEST_F(FileDatasetTest, TextIsSplitByDocument) {
  data_.source = spec::DataSource::kText;
  for (int i = 0; i < 20; ++i)
    Write("doc" + std::to_string(i) + ".txt", std::string(40, static_cast<char>('a' + i)));
  data_.paths = {(folder_ / "*.txt").string()};
  data_.validation_fraction = 0.3;
  const auto dataset = MustOpen();
  std::set<int64_t> sides[2];
  for (Part part : {Part::kTraining, Part::kValidation}) {
    for (int64_t i = 0; i < dataset->num_windows(part); ++i) {
      for (int64_t token : Window(*dataset, part, i))
        sides[part == Part::kValidation].insert(token);
    }
  }
  EXPECT_EQ(sides[0].size() + sides[1].size(), 20u);  // so none is on both
  EXPECT_THAT(dataset->warnings(), IsEmpty());
  data_.seed = 99;
  EXPECT_EQ(Starts(*MustOpen(), Part::kValidation), Starts(*dataset, Part::kValidation));
}

TEST_F(FileDatasetTest, TextGoesThroughSentencePiece) {
  data_.source = spec::DataSource::kText;
  data_.tokenizer = Write("tiny.model", TrainTinyModel());
  data_.paths = {Write("a.txt", "the cat sat on the mat and the dog ran to the house")};
  data_.validation_paths = {Write("b.txt", "the cat saw the sun and the dog in the house")};
  const auto dataset = MustOpen();
  for (int64_t token : Window(*dataset, Part::kTraining, 0)) EXPECT_LT(token, 40);
  EXPECT_LT(dataset->num_windows(Part::kTraining), 51 / 4);
}

TEST_F(FileDatasetTest, Sha256OfOneFileIsTheFilesOwn) {
  data_.paths = {WriteRange("a.bin", 25)};
  const std::string own = *Sha256HexOfFile(data_.paths[0]);
  EXPECT_EQ(MustOpen()->sha256(), own);
  data_.validation_paths = {WriteRange("b.bin", 25)};
  EXPECT_EQ(MustOpen()->sha256(), Sha256Hex(own + "\n" + own + "\n"));
}

TEST_F(FileDatasetTest, WarnsOfFilesOnBothSides) {
  data_.paths = {WriteRange("a.bin", 25), WriteRange("b.bin", 25, 1)};
  data_.validation_paths = {WriteRange("copy.bin", 25)};
  EXPECT_THAT(MustOpen()->warnings(),
              ElementsAre(HasSubstr("1 of 1 validation files are trained on too")));
}

TEST_F(FileDatasetTest, AnIdBeyondTheVocabularyIsNamedWithItsPlace) {
  model_.vocab_size = 100;
  data_.paths = {WriteRange("good.bin", 25), WriteTokens("bad.bin", {1, 2, 100, 4})};
  EXPECT_THAT(Open(), FailsWith(kInvalidArgument,
                                "bad.bin: token 2 has id 100, but model.vocab_size is 100"));
  data_.paths = {WriteRange("good.bin", 25)};
  data_.validation_paths = {WriteTokens("bad.bin", {101})};
  EXPECT_THAT(Open(), FailsWith(kInvalidArgument, "bad.bin: token 0 has id 101"));
}

TEST_F(FileDatasetTest, TooLittleDataIsSaidWithNumbers) {
  data_.paths = {WriteRange("a.bin", 8)};
  EXPECT_THAT(Open(),
              FailsWith(kInvalidArgument,
                        "has 8 tokens in 1 files, but needs at least 9 with sequence_length 4"));
  data_.window = spec::Window::kSliding;
  data_.split = spec::Split::kWindow;
  data_.paths = {WriteRange("a.bin", 5)};
  EXPECT_THAT(Open(), FailsWith(kInvalidArgument, "has 5 tokens in 1 files, but needs at least 6"));
  data_.validation_paths = {WriteRange("v.bin", 4)};
  EXPECT_THAT(Open(),
              FailsWith(kInvalidArgument,
                        "the validation data has 4 tokens in 1 files, but needs at least 5"));
  data_.paths = {WriteRange("a.bin", 0)};
  EXPECT_THAT(Open(), FailsWith(kInvalidArgument, "the training data has 0 tokens"));
}

TEST_F(FileDatasetTest, ErrorsOfFilesNameThem) {
  data_.paths = {(folder_ / "none*.bin").string()};
  EXPECT_THAT(Open(), FailsWith(kNotFound, "none*.bin' matches no file"));
  data_.paths = {Write("odd.bin", "abc")};
  EXPECT_THAT(Open(), FailsWith(kInvalidArgument, "odd.bin: has 3 bytes"));
  data_.paths = {folder_.string()};
  EXPECT_THAT(Open(), FailsWith(kInvalidArgument, "is not a regular file"));
}

// Writes into the file as it is, without replacing it.
void Overwrite(const std::string& path, std::streamoff at, std::string_view bytes) {
  std::fstream file(path, std::ios::in | std::ios::out | std::ios::binary);
  file.seekp(at) << bytes;
}

// The time of a file's last change moves on, whatever the clock's grain.
void Touch(const std::string& path) {
  const timespec times[2] = {{.tv_sec = 0, .tv_nsec = UTIME_OMIT}, {.tv_sec = 1, .tv_nsec = 5}};
  ASSERT_EQ(utimensat(AT_FDCWD, path.c_str(), times, 0), 0);
}

TEST_F(FileDatasetTest, FileCutOffDuringTheRunIsNamedInsteadOfKillingIt) {
  data_.paths = {WriteRange("a.bin", 41)};
  const auto dataset = MustOpen();
  ASSERT_TRUE(dataset->CheckUnchanged().ok());
  std::filesystem::resize_file(data_.paths[0], 10);

  EXPECT_EQ(Window(*dataset, Part::kTraining, 3), std::vector<int64_t>(5, 0));

  EXPECT_THAT(dataset->CheckUnchanged(), FailsWith(absl::StatusCode::kAborted, data_.paths[0]));
  EXPECT_THAT(dataset->CheckUnchanged(), FailsWith(absl::StatusCode::kAborted, "cut off"));
}

TEST_F(FileDatasetTest, FileWrittenInPlaceDuringTheRunIsNoticed) {
  data_.paths = {WriteRange("a.bin", 41)};
  data_.validation_paths = {WriteRange("b.bin", 41, 100)};
  for (const std::string& path : {data_.paths[0], data_.validation_paths[0]}) {
    const auto dataset = MustOpen();
    Overwrite(path, 8, "xx");
    Touch(path);
    Window(*dataset, Part::kTraining, 1);
    Window(*dataset, Part::kValidation, 1);
    EXPECT_THAT(dataset->CheckUnchanged(), FailsWith(absl::StatusCode::kAborted, path));
    Overwrite(path, 8, std::string("\x04\0", 2));
  }
}

TEST_F(FileDatasetTest, IdsBeyondTheVocabularyDoNotReachTheModel) {
  model_.vocab_size = 50;
  data_.paths = {WriteRange("a.bin", 41)};
  const auto dataset = MustOpen();
  Overwrite(data_.paths[0], 0, "\xff\xff");
  EXPECT_EQ(Window(*dataset, Part::kTraining, 0), std::vector<int64_t>(5, 0));
  EXPECT_THAT(dataset->CheckUnchanged(), FailsWith(absl::StatusCode::kAborted, "changed"));
}

TEST_F(FileDatasetTest, FileOfTheSameContentAtAnotherTimeIsTheSame) {
  data_.paths = {WriteRange("a.bin", 41)};
  const auto dataset = MustOpen();
  Touch(data_.paths[0]);
  Window(*dataset, Part::kTraining, 1);
  EXPECT_TRUE(dataset->CheckUnchanged().ok()) << dataset->CheckUnchanged();
}

TEST_F(FileDatasetTest, FileThatIsReplacedOrRemovedDoesNotMatterToTheRun) {
  data_.paths = {WriteRange("a.bin", 41)};
  const auto dataset = MustOpen();
  const std::vector<int64_t> before = Window(*dataset, Part::kTraining, 2);
  std::filesystem::rename(WriteRange("new.bin", 3, 500), data_.paths[0]);
  EXPECT_EQ(Window(*dataset, Part::kTraining, 2), before);
  EXPECT_TRUE(dataset->CheckUnchanged().ok());
}

TEST_F(FileDatasetTest, CacheFileDamagedDuringTheRunIsNoticed) {
  data_.source = spec::DataSource::kText;
  data_.paths = {Write("a.txt", std::string(50, 'a')), Write("b.txt", std::string(50, 'b'))};
  const auto dataset = MustOpen();
  for (const auto& entry : std::filesystem::directory_iterator(folder_ / "cache"))
    std::filesystem::resize_file(entry.path(), 100);
  Window(*dataset, Part::kTraining, 5);
  EXPECT_THAT(dataset->CheckUnchanged(), FailsWith(absl::StatusCode::kAborted, "cache"));
}

TEST_F(FileDatasetTest, EmptyFilesAreNamed) {
  data_.paths = {WriteRange("a.bin", 41), WriteRange("empty.bin", 0)};
  EXPECT_THAT(MustOpen()->warnings(), ElementsAre(HasSubstr("empty.bin")));
  data_.paths = {data_.paths[1]};
  EXPECT_THAT(Open(), FailsWith(kInvalidArgument, "empty files in the data: "));
  EXPECT_THAT(Open(), FailsWith(kInvalidArgument, data_.paths[0]));
}

TEST_F(FileDatasetTest, FaultsOfTheDocumentAreToldFromOthers) {
  struct Row {
    const char* name;
    absl::StatusCode code;
  };
  std::filesystem::create_directory(folder_ / "folder");
  const std::string too_long(300, 'x');
  const Row rows[] = {
      {"gone.bin", kNotFound}, {"folder", kInvalidArgument}, {too_long.c_str(), kNotFound}};
  for (const Row& row : rows) {
    data_.paths = {(folder_ / row.name).string()};
    EXPECT_EQ(Open().status().code(), row.code) << Open().status();
  }
}

TEST_F(FileDatasetTest, OpeningEndsWhenAskedTo) {
  stop_ = [] { return true; };
  data_.paths = {WriteRange("a.bin", 41)};
  EXPECT_TRUE(absl::IsCancelled(Open().status()));
  data_.source = spec::DataSource::kText;
  EXPECT_TRUE(absl::IsCancelled(Open().status()));
}

}  // namespace
}  // namespace fp4::trainer
