#include "server/controller.h"

#include <unistd.h>

#include <filesystem>
#include <future>
#include <nlohmann/json.hpp>
#include <system_error>

#include "absl/strings/str_cat.h"
#include "base/allowed_roots.h"
#include "base/file.h"
#include "base/log.h"
#include "base/status_macros.h"
#include "base/version.h"
#include "server/access/gatekeeper.h"
#include "server/access/token.h"
#include "server/artifacts/artifact_store.h"
#include "server/artifacts/disk_guard.h"
#include "server/artifacts/restore.h"
#include "server/http/artifact_metrics.h"
#include "server/http/controller_metrics.h"
#include "server/http/writer_health.h"
#include "server/provision/provisioner.h"
#include "server/provision/settings.h"
#include "server/provision/slurm.h"
#include "server/rpc/audit_trail.h"
#include "server/rpc/server.h"
#include "server/store/store.h"
#include "server/web/allowed_host.h"
#include "server/web/entrance.h"
#include "server/web/front.h"
#include "telemetry/disk_metrics.h"
#include "telemetry/http_endpoint.h"
#include "tls/secret_file.h"

namespace fp4::server {
namespace {

constexpr char kEndpointsFile[] = "endpoints.json";

absl::StatusOr<UniqueFd> OpenDataDir(const std::filesystem::path& folder) {
  std::error_code error;
  std::filesystem::create_directories(folder, error);
  if (error) return ErrnoStatus(error.value(), "make " + folder.string());
  absl::StatusOr<UniqueFd> lock = LockFolder(folder);
  if (lock.ok()) return lock;
  return absl::Status(lock.status().code(), absl::StrCat("--data-dir: ", lock.status().message()));
}

absl::Status WriteEndpoints(const std::filesystem::path& folder, const HostPort& grpc,
                            const HostPort& http) {
  const nlohmann::ordered_json endpoints = {
      {"pid", getpid()}, {"grpc", grpc.ToString()}, {"http", http.ToString()}};
  return WriteFileDurably(folder / kEndpointsFile, endpoints.dump() + "\n");
}

std::filesystem::path ArtifactFolderOf(const Options& options) {
  const bool given = !options.artifact_folder.empty();
  return std::filesystem::absolute(given ? options.artifact_folder
                                         : options.data_dir / "artifacts");
}

absl::Status LoadTokens(store::Store& store, access::Gatekeeper& gatekeeper) {
  std::promise<absl::StatusOr<std::vector<access::TokenRecord>>> read;
  store.Read([&](store::Reader& reader) { read.set_value(reader.ListTokens()); });
  FP4_ASSIGN_OR_RETURN(std::vector<access::TokenRecord> tokens, read.get_future().get());
  for (access::TokenRecord& token : tokens) gatekeeper.Put(std::move(token));
  return absl::OkStatus();
}

void WarnOfPlainText(const Options& options) {
  for (const HostPort& address : {options.listen, options.http}) {
    if (address.IsLoopback() || options.tls) continue;
    LogWarning("--insecure: others can read and change what goes over this address",
               {{"address", address.ToString()}});
  }
}

void RemoveEndpoints(const std::filesystem::path& folder) {
  std::error_code ignored;
  std::filesystem::remove(folder / kEndpointsFile, ignored);
}

absl::StatusOr<std::unique_ptr<provision::Engine>> MakeSlurm(const Options& options,
                                                             const HostPort& served) {
  provision::SlurmOptions slurm =
      provision::MakeSlurmOptions(*options.slurm, options.data_dir, served);
  std::error_code error;
  std::filesystem::create_directories(slurm.work_root, error);
  if (error) return ErrnoStatus(error.value(), "make " + slurm.work_root.string());
  return std::make_unique<provision::Slurm>(std::move(slurm));
}

}  // namespace

// In the order of construction; destroyed the other way round.
struct Controller::Parts {
  Parts(const Options& options, const Clock& clock)
      : options(options),
        health(clock),
        disk(options.data_dir, options.min_free_bytes, clock),
        store_metrics(registry, health, disk),
        gatekeeper(clock, options.ask_identity) {}

  // What Start does, in this order.
  absl::Status OpenStores(const Clock& clock, IdSource& ids);
  absl::Status ServeGrpc(const Clock& clock);
  absl::Status ServeHttp(const Clock& clock);
  absl::Status StartProvisioner(const Clock& clock);

  telemetry::HealthReport CheckHealth() const {
    telemetry::HealthReport report = health.Check(store->Health());
    if (!report.healthy) return report;
    for (const absl::Status& part : {grpc_server->Health(), disk.Check()}) {
      if (!part.ok()) return {.healthy = false, .message = std::string(part.message())};
    }
    return report;
  }

  const Options options;
  UniqueFd lock;
  telemetry::MetricRegistry registry;
  http::WriterHealth health;
  artifacts::DiskGuard disk;
  http::StoreMetrics store_metrics;
  access::Gatekeeper gatekeeper;
  std::unique_ptr<store::Store> store;
  std::unique_ptr<rpc::AuditTrail> web_audit;
  std::unique_ptr<web::Entrance> entrance;
  std::unique_ptr<artifacts::ArtifactStore> artifacts;
  std::unique_ptr<rpc::Server> grpc_server;
  std::unique_ptr<web::Front> front;
  std::unique_ptr<telemetry::HttpEndpoint> http_endpoint;
  std::unique_ptr<provision::Provisioner> provisioner;
};

absl::Status Controller::Parts::OpenStores(const Clock& clock, IdSource& ids) {
  store::StoreOptions store_options;
  store_options.folder = options.data_dir;
  store_options.lease_ttl = options.lease_ttl;
  store_options.policy = options.policy;
  FP4_ASSIGN_OR_RETURN(store, store::Store::Open(store_options, clock, ids, &store_metrics));
  FP4_ASSIGN_OR_RETURN(artifacts,
                       artifacts::ArtifactStore::Open({.folder = ArtifactFolderOf(options),
                                                       .quota_bytes = options.artifact_quota_bytes,
                                                       .min_free_bytes = options.min_free_bytes},
                                                      *store));
  FP4_RETURN_IF_ERROR(LoadTokens(*store, gatekeeper));
  http::ExportStoreGauges(registry, *store);
  telemetry::ExportDiskSpace("fp4_controller", options.data_dir, registry);
  http::ExportArtifactGauges(registry, *artifacts, disk);
  return absl::OkStatus();
}

absl::Status Controller::Parts::ServeGrpc(const Clock& clock) {
  const rpc::Backends backends{.store = *store,
                               .gatekeeper = gatekeeper,
                               .artifacts = *artifacts,
                               .roots = AllowedRoots(options.allowed_roots),
                               .backup_roots = AllowedRoots(options.backup_roots),
                               .disk = disk,
                               .data_dir = options.data_dir,
                               .min_free_bytes = options.min_free_bytes,
                               .tls = options.tls};
  FP4_ASSIGN_OR_RETURN(grpc_server, rpc::Server::Start(options.listen, backends, registry, clock));
  return absl::OkStatus();
}

absl::Status Controller::Parts::ServeHttp(const Clock& clock) {
  std::vector<std::string> names = web::NamesOfThisHost();
  names.insert(names.end(), options.http_names.begin(), options.http_names.end());
  web_audit = std::make_unique<rpc::AuditTrail>(*store, gatekeeper, clock);
  entrance = std::make_unique<web::Entrance>(gatekeeper, *web_audit, clock, names,
                                             options.tls.has_value());
  front = std::make_unique<web::Front>(*store, std::move(names));
  const telemetry::HttpProtection protection{.tls = options.tls,
                                             .admit = [this](const auto& request, auto& exchange) {
                                               return entrance->Admit(request, exchange);
                                             }};
  FP4_ASSIGN_OR_RETURN(http_endpoint, telemetry::HttpEndpoint::Listen(
                                          options.http, registry, [this] { return CheckHealth(); },
                                          [this](const auto& request, auto exchange) {
                                            front->Handle(request, std::move(exchange));
                                          },
                                          protection));
  return absl::OkStatus();
}

absl::Status Controller::Parts::StartProvisioner(const Clock& clock) {
  if (!options.slurm.has_value()) return absl::OkStatus();
  FP4_ASSIGN_OR_RETURN(auto slurm, MakeSlurm(options, grpc_server->address()));
  provisioner = std::make_unique<provision::Provisioner>(std::move(slurm), options.slurm->limits,
                                                         *store, clock, registry);
  return absl::OkStatus();
}

absl::StatusOr<std::unique_ptr<Controller>> Controller::Start(const Options& options,
                                                              const Clock& clock, IdSource& ids) {
  auto parts = std::make_unique<Parts>(options, clock);
  FP4_ASSIGN_OR_RETURN(parts->lock, OpenDataDir(options.data_dir));
  if (!options.restore.empty()) {
    FP4_RETURN_IF_ERROR(
        artifacts::Restore(options.restore, options.data_dir, ArtifactFolderOf(options)));
  }
  RemoveEndpoints(options.data_dir);  // of one that was killed
  FP4_RETURN_IF_ERROR(parts->OpenStores(clock, ids));
  FP4_RETURN_IF_ERROR(parts->ServeGrpc(clock));
  FP4_RETURN_IF_ERROR(parts->ServeHttp(clock));
  FP4_RETURN_IF_ERROR(parts->StartProvisioner(clock));
  FP4_RETURN_IF_ERROR(WriteEndpoints(options.data_dir, parts->grpc_server->address(),
                                     parts->http_endpoint->address()));
  WarnOfPlainText(options);
  LogInfo("controller serves", {{"version", Version()},
                                {"grpc", parts->grpc_server->address().ToString()},
                                {"http", parts->http_endpoint->address().ToString()},
                                {"data_dir", options.data_dir.string()},
                                {"tls", options.tls.has_value()},
                                {"asks_identity", parts->gatekeeper.required()}});
  return std::unique_ptr<Controller>(new Controller(std::move(parts)));
}

absl::Status MakeAdminToken(const Options& options, const Clock& clock, IdSource& ids) {
  FP4_ASSIGN_OR_RETURN(const UniqueFd lock, OpenDataDir(options.data_dir));
  store::StoreOptions store_options;
  store_options.folder = options.data_dir;
  FP4_ASSIGN_OR_RETURN(const auto store, store::Store::Open(store_options, clock, ids, nullptr));
  const access::TokenText text = access::NewToken(ids.NewId());
  FP4_RETURN_IF_ERROR(tls::MakeSecretFile(options.admin_token, text.ToString() + "\n"));
  std::promise<absl::Status> made;
  store->CreateToken(
      {.id = text.id,
       .sha256 = access::HashSecret(text.secret),
       .name = "admin-" + text.id,
       .role = access::Role::kAdmin,
       .projects = {},
       .created_by = "fp4-controller"},
      [&](const absl::StatusOr<access::TokenRecord>& token) { made.set_value(token.status()); });
  absl::Status status = made.get_future().get();
  std::error_code ignored;
  if (!status.ok()) std::filesystem::remove(options.admin_token, ignored);
  return status;
}

Controller::Controller(std::unique_ptr<Parts> parts) : parts_(std::move(parts)) {}

Controller::~Controller() { RemoveEndpoints(parts_->options.data_dir); }

const HostPort& Controller::grpc_address() const { return parts_->grpc_server->address(); }
const HostPort& Controller::http_address() const { return parts_->http_endpoint->address(); }

}  // namespace fp4::server
