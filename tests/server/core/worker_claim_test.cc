#include "server/core/worker_claim.h"

#include <gtest/gtest.h>

namespace fp4::core {
namespace {

TEST(JudgeClaim, TellsARestartFromACopy) {
  struct Case {
    const char* what;
    ClaimHolder holder;
    Claimant claimant;
    Claim expected;
  };
  const Case cases[] = {
      {"repeats its call", {"a", "boot1:8:77", {}, true}, {"a", "boot1:8:77"}, Claim::kSame},
      {"killed and started again",
       {"a", "boot1:8:77", {}, true},
       {"b", "boot1:8:77"},
       Claim::kSuccessor},
      {"started again after the host's reboot",
       {"a", "boot1:8:77", {}, false},
       {"b", "boot2:8:77"},
       Claim::kSuccessor},
      {"moved to another host",
       {"a", "boot1:8:77", {}, false},
       {"b", "boot9:8:5"},
       Claim::kSuccessor},
      {"a cloned machine beside the original",
       {"a", "boot1:8:77", {}, true},
       {"b", "boot9:8:77"},
       Claim::kDuplicate},
      {"a copied directory on the same host",
       {"a", "boot1:8:77", {}, true},
       {"b", "boot1:8:78"},
       Claim::kDuplicate},
      {"a holder that was only cut off, back again",
       {"b", "boot9:8:77", {"a"}, true},
       {"a", "boot1:8:77"},
       Claim::kDuplicate},
      {"back again at an equal place",
       {"b", "boot1:8:77", {"a"}, true},
       {"a", "boot1:8:77"},
       Claim::kDuplicate},
      {"back again after the other has gone",
       {"b", "boot9:8:77", {"a"}, false},
       {"a", "boot1:8:77"},
       Claim::kSuccessor},
      {"earlier releases: a restart", {"a", "", {}, true}, {"b", ""}, Claim::kSuccessor},
      {"earlier releases: the first is back", {"b", "", {"a"}, true}, {"a", ""}, Claim::kDuplicate},
      {"its host does not tell its boot",
       {"a", "boot1:8:77", {}, true},
       {"b", ""},
       Claim::kDuplicate}};
  for (const Case& one : cases) {
    EXPECT_EQ(JudgeClaim(one.holder, one.claimant), one.expected) << one.what;
  }
}

}  // namespace
}  // namespace fp4::core
