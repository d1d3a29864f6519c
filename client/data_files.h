// The files that a document names, looked for before its runs are queued: a run that cannot find
// its data fails only when a slot is free, perhaps at night.
#pragma once

#include <string>
#include <vector>

#include "client/document_input.h"
#include "spec/document.h"

namespace fp4::client {

// A path or pattern of a document for which this machine has no file.
struct MissingFile {
  std::string field;         // "data.paths"
  std::string path;          // absolute, as the runs get it
  int line = 0, column = 0;  // in the document; 0: written elsewhere, in an override
};

// Looks for data, validation data, tokenizer and checkpoint of every variant. A folder that may not
// be looked into counts as holding the file: the trainer may be somebody else.
std::vector<MissingFile> FindMissingFiles(const spec::Experiment& experiment,
                                          const DocumentInput& document);

// One line: "a.json:3:14: error: data.paths: …".
std::string Describe(const MissingFile& missing, const std::string& document_name,
                     const std::string& severity, const std::string& what);

}  // namespace fp4::client
