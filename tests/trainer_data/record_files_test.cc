#include "trainer/data/record_files.h"

#include <fcntl.h>
#include <sys/stat.h>

#include <fstream>
#include <limits>

#include "base/sha256.h"
#include "tests/trainer_data/image_bytes.h"
#include "tests/trainer_data/scratch_folder.h"

namespace fp4::trainer {
namespace {

using testing::Each;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

class RecordFilesTest : public ScratchFolderTest {
 protected:
  absl::StatusOr<std::unique_ptr<RecordDataset>> Open() {
    return OpenRecordDataset(data_, model_, {.cache_folders = {}, .stop = stop_});
  }

  std::unique_ptr<RecordDataset> MustOpen() {
    auto dataset = Open();
    EXPECT_TRUE(dataset.ok()) << dataset.status();
    return *std::move(dataset);
  }

  std::vector<float> Values(const RecordDataset& dataset, Part part, int64_t index) {
    std::vector<float> values(static_cast<size_t>(dataset.record_size()), -1.0F);
    dataset.CopyRecord(part, index, values);
    return values;
  }

  std::vector<int64_t> Labels(const RecordDataset& dataset, Part part) {
    std::vector<int64_t> labels;
    std::vector<float> values(static_cast<size_t>(dataset.record_size()));
    for (int64_t i = 0; i < dataset.num_records(part); ++i)
      labels.push_back(dataset.CopyRecord(part, i, values));
    return labels;
  }

  // Writes into the file as it is, and moves its time on, whatever the clock's grain.
  void Overwrite(const std::string& path, std::streamoff at, std::string_view bytes) {
    std::fstream(path, std::ios::in | std::ios::out | std::ios::binary).seekp(at) << bytes;
    const timespec times[2] = {{.tv_sec = 0, .tv_nsec = UTIME_OMIT}, {.tv_sec = 1, .tv_nsec = 5}};
    ASSERT_EQ(utimensat(AT_FDCWD, path.c_str(), times, 0), 0);
  }

  spec::DataSpec data_;
  spec::ModelSpec model_;
  StopCheck stop_ = NeverStop;
};

class ImageFilesTest : public RecordFilesTest {
 protected:
  ImageFilesTest() {
    data_.source = spec::DataSource::kImages;
    model_.convnet = {
        .channels = {4}, .kernel = 3, .image_size = 32, .image_channels = 3, .num_classes = 10};
  }

  void UseGrey(int64_t size) {
    model_.convnet.image_channels = 1;
    model_.convnet.image_size = size;
  }

  // Labels 0 … count - 1.
  std::string WriteLabels(const std::string& name, int64_t count) {
    std::string bytes = IdxBytes(0x08, {count});
    for (int64_t i = 0; i < count; ++i) bytes[static_cast<size_t>(8 + i)] = static_cast<char>(i);
    return Write(name, bytes);
  }
};

TEST_F(ImageFilesTest, CifarFilesFollowEachOtherAndTheTailValidates) {
  data_.paths = {Write("b.bin", CifarBytes({1, 2, 3, 4})), Write("a.bin", CifarBytes({5, 6}))};
  data_.validation_fraction = 0.3;
  const auto dataset = MustOpen();
  EXPECT_THAT(Labels(*dataset, Part::kTraining), ElementsAre(1, 2, 3, 4));
  EXPECT_THAT(Labels(*dataset, Part::kValidation), ElementsAre(5, 6));
  EXPECT_EQ(dataset->record_size(), 3072);
  EXPECT_THAT(Values(*dataset, Part::kTraining, 3), Each(3.0F / 255.0F));
  EXPECT_THAT(dataset->warnings(), IsEmpty());
}

TEST_F(ImageFilesTest, PixelsOfIdxImagesStandInTheirPlaces) {
  UseGrey(2);
  std::string images = IdxBytes(0x08, {2, 2, 2});
  images.replace(16, 8, "\1\2\3\4\5\6\7\xff");
  data_.paths = {WriteLabels("labels", 2), Write("images", images)};
  data_.validation_paths = data_.paths;
  const auto dataset = MustOpen();
  EXPECT_THAT(Values(*dataset, Part::kTraining, 1),
              ElementsAre(5.0F / 255, 6.0F / 255, 7.0F / 255, 1.0F));
  EXPECT_THAT(Labels(*dataset, Part::kTraining), ElementsAre(0, 1));
  EXPECT_THAT(dataset->warnings(),
              ElementsAre(HasSubstr("2 of 2 validation files are trained on too")));
}

TEST_F(ImageFilesTest, IdxFilesPairInTheirOrder) {
  UseGrey(2);
  Write("t10k-images", IdxBytes(0x08, {3, 2, 2}));
  WriteLabels("t10k-labels", 3);
  Write("train-images", IdxBytes(0x08, {5, 2, 2}));
  WriteLabels("train-labels", 5);
  data_.paths = {(folder_ / "*").string()};
  data_.validation_fraction = 0.01;
  const auto dataset = MustOpen();
  EXPECT_THAT(Labels(*dataset, Part::kTraining), ElementsAre(0, 1, 2, 0, 1, 2, 3));
  EXPECT_THAT(Labels(*dataset, Part::kValidation), ElementsAre(4));
}

TEST_F(ImageFilesTest, WhatDoesNotFitIsNamedWithItsPlace) {
  UseGrey(2);
  const std::string images = Write("images", IdxBytes(0x08, {3, 2, 2}));
  const std::string labels = WriteLabels("labels", 3);
  const std::string cifar = Write("cifar", CifarBytes({1, 2}));
  struct Row {
    std::vector<std::string> paths;
    const char* error;
  };
  const Row rows[] = {
      {{cifar},
       "cifar: has images of 3 x 32 x 32 (channels, height, width), but "
       "model.image_channels is 1 and model.image_size 2"},
      {{images}, "data.paths: names 1 idx files of images and 0 of labels"},
      {{labels}, "data.paths: names 0 idx files of images and 1 of labels"},
      {{images, WriteLabels("four", 4)}, "images: has 3 images, but "},
      {{Write("wide", IdxBytes(0x08, {3, 2, 3})), labels}, "wide: has images of 1 x 2 x 3"},
      {{images, Write("bad", IdxBytes(0x08, {3}, 1, '\12'))},
       "bad: the label of image 0 (byte 8) is 10, but model.num_classes is 10"},
      {{Write("packed.gz", "\x1f\x8b\x08....")}, "packed.gz: is compressed by gzip"},
      {{Write("one", IdxBytes(0x08, {1, 2, 2})), WriteLabels("label", 1)},
       "the training and validation data has 1 records in 2 files, but needs at least 2"},
  };
  for (const Row& row : rows) {
    data_.paths = row.paths;
    EXPECT_THAT(Open(), FailsWith(kInvalidArgument, row.error)) << row.error;
  }
  data_.paths = {(folder_ / "none*").string()};
  EXPECT_THAT(Open(), FailsWith(kNotFound, "none*' matches no file"));
}

TEST_F(ImageFilesTest, LabelDeepInAFileIsNamedByItsByte) {
  std::vector<int> labels(1000, 9);
  labels[999] = 200;
  data_.paths = {Write("big.bin", CifarBytes(labels))};
  EXPECT_THAT(Open(),
              FailsWith(kInvalidArgument, "big.bin: the label of image 999 (byte 3069927) is 200"));
}

TEST_F(ImageFilesTest, LabelWrittenDuringTheRunDoesNotReachTheModel) {
  data_.paths = {Write("a.bin", CifarBytes({1, 2, 3}))};
  const auto dataset = MustOpen();
  Overwrite(data_.paths[0], 0, "\x63");
  EXPECT_THAT(Labels(*dataset, Part::kTraining), ElementsAre(0, 2));
  EXPECT_THAT(dataset->CheckUnchanged(), FailsWith(absl::StatusCode::kAborted, "changed"));
}

class VectorFilesTest : public RecordFilesTest {
 protected:
  VectorFilesTest() {
    data_.source = spec::DataSource::kVectors;
    model_.autoencoder.layer_sizes = {3, 1, 3};
  }

  std::string WriteRows(const std::string& name, const std::vector<float>& values) {
    return Write(name, {reinterpret_cast<const char*>(values.data()), 4 * values.size()});
  }
};

TEST_F(VectorFilesTest, RowsFollowEachOther) {
  data_.paths = {WriteRows("a", {1, 2, 3, 4, 5, 6}), WriteRows("b", {7, 8, 9})};
  data_.validation_paths = {WriteRows("v", {-1, -2, -3})};
  const auto dataset = MustOpen();
  EXPECT_EQ(dataset->num_records(Part::kTraining), 3);
  EXPECT_THAT(Values(*dataset, Part::kTraining, 1), ElementsAre(4, 5, 6));
  EXPECT_THAT(Values(*dataset, Part::kTraining, 2), ElementsAre(7, 8, 9));
  EXPECT_THAT(Values(*dataset, Part::kValidation, 0), ElementsAre(-1, -2, -3));
  EXPECT_FALSE(dataset->BestLinearError(1).has_value());
}

TEST_F(VectorFilesTest, Sha256OfOneFileIsTheFilesOwn) {
  data_.paths = {WriteRows("a", {1, 2, 3, 4, 5, 6})};
  const std::string own = *Sha256HexOfFile(data_.paths[0]);
  EXPECT_EQ(MustOpen()->sha256(), own);
  data_.validation_paths = {WriteRows("v", {1, 2, 3, 4, 5, 6})};
  EXPECT_EQ(MustOpen()->sha256(), Sha256Hex(own + "\n" + own + "\n"));
}

TEST_F(VectorFilesTest, WhatIsNoRowIsNamedWithItsPlace) {
  constexpr float kInfinity = std::numeric_limits<float>::infinity();
  std::vector<float> large(3 * 100'000, 0.5F);
  large[299'999] = -kInfinity;
  struct Row {
    std::string path;
    const char* error;
  };
  const Row rows[] = {
      {Write("empty", ""), "empty: is empty; a row of 3 fp32 values"},
      {Write("odd", std::string(25, '\0')),
       "odd: has 25 bytes; a row of 3 fp32 values, the width "
       "of model.layer_sizes, takes 12"},
      {WriteRows("nan", {1, 2, 3, 4, 5, std::numeric_limits<float>::quiet_NaN()}),
       "nan: value 2 of row 1 (byte 20) is nan"},
      {WriteRows("infinite", large), "infinite: value 2 of row 99999 (byte 1199996) is -inf"},
      {Write("array.npy", "\x93NUMPY......"), "array.npy: is a NumPy file with a header"},
      {WriteRows("single", {1, 2, 3}), "has 1 records in 1 files, but needs at least 2"},
  };
  for (const Row& row : rows) {
    data_.paths = {row.path};
    EXPECT_THAT(Open(), FailsWith(kInvalidArgument, row.error)) << row.error;
  }
}

TEST_F(VectorFilesTest, FileThatChangesDuringTheRunIsNamed) {
  data_.paths = {WriteRows("a", {1, 2, 3, 4, 5, 6, 7, 8, 9})};
  const auto written = MustOpen();
  Overwrite(data_.paths[0], 0, std::string(4, '\0'));
  Values(*written, Part::kTraining, 0);
  EXPECT_THAT(written->CheckUnchanged(), FailsWith(absl::StatusCode::kAborted, data_.paths[0]));

  const auto cut = MustOpen();
  ASSERT_TRUE(cut->CheckUnchanged().ok());
  std::filesystem::resize_file(data_.paths[0], 4);
  EXPECT_THAT(Values(*cut, Part::kTraining, 1), Each(0.0F));
  EXPECT_THAT(cut->CheckUnchanged(), FailsWith(absl::StatusCode::kAborted, "cut off"));
}

TEST_F(VectorFilesTest, OpeningEndsWhenAskedTo) {
  data_.paths = {WriteRows("a", {1, 2, 3, 4, 5, 6})};
  stop_ = [] { return true; };
  EXPECT_TRUE(absl::IsCancelled(Open().status()));
}

}  // namespace
}  // namespace fp4::trainer
