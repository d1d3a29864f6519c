#include "client/render/access.h"

#include "absl/strings/str_join.h"
#include "client/render/numbers.h"
#include "wire/times.h"

namespace fp4::client {
namespace {

Cell StandingOf(const v1::Token& token, absl::Time now) {
  if (token.has_revoke_time()) return {"revoked", Color::kRed};
  if (token.has_expire_time() && wire::FromProto(token.expire_time()) <= now) {
    return {"expired", Color::kRed};
  }
  return {"in force", Color::kGreen};
}

std::string When(bool is_set, const google::protobuf::Timestamp& time, absl::Time now) {
  return is_set ? FormatWhen(wire::FromProto(time), now) : "never";
}

}  // namespace

std::string RenderTokens(const v1::ListTokensResponse& all, absl::Time now, const Layout& layout) {
  Table table({{.header = "ID"},
               {.header = "NAME"},
               {.header = "ROLE"},
               {.header = "PROJECTS", .min_width = 8},
               {.header = "STATE"},
               {.header = "EXPIRES", .drop_order = 1},
               {.header = "LAST USED", .drop_order = 2}});
  for (const v1::Token& token : all.tokens()) {
    table.AddRow({token.id(), Printable(token.name()), token.role(),
                  Printable(absl::StrJoin(token.projects(), ", ")), StandingOf(token, now),
                  When(token.has_expire_time(), token.expire_time(), now),
                  When(token.has_last_use_time(), token.last_use_time(), now)});
  }
  return table.Render(layout);
}

std::string RenderAudit(const v1::ListAuditResponse& all, absl::Time now, const Layout& layout) {
  Table table({{.header = "TIME"},
               {.header = "WHO"},
               {.header = "FROM", .drop_order = 1},
               {.header = "WHAT"},
               {.header = "SUBJECT", .min_width = 8},
               {.header = "RESULT"},
               {.header = "WHY", .min_width = 10}});
  for (const v1::AuditEntry& entry : all.entries()) {
    table.AddRow({When(true, entry.time(), now), entry.who().empty() ? "?" : Printable(entry.who()),
                  Printable(entry.address()), Printable(entry.action()), Printable(entry.subject()),
                  Cell(entry.code(), entry.code() == "OK" ? Color::kGreen : Color::kRed),
                  Printable(entry.message())});
  }
  return table.Render(layout);
}

}  // namespace fp4::client
