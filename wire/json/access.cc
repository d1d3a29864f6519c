#include "wire/json/access.h"

#include "wire/json/values.h"

namespace fp4::wire {
namespace {

Json Texts(const google::protobuf::RepeatedPtrField<std::string>& texts) {
  return Array(texts, [](const std::string& text) { return Json(text); });
}

}  // namespace

std::string TokensJson(const v1::ListTokensResponse& all) {
  return Dump(Array(all.tokens(), [](const v1::Token& one) {
    return Json{{"id", one.id()},
                {"name", one.name()},
                {"role", one.role()},
                {"projects", Texts(one.projects())},
                {"create_time", OptionalTime(one.has_create_time(), one.create_time())},
                {"expire_time", OptionalTime(one.has_expire_time(), one.expire_time())},
                {"last_use_time", OptionalTime(one.has_last_use_time(), one.last_use_time())},
                {"revoke_time", OptionalTime(one.has_revoke_time(), one.revoke_time())},
                {"created_by", one.created_by()}};
  }));
}

std::string WhoAmIJson(const v1::WhoAmIResponse& who) {
  return Dump({{"name", who.name()},
               {"role", who.role()},
               {"projects", Texts(who.projects())},
               {"expire_time", OptionalTime(who.has_expire_time(), who.expire_time())}});
}

std::string AuditJson(const v1::ListAuditResponse& all) {
  return Dump(Array(all.entries(), [](const v1::AuditEntry& one) {
    return Json{{"number", one.number()},   {"time", OptionalTime(one.has_time(), one.time())},
                {"who", one.who()},         {"role", one.role()},
                {"address", one.address()}, {"action", one.action()},
                {"subject", one.subject()}, {"code", one.code()},
                {"message", one.message()}};
  }));
}

}  // namespace fp4::wire
