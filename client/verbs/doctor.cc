#include "client/doctor.h"

#include "absl/strings/str_cat.h"
#include "client/layout.h"
#include "client/render/json.h"
#include "client/render/table.h"
#include "client/verbs/verbs.h"

namespace fp4::client {
namespace {

constexpr char kHelp[] = R"(
Looks at this machine (programs, disk, GPUs), at the way to the controller (address, clock, version), and at what the
controller tells: its database, its disks, and of each worker the connection, version, clock, slots and disk. Exits with 1
when something is wrong.

Example:
  fp4ctl doctor -o json | jq '.[] | select(.ok | not)')";

std::string Render(const std::vector<v1::Diagnosis>& all, const Layout& layout) {
  Table table({{.header = ""},
               {.header = "CHECK"},
               {.header = "OF", .min_width = 10, .names = true},
               {.header = "FOUND", .min_width = 20}});
  for (const v1::Diagnosis& one : all) {
    table.AddRow({one.ok() ? Cell("ok", Color::kGreen) : Cell("WRONG", Color::kRed), one.check(),
                  Printable(one.subject()), Printable(one.message())});
  }
  return table.Render(layout);
}

absl::StatusOr<ExitCode> Run(Context& context) {
  const std::vector<v1::Diagnosis> all = Examine(context);
  if (context.json) {
    context.out << DiagnosesJson(all) << "\n";
  } else {
    context.out << Render(all, LayoutOf(context));
  }
  for (const v1::Diagnosis& one : all) {
    if (!one.ok()) return ExitCode::kFailed;
  }
  return ExitCode::kOk;
}

}  // namespace

Verb DoctorVerb() {
  return {.group = kOtherGroup,
          .name = "doctor",
          .summary = "Find out what is wrong with this machine, the controller or a worker",
          .help = kHelp,
          .options = {},
          .run = Run};
}

}  // namespace fp4::client
