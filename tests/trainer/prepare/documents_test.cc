#include "trainer/prepare/documents.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/trainer_data/scratch_folder.h"

namespace fp4::trainer {
namespace {

using ::testing::ElementsAre;
using Form = DocumentFile::Form;

class DocumentReaderTest : public ScratchFolderTest {
 protected:
  static absl::StatusOr<std::vector<std::string>> ReadAll(DocumentReader reader) {
    std::vector<std::string> documents;
    while (true) {
      absl::StatusOr<std::optional<std::string>> next = reader.Next(NeverStop);
      if (!next.ok()) return next.status();
      if (!*next) return documents;
      documents.push_back(**next);
    }
  }
};

TEST_F(DocumentReaderTest, ATextIsAFileAndALineOfJsonIsADocument) {
  const std::vector<DocumentFile> files = {
      {Write("a.txt", "one\ntwo\n"), Form::kText},
      {Write("empty.txt", ""), Form::kText},
      {Write(
           "b.jsonl",
           "{\"text\": \"thr\\u00e9e\"}\r\n\n  \n{\"n\": 1, \"text\": \"\"}\n{\"text\": \"end\"}"),
       Form::kJsonLines}};

  EXPECT_THAT(*ReadAll(DocumentReader(files, "text")),
              ElementsAre("one\ntwo\n", "thrée", "", "end"));
}

TEST_F(DocumentReaderTest, GoesOnFromEveryPlaceThatAnotherReaderHad) {
  std::string lines;
  for (int i = 0; i < 50; ++i)
    lines += "{\"text\": \"" + std::string(40000, 'x') + std::to_string(i) + "\"}\n";
  const std::vector<DocumentFile> files = {{Write("a.jsonl", lines), Form::kJsonLines},
                                           {Write("b.txt", "text"), Form::kText},
                                           {Write("c.txt", "more"), Form::kText}};
  const std::vector<std::string> all = *ReadAll(DocumentReader(files, "text"));
  ASSERT_EQ(all.size(), 52u);

  DocumentReader reader(files, "text");
  for (size_t done = 1; done <= all.size(); ++done) {
    ASSERT_TRUE(reader.Next(NeverStop).value().has_value());
    const std::vector<std::string> rest(all.begin() + static_cast<int64_t>(done), all.end());
    EXPECT_EQ(*ReadAll(DocumentReader(files, "text", reader.place())), rest) << done;
  }
}

TEST_F(DocumentReaderTest, NamesTheFileAndTheLineOfWhatItCannotRead) {
  struct Row {
    const char *name, *content, *error;
  };
  const Row rows[] = {
      {"a.txt",
       "good\nb\xff"
       "ad\n",
       "a.txt:2: is not UTF-8"},
      {"a.txt", "good\ncut off \xc3", "a.txt:2: is not UTF-8"},
      {"a.jsonl", "{\"text\": \"a\"}\n\n{\"text\": \"b\xff\"}\n", "a.jsonl:3: is not UTF-8"},
      {"a.jsonl", "{\"text\": \"a\"}\n{\"text\": \"b\"\n", "a.jsonl:2: is not JSON"},
      {"a.jsonl", "[1]\n", "a.jsonl:1: is JSON, but no object"},
      {"a.jsonl", "{\"content\": \"a\"}\n", "a.jsonl:1: has no \"text\" (see --field)"},
      {"a.jsonl", "{\"text\": [\"a\"]}\n", "a.jsonl:1: \"text\" is no text"}};
  for (const Row& row : rows) {
    const std::string path = Write(row.name, row.content);
    EXPECT_THAT(ReadAll(DocumentReader({{path, FormOf(path)}}, "text")),
                FailsWith(kInvalidArgument, row.error));
  }
  EXPECT_THAT(ReadAll(DocumentReader({{folder_ / "none.txt", Form::kText}}, "text")),
              FailsWith(kNotFound, "none.txt"));
}

}  // namespace
}  // namespace fp4::trainer
