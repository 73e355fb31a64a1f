#!/usr/bin/env python3
# SPDX-License-Identifier: BSL-1.0
"""usage: pages.py ROOT FOLDER

Writes the pages of docs/ to FOLDER in the form of Doxygen: with identifiers for pages and headings, and
links by them. The four kinds come from the lists of docs/README.md, in which each page must be. Files
outside docs/ that a page links to are copied to FOLDER/files.
"""

import html
import os
import re
import shutil
import sys

ROOT, FOLDER = sys.argv[1:]
DOCS = os.path.join(ROOT, "docs")
SITE = os.path.join(DOCS, "site")
KINDS = {"Tutorial": "tutorial", "How-to": "how_to", "Reference": "reference",
         "Explanation": "explanation"}
# Code, which stays as it is, or a link, in which there may be code.
CODE_OR_LINK = re.compile(r"^```.*?^```$|^(?:    [^\n]*\n)+|(?P<picture>!?)\[(?P<words>(?:[^][]|\[[^]]*\])*)\]"
                          r"\((?P<to>[^)\s]+)\)|`[^`\n]+`", re.S | re.M)
faults = []


def page_id(path):
    return re.sub(r"[^a-z0-9]", "_", os.path.splitext(path)[0].lower())


def heading_id(page, title):
    kept = re.sub(r"[^a-z0-9_ -]", "", title.lower())
    return page_id(page) + "__" + re.sub(r"[ -]", "_", kept)


def copied(path):
    """The place of a copy of a file outside docs/, as text, or of a list of a folder's files."""
    source = os.path.normpath(os.path.join(ROOT, path))
    if os.path.isdir(source):
        name = os.path.join("files", os.path.relpath(source, ROOT), "files.txt")
    else:
        name = os.path.join("files", os.path.relpath(source, ROOT))
        if not name.endswith((".svg", ".png", ".txt")):
            name += ".txt"
    target = os.path.join(FOLDER, name)
    os.makedirs(os.path.dirname(target), exist_ok=True)
    if os.path.isdir(source):
        below = sorted(os.path.relpath(os.path.join(folder, each), ROOT)
                       for folder, _, files in os.walk(source) for each in files)
        with open(target, "w", encoding="utf-8") as file:
            file.write("\n".join(below) + "\n")
    else:
        shutil.copyfile(source, target)
    return name


def target_of(page, link):
    """(kind, target): a reference to a page or heading, or an address."""
    if re.match(r"[a-z]+:", link):
        return "address", link
    path, _, anchor = link.partition("#")
    full = os.path.normpath(os.path.join(os.path.dirname(os.path.join("docs", page)), path)) \
        if path else os.path.join("docs", page)
    inside = os.path.relpath(os.path.join(ROOT, full), DOCS)
    if inside == "README.md":
        return "ref", "index"
    if not inside.startswith("..") and inside.endswith(".md"):
        return "ref", heading_id(inside, anchor) if anchor else page_id(inside)
    return "address", copied(full)


def with_links(page, text, subpages=None):
    def replaced(match):
        if match["to"] is None:
            code = match[0]
            if code.startswith("`") and not code.startswith("```") and re.search(r'[<>&\\"]', code):
                escaped = html.escape(code[1:-1]).replace("&#x27;", "'").replace("\\", "\\\\")
                return f"<code>{escaped}</code>"
            return code
        kind, target = target_of(page, match["to"])
        words = " ".join(match["words"].split())
        if match["picture"]:
            return f'<img src="{target}" alt="{words}"/>'
        if kind == "address":
            return f'<a href="{target}">{words.replace("`", "")}</a>' if target.startswith("files/") \
                else f"[{words}]({target})"
        if subpages is not None and target not in subpages and "__" not in target:
            subpages.append(target)
            return f'\\subpage {target} "{words.replace(chr(96), "")}"'
        return f"[{words.replace('`', '')}](@ref {target})"

    return CODE_OR_LINK.sub(replaced, text)


def converted(page, text):
    text = re.sub(r"^<!-- .*? -->\n", "", text, flags=re.M)
    lines = []
    fenced = False
    level = 1
    for line in text.splitlines():
        fenced ^= line.startswith("```")
        heading = None if fenced else re.match(r"(#{1,5}) (.+)", line)
        if heading and len(heading[1]) == 1:
            line = f"# {heading[2]} {{#{page_id(page)}}}"
        elif heading:
            level = min(len(heading[1]), level + 1)
            command = ["section", "subsection", "subsubsection", "paragraph"][level - 2]
            title = heading[2].replace("`", "")
            line = f"\n\\{command} {heading_id(page, heading[2])} {title}\n"
        lines.append(line)
    return with_links(page, "\n".join(lines) + "\n")


def kind_pages():
    """The pages of the four kinds; returns the pages that they list."""
    with open(os.path.join(DOCS, "README.md"), encoding="utf-8") as file:
        text = file.read()
    subpages = []
    for title, name in KINDS.items():
        section = re.search(rf"^## {title}\n(.*?)(?=^## |\Z)", text, re.S | re.M)
        listed = re.sub(r"^The programs that these pages quote.*", "", section[1], flags=re.S | re.M)
        write(name + ".md", f"# {title} {{#{name}}}\n\n" + with_links("README.md", listed, subpages))
    return subpages


def write(name, text):
    with open(os.path.join(FOLDER, name), "w", encoding="utf-8") as file:
        file.write(text)


def main():
    os.makedirs(os.path.join(FOLDER, "files"), exist_ok=True)
    listed = kind_pages()
    for folder, _, files in sorted(os.walk(DOCS)):
        for file_name in sorted(files):
            page = os.path.relpath(os.path.join(folder, file_name), DOCS)
            if not page.endswith(".md") or page == "README.md":
                continue
            if page_id(page) not in listed:
                faults.append(f"docs/README.md: does not list {page}")
            with open(os.path.join(DOCS, page), encoding="utf-8") as file:
                write(page_id(page) + ".md", converted(page, file.read()))

    with open(os.path.join(SITE, "index.in"), encoding="utf-8") as file:
        index = file.read()
    picture = os.path.join(DOCS, "images", "status-page.png")
    shown = f'<img src="{copied("docs/images/status-page.png")}" alt="The status page of ' \
        'forest-health watch"/>' if os.path.exists(picture) else ""
    with open(os.path.join(ROOT, "README.md"), encoding="utf-8") as file:
        example = re.search(r"^```cpp\n.*?^```\n", file.read(), re.S | re.M)[0]
    write("index.md", index.replace("@status_page@", shown).replace("@example@", example))
    shutil.copyfile(os.path.join(SITE, "layout.xml"), os.path.join(FOLDER, "layout.xml"))
    if faults:
        sys.exit("\n".join(faults))


main()
