// What is said of the files of a run's data by their sha256s, 64 hexadecimal digits each.
#pragma once

#include <span>
#include <string>

namespace fp4::trainer {

// What stands for all files: the sha256 of a single one; of several the sha256 of their digests,
// one a line.
std::string DigestOfFiles(std::span<const std::string> sha256s);

// A sentence about validation files of which equal ones are trained on; empty: there are none.
std::string WarningOfSharedFiles(std::span<const std::string> training,
                                 std::span<const std::string> validation);

}  // namespace fp4::trainer
