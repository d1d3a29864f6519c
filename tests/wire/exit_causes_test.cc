#include "wire/exit_causes.h"

#include <gmock/gmock.h>

#include <set>

namespace fp4::wire {
namespace {

using Wire = v1::ReportExitRequest;

TEST(ExitCauses, EachComesBackAndHasAMessageValueOfItsOwn) {
  std::set<Wire::Cause> sent;
  for (const ExitCause cause : kExitCauses) {
    EXPECT_EQ(FromProto(ToProto(cause)), cause) << ExitCauseName(cause);
    sent.insert(ToProto(cause));
  }
  EXPECT_EQ(sent.size(), std::size(kExitCauses));
}

TEST(ExitCauses, EachValueOfTheWireButNoneIsKnown) {
  for (int value = Wire::Cause_MIN; value <= Wire::Cause_MAX; ++value) {
    EXPECT_EQ(FromProto(static_cast<Wire::Cause>(value)).has_value(),
              value != Wire::CAUSE_UNSPECIFIED)
        << value;
  }
}

TEST(ExitCauses, OneOfANewerPeerIsNothing) {
  EXPECT_EQ(FromProto(static_cast<Wire::Cause>(Wire::Cause_MAX + 1)), std::nullopt);
}

}  // namespace
}  // namespace fp4::wire
