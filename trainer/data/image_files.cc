#include "trainer/data/image_files.h"

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "base/status_macros.h"

namespace fp4::trainer {
namespace {

constexpr int64_t kCifarChannels = 3, kCifarSize = 32;
constexpr int64_t kCifarRecord = 1 + kCifarChannels * kCifarSize * kCifarSize;
// The third byte of an idx file: the type of its values. The first two are zero, the fourth is the
// number of dimensions, which follow as big-endian 32-bit numbers.
constexpr uint8_t kIdxBytes = 0x08;
constexpr size_t kMostDimensions = 4;

uint8_t ByteAt(std::string_view text, size_t at) { return static_cast<uint8_t>(text[at]); }

struct IdxHeader {
  uint8_t type = 0;
  std::vector<int64_t> dimensions;
  int64_t bytes() const { return 4 + 4 * static_cast<int64_t>(dimensions.size()); }
};

// What may be one: nothing is known yet of the size. No dimensions: it cannot be.
IdxHeader ReadIdxHeader(std::string_view head) {
  IdxHeader header;
  if (head.size() < 4 || ByteAt(head, 0) != 0 || ByteAt(head, 1) != 0) return header;
  header.type = ByteAt(head, 2);
  const size_t count = ByteAt(head, 3);
  if (count > kMostDimensions || head.size() < 4 + 4 * count) return header;
  for (size_t d = 0; d < count; ++d) {
    int64_t dimension = 0;
    for (size_t i = 0; i < 4; ++i) dimension = dimension << 8 | ByteAt(head, 4 + 4 * d + i);
    header.dimensions.push_back(dimension);
  }
  return header;
}

// 0: no type of idx.
int64_t IdxValueBytes(uint8_t type) {
  switch (type) {
    case kIdxBytes:
    case 0x09:
      return 1;
    case 0x0B:
      return 2;
    case 0x0C:
    case 0x0D:
      return 4;
    case 0x0E:
      return 8;
    default:
      return 0;
  }
}

bool AgreesWithSize(const IdxHeader& header, int64_t size) {
  int64_t left = size - header.bytes();
  int64_t values = IdxValueBytes(header.type);
  if (header.dimensions.empty() || values == 0 || left < 0) return false;
  for (const int64_t dimension : header.dimensions) {
    if (dimension != 0 && values > left / dimension) return false;
    values *= dimension;
  }
  return values == left;
}

std::string SizesOf(const IdxHeader& header) { return absl::StrJoin(header.dimensions, " x "); }

absl::StatusOr<ImageFileLayout> IdxLayout(const std::string& path, const IdxHeader& header) {
  const std::vector<int64_t>& sizes = header.dimensions;
  if (header.type != kIdxBytes) {
    return absl::InvalidArgumentError(
        absl::StrCat(path, ": is an idx file of values of type ", static_cast<int>(header.type),
                     "; unsigned bytes (type ", static_cast<int>(kIdxBytes), ") are supported"));
  }
  if (sizes.size() == 1) {
    return ImageFileLayout{
        .kind = ImageFileLayout::Kind::kIdxLabels, .offset = header.bytes(), .count = sizes[0]};
  }
  if (sizes.size() == 3) {
    return ImageFileLayout{.kind = ImageFileLayout::Kind::kIdxImages,
                           .offset = header.bytes(),
                           .count = sizes[0],
                           .channels = 1,
                           .height = sizes[1],
                           .width = sizes[2]};
  }
  return absl::InvalidArgumentError(absl::StrCat(path, ": is an idx file of ", SizesOf(header),
                                                 " values; images have 3 dimensions, labels 1"));
}

absl::Status NotRecognized(const std::string& path, const IdxHeader& header, int64_t size) {
  if (size == 0) return absl::InvalidArgumentError(absl::StrCat(path, ": is empty"));
  if (header.type == kIdxBytes && !header.dimensions.empty()) {
    return absl::InvalidArgumentError(absl::StrCat(path, ": its idx header says ", SizesOf(header),
                                                   " bytes after the first ", header.bytes(),
                                                   ", but it has ", size - header.bytes()));
  }
  return absl::InvalidArgumentError(absl::StrCat(
      path, ": is neither an idx file (as MNIST's) nor a CIFAR-10 binary file: it has ", size,
      " bytes, no multiple of ", kCifarRecord));
}

absl::StatusOr<ImageFileLayout> LayoutOf(const DataFile& file) {
  std::string head(static_cast<size_t>(std::min(file.size(), kImageFileHead)), '\0');
  FP4_RETURN_IF_ERROR(file.Read(0, std::as_writable_bytes(std::span(head))));
  return ParseImageFile(file.path().string(), head, file.size());
}

absl::Status CheckSizes(const std::string& path, const ImageFileLayout& layout,
                        const spec::ConvnetSpec& model) {
  if (layout.channels == model.image_channels && layout.height == model.image_size &&
      layout.width == model.image_size)
    return absl::OkStatus();
  return absl::InvalidArgumentError(
      absl::StrCat(path, ": has images of ", layout.channels, " x ", layout.height, " x ",
                   layout.width, " (channels, height, width), but model.image_channels is ",
                   model.image_channels, " and model.image_size ", model.image_size));
}

absl::Status CheckLabels(const RecordRun& run, int64_t num_classes, const StopCheck& stop) {
  int64_t next = run.label_offset;  // of a label
  int64_t begin = 0;                // of the piece
  return run.label_file->Scan(0, stop, [&](std::string_view piece) -> absl::Status {
    const auto end = begin + static_cast<int64_t>(piece.size());
    for (; next < end; next += run.label_stride) {
      const int64_t label = ByteAt(piece, static_cast<size_t>(next - begin));
      if (label < num_classes) continue;
      return absl::InvalidArgumentError(
          absl::StrCat(run.label_file->path().string(), ": the label of image ",
                       (next - run.label_offset) / run.label_stride, " (byte ", next, ") is ",
                       label, ", but model.num_classes is ", num_classes));
    }
    begin = end;
    return absl::OkStatus();
  });
}

struct IdxFile {
  const DataFile* file;
  ImageFileLayout layout;
  std::string path() const { return file->path().string(); }
};

absl::StatusOr<RecordRun> Pair(const IdxFile& images, const IdxFile& labels) {
  if (images.layout.count != labels.layout.count) {
    return absl::InvalidArgumentError(absl::StrCat(
        images.path(), ": has ", images.layout.count, " images, but ", labels.path(), " has ",
        labels.layout.count,
        " labels; the first file of images belongs to the first of labels, and so on"));
  }
  return RecordRun{.file = images.file,
                   .offset = images.layout.offset,
                   .stride = images.layout.height * images.layout.width,
                   .count = images.layout.count,
                   .label_file = labels.file,
                   .label_offset = labels.layout.offset};
}

RecordRun CifarRun(const DataFile& file, const ImageFileLayout& layout) {
  return {.file = &file,
          .offset = 1,
          .stride = kCifarRecord,
          .count = layout.count,
          .label_file = &file,
          .label_stride = kCifarRecord};
}

}  // namespace

absl::StatusOr<ImageFileLayout> ParseImageFile(const std::string& path, std::string_view head,
                                               int64_t size) {
  const IdxHeader header = ReadIdxHeader(head);
  if (AgreesWithSize(header, size)) return IdxLayout(path, header);
  if (head.starts_with("\x1f\x8b")) {
    return absl::InvalidArgumentError(
        absl::StrCat(path, ": is compressed by gzip; unpack it (gunzip) and name the result"));
  }
  if (size == 0 || size % kCifarRecord != 0) return NotRecognized(path, header, size);
  return ImageFileLayout{.count = size / kCifarRecord,
                         .channels = kCifarChannels,
                         .height = kCifarSize,
                         .width = kCifarSize};
}

absl::StatusOr<std::vector<RecordRun>> FindImages(std::span<const std::unique_ptr<DataFile>> files,
                                                  const spec::ConvnetSpec& model,
                                                  std::string_view field, const StopCheck& stop) {
  std::vector<RecordRun> runs;
  std::vector<IdxFile> images, labels;
  for (const auto& file : files) {
    FP4_ASSIGN_OR_RETURN(const ImageFileLayout layout, LayoutOf(*file));
    const bool is_labels = layout.kind == ImageFileLayout::Kind::kIdxLabels;
    if (!is_labels) FP4_RETURN_IF_ERROR(CheckSizes(file->path().string(), layout, model));
    if (layout.kind == ImageFileLayout::Kind::kCifar) {
      runs.push_back(CifarRun(*file, layout));
    } else {
      (is_labels ? labels : images).push_back({file.get(), layout});
    }
  }
  if (images.size() != labels.size()) {
    return absl::InvalidArgumentError(
        absl::StrCat(std::string(field), ": names ", images.size(), " idx files of images and ",
                     labels.size(), " of labels; each file of images needs one of labels"));
  }
  for (size_t i = 0; i < images.size(); ++i) {
    FP4_ASSIGN_OR_RETURN(runs.emplace_back(), Pair(images[i], labels[i]));
  }
  for (const RecordRun& run : runs) FP4_RETURN_IF_ERROR(CheckLabels(run, model.num_classes, stop));
  return runs;
}

}  // namespace fp4::trainer
