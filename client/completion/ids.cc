#include "client/completion/ids.h"

#include "client/connection.h"

namespace fp4::client {
namespace {

constexpr absl::Duration kPatience = absl::Milliseconds(500);
constexpr int32_t kMostIds = 200;

void AddExperiments(Connection& connection, std::vector<std::string>& ids) {
  v1::ListExperimentsRequest request;
  request.set_page_size(kMostIds);
  const auto response = connection.ListExperiments(request);
  if (!response.ok()) return;
  for (const v1::Experiment& experiment : response->experiments()) ids.push_back(experiment.id());
}

void AddRuns(Connection& connection, std::vector<std::string>& ids) {
  v1::ListRunsRequest request;
  request.set_page_size(kMostIds);
  const auto response = connection.ListRuns(request);
  if (!response.ok()) return;
  for (const v1::Run& run : response->runs()) ids.push_back(run.id());
}

void AddWorkers(Connection& connection, std::vector<std::string>& ids) {
  const auto response = connection.ListWorkers();
  if (!response.ok()) return;
  for (const v1::Worker& worker : response->workers()) ids.push_back(worker.name());
}

struct Kind {
  std::string_view name;
  std::vector<void (*)(Connection&, std::vector<std::string>&)> add;
};

const std::vector<Kind>& Kinds() {
  static const auto* const kinds = new std::vector<Kind>{{kExperimentIds, {AddExperiments}},
                                                         {kRunIds, {AddRuns}},
                                                         {kAnyIds, {AddExperiments, AddRuns}},
                                                         {kWorkerNames, {AddWorkers}}};
  return *kinds;
}

}  // namespace

std::vector<std::string> IdKinds() {
  std::vector<std::string> names;
  for (const Kind& kind : Kinds()) names.emplace_back(kind.name);
  return names;
}

std::vector<std::string> CompletionIds(const Context& context, std::string_view kind) {
  std::vector<std::string> ids;
  const auto address = context.Address();
  if (!address.ok()) return ids;
  const absl::StatusOr<wire::ChannelSecurity> security = context.Security();
  if (!security.ok()) return ids;
  Connection connection(*address, *security, kPatience);
  for (const Kind& row : Kinds()) {
    if (row.name != kind) continue;
    for (const auto add : row.add) add(connection, ids);
  }
  return ids;
}

}  // namespace fp4::client
