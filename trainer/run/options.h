// fp4-train's command line.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "base/trainer_exit.h"

namespace fp4::trainer {

// Paths are as they were typed: relative ones from the current folder.
struct Options {
  std::string document;  // path of RUN.json
  std::string run_dir;
  std::optional<std::string> variant;  // needed when the document has several
  std::optional<uint64_t> seed;        // likewise
  std::string device = "auto";
  std::optional<int32_t> attempt;
  std::optional<int64_t> next_seq;
  std::optional<std::string> resume_from;  // a checkpoint's folder, or "none"
  std::string lease_file;                  // "": no lease, so no worker: a person called it
  bool probe = false;                      // measure the machine instead of training
  // A checkpoint's folder or a safetensors file: its weights are measured, and nothing is trained.
  std::optional<std::string> evaluate;
  // The same, for what each of its layers would cost the loss under other recipes.
  std::optional<std::string> sensitivity;
  // The same, for what more bits, units and layers would gain.
  std::optional<std::string> advise;
  bool json = false;  // how what is measured is printed
  // Where the times of some updates go, as a Chrome trace; the run trains as it would without.
  std::optional<std::string> profile;
  bool roofline = false;  // measure what bounds the run's products here, instead of training
  // Of a run that several processes train: which of them this one is. The first, 0, starts the
  // others; no user gives it.
  int64_t rank = 0;
};

// Nothing to run (--help, --version, an error, all said by then): the exit status is in
// `exit_code`.
std::optional<Options> ParseCommandLine(int argc, char** argv, int& exit_code);

}  // namespace fp4::trainer
