// What a process gives away at its start because it never needs it.
#pragma once

namespace fp4 {

// No core is dumped, for it would hold tokens and keys, and nobody but root may look into the
// memory. Programs that are started from here may dump cores again. Call it before any thread.
// Under a sanitizer, which looks into itself, memory stays open.
void CloseMemory();

// Files and folders that are made from here on, by programs started from here too, are closed to
// others; their group may read at most.
void CloseFiles();

}  // namespace fp4
