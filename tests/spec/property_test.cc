// What must hold for any document, tried on random ones.
#include <gtest/gtest.h>
#include <rapidcheck.h>
#include <rapidcheck/gtest.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "spec/document.h"
#include "spec/events.h"
#include "spec/fields.h"
#include "spec/json.h"
#include "spec/layers.h"
#include "spec/recipes.h"

namespace fp4::spec {
namespace {

using Json = nlohmann::ordered_json;

std::string Word() {
  return *rc::gen::nonEmpty(
      rc::gen::container<std::string>(rc::gen::elementOf(std::string("abcXYZ019"))));
}

// Any JSON, few names, so that patches meet what they patch.
Json AnyJson(int depth) {
  switch (*rc::gen::inRange(0, depth > 0 ? 7 : 5)) {
    case 0:
      return nullptr;
    case 1:
      return *rc::gen::arbitrary<bool>();
    case 2:
      return *rc::gen::inRange(-5, 1000);
    case 3:
      return *rc::gen::arbitrary<double>();
    case 4:
      return Word();
    case 5: {
      Json list = Json::array();
      for (int i = *rc::gen::inRange(0, 3); i > 0; --i) list.push_back(AnyJson(depth - 1));
      return list;
    }
    default: {
      Json object = Json::object();
      for (int i = *rc::gen::inRange(0, 4); i > 0; --i)
        object[*rc::gen::element("a", "b", "c", "d")] = AnyJson(depth - 1);
      return object;
    }
  }
}

Json SomeFields(const Type& type, int share);

// A value that the table of fields allows.
Json Allowed(const Type& type) {
  switch (type.kind) {
    case Type::Kind::kBoolean:
      return *rc::gen::arbitrary<bool>();
    case Type::Kind::kInteger:
      return *rc::gen::inRange(static_cast<int64_t>(type.min),
                               static_cast<int64_t>(std::min(type.max, 1e6)) + 1);
    case Type::Kind::kNumber: {
      const double share = static_cast<double>(*rc::gen::inRange(1, 1000)) / 1000;
      return type.min + share * (std::min(type.max, 1e3) - type.min);
    }
    case Type::Kind::kChoice:
      return *rc::gen::elementOf(type.choices);
    case Type::Kind::kRecipe:
      return *rc::gen::elementOf(BuiltinRecipeNames());
    case Type::Kind::kDuration:
      return std::to_string(*rc::gen::inRange(0, 9999)) + *rc::gen::element("s", "m", "h");
    case Type::Kind::kPattern:
      return *rc::gen::element("blocks.**", "**.mlp.*", "blocks.0.{mlp,attention}.*", "**.qkv");
    case Type::Kind::kPath:
      return "/" + Word();
    case Type::Kind::kString:
      return *rc::gen::element("", "text", "\u00e9\"\\\n\t", "a/b");
    case Type::Kind::kName:
      return Word();
    case Type::Kind::kList: {
      Json list = Json::array();
      const auto most = static_cast<int>(std::min<size_t>(type.max_items, 4));
      for (int i = *rc::gen::inRange(static_cast<int>(type.min_items), most + 1); i > 0; --i)
        list.push_back(Allowed(type.items[0]));
      return list;
    }
    case Type::Kind::kEither:
      return Allowed(type.items[0]);
    case Type::Kind::kObject:
      return SomeFields(type, 20);
    case Type::Kind::kMap:
    case Type::Kind::kVariants:
      break;
  }
  return Json::object();
}

// Some fields of an object, in some order.
Json SomeFields(const Type& type, int share) {
  Json object = Json::object();
  std::vector<size_t> order(type.fields.size());
  for (size_t i = 0; i < order.size(); ++i) order[i] = i;
  const auto seed = static_cast<size_t>(*rc::gen::inRange(0, 1000));
  std::ranges::rotate(order, order.begin() + static_cast<long>(seed % order.size()));
  for (const size_t i : order) {
    const Field& field = type.fields[i];
    if (!field.built || field.type.kind == Type::Kind::kVariants ||
        field.type.kind == Type::Kind::kMap)
      continue;
    if (!field.required && *rc::gen::inRange(0, 100) >= share) continue;
    const bool nested = field.type.kind == Type::Kind::kObject;
    object[field.name] = nested ? SomeFields(field.type, share) : Allowed(field.type);
  }
  return object;
}

// Changes fields that would contradict each other too often for a test to be worth its time.
void Reconcile(Json& document) {
  const auto multiple = [](int of) { return of * *rc::gen::inRange(1, 9); };
  document["model"].update({{"d_model", multiple(64)},
                            {"num_heads", *rc::gen::element(1, 2, 4)},
                            {"d_ff", multiple(64)},
                            {"num_layers", *rc::gen::inRange(1, 4)},
                            {"vocab_size", multiple(256)}});
  const auto one_of = [](auto... texts) {
    return Json::parse(*rc::gen::element<std::string>(texts...));
  };
  document["resources"] = {{"gpus", one_of("0", "1", "\"auto\"")}, {"priority", 3}};
  document["data"] =
      one_of("{}", R"({"source": "tokens", "paths": ["/b", "/a*"], "seed": 3})",
             R"({"tokenizer": "/t", "source": "text", "paths": ["/a"], "shuffle": false})");
  document["lr_schedule"] = {{"name", one_of("\"wsd\"", "\"linear\"")}};
}

RC_GTEST_PROP(MergePatch, IsRfc7396AsNlohmannReadsIt, ()) {
  Json target = AnyJson(3);
  const Json patch = AnyJson(3);
  Node node = ParseJson(target.dump()).root;
  MergePatch(node, ParseJson(patch.dump()).root);
  target.merge_patch(patch);
  RC_ASSERT(nlohmann::json::parse(WriteCompactJson(node)) == nlohmann::json::parse(target.dump()));
}

RC_GTEST_PROP(WriteJson, ReadsBackToTheSameValue, ()) {
  const Json value = AnyJson(4);
  const ParsedJson parsed = ParseJson(value.dump(*rc::gen::inRange(-1, 4)));
  RC_ASSERT(parsed.complete && parsed.problems.empty());
  RC_ASSERT(nlohmann::json::parse(WriteJson(parsed.root)) == nlohmann::json::parse(value.dump()));
  RC_ASSERT(WriteJson(ParseJson(WriteJson(parsed.root)).root) == WriteJson(parsed.root));
}

RC_GTEST_PROP(ReadExperiment, RunDocumentOfAnyGoodDocumentReadsBack, ()) {
  Json document = SomeFields(DocumentType(), *rc::gen::element(5, 15, 40));
  Reconcile(document);
  const ReadResult result = ReadExperiment(document.dump(), {}, {});
  RC_CLASSIFY(result.ok(), "good");
  if (!result.ok()) {
    // Fields may contradict each other, but each by itself was allowed.
    for (const Problem& problem : result.problems) {
      RC_LOG() << problem.ToString(document.dump()) << "\n";
      RC_ASSERT(problem.message.find("allowed: a ") == std::string::npos);
    }
    return;
  }
  const Variant& variant = result.experiment.variants[0];
  const std::string run_document = RunDocument(variant, 7);
  const ReadResult again = ReadExperiment(run_document, {}, {});
  RC_ASSERT(again.ok());
  RC_ASSERT(RunDocument(again.experiment.variants[0], 7) == run_document);
  RC_ASSERT(LayerTableJson(again.experiment.variants[0].run) == LayerTableJson(variant.run));
}

// Bytes of a good document exchanged, dropped or doubled: errors or not, never more than that.
RC_GTEST_PROP(ReadExperiment, DamagedDocumentGivesProblemsInOrder, ()) {
  std::string text =
      R"({"name": "a", "precision": {"rules": [{"match": "blocks.{0..1}.**", "use": "fp4", "weights": {"block": 64}}],
    "recipes": {"m": {"weights": "nf4"}}}, "variants": {"x": {"model": {"d_model": 64}}, "y": {"training": null}}})";
  for (int i = *rc::gen::inRange(1, 4); i > 0; --i) {
    const auto at = static_cast<size_t>(*rc::gen::inRange(0, static_cast<int>(text.size())));
    const int what = *rc::gen::inRange(0, 3);
    if (what == 0) text[at] = *rc::gen::arbitrary<char>();
    if (what == 1) text.erase(at, 1);
    if (what == 2) text.insert(at, 1, text[at]);
  }
  const ReadResult result = ReadExperiment(text, {}, {});
  for (size_t i = 1; i < result.problems.size(); ++i) {
    const Problem &before = result.problems[i - 1], &after = result.problems[i];
    RC_ASSERT(std::tuple(before.line, before.column) <= std::tuple(after.line, after.column));
  }
  for (const Problem& problem : result.problems)
    RC_ASSERT(problem.line >= 1 && problem.column >= 1);
}

RC_GTEST_PROP(FormatNumber, ReadsBackToTheSameDouble, (double value)) {
  RC_PRE(std::isfinite(value));
  RC_ASSERT(nlohmann::json::parse(FormatNumber(value)).get<double>() == value);
}

}  // namespace
}  // namespace fp4::spec
