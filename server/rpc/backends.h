#pragma once

#include <filesystem>
#include <optional>

#include "base/allowed_roots.h"
#include "server/access/gatekeeper.h"
#include "server/artifacts/artifact_store.h"
#include "server/artifacts/disk_guard.h"
#include "server/store/store.h"
#include "tls/files.h"

namespace fp4::rpc {

// What the calls work on. What is referred to outlives the server.
struct Backends {
  store::Store& store;
  access::Gatekeeper& gatekeeper;
  artifacts::ArtifactStore& artifacts;
  AllowedRoots roots;                // that documents may read from
  AllowedRoots backup_roots;         // that backups may be made in
  const artifacts::DiskGuard& disk;  // of data_dir: without room no experiment is taken
  std::filesystem::path data_dir;
  int64_t min_free_bytes = 0;  // less there is too little
  // Of the encryption, read again when they change, and whose ends are watched; nothing: plain
  // text.
  std::optional<tls::Files> tls = {};
};

}  // namespace fp4::rpc
