#include "spec/json.h"

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"

namespace fp4::spec {
namespace {

constexpr size_t kLineWidth = 96;
constexpr size_t kShownBytes = 60;

void AppendEscaped(std::string_view text, std::string& out) {
  for (const char c : text) {
    switch (c) {
      case '"':
        out += "\\\"";
        break;
      case '\\':
        out += "\\\\";
        break;
      case '\n':
        out += "\\n";
        break;
      case '\r':
        out += "\\r";
        break;
      case '\t':
        out += "\\t";
        break;
      default:
        if (static_cast<unsigned char>(c) < 0x20 || c == 0x7f) {
          absl::StrAppendFormat(&out, "\\u%04x", static_cast<unsigned>(c));
        } else {
          out += c;
        }
    }
  }
}

void AppendQuoted(std::string_view text, std::string& out) {
  out += '"';
  AppendEscaped(text, out);
  out += '"';
}

void AppendCompact(const Node& node, std::string& out) {
  const char* separator = "";
  switch (node.kind) {
    case Node::Kind::kNull:
      out += "null";
      return;
    case Node::Kind::kBoolean:
      out += node.boolean ? "true" : "false";
      return;
    case Node::Kind::kNumber:
      out += node.text;
      return;
    case Node::Kind::kString:
      AppendQuoted(node.text, out);
      return;
    case Node::Kind::kList:
      out += '[';
      for (const Node& item : node.items) {
        out += separator;
        AppendCompact(item, out);
        separator = ", ";
      }
      out += ']';
      return;
    case Node::Kind::kObject:
      out += '{';
      for (const Member& member : node.members) {
        out += separator;
        AppendQuoted(member.key, out);
        out += ": ";
        AppendCompact(member.value, out);
        separator = ", ";
      }
      out += '}';
      return;
  }
}

void AppendIndented(const Node& node, size_t indent, size_t used, std::string& out) {
  const std::string compact = WriteCompactJson(node);
  const bool leaf = node.items.empty() && node.members.empty();
  if (leaf || indent + used + compact.size() <= kLineWidth) {
    out += compact;
    return;
  }
  const bool list = node.kind == Node::Kind::kList;
  const std::string margin(indent + 2, ' ');
  const char* separator = "\n";
  out += list ? '[' : '{';
  for (const Node& item : node.items) {
    absl::StrAppend(&out, separator, margin);
    AppendIndented(item, indent + 2, 0, out);
    separator = ",\n";
  }
  for (const Member& member : node.members) {
    absl::StrAppend(&out, separator, margin);
    AppendQuoted(member.key, out);
    out += ": ";
    AppendIndented(member.value, indent + 2, member.key.size() + 4, out);
    separator = ",\n";
  }
  absl::StrAppend(&out, "\n", std::string(indent, ' '), list ? "]" : "}");
}

// At most kShownBytes, cut between characters.
std::string Cut(std::string_view text) {
  if (text.size() <= kShownBytes) return std::string(text);
  size_t end = kShownBytes - 3;
  while (end > 0 && (static_cast<unsigned char>(text[end]) & 0xC0) == 0x80) --end;
  return std::string(text.substr(0, end)) + "...";
}

}  // namespace

const Node* Node::Find(std::string_view key) const {
  for (const Member& member : members) {
    if (member.key == key) return &member.value;
  }
  return nullptr;
}

Node* Node::Find(std::string_view key) {
  return const_cast<Node*>(static_cast<const Node*>(this)->Find(key));
}

void Node::Set(std::string_view key, Node value) {
  if (Node* old = Find(key)) {
    *old = std::move(value);
  } else {
    const Place place = value.place;
    members.push_back({std::string(key), place, std::move(value)});
  }
}

void Node::Erase(std::string_view key) {
  std::erase_if(members, [key](const Member& member) { return member.key == key; });
}

Node Node::String(std::string_view text) {
  Node node;
  node.kind = Kind::kString;
  node.text = text;
  return node;
}

Node Node::Object() {
  Node node;
  node.kind = Kind::kObject;
  return node;
}

std::string WriteJson(const Node& node) {
  std::string out;
  AppendIndented(node, 0, 0, out);
  return out + "\n";
}

std::string WriteCompactJson(const Node& node) {
  std::string out;
  AppendCompact(node, out);
  return out;
}

void MergePatch(Node& target, const Node& patch) {
  if (patch.kind != Node::Kind::kObject) {
    target = patch;
    return;
  }
  if (target.kind != Node::Kind::kObject) {
    target = Node::Object();
    target.place = patch.place;
  }
  for (const Member& member : patch.members) {
    if (member.value.kind == Node::Kind::kNull) {
      target.Erase(member.key);
    } else if (Node* old = target.Find(member.key)) {
      MergePatch(*old, member.value);
    } else {
      target.members.push_back({member.key, member.key_place, {}});
      MergePatch(target.members.back().value, member.value);
    }
  }
}

std::string Shown(const Node& node) {
  switch (node.kind) {
    case Node::Kind::kNull:
      return "null";
    case Node::Kind::kBoolean:
      return node.boolean ? "true" : "false";
    case Node::Kind::kNumber:
      return Cut(node.text);
    case Node::Kind::kString:
      return absl::StrCat("'", ShownKey(node.text), "'");
    case Node::Kind::kList:
      return "a list";
    case Node::Kind::kObject:
      return "an object";
  }
  return "";
}

std::string ShownKey(std::string_view key) {
  std::string out;
  for (const char c : Cut(key)) {
    if (c == '"' || c == '\\') {
      out += c;
    } else {
      AppendEscaped({&c, 1}, out);
    }
  }
  return out;
}

}  // namespace fp4::spec
