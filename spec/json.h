// JSON as read from a document: every value knows where it was written. A reader of our own,
// because errors need places and a duplicate field must not pass in silence. Comments (// and /*
// */) count as white space.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace fp4::spec {

// Which text a value was written in: the document, a variant in it, or an override.
struct Source {
  std::string prefix;    // of paths: "variants.fp4." within that variant, else empty
  std::string override;  // the text of an override, else empty
};

// Lines and columns count from 1, columns in bytes; line 0: no place in the document.
struct Place {
  int line = 0, column = 0;
  const Source* source = nullptr;  // null: the document. Not owned
};

struct Member;

// A JSON value. Numbers keep the text that they were written with.
struct Node {
  enum class Kind : uint8_t { kNull, kBoolean, kNumber, kString, kList, kObject };
  Kind kind = Kind::kNull;
  bool boolean = false;
  std::string text;             // kString: the content; kNumber: as written
  std::vector<Node> items;      // kList
  std::vector<Member> members;  // kObject, in the order written
  Place place;
  size_t begin = 0, end = 0;  // bytes of the text that hold it

  const Node* Find(std::string_view key) const;  // null: not an object, or no such member
  Node* Find(std::string_view key);
  void Set(std::string_view key, Node value);  // replaces, or appends
  void Erase(std::string_view key);

  static Node String(std::string_view text);
  static Node Object();
};

struct Member {
  std::string key;
  Place key_place;
  Node value;
};

struct JsonProblem {
  std::string path;  // of the value at fault where known
  Place place;
  std::string message;
};

struct ParsedJson {
  bool complete = false;  // false: a syntax error ended the pass; it is the last problem
  Node root;
  std::vector<JsonProblem>
      problems;  // duplicate fields (the first one counts), and the syntax error
};

inline constexpr int kMaxJsonDepth = 32;
inline constexpr size_t kMaxJsonMembers = 1000;  // of one object
inline constexpr size_t kMaxJsonBytes = size_t{4} << 20;

// Takes any bytes.
ParsedJson ParseJson(std::string_view text);

// Whether all of `text` is well-formed UTF-8.
bool IsUtf8(std::string_view text);

// The canonical text: members in their order, strings with the fewest escapes, what fits on a line
// of 96 on one line, else indented by two. Numbers as their nodes have them.
std::string WriteJson(const Node& node);

// The same without line breaks.
std::string WriteCompactJson(const Node& node);

// RFC 7396: members of `patch` replace or extend those of `target`, a null removes one, objects are
// merged, all else is replaced as a whole. Places stay with the values.
void MergePatch(Node& target, const Node& patch);

// A value for a message: "'text'", "12", "a list"; cut when long, without control characters.
std::string Shown(const Node& node);

// A field's name for a message.
std::string ShownKey(std::string_view key);

}  // namespace fp4::spec
