#include "server/access/rules.h"

#include <google/protobuf/descriptor.h>

#include <array>
#include <set>
#include <string>
#include <vector>

#include "base/file.h"
#include "gmock/gmock.h"
#include "wire/services.h"

namespace fp4::access {
namespace {

using ::testing::HasSubstr;
using ::testing::IsEmpty;

const google::protobuf::Descriptor* RequestOf(std::string_view method) {
  const auto* pool = google::protobuf::DescriptorPool::generated_pool();
  const size_t slash = method.find('/');
  const auto* service = pool->FindServiceByName("fp4.v1." + std::string(method.substr(0, slash)));
  return service->FindMethodByName(std::string(method.substr(slash + 1)))->input_type();
}

TEST(RpcRules, EveryMethodOfTheWireHasOneRowAndNoRowIsOfAnother) {
  const std::vector<std::string> methods = wire::MethodNames();
  std::set<std::string> without(methods.begin(), methods.end());
  for (const Rule& rule : RpcRules()) {
    EXPECT_EQ(without.erase(std::string(rule.method)), 1u) << rule.method;
  }
  EXPECT_THAT(without, IsEmpty()) << "add rows to server/access/rules.cc";
}

TEST(RpcRules, SubjectsAreTextFieldsOfTheRequests) {
  for (const Rule& rule : RpcRules()) {
    if (rule.subject.empty()) continue;
    const auto* field = RequestOf(rule.method)->FindFieldByName(std::string(rule.subject));
    ASSERT_NE(field, nullptr) << rule.method;
    EXPECT_EQ(field->cpp_type(), google::protobuf::FieldDescriptor::CPPTYPE_STRING) << rule.method;
  }
}

TEST(RpcRules, ThePageOfTheDocumentationShowsTheTable) {
  const auto page = ReadFile(FP4_SOURCE_DIR "/docs/security.md");
  ASSERT_TRUE(page.ok()) << page.status();
  EXPECT_THAT(*page, HasSubstr(RulesTable()));
}

// Methods, and the first letters of the roles that may call them.
constexpr auto kRoleCases = std::to_array<std::pair<std::string_view, std::string_view>>(
    {{"ExperimentService/GetRun", "vsoa"},
     {"ExperimentService/CreateExperiment", "soa"},
     {"ExperimentService/ForgetWorker", "oa"},
     {"AdminService/Backup", "a"},
     {"AccessService/CreateToken", "a"},
     {"CheckpointService/DownloadCheckpoint", "vsoaw"},
     {"WorkerService/Acquire", "w"}});

TEST(CheckRole, LetsInTheRolesFromTheLeastOnAndWorkersOnlyWhereTheyAreNamed) {
  for (const auto& [method, expected] : kRoleCases) {
    std::string allowed;
    for (const RoleInfo& role : AllRoles()) {
      const Caller caller{.name = "somebody", .role = role.role};
      if (CheckRole(*FindRpcRule(method), caller).ok()) allowed += role.name[0];
    }
    EXPECT_EQ(allowed, expected) << method;
  }
}

TEST(FindHttpRule, TheFirstRuleThatFitsCounts) {
  EXPECT_FALSE(FindHttpRule("GET", "/healthz")->least);
  EXPECT_EQ(FindHttpRule("GET", "/metrics")->least, Role::kViewer);
  EXPECT_EQ(FindHttpRule("HEAD", "/api/v1/runs")->least, Role::kViewer);
  EXPECT_FALSE(FindHttpRule("GET", "/assets/x/app.js")->least);
  EXPECT_EQ(FindHttpRule("POST", "/api/v1/runs"), nullptr);
}

}  // namespace
}  // namespace fp4::access
