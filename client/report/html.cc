#include "client/report/html.h"

#include "absl/strings/str_cat.h"
#include "page/page.h"
#include "page/static_page.h"
#include "page/svg/markup.h"

namespace fp4::client::report {
namespace {

// Line breaks in a description or a message are spaces here.
std::string EscapeHtml(const std::string& text) { return page::EscapeHtml(OneLine(text)); }

// A name may be written from right to left: it keeps to itself.
std::string Name(const std::string& text) {
  return absl::StrCat("<bdi>", EscapeHtml(text), "</bdi>");
}

std::string Html(const Heading& heading) {
  return absl::StrCat("<h3>", Name(heading.text), "</h3>\n");
}

std::string Html(const Paragraph& paragraph) {
  return absl::StrCat("<p>", EscapeHtml(paragraph.text), "</p>\n");
}

std::string Html(const Statements& statements) {
  std::string text = "<ul class=\"verdicts\">\n";
  for (const Statements::Item& item : statements.items) {
    absl::StrAppend(&text, "<li class=\"", EscapeHtml(item.kind), "\">");
    if (!item.subject.empty()) absl::StrAppend(&text, "<b>", Name(item.subject), "</b>: ");
    absl::StrAppend(&text, EscapeHtml(item.text));
    if (!item.detail.empty())
      absl::StrAppend(&text, "<small>", EscapeHtml(item.detail), "</small>");
    absl::StrAppend(&text, "</li>\n");
  }
  return absl::StrCat(text, "</ul>\n");
}

std::string_view CellClass(const Table::Column& column) {
  if (column.number) return " class=\"number\"";
  return column.text ? " class=\"text\"" : "";
}

std::string Html(const Table& table) {
  std::string text = "<div class=\"scroll\" tabindex=\"0\"><table><thead><tr>";
  for (const Table::Column& column : table.columns) {
    absl::StrAppend(&text, "<th scope=\"col\"", std::string(CellClass(column)), ">",
                    EscapeHtml(column.header), "</th>");
  }
  text += "</tr></thead><tbody>\n";
  for (const std::vector<std::string>& row : table.rows) {
    text += "<tr>";
    for (size_t i = 0; i < row.size(); ++i) {
      absl::StrAppend(&text, "<td", std::string(CellClass(table.columns[i])), ">", Name(row[i]),
                      "</td>");
    }
    text += "</tr>\n";
  }
  return absl::StrCat(text, "</tbody></table></div>\n");
}

std::string Legend(const std::vector<Picture::LegendItem>& legend) {
  if (legend.empty()) return "";
  std::string text = "<ul class=\"legend\">";
  for (const Picture::LegendItem& item : legend) {
    absl::StrAppend(
        &text, "<li><svg aria-hidden=\"true\"><line class=\"", page::svg::StyleClass(item.style),
        "\" x1=\"0\" x2=\"100%\" y1=\"50%\" y2=\"50%\"/></svg>", Name(item.name), "</li>");
  }
  return absl::StrCat(text, "</ul>");
}

std::string Html(const Pictures& pictures) {
  std::string text = "<div class=\"pictures\">\n";
  for (const Picture& picture : pictures.pictures) {
    text += "<figure>";
    if (!picture.title.empty()) absl::StrAppend(&text, "<h3>", Name(picture.title), "</h3>");
    text += picture.svg + Legend(picture.legend);
    if (!picture.caption.empty()) {
      absl::StrAppend(&text, "<figcaption>", EscapeHtml(picture.caption), "</figcaption>");
    }
    text += "</figure>\n";
  }
  return absl::StrCat(text, "</div>\n");
}

// Line breaks stay, all other control characters are replaced.
std::string Lines(const std::string& text) {
  std::string escaped;
  size_t begin = 0;
  for (size_t end = text.find('\n'); begin < text.size(); end = text.find('\n', begin)) {
    const bool last = end == std::string::npos;
    absl::StrAppend(&escaped, page::EscapeHtml(text.substr(begin, last ? end : end - begin)), "\n");
    if (last) break;
    begin = end + 1;
  }
  return escaped;
}

std::string Html(const Code& code) {
  return absl::StrCat("<details", code.open ? " open" : "", "><summary>", EscapeHtml(code.title),
                      "</summary><pre tabindex=\"0\"><code>", Lines(code.text),
                      "</code></pre></details>\n");
}

std::string Html(const Section& section) {
  std::string text = absl::StrCat("<section id=\"", EscapeHtml(section.id), "\">\n<h2>",
                                  EscapeHtml(section.title), "</h2>\n");
  for (const Block& block : section.blocks) {
    text += std::visit([](const auto& one) { return Html(one); }, block);
  }
  return absl::StrCat(text, "</section>\n");
}

}  // namespace

std::string RenderHtml(const Report& report) {
  std::string body = absl::StrCat("<h1>", Name(report.title), "</h1>\n");
  for (const std::string& line : report.lines) {
    absl::StrAppend(&body, "<p class=\"note\">", EscapeHtml(line), "</p>\n");
  }
  body += "<nav>";
  for (const Section& section : report.sections) {
    absl::StrAppend(&body, "<a href=\"#", EscapeHtml(section.id), "\">", EscapeHtml(section.title),
                    "</a> ");
  }
  body += "</nav>\n";
  for (const Section& section : report.sections) body += Html(section);
  return page::RenderStatic({.program = "fp4ctl report", .title = report.title, .body = body});
}

}  // namespace fp4::client::report
