// What a report says, before it is HTML or Markdown: sections of blocks. Texts are plain; the
// renderers escape them.
#pragma once

#include <string>
#include <variant>
#include <vector>

namespace fp4::client::report {

struct Heading {
  std::string text;
};

struct Paragraph {
  std::string text;
};

// Sentences, each about a subject.
struct Statements {
  struct Item {
    std::string kind;  // colours it: a verdict's kind, "error", "warning"; empty: none
    std::string subject, text;
    std::string detail = {};  // in small letters below it; empty: none
  };
  std::vector<Item> items;
};

struct Table {
  struct Column {
    std::string header;
    bool number = false;  // stands at the right
    bool text = false;    // may break into lines
  };
  std::vector<Column> columns;
  std::vector<std::vector<std::string>> rows;
};

// Left out of Markdown, which shows no SVG where pull requests are read.
struct Picture {
  std::string title;    // above it; empty: none
  std::string svg;      // of page/svg/
  std::string caption;  // below it; empty: none
  struct LegendItem {
    std::string name;
    int style = 0;
  };
  std::vector<LegendItem> legend = {};
};

// Pictures side by side where there is room.
struct Pictures {
  std::vector<Picture> pictures;
};

// Text of a fixed pitch, folded away behind its title.
struct Code {
  std::string title;
  std::string text;
  bool open = false;
};

using Block = std::variant<Heading, Paragraph, Statements, Table, Pictures, Code>;

struct Section {
  std::string id;  // a word, for links
  std::string title;
  std::vector<Block> blocks = {};  // none: the section is left out
  bool in_markdown = true;
};

struct Report {
  std::string title;
  std::vector<std::string> lines;  // below the title
  std::vector<Section> sections;
};

// Line breaks and tabs become spaces, and marks that turn the direction of all that follows U+FFFD.
std::string OneLine(std::string text);

}  // namespace fp4::client::report
