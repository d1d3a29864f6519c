// prepared.json, beside the token files: what they were made of and by, and how far that has come.
#pragma once

#include <cstdint>
#include <filesystem>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "trainer/prepare/documents.h"

namespace fp4::trainer {

// A finished token file.
struct PreparedPart {
  std::string file;  // "tokens-00000.bin"
  int64_t documents = 0, tokens = 0;
  std::string sha256;
  DocumentPlace end;  // of the input behind its last document
};

// A plain value.
struct Journal {
  // What decides the bytes: options, and the inputs by path, size and time. Another value is
  // another preparation.
  nlohmann::ordered_json made_of;
  std::string tokenizer_sha256;  // of a model that was trained here; empty: none was, or not yet
  std::vector<PreparedPart> parts;
  bool complete = false;
};

// Nothing: there is none. INVALID_ARGUMENT: the file is not one, with its path.
absl::StatusOr<std::optional<Journal>> ReadJournal(const std::filesystem::path& path);

// Durably; after a crash the file is the old or the new one.
absl::Status WriteJournal(const std::filesystem::path& path, const Journal& journal);

// OK, or INVALID_ARGUMENT that names the first thing that differs, with both values.
absl::Status CheckSame(const nlohmann::ordered_json& begun, const nlohmann::ordered_json& asked,
                       const std::filesystem::path& folder);

}  // namespace fp4::trainer
