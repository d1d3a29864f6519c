// Image files that other programs wrote, recognized by their bytes: CIFAR-10's binary version
// (records of a label and 3 x 32 x 32 bytes) and MNIST's idx files (a header with sizes, then
// bytes; images and labels in files of their own).
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "base/stop_check.h"
#include "spec/run_spec.h"
#include "trainer/data/record_stream.h"

namespace fp4::trainer {

// How much of a file's beginning says what it is, in bytes.
inline constexpr int64_t kImageFileHead = 20;

struct ImageFileLayout {
  enum class Kind : uint8_t { kCifar, kIdxImages, kIdxLabels };
  Kind kind = Kind::kCifar;
  int64_t offset = 0;  // of what follows the header, in bytes
  int64_t count = 0;   // images or labels
  int64_t channels = 0, height = 0, width = 0;
};

// What a file of `size` bytes holds that begins with `head`, its first kImageFileHead bytes or all
// of it. An idx file is one whose header agrees with its size; otherwise a whole number of CIFAR-10
// records is taken for that. INVALID_ARGUMENT, naming `path`: neither of them, gzip, an idx file of
// other values than bytes or of other dimensions. Pure.
absl::StatusOr<ImageFileLayout> ParseImageFile(const std::string& path, std::string_view head,
                                               int64_t size);

// The images of `files` with their classes, in the order of the files. The k-th idx file of images
// belongs to the k-th of labels. `field` ("data.paths") is for messages. INVALID_ARGUMENT names the
// file: ParseImageFile's, images of another size than the model's, files that do not pair, a label
// >= num_classes with its place. CANCELLED: `stop` asked for it.
absl::StatusOr<std::vector<RecordRun>> FindImages(std::span<const std::unique_ptr<DataFile>> files,
                                                  const spec::ConvnetSpec& model,
                                                  std::string_view field, const StopCheck& stop);

}  // namespace fp4::trainer
