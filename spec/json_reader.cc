// The grammar of RFC 8259 plus comments. A syntax error ends the reading, by an exception that
// never leaves this file.
#include <optional>
#include <unordered_map>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "spec/json.h"

namespace fp4::spec {
namespace {

struct SyntaxError {
  Place place;
  std::string message;
};

bool IsDigit(char c) { return c >= '0' && c <= '9'; }
bool IsLetter(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_'; }

// Bytes of the UTF-8 character at `text`; 0: none starts there (RFC 3629, no surrogates, no
// overlong forms).
size_t Utf8Length(std::string_view text) {
  const auto byte = [text](size_t i) -> unsigned {
    return i < text.size() ? static_cast<unsigned char>(text[i]) : 0;
  };
  const auto tail = [&byte](size_t i) { return (byte(i) & 0xC0) == 0x80; };
  const unsigned first = byte(0), second = byte(1);
  if (first < 0x80) return 1;
  if (first >= 0xC2 && first <= 0xDF) return tail(1) ? 2 : 0;
  if (first >= 0xE0 && first <= 0xEF) {
    if ((first == 0xE0 && second < 0xA0) || (first == 0xED && second > 0x9F)) return 0;
    return tail(1) && tail(2) ? 3 : 0;
  }
  if (first >= 0xF0 && first <= 0xF4) {
    if ((first == 0xF0 && second < 0x90) || (first == 0xF4 && second > 0x8F)) return 0;
    return tail(1) && tail(2) && tail(3) ? 4 : 0;
  }
  return 0;
}

void AppendUtf8(uint32_t code, std::string& out) {
  if (code < 0x80) {
    out += static_cast<char>(code);
  } else if (code < 0x800) {
    out += static_cast<char>(0xC0 | (code >> 6));
    out += static_cast<char>(0x80 | (code & 0x3F));
  } else if (code < 0x10000) {
    out += static_cast<char>(0xE0 | (code >> 12));
    out += static_cast<char>(0x80 | ((code >> 6) & 0x3F));
    out += static_cast<char>(0x80 | (code & 0x3F));
  } else {
    out += static_cast<char>(0xF0 | (code >> 18));
    out += static_cast<char>(0x80 | ((code >> 12) & 0x3F));
    out += static_cast<char>(0x80 | ((code >> 6) & 0x3F));
    out += static_cast<char>(0x80 | (code & 0x3F));
  }
}

class Reader {
 public:
  explicit Reader(std::string_view text) : text_(text) {}

  ParsedJson Read() {
    ParsedJson result;
    try {
      if (text_.size() > kMaxJsonBytes) {
        Fail(absl::StrCat("the document has more than ", kMaxJsonBytes, " bytes"));
      }
      if (text_.starts_with("\xEF\xBB\xBF")) position_ = line_begin_ = 3;
      SkipSpace();
      if (AtEnd()) Fail("the document is empty; allowed: an object, {…}");
      result.root = ReadValue();
      SkipSpace();
      if (!AtEnd()) Fail(absl::StrCat("expected the end of the document, found ", Found()));
      result.complete = true;
    } catch (SyntaxError& error) {
      problems_.push_back({"", error.place, std::move(error.message)});
    }
    result.problems = std::move(problems_);
    return result;
  }

 private:
  bool AtEnd() const { return position_ >= text_.size(); }
  char Peek(size_t ahead = 0) const {
    return position_ + ahead < text_.size() ? text_[position_ + ahead] : '\0';
  }
  Place Here() const { return {line_, static_cast<int>(position_ - line_begin_) + 1, nullptr}; }

  [[noreturn]] void FailAt(Place place, std::string message) const {
    throw SyntaxError{place, std::move(message)};
  }
  [[noreturn]] void Fail(std::string message) const { FailAt(Here(), std::move(message)); }

  // What stands at the position, for a message.
  std::string Found() const {
    if (AtEnd()) return "the end of the document";
    const char c = Peek();
    if (IsLetter(c)) return absl::StrCat("'", std::string(Word()), "'");
    if (static_cast<unsigned char>(c) < 0x20 || c == 0x7f) {
      return absl::StrFormat("the control character 0x%02x", static_cast<unsigned char>(c));
    }
    const size_t length = Utf8Length(text_.substr(position_));
    if (length == 0)
      return absl::StrFormat("the byte 0x%02x, not UTF-8", static_cast<unsigned char>(c));
    return absl::StrCat("'", std::string(text_.substr(position_, length)), "'");
  }

  std::string_view Word() const {
    size_t end = position_;
    while (end < text_.size() && end - position_ < 40 &&
           (IsLetter(text_[end]) || IsDigit(text_[end])))
      ++end;
    return text_.substr(position_, end - position_);
  }

  void Advance() {
    if (text_[position_++] == '\n') {
      ++line_;
      line_begin_ = position_;
    }
  }

  void SkipSpace() {
    while (!AtEnd()) {
      const char c = Peek();
      if (c == ' ' || c == '\t' || c == '\n' || c == '\r') {
        Advance();
      } else if (c == '/' && Peek(1) == '/') {
        while (!AtEnd() && Peek() != '\n') SkipCharacter();
      } else if (c == '/' && Peek(1) == '*') {
        SkipBlockComment();
      } else {
        return;
      }
    }
  }

  // Of a comment: these are checked as well, for a document travels as UTF-8.
  void SkipCharacter() {
    const size_t length = Utf8Length(text_.substr(position_));
    if (length == 0) Fail(Found());
    if (length == 1) {
      Advance();
    } else {
      position_ += length;
    }
  }

  void SkipBlockComment() {
    const Place open = Here();
    position_ += 2;
    while (!(Peek() == '*' && Peek(1) == '/')) {
      if (AtEnd())
        FailAt(open, "the comment is not closed before the end of the document; expected */");
      SkipCharacter();
    }
    position_ += 2;
  }

  Node ReadValue() {
    Node node;
    node.place = Here();
    node.begin = position_;
    const char c = Peek();
    if (c == '{') {
      ReadObject(node);
    } else if (c == '[') {
      ReadList(node);
    } else if (c == '"') {
      node.kind = Node::Kind::kString;
      node.text = ReadString();
    } else if (IsDigit(c) || c == '-' || c == '+' || c == '.') {
      node.kind = Node::Kind::kNumber;
      node.text = ReadNumber();
    } else if (IsLetter(c)) {
      ReadWord(node);
    } else if (c == '\'') {
      Fail("strings are written in double quotes");
    } else {
      Fail(absl::StrCat("expected a value, found ", Found()));
    }
    node.end = position_;
    return node;
  }

  void ReadWord(Node& node) {
    const std::string_view word = Word();
    if (word == "true" || word == "false") {
      node.kind = Node::Kind::kBoolean;
      node.boolean = word == "true";
    } else if (word == "NaN" || word == "Infinity" || word == "inf" || word == "nan") {
      Fail(absl::StrCat("'", std::string(word), "' is not a JSON number"));
    } else if (word != "null") {
      const std::string_view meant = word == "True"    ? "true"
                                     : word == "False" ? "false"
                                     : word == "None"  ? "null"
                                                       : "";
      Fail(absl::StrCat("unknown word '", std::string(word), "'; ",
                        meant.empty() ? "strings are written in double quotes"
                                      : absl::StrCat("did you mean '", std::string(meant), "'")));
    }
    position_ += word.size();
  }

  std::string ReadNumber() {
    const size_t begin = position_;
    if (Peek() == '+') Fail("a number does not begin with '+'");
    if (Peek() == '-') ++position_;
    if (Peek() == '.') Fail("a number does not begin with '.'; write 0 before it");
    if (Peek() == 'I' || Peek() == 'N')
      Fail(absl::StrCat("'", std::string(Word()), "' is not a JSON number"));
    if (!IsDigit(Peek())) Fail(absl::StrCat("expected a digit after '-', found ", Found()));
    if (Peek() == '0' && (IsDigit(Peek(1)) || Peek(1) == 'x')) {
      Fail(Peek(1) == 'x' ? "numbers are decimal" : "a number has no leading zeros");
    }
    SkipDigits();
    if (Peek() == '.') {
      ++position_;
      if (!IsDigit(Peek()))
        Fail(absl::StrCat("expected a digit after the decimal point, found ", Found()));
      SkipDigits();
    }
    if (Peek() == 'e' || Peek() == 'E') {
      ++position_;
      if (Peek() == '+' || Peek() == '-') ++position_;
      if (!IsDigit(Peek())) Fail(absl::StrCat("expected a digit of the exponent, found ", Found()));
      SkipDigits();
    }
    if (IsLetter(Peek())) Fail(absl::StrCat("unexpected ", Found(), " after a number"));
    return std::string(text_.substr(begin, position_ - begin));
  }

  void SkipDigits() {
    while (IsDigit(Peek())) ++position_;
  }

  std::string ReadString() {
    const Place open = Here();
    std::string out;
    ++position_;
    while (Peek() != '"') {
      if (AtEnd() || Peek() == '\n') FailAt(open, "the string is not closed on its line");
      if (Peek() == '\\') {
        ReadEscape(out);
        continue;
      }
      if (static_cast<unsigned char>(Peek()) < 0x20)
        Fail(absl::StrCat(Found(), " in a string; write an escape such as \\t"));
      const size_t length = Utf8Length(text_.substr(position_));
      if (length == 0) Fail(Found());
      out += text_.substr(position_, length);
      position_ += length;
    }
    ++position_;
    return out;
  }

  void ReadEscape(std::string& out) {
    constexpr std::string_view kEscapes = "\"\\/bfnrt", kMeanings = "\"\\/\b\f\n\r\t";
    const char c = Peek(1);
    if (c == 'u') {
      ReadUnicodeEscape(out);
      return;
    }
    const size_t which = c == '\0' ? std::string_view::npos : kEscapes.find(c);
    if (which == std::string_view::npos)
      Fail("unknown escape in a string; allowed: \\\" \\\\ \\/ \\b \\f \\n \\r \\t \\uXXXX");
    out += kMeanings[which];
    position_ += 2;
  }

  void ReadUnicodeEscape(std::string& out) {
    const Place begin = Here();
    uint32_t code = ReadHex();
    if (code >= 0xD800 && code < 0xDC00 && Peek() == '\\' && Peek(1) == 'u') {
      const uint32_t low = ReadHex();
      if (low < 0xDC00 || low > 0xDFFF) FailAt(begin, "half of a surrogate pair in a string");
      code = 0x10000 + ((code - 0xD800) << 10) + (low - 0xDC00);
    }
    if (code >= 0xD800 && code <= 0xDFFF) FailAt(begin, "half of a surrogate pair in a string");
    if (code == 0) FailAt(begin, "a string does not hold the character \\u0000");
    AppendUtf8(code, out);
  }

  // Reads \uXXXX.
  uint32_t ReadHex() {
    uint32_t code = 0;
    for (size_t i = 2; i < 6; ++i) {
      const char c = Peek(i);
      const char lower = static_cast<char>(c | 0x20);
      if (IsDigit(c)) {
        code = code * 16 + static_cast<uint32_t>(c - '0');
      } else if (lower >= 'a' && lower <= 'f') {
        code = code * 16 + static_cast<uint32_t>(lower - 'a' + 10);
      } else {
        Fail("\\u takes four hexadecimal digits");
      }
    }
    position_ += 6;
    return code;
  }

  // After a value in a container: true when another one follows. `open` is where the container
  // began.
  bool Continues(char close, Place open, std::string_view after) {
    SkipSpace();
    if (Peek() == close) return false;
    if (AtEnd()) {
      FailAt(open, absl::StrFormat("'%c' is not closed before the end of the document",
                                   close == '}' ? '{' : '['));
    }
    if (Peek() != ',') {
      Fail(absl::StrFormat("expected ',' or '%c' after %s, found %s", close, std::string(after),
                           Found()));
    }
    const Place comma = Here();
    ++position_;
    SkipSpace();
    if (Peek() == close) FailAt(comma, absl::StrFormat("a ',' before '%c'; leave it out", close));
    return true;
  }

  void Enter() {
    if (++depth_ > kMaxJsonDepth) Fail(absl::StrCat("nested more than ", kMaxJsonDepth, " deep"));
    ++position_;
    SkipSpace();
  }

  void Leave() {
    --depth_;
    ++position_;
  }

  void ReadList(Node& node) {
    node.kind = Node::Kind::kList;
    Enter();
    for (bool more = Peek() != ']'; more; more = Continues(']', node.place, "an item")) {
      if (AtEnd()) FailAt(node.place, "'[' is not closed before the end of the document");
      path_.push_back(absl::StrCat("[", node.items.size(), "]"));
      node.items.push_back(ReadValue());
      path_.pop_back();
    }
    Leave();
  }

  void ReadObject(Node& node) {
    node.kind = Node::Kind::kObject;
    std::unordered_map<std::string, Place> seen;
    Enter();
    for (bool more = Peek() != '}'; more; more = Continues('}', node.place, "a field's value")) {
      const Place key_place = Here();
      if (seen.size() == kMaxJsonMembers)
        Fail(absl::StrCat("more than ", kMaxJsonMembers, " fields in one object"));
      std::string key = ReadKey(node);
      path_.push_back(key);
      Node value = ReadValue();
      const auto [first, is_new] = seen.emplace(key, key_place);
      if (is_new) {
        node.members.push_back({std::move(key), key_place, std::move(value)});
      } else {
        problems_.push_back({PathText(), key_place,
                             absl::StrCat("duplicate field; first given at ", first->second.line,
                                          ":", first->second.column)});
      }
      path_.pop_back();
    }
    Leave();
  }

  // A field's name and its colon.
  std::string ReadKey(const Node& object) {
    if (AtEnd()) FailAt(object.place, "'{' is not closed before the end of the document");
    if (Peek() != '"') {
      Fail(IsLetter(Peek()) || Peek() == '\''
               ? absl::StrCat("names of fields are written in double quotes, found ", Found())
               : absl::StrCat("expected the name of a field, found ", Found()));
    }
    std::string key = ReadString();
    SkipSpace();
    if (Peek() != ':')
      Fail(absl::StrCat("expected ':' after '", ShownKey(key), "', found ", Found()));
    ++position_;
    SkipSpace();
    return key;
  }

  std::string PathText() const {
    std::string text;
    for (const std::string& step : path_) {
      absl::StrAppend(&text, text.empty() || step.starts_with('[') ? "" : ".", ShownKey(step));
    }
    return text;
  }

  std::string_view text_;
  size_t position_ = 0, line_begin_ = 0;
  int line_ = 1, depth_ = 0;
  std::vector<std::string> path_;
  std::vector<JsonProblem> problems_;
};

}  // namespace

bool IsUtf8(std::string_view text) {
  while (!text.empty()) {
    const size_t length = Utf8Length(text);
    if (length == 0) return false;
    text.remove_prefix(length);
  }
  return true;
}

ParsedJson ParseJson(std::string_view text) { return Reader(text).Read(); }

}  // namespace fp4::spec
