#include "server/rpc/admin_service.h"

#include <sys/statvfs.h>

#include <cerrno>
#include <memory>
#include <utility>

#include "absl/strings/str_cat.h"
#include "base/reasons.h"
#include "base/version.h"
#include "server/artifacts/backup.h"
#include "server/rpc/convert_worker.h"
#include "server/rpc/diagnose.h"
#include "server/rpc/invalid_field.h"
#include "tls/certificate.h"
#include "wire/status.h"
#include "wire/times.h"

namespace fp4::rpc {
namespace {

template <typename Response>
grpc::ServerUnaryReactor* SetDrain(store::Store& store, const std::string& id, core::Drain drain,
                                   grpc::ServerUnaryReactor* reactor, Response* response) {
  store.DrainWorker({id, drain}, [=](const absl::StatusOr<store::WorkerRecord>& worker) {
    if (worker.ok()) *response->mutable_worker() = ToProto(*worker);
    reactor->Finish(wire::ToGrpcStatus(worker.status()));
  });
  return reactor;
}

absl::Status CheckBackupFolder(const std::filesystem::path& folder, const AllowedRoots& roots) {
  if (!folder.is_absolute()) {
    return InvalidField("folder", absl::StrCat("is '", folder.string(), "', not an absolute path"));
  }
  if (roots.Allow(folder.string())) return absl::OkStatus();
  return ErrorWithReason(absl::StatusCode::kPermissionDenied, reason::kPathNotAllowed,
                         absl::StrCat("folder: ", folder.string(),
                                      " is not below a folder of the controller's --backup-path"));
}

absl::StatusOr<Disk> LookAtDisk(const std::string& flag, const std::filesystem::path& folder) {
  struct statvfs info {};
  if (statvfs(folder.c_str(), &info) != 0) {
    return ErrnoStatus(errno, absl::StrCat(flag, " ", folder.string()));
  }
  return Disk{.name = absl::StrCat(flag, " ", folder.string()),
              .free_bytes = static_cast<int64_t>(info.f_bavail * info.f_frsize),
              .total_bytes = static_cast<int64_t>(info.f_blocks * info.f_frsize)};
}

std::vector<CertificateEnd> LookAtCertificates(const tls::Files& files) {
  std::vector<CertificateEnd> ends;
  for (const auto& [flag, file] : {std::pair("--tls-certificate", files.certificate),
                                   std::pair("--tls-authority", files.authority)}) {
    if (file.empty()) continue;
    const absl::StatusOr<tls::Certificate> certificate = tls::ReadCertificateFile(file);
    ends.push_back({absl::StrCat(flag, " ", file.string()),
                    certificate.ok() ? absl::StatusOr<absl::Time>(certificate->not_after)
                                     : certificate.status()});
  }
  return ends;
}

void Fill(const std::vector<Diagnosis>& all, v1::DiagnoseResponse& response) {
  for (const Diagnosis& one : all) {
    v1::Diagnosis* added = response.add_diagnoses();
    added->set_check(one.check);
    added->set_subject(one.subject);
    added->set_ok(one.ok);
    added->set_message(one.message);
  }
}

}  // namespace

grpc::ServerUnaryReactor* AdminService::DrainWorker(Context* context,
                                                    const v1::DrainWorkerRequest* request,
                                                    v1::DrainWorkerResponse* response) {
  return SetDrain(backends_.store, request->id(),
                  request->now() ? core::Drain::kNow : core::Drain::kFinish,
                  context->DefaultReactor(), response);
}

grpc::ServerUnaryReactor* AdminService::EnableWorker(Context* context,
                                                     const v1::EnableWorkerRequest* request,
                                                     v1::EnableWorkerResponse* response) {
  return SetDrain(backends_.store, request->id(), core::Drain::kNone, context->DefaultReactor(),
                  response);
}

grpc::ServerUnaryReactor* AdminService::Backup(Context* context, const v1::BackupRequest* request,
                                               v1::BackupResponse* response) {
  Reactor* reactor = context->DefaultReactor();
  std::filesystem::path folder = std::filesystem::path(request->folder()).lexically_normal();
  if (!folder.has_filename()) folder = folder.parent_path();
  if (absl::Status status = CheckBackupFolder(folder, backends_.backup_roots); !status.ok()) {
    reactor->Finish(wire::ToGrpcStatus(status));
    return reactor;
  }
  backends_.artifacts.Run([this, reactor, response, folder = std::move(folder)] {
    const absl::StatusOr<artifacts::BackupReport> report =
        artifacts::MakeBackup(backends_.store, backends_.artifacts, folder);
    if (report.ok()) {
      response->set_folder(folder.string());
      response->set_database_bytes(report->database_bytes);
      response->set_checkpoint_bytes(report->checkpoint_bytes);
      response->set_num_checkpoints(report->num_checkpoints);
    }
    reactor->Finish(wire::ToGrpcStatus(report.status()));
  });
  return reactor;
}

grpc::ServerUnaryReactor* AdminService::Diagnose(Context* context, const v1::DiagnoseRequest*,
                                                 v1::DiagnoseResponse* response) {
  Reactor* reactor = context->DefaultReactor();
  auto seen = std::make_shared<Observations>();
  backends_.store.ListWorkers([=, this](absl::StatusOr<std::vector<store::WorkerRecord>> workers) {
    if (!workers.ok()) return reactor->Finish(wire::ToGrpcStatus(workers.status()));
    seen->workers = *std::move(workers);
    backends_.store.Read([=, this](store::Reader& reader) {
      seen->version = std::string(Version());
      seen->database = backends_.store.Health();
      seen->integrity = reader.CheckIntegrity();
      seen->min_free_bytes = backends_.min_free_bytes;
      seen->disks.push_back(LookAtDisk("--data-dir", backends_.data_dir));
      seen->disks.push_back(LookAtDisk("--artifacts", backends_.artifacts.folder().path()));
      seen->now = clock_.Now();
      if (backends_.tls) seen->certificates = LookAtCertificates(*backends_.tls);
      Fill(rpc::Diagnose(*seen), *response);
      response->set_version(seen->version);
      *response->mutable_time() = wire::ToProto(clock_.Now());
      reactor->Finish(grpc::Status::OK);
    });
  });
  return reactor;
}

}  // namespace fp4::rpc
