"""Every link between the project's pages leads somewhere, headings included; no program from elsewhere is needed."""
import pathlib
import re
import subprocess
import unittest

REPOSITORY = pathlib.Path(__file__).resolve().parents[2]
CODE = re.compile(r"^(```|~~~).*?^\1\s*$|`[^`\n]*`", re.M | re.S)
LINK = re.compile(r"!?\[[^\]]*\]\(([^)\s]+)(?:\s+\"[^\"]*\")?\)")
# A file of the tree as a page names it; one with capitals in the place of a name is a pattern.
SOURCE = re.compile(r"`((?:%s)/[\w./-]+\.(?:cc|h|cu|py|json|proto|md|sql|js|html|txt|in))`" % "|".join(
    sorted(path.name for path in REPOSITORY.iterdir() if path.is_dir() and not path.name.startswith((".", "build")))))
HEADING = re.compile(r"^#{1,6}\s+(.*?)\s*#*$", re.M)


def pages():
    listed = subprocess.run(["git", "ls-files", "-co", "--exclude-standard", "*.md"], cwd=REPOSITORY, capture_output=True, text=True)
    names = listed.stdout.split() if listed.returncode == 0 else [str(p.relative_to(REPOSITORY)) for p in REPOSITORY.glob("docs/**/*.md")]
    return [REPOSITORY / name for name in names]


def links_of(text):
    return LINK.findall(CODE.sub(lambda found: "" if found.group(1) else found.group(), text))


def anchors_of(text):
    """As GitHub and mkdocs make them: small letters, blanks as dashes, everything else out."""
    headings = HEADING.findall(CODE.sub(lambda found: "" if found.group(1) else found.group(), text))
    plain = [re.sub(r"\[([^\]]*)\]\([^)]*\)", r"\1", heading).replace("`", "") for heading in headings]
    return {re.sub(r"[^\w\- ]", "", heading.lower()).strip().replace(" ", "-") for heading in plain}


def broken_link(page, link):
    """Why a link leads nowhere; None: it does not."""
    if re.match(r"[a-z]+:", link):
        return None
    path, _, anchor = link.partition("#")
    target = (page.parent / path).resolve() if path else page
    if not target.exists():
        return f"{target} is not there"
    if anchor and target.suffix == ".md" and anchor not in anchors_of(target.read_text()):
        return f"no heading '#{anchor}' in {target.name}"
    return None


class Links(unittest.TestCase):
    def test_no_link_between_pages_is_broken(self):
        found, num_links = [], 0
        for page in pages():
            for link in links_of(page.read_text()):
                num_links += 1
                problem = broken_link(page, link)
                if problem:
                    found.append(f"{page.relative_to(REPOSITORY)}: ({link}): {problem}")
        self.assertGreater(num_links, 60)
        self.assertEqual(found, [])

    def test_every_file_of_the_tree_that_a_page_names_is_there(self):
        named = [(page, name) for page in pages() for name in SOURCE.findall(page.read_text())]
        self.assertGreater(len(named), 100)
        self.assertEqual([f"{page.relative_to(REPOSITORY)}: {name}" for page, name in named
                          if not (REPOSITORY / name).exists() and not re.search(r"NAME|NNNN", name)], [])

    def test_broken_links_would_be_found(self):
        page = REPOSITORY / "README.md"
        self.assertIsNotNone(broken_link(page, "docs/nowhere.md"))
        self.assertIsNotNone(broken_link(page, "docs/api.md#no-such-heading"))
        self.assertIsNone(broken_link(page, "docs/api.md#errors"))
        self.assertEqual(links_of("[a](b.md) `[c](d.md)` \n```\n[e](f.md)\n```\n"), ["b.md", "d.md"])

    def test_every_page_of_docs_is_linked_from_another_one(self):
        linked = {(page.parent / link.partition("#")[0]).resolve() for page in pages() for link in links_of(page.read_text())
                  if not re.match(r"[a-z]+:", link)}
        docs = [page for page in pages() if page.is_relative_to(REPOSITORY / "docs") and page.name != "index.md"]
        folders = {path for path in linked if path.is_dir()}
        lonely = [str(page.relative_to(REPOSITORY)) for page in docs if page not in linked and page.parent not in folders]
        self.assertEqual(lonely, [])


if __name__ == "__main__":
    unittest.main()
