#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <nlohmann/json.hpp>

#include "base/file.h"
#include "spec/document.h"
#include "spec/fields.h"

namespace fp4::spec {
namespace {

using nlohmann::json;

void CheckReferences(const json& schema, const json& node) {
  if (node.is_object() && node.contains("$ref")) {
    const std::string target = node["$ref"];
    ASSERT_TRUE(target.starts_with("#/definitions/"));
    EXPECT_TRUE(schema["definitions"].contains(target.substr(14))) << target;
  }
  for (const json& child : node) {
    if (child.is_structured()) CheckReferences(schema, child);
  }
}

TEST(JsonSchema, IsDraft7AndItsReferencesResolve) {
  const json schema = json::parse(JsonSchema());
  EXPECT_EQ(schema["$schema"], "http://json-schema.org/draft-07/schema#");
  EXPECT_EQ(schema["required"], json::array({"name"}));
  EXPECT_EQ(schema["additionalProperties"], false);
  CheckReferences(schema, schema);
}

TEST(JsonSchema, DescribesEveryFieldWithItsDefault) {
  const json schema = json::parse(JsonSchema());
  for (const Field& section : DocumentType().fields) {
    const json& property = schema["properties"].at(section.name);
    EXPECT_TRUE(property["description"].get<std::string>().starts_with(section.doc));
    for (const Field& field : section.type.fields) {
      const json& inner = property["properties"].at(field.name);
      EXPECT_TRUE(inner.contains("description")) << field.name;
      if (field.default_json.empty()) continue;
      EXPECT_EQ(inner["default"], json::parse(field.default_json)) << field.name;
    }
  }
}

TEST(JsonSchema, APatchMayNotChangeWhatAVariantMayNot) {
  const json patch = json::parse(JsonSchema())["definitions"]["patch"];
  EXPECT_TRUE(patch["properties"].contains("model"));
  for (const char* name : kFieldsOutsideVariants)
    EXPECT_FALSE(patch["properties"].contains(name)) << name;
}

TEST(Fields, EveryBuiltFieldHasADefaultThatIsAllowed) {
  for (const Field& section : DocumentType().fields) {
    for (const Field& field : section.type.fields) {
      EXPECT_TRUE(!field.default_json.empty() || field.derive) << section.name << "." << field.name;
      EXPECT_TRUE(field.doc.ends_with(".")) << section.name << "." << field.name;
    }
  }
}

// After a change of the table of fields (or a new format) run this with FP4_UPDATE_EXPECTED=1.
TEST(ReferencePage, IsTheEndOfTheCommittedPage) {
  const std::string path = FP4_SOURCE_DIR "/docs/spec.md";
  const std::string marker =
      "<!-- From here on the page is generated from the table of fields. -->\n";
  absl::StatusOr<std::string> page = ReadFile(path);
  ASSERT_TRUE(page.ok()) << page.status();
  const size_t end = page->find(marker);
  ASSERT_NE(end, std::string::npos);
  const std::string introduction = page->substr(0, end + marker.size());
  if (std::getenv("FP4_UPDATE_EXPECTED") != nullptr) {
    ASSERT_TRUE(ReplaceFile(path, introduction + "\n" + ReferencePage()).ok());
  } else {
    EXPECT_EQ(*page, introduction + "\n" + ReferencePage());
  }
}

}  // namespace
}  // namespace fp4::spec
