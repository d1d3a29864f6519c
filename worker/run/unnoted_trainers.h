#pragma once

#include <filesystem>

namespace fp4::worker {

// Kills trainers that live in a run directory without trainer.json naming them, and waits for their
// end: an earlier worker of `work_dir` started them and died before it had written them down. A
// worker that did not know of them could give their slots to other runs, and tell that an attempt
// has ended which still trains. For a worker that has locked `work_dir` and has no trainers yet.
void EndUnnotedTrainers(const std::filesystem::path& work_dir);

}  // namespace fp4::worker
