"""For mkdocs: what plain Markdown may do and a site may not. Links that leave docs/ become the path of the file that they name, and the
words behind the language of a code block, which are for the tests, go."""
import posixpath
import re

FENCE = re.compile(r"^```(\w+) [^\n]*$", re.M)
LINK = re.compile(r"\[([^\]]*)\]\(((?:\.\./)+[^)\s#]*)(#[^)\s]*)?\)")


def on_page_markdown(markdown, page, config, files):
    folder = posixpath.dirname(page.file.src_uri)

    def inside_or_path(link):
        text, target = link.group(1).strip("`"), link.group(2)
        path = posixpath.normpath(posixpath.join("docs", folder, target))
        if path.startswith("docs/"):
            return link.group()
        return f"`{path}`" if posixpath.basename(path) in text or text in path else f"{link.group(1)} (`{path}`)"

    return LINK.sub(inside_or_path, FENCE.sub(r"```\1", markdown))
