#include "server/web/call.h"

#include <utility>

namespace fp4::web {

void Answer(const Call& call, const AnswerOr& answer) {
  call.exchange->Answer(answer.ok() ? *answer : ErrorAnswer(answer.status()));
}

void AnswerByRead(store::Store& store, const CallPtr& call,
                  std::function<AnswerOr(store::Reader&)> make) {
  store.Read(
      [call, make = std::move(make)](store::Reader& reader) { Answer(*call, make(reader)); });
}

}  // namespace fp4::web
