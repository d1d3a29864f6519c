#include "client/export/tensorboard.h"

#include <google/protobuf/io/coded_stream.h>
#include <google/protobuf/io/zero_copy_stream_impl_lite.h>

#include <bit>
#include <cmath>
#include <limits>

#include "absl/strings/str_cat.h"
#include "client/export/masked_crc32c.h"
#include "wire/steps.h"

namespace fp4::client {
namespace {

using google::protobuf::io::CodedOutputStream;

// Numbers and wire types of the fields that are written.
enum class Wire : uint32_t { kVarint = 0, kFixed64 = 1, kBytes = 2, kFixed32 = 5 };
struct Field {
  uint32_t number;
  Wire wire;
  uint32_t tag() const { return number << 3 | static_cast<uint32_t>(wire); }
};
constexpr Field kEventWallTime{1, Wire::kFixed64}, kEventStep{2, Wire::kVarint},
    kEventFileVersion{3, Wire::kBytes}, kEventSummary{5, Wire::kBytes};
constexpr Field kSummaryValue{1, Wire::kBytes};
constexpr Field kValueTag{1, Wire::kBytes}, kValueSimple{2, Wire::kFixed32};

constexpr char kFileVersion[] = "brain.Event:2";

// A message in protobuf's encoding.
class Message {
 public:
  Message& Bytes(Field field, const std::string& value) {
    return Write(field, [&](CodedOutputStream& out) {
      out.WriteVarint32(static_cast<uint32_t>(value.size()));
      out.WriteString(value);
    });
  }
  Message& Double(Field field, double value) {
    return Write(field, [&](CodedOutputStream& out) {
      out.WriteLittleEndian64(std::bit_cast<uint64_t>(value));
    });
  }
  Message& Float(Field field, float value) {
    return Write(field, [&](CodedOutputStream& out) {
      out.WriteLittleEndian32(std::bit_cast<uint32_t>(value));
    });
  }
  Message& Integer(Field field, int64_t value) {
    return Write(field,
                 [&](CodedOutputStream& out) { out.WriteVarint64(static_cast<uint64_t>(value)); });
  }
  const std::string& bytes() const { return bytes_; }

 private:
  template <class WriteValue>
  Message& Write(Field field, WriteValue write) {
    google::protobuf::io::StringOutputStream stream(&bytes_);
    CodedOutputStream out(&stream);
    out.WriteTag(field.tag());
    write(out);
    return *this;
  }

  std::string bytes_;
};

template <class Integer>
void AppendLittleEndian(Integer value, std::string& bytes) {
  for (size_t i = 0; i < sizeof(Integer); ++i) bytes += static_cast<char>(value >> (8 * i));
}

// length (8 bytes), its masked CRC (4), the data, its masked CRC (4); little-endian.
void AppendRecord(const std::string& data, std::string& file) {
  std::string length;
  AppendLittleEndian(static_cast<uint64_t>(data.size()), length);
  file += length;
  AppendLittleEndian(MaskedCrc32c(length), file);
  file += data;
  AppendLittleEndian(MaskedCrc32c(data), file);
}

Message EventAt(absl::Time time) {
  return Message().Double(kEventWallTime, static_cast<double>(absl::ToUnixMillis(time)) / 1000);
}

}  // namespace

float NearestFloat(double value) {
  // The largest double that rounds to a finite float is just below 2^128 - 2^103.
  constexpr double kBeyond = 0x1.ffffffp127;
  if (std::abs(value) >= kBeyond) {
    return std::copysign(std::numeric_limits<float>::infinity(),
                         static_cast<float>(value > 0 ? 1 : -1));
  }
  return static_cast<float>(value);
}

std::string EventFileName(const RunRecord& record) {
  return absl::StrCat("events.out.tfevents.", absl::ToUnixSeconds(record.StartTime()), ".",
                      record.run.id());
}

std::string EventFile(const RunRecord& record) {
  std::string file;
  AppendRecord(EventAt(record.StartTime()).Bytes(kEventFileVersion, kFileVersion).bytes(), file);
  wire::VisitSteps(record.series, [&](int64_t step, const wire::StepRow& row) {
    Message summary;
    absl::Time time = absl::InfinitePast();
    for (size_t i = 0; i < row.size(); ++i) {
      if (row[i] == nullptr) continue;
      time = std::max(time, record.TimeOf(*row[i]));
      summary.Bytes(kSummaryValue, Message()
                                       .Bytes(kValueTag, record.series[i].name())
                                       .Float(kValueSimple, NearestFloat(row[i]->value()))
                                       .bytes());
    }
    AppendRecord(
        EventAt(time).Integer(kEventStep, step).Bytes(kEventSummary, summary.bytes()).bytes(),
        file);
  });
  return file;
}

}  // namespace fp4::client
