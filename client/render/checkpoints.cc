#include "client/render/checkpoints.h"

#include "absl/strings/str_cat.h"
#include "client/render/numbers.h"
#include "wire/checkpoint_names.h"

namespace fp4::client {

std::string RenderCheckpoints(const v1::ListCheckpointsResponse& all, const Layout& layout) {
  Table table({{.header = "STEP", .right = true},
               {.header = "ATTEMPT", .right = true, .drop_order = 3},
               {.header = "SIZE", .right = true},
               {.header = "WHERE", .min_width = 10},
               {.header = "KEPT AS"},
               {.header = "SHA256", .min_width = 8, .drop_order = 1},
               {.header = "PATH", .min_width = 20, .drop_order = 2, .names = true}});
  for (const v1::CheckpointRecord& one : all.checkpoints()) {
    const std::string where = wire::WhereIs(one);
    table.AddRow({absl::StrCat(one.step()), absl::StrCat(one.attempt()),
                  FormatCount(static_cast<double>(one.bytes())) + "B",
                  one.stored() ? Cell(where, Color::kGreen) : Cell(Printable(where)),
                  wire::KeptAs(one), one.sha256().substr(0, 16), Printable(one.path())});
  }
  return table.Render(layout);
}

}  // namespace fp4::client
