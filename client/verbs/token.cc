#include <iterator>

#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "base/status_macros.h"
#include "client/errors.h"
#include "client/layout.h"
#include "client/operations.h"
#include "client/render/access.h"
#include "client/render/json.h"
#include "client/verbs/verbs.h"
#include "tls/secret_file.h"
#include "wire/json/access.h"
#include "wire/times.h"

namespace fp4::client {
namespace {

struct Options {
  std::string action, name, role = "submitter", file;
  std::vector<std::string> projects;
  int64_t days = 365;
};

constexpr char kHelp[] = R"(
A token is who somebody is to a controller that asks: its text goes into a file that only its owner may read (mode 0600),
and FP4_TOKEN_FILE names that file. The text is told once, when the token is made; the controller keeps a hash of it.

create NAME: a new one. With --file the text is written there, not printed. --role: viewer, submitter, operator, admin, or
worker for fp4-worker --token-file. --project, again and again: what a submitter may change; without it all projects.
ls: all of them, those that are not in force any more too. revoke NAME: refused from now on.
whoami: what the controller takes the caller for.

Examples:
  fp4ctl token create ann --role submitter --project vision --file ann.token
  fp4ctl token ls
  fp4ctl token revoke ann)";

absl::Status Usage(const std::string& message) {
  return WithExitCode(absl::InvalidArgumentError(message), ExitCode::kUsage);
}

v1::CreateTokenRequest RequestOf(const Options& options) {
  v1::CreateTokenRequest request;
  request.set_name(options.name);
  request.set_role(options.role);
  request.mutable_projects()->Add(options.projects.begin(), options.projects.end());
  if (options.days > 0) {
    *request.mutable_expire_time() = wire::ToProto(absl::Now() + options.days * absl::Hours(24));
  }
  return request;
}

// A token whose text is lost is of use to nobody.
absl::Status Keep(const std::string& file, const v1::CreateTokenResponse& made,
                  Operations& operations) {
  absl::Status written = tls::MakeSecretFile(file, absl::StrCat(made.text(), "\n"));
  if (!written.ok()) (void)operations.RevokeToken(made.token().id()).status();
  return written;
}

absl::StatusOr<ExitCode> Create(const Options& options, Operations& operations, Context& context) {
  FP4_ASSIGN_OR_RETURN(const v1::CreateTokenResponse made,
                       operations.CreateToken(RequestOf(options)));
  if (!options.file.empty()) FP4_RETURN_IF_ERROR(Keep(options.file, made, operations));
  if (context.json) {
    std::vector<JsonText> fields = {{"id", made.token().id()}, {"name", made.token().name()}};
    fields.push_back(options.file.empty() ? JsonText{"text", made.text()}
                                          : JsonText{"file", options.file});
    context.out << FlatJson(fields) << "\n";
  } else if (options.file.empty()) {
    context.out << made.text() << "\n";
  } else {
    context.out << Printable(options.file) << ": token " << made.token().id() << " of "
                << made.token().name() << ", " << made.token().role() << "\n";
  }
  return ExitCode::kOk;
}

absl::StatusOr<ExitCode> List(Operations& operations, Context& context) {
  FP4_ASSIGN_OR_RETURN(const v1::ListTokensResponse all, operations.ListTokens());
  if (context.json) {
    context.out << wire::TokensJson(all) << "\n";
  } else {
    context.out << RenderTokens(all, absl::Now(), LayoutOf(context));
  }
  return ExitCode::kOk;
}

absl::StatusOr<ExitCode> Revoke(const Options& options, Operations& operations, Context& context) {
  FP4_ASSIGN_OR_RETURN(const v1::Token token, operations.RevokeToken(options.name));
  if (context.json) {
    v1::ListTokensResponse one;
    *one.add_tokens() = token;
    context.out << wire::TokensJson(one) << "\n";
  } else {
    context.out << "token " << token.id() << " of " << Printable(token.name()) << " is revoked\n";
  }
  return ExitCode::kOk;
}

absl::StatusOr<ExitCode> WhoAmI(Operations& operations, Context& context) {
  FP4_ASSIGN_OR_RETURN(const v1::WhoAmIResponse who, operations.WhoAmI());
  if (context.json) {
    context.out << wire::WhoAmIJson(who) << "\n";
  } else if (who.name().empty()) {
    context.out << "nobody is asked who he is\n";
  } else {
    context.out << Printable(who.name()) << ", " << who.role() << "\n";
  }
  return ExitCode::kOk;
}

absl::StatusOr<ExitCode> Run(const Options& options, Context& context) {
  const bool names_one = options.action == "create" || options.action == "revoke";
  if (names_one && options.name.empty()) {
    return Usage(absl::StrCat("token ", options.action, ": NAME is required"));
  }
  FP4_ASSIGN_OR_RETURN(const std::string address, context.Address());
  FP4_ASSIGN_OR_RETURN(const wire::ChannelSecurity security, context.Security());
  Operations operations(address, security);
  if (options.action == "create") return Create(options, operations, context);
  if (options.action == "revoke") return Revoke(options, operations, context);
  return options.action == "ls" ? List(operations, context) : WhoAmI(operations, context);
}

}  // namespace

Verb TokenVerb() {
  auto options = std::make_shared<Options>();
  return {.group = kOtherGroup,
          .name = "token",
          .summary = "Make, list and revoke the tokens by which people and workers are known",
          .help = kHelp,
          .options = {{.names = "ACTION",
                       .target = &options->action,
                       .help = "What is done",
                       .required = true,
                       .choices = {"create", "ls", "revoke", "whoami"}},
                      {.names = "NAME",
                       .target = &options->name,
                       .help = "Of the token; of revoke also its id"},
                      {.names = "--role",
                       .target = &options->role,
                       .help = "Of create: what it may do",
                       .choices = {"viewer", "submitter", "operator", "admin", "worker"}},
                      {.names = "--project",
                       .target = &options->projects,
                       .help = "Of create: a project whose experiments it may change; repeatable",
                       .value_name = "PROJECT"},
                      {.names = "--days",
                       .target = &options->days,
                       .help = "Of create: until it expires; 0: never",
                       .range = {0, 36500}},
                      {.names = "--file",
                       .target = &options->file,
                       .help = "Of create: write the text there, with mode 0600",
                       .value_name = "FILE"}},
          .run = [options](Context& context) { return Run(*options, context); }};
}

}  // namespace fp4::client
