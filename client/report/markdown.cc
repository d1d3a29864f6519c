#include "client/report/markdown.h"

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "client/render/text.h"

namespace fp4::client::report {
namespace {

// Every mark that may begin something: "@" would call people, "#" issues.
std::string Escaped(const std::string& text) {
  std::string escaped;
  for (const char c : Printable(OneLine(text))) {
    switch (c) {
      case '<':
        escaped += "&lt;";
        break;
      case '>':
        escaped += "&gt;";
        break;
      case '&':
        escaped += "&amp;";
        break;
      case '@':
        escaped += "&#64;";
        break;
      case '#':
        escaped += "&#35;";
        break;
      case '|':
      case '*':
      case '_':
      case '`':
      case '[':
      case ']':
      case '~':
      case '!':
      case '\\':
        escaped += '\\';
        [[fallthrough]];
      default:
        escaped += c;
    }
  }
  return escaped;
}

std::string Markdown(const Heading& heading) {
  return absl::StrCat("### ", Escaped(heading.text), "\n\n");
}

std::string Markdown(const Paragraph& paragraph) {
  return absl::StrCat(Escaped(paragraph.text), "\n\n");
}

std::string Markdown(const Statements& statements) {
  std::string text;
  for (const Statements::Item& item : statements.items) {
    text += "- ";
    if (!item.subject.empty()) absl::StrAppend(&text, "**", Escaped(item.subject), "**: ");
    absl::StrAppend(&text, Escaped(item.text));
    if (!item.detail.empty()) absl::StrAppend(&text, "  \n  ", Escaped(item.detail));
    text += "\n";
  }
  return absl::StrCat(text, "\n");
}

std::string Markdown(const Table& table) {
  std::string head = "|", rule = "|", rows;
  for (const Table::Column& column : table.columns) {
    absl::StrAppend(&head, " ", Escaped(column.header), " |");
    absl::StrAppend(&rule, column.number ? "---:|" : "---|");
  }
  for (const std::vector<std::string>& row : table.rows) {
    rows += "|";
    for (const std::string& cell : row) absl::StrAppend(&rows, " ", Escaped(cell), " |");
    rows += "\n";
  }
  return absl::StrCat(head, "\n", rule, "\n", rows, "\n");
}

std::string Markdown(const Pictures&) { return ""; }

// Longer than any row of backticks inside, so that the text cannot end it.
std::string Fence(const std::string& text) {
  size_t longest = 2, row = 0;
  for (const char c : text) {
    row = c == '`' ? row + 1 : 0;
    longest = std::max(longest, row);
  }
  return std::string(longest + 1, '`');
}

std::string Markdown(const Code& code) {
  const std::string fence = Fence(code.text);
  const std::string end = code.text.ends_with('\n') ? "" : "\n";
  return absl::StrCat("<details><summary>", Escaped(code.title), "</summary>\n\n", fence, "\n",
                      code.text, end, fence, "\n\n</details>\n\n");
}

}  // namespace

std::string RenderMarkdown(const Report& report) {
  std::string text = absl::StrCat("# ", Escaped(report.title), "\n\n");
  for (const std::string& line : report.lines) absl::StrAppend(&text, Escaped(line), "\n\n");
  for (const Section& section : report.sections) {
    if (!section.in_markdown) continue;
    absl::StrAppend(&text, "## ", Escaped(section.title), "\n\n");
    for (const Block& block : section.blocks) {
      text += std::visit([](const auto& one) { return Markdown(one); }, block);
    }
  }
  text.erase(text.find_last_not_of('\n') + 1);
  return text + "\n";
}

}  // namespace fp4::client::report
