#include "client/export/tensorboard.h"

#include <google/protobuf/io/coded_stream.h>
#include <gtest/gtest.h>

#include <bit>
#include <cmath>
#include <limits>
#include <map>

#include "client/export/masked_crc32c.h"
#include "tests/client/export/series.h"

namespace fp4::client {
namespace {

using google::protobuf::io::CodedInputStream;

uint64_t LittleEndian(const std::string& bytes, size_t at, size_t size) {
  uint64_t value = 0;
  for (size_t i = 0; i < size; ++i) {
    value |= uint64_t{static_cast<unsigned char>(bytes[at + i])} << (8 * i);
  }
  return value;
}

// The records of a file, their CRCs checked.
std::vector<std::string> Records(const std::string& file) {
  std::vector<std::string> records;
  for (size_t at = 0; at < file.size();) {
    const size_t size = LittleEndian(file, at, 8);
    EXPECT_EQ(LittleEndian(file, at + 8, 4), MaskedCrc32c(file.substr(at, 8)));
    records.push_back(file.substr(at + 12, size));
    EXPECT_EQ(LittleEndian(file, at + 12 + size, 4), MaskedCrc32c(records.back()));
    at += size + 16;
  }
  return records;
}

// The fields of a message: numbers as 64 bits, texts as they are.
struct Fields {
  std::map<uint32_t, uint64_t> numbers;
  std::multimap<uint32_t, std::string> texts;
};

Fields Parse(const std::string& message) {
  Fields fields;
  CodedInputStream in(reinterpret_cast<const uint8_t*>(message.data()),
                      static_cast<int>(message.size()));
  while (const uint32_t tag = in.ReadTag()) {
    uint64_t number = 0;
    uint32_t small = 0;
    std::string text;
    switch (tag & 7) {
      case 0:
        in.ReadVarint64(&number);
        break;
      case 1:
        in.ReadLittleEndian64(&number);
        break;
      case 5:
        in.ReadLittleEndian32(&small);
        number = small;
        break;
      default:
        in.ReadVarint32(&small);
        in.ReadString(&text, static_cast<int>(small));
        fields.texts.emplace(tag >> 3, text);
        continue;
    }
    fields.numbers[tag >> 3] = number;
  }
  return fields;
}

TEST(EventFileTest, BeginsWithItsVersion) {
  const std::vector<std::string> records = Records(EventFile(MakeRecord({})));
  ASSERT_EQ(records.size(), 1);
  EXPECT_EQ(Parse(records[0]).texts.find(3)->second, "brain.Event:2");
}

TEST(EventFileTest, HasAnEventForEachStepWithItsTimeAndValues) {
  RunRecord record = MakeRecord(
      {MakeSeries("train/loss", {{1, 2.5}, {2, 0.1}}), MakeSeries("val/loss", {{2, 3}})});
  record.times[{1, 2}] = absl::FromUnixMillis(1234567);
  const std::vector<std::string> records = Records(EventFile(record));
  ASSERT_EQ(records.size(), 3);
  const Fields event = Parse(records[2]);
  EXPECT_EQ(std::bit_cast<double>(event.numbers.at(1)), 1234.567);
  EXPECT_EQ(event.numbers.at(2), 2);
  const Fields summary = Parse(event.texts.find(5)->second);
  ASSERT_EQ(summary.texts.size(), 2);
  const Fields first = Parse(summary.texts.begin()->second);
  EXPECT_EQ(first.texts.find(1)->second, "train/loss");
  EXPECT_EQ(std::bit_cast<float>(static_cast<uint32_t>(first.numbers.at(2))), 0.1f);
}

TEST(EventFileTest, AStepWithoutItsEventHasTheTimeOfTheRunsStart) {
  const std::string file = EventFile(MakeRecord({MakeSeries("a", {{7, 1}})}));
  EXPECT_EQ(std::bit_cast<double>(Parse(Records(file)[1]).numbers.at(1)), 1000);
}

TEST(EventFileTest, TheNameIsTheSameForTheSameRun) {
  EXPECT_EQ(EventFileName(MakeRecord({})), "events.out.tfevents.1000.b2c3d4e5");
}

TEST(NearestFloatTest, RoundsAsIeee754) {
  constexpr float kInfinity = std::numeric_limits<float>::infinity();
  const struct {
    double value;
    float expected;
  } cases[] = {{0.1, 0.1f},
               {-0.0, -0.0f},
               {1e-50, 0},
               {1e39, kInfinity},
               {-1e300, -kInfinity},
               {-INFINITY, -kInfinity},
               {std::numeric_limits<float>::max(), std::numeric_limits<float>::max()},
               {0x1.fffffefffffffp127, std::numeric_limits<float>::max()},
               {0x1.ffffffp127, kInfinity}};
  for (const auto& c : cases) {
    EXPECT_EQ(std::bit_cast<uint32_t>(NearestFloat(c.value)), std::bit_cast<uint32_t>(c.expected))
        << c.value;
  }
  EXPECT_TRUE(std::isnan(NearestFloat(NAN)));
}

}  // namespace
}  // namespace fp4::client
