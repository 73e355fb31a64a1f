#!/usr/bin/env python3
# SPDX-License-Identifier: BSL-1.0
"""usage: links.py FOLDER

Each link of each page in FOLDER leads to a file there, and to an element of it if it names one. Links to
other sites are counted, and not followed.

In the reference, Doxygen 1.9.4 links to elements that it has left out, such as friends without
documentation. Such a link is shortened first: it then leads to the page.
"""

import html.parser
import os
import re
import sys
import urllib.parse

FOLDER = sys.argv[1]


class Page(html.parser.HTMLParser):
    def __init__(self):
        super().__init__()
        self.links = []
        self.ids = set()

    def handle_starttag(self, tag, attributes):
        for name, value in attributes:
            if name in ("href", "src") and value:
                self.links.append((self.getpos()[0], value))
            elif name == "id" or (name == "name" and tag == "a"):
                self.ids.add(value)


pages = {}
for folder, _, files in os.walk(FOLDER):
    for name in files:
        if name.endswith(".html"):
            path = os.path.relpath(os.path.join(folder, name), FOLDER)
            page = Page()
            with open(os.path.join(FOLDER, path), encoding="utf-8") as file:
                page.feed(file.read())
            pages[path] = page


def shortened(path):
    """Whether the page is one of the reference that had links to missing elements of others."""
    def corrected(match):
        target = match[1] or path
        known = target not in pages or match[2] in pages[target].ids
        return match[0] if known else f'href="{target}"'

    if not re.match(r"(class|struct|namespace|concept)|.*_8hpp", path):
        return False
    with open(os.path.join(FOLDER, path), encoding="utf-8") as file:
        text = file.read()
    mended = re.sub(r'href="([^"#:]*)#([^"]+)"', corrected, text)
    if mended == text:
        return False
    with open(os.path.join(FOLDER, path), "w", encoding="utf-8") as file:
        file.write(mended)
    pages[path] = Page()
    pages[path].feed(mended)
    return True


mended = sum([shortened(path) for path in sorted(pages)])
faults = []
inside = outside = 0
for path, page in sorted(pages.items()):
    for line, link in page.links:
        parts = urllib.parse.urlsplit(link)
        if parts.scheme in ("http", "https", "mailto"):
            outside += 1
            continue
        if parts.scheme == "javascript":
            continue
        inside += 1
        target = urllib.parse.unquote(parts.path)
        target = os.path.normpath(os.path.join(os.path.dirname(path), target)) if target else path
        if not os.path.exists(os.path.join(FOLDER, target)):
            faults.append(f"{path}:{line}: there is no {link}")
        elif parts.fragment and target in pages and \
                urllib.parse.unquote(parts.fragment) not in pages[target].ids:
            faults.append(f"{path}:{line}: {target} has no {parts.fragment}")

print("\n".join(faults[:50]))
if faults or not inside:
    sys.exit(f"links.py: {len(faults)} faults")
print(f"{len(pages)} pages, {inside} links within the site are right, {outside} lead out of it;"
      f" links of {mended} pages of the reference were shortened")
