#include <gtest/gtest.h>
#include <signal.h>
#include <unistd.h>

#include "tests/client/support/command_fixture.h"

namespace fp4::client {
namespace {

using SubmitTest = CommandFixture;

constexpr char kWithData[] = R"({"schema_version": 1, "name": "x", "model": {"preset": "micro"},
 "data": {"source": "text", "paths": ["no-such.txt"]},
 "training": {"steps": 4}, "seeds": [1], "variants": {"a": {}}})";

TEST_F(SubmitTest, ADocumentThatIsNoUtf8IsRefusedAsByValidate) {
  struct Case {
    const char* name;
    std::string text;
    const char* place;
  };
  const std::string document = kDocument;
  const std::string start = document.substr(0, document.find('"'));
  const Case cases[] = {
      {"latin-1.json",
       R"({"name": "caf)"
       "\xe9"
       R"("})",
       ":1:14: error"},
      {"comment.json", "// caf\xe9\n" + document, ":1:7: error"},
      {"utf-16.json", std::string("\xff\xfe{\0\"\0", 6), ":1:1: error"},
  };
  for (const Case& one : cases) {
    const std::string file = Write(one.name, one.text);
    for (const char* verb : {"submit", "validate"}) {
      Command command = Run({verb, file});
      EXPECT_EQ(command.Wait(), 2) << verb << " " << one.name;
      EXPECT_NE(command.err().find(file + one.place), std::string::npos) << command.err();
      EXPECT_NE(command.err().find("the byte 0x"), std::string::npos) << command.err();
      EXPECT_EQ(command.err().find("libprotobuf"), std::string::npos) << command.err();
    }
  }
}

TEST_F(SubmitTest, AFolderWhoseNameIsNoUtf8IsNamed) {
  const auto folder = folder_.path() / "caf\xe9";
  std::filesystem::create_directory(folder);
  const std::string file = folder / "a.json";
  ASSERT_TRUE(ReplaceFile(file, kWithData).ok());
  for (const char* verb : {"submit", "validate"}) {
    Command command = Run({verb, file, "-o", "json"});
    EXPECT_EQ(command.Wait(), 2) << command.err();
    EXPECT_NE(command.err().find("not UTF-8"), std::string::npos) << command.err();
    EXPECT_EQ(command.err().find("libprotobuf"), std::string::npos) << command.err();
  }
  // Without relative paths the folder's name goes nowhere.
  ASSERT_TRUE(ReplaceFile(file, kDocument).ok());
  Command fine = Run({"submit", file});
  EXPECT_EQ(fine.Wait(), 0) << fine.err();
  EXPECT_EQ(fine.err(), "");
}

TEST_F(SubmitTest, DataThatIsMissingOnTheOnlyMachineIsAnError) {
  char host[256] = "";
  gethostname(host, sizeof host - 1);
  service_.SetWorkerHost(host);
  const std::string file = Write("a.json", kWithData);
  Command command = Run({"submit", file});
  EXPECT_EQ(command.Wait(), 2) << command.err();
  EXPECT_NE(command.err().find(file + ":2:39: error: data.paths: '"), std::string::npos)
      << command.err();
  EXPECT_EQ(service_.create_request().document(), "");
}

TEST_F(SubmitTest, DataThatOtherMachinesMayHaveIsSaidToBeUnchecked) {
  service_.SetWorkerHost("elsewhere");
  Command command = Run({"submit", Write("a.json", kWithData)});
  EXPECT_EQ(command.Wait(), 0) << command.err();
  EXPECT_NE(command.err().find("was not checked"), std::string::npos) << command.err();
  EXPECT_NE(service_.create_request().document(), "");
}

TEST_F(SubmitTest, AFullDiskOfTheControllerIsARefusal) {
  service_.FailCreate(RpcError(grpc::StatusCode::UNAVAILABLE, "STORAGE", "the disk is full"));
  Command command = Run({"submit", Write("a.json", kDocument)});
  EXPECT_EQ(command.Wait(), 1);
  EXPECT_EQ(command.err(), "fp4ctl: the disk is full\n");
}

TEST_F(SubmitTest, AnEndlessDocumentIsRefused) {
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
  GTEST_SKIP() << "a sanitizer reserves more addresses than the limit that shows it";
#endif
  for (const char* line : {"$FP4CTL validate /dev/zero", "$FP4CTL submit /dev/zero",
                           "$FP4CTL validate - < /dev/zero", "yes | $FP4CTL validate /dev/stdin"}) {
    Command command = Shell(std::string("ulimit -v 4000000; ") + line);
    EXPECT_EQ(command.Wait(), 2) << line << command.err();
    EXPECT_NE(command.err().find("4194304"), std::string::npos) << line << command.err();
  }
}

TEST_F(SubmitTest, ADocumentMayComeThroughAPipe) {
  Command command = Shell("mkfifo $FP4_STATE_DIR/p; (cat " + Write("a.json", kDocument) +
                          " > $FP4_STATE_DIR/p) & $FP4CTL validate $FP4_STATE_DIR/p");
  EXPECT_EQ(command.Wait(), 0) << command.err();
}

}  // namespace
}  // namespace fp4::client
