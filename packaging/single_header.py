#!/usr/bin/env python3
# SPDX-License-Identifier: BSL-1.0
"""Writes one header that has the whole of another one, with all headers of the library in it.

usage: single_header.py HEADER... >FILE
       single_header.py forest/forest.hpp >forest.hpp                the default stack
       single_header.py forest/health_client.hpp forest/sim/world/world.hpp >part.hpp

Includes of other libraries stay. The result is for the header-only form.
"""

import os
import re
import sys

ROOT = os.path.join(os.path.dirname(os.path.abspath(__file__)), os.pardir, "include")
INCLUDE = re.compile(r'^[ \t]*#[ \t]*include[ \t]*[<"](forest/[^>"]+)[>"]')
PREFACE = """\
// SPDX-License-Identifier: BSL-1.0
// forest {version}, in one header. Made by packaging/single_header.py; do not edit.
#ifdef FOREST_SEPARATE_COMPILATION
#error "This header is for the header-only form: FOREST_SEPARATE_COMPILATION must not be defined."
#endif
"""


def expanded(header, done):
    """The lines of a header, each header of the library at the first place that includes it. A header
    that is included under a condition only would be missing elsewhere: that is refused."""
    if header in done:
        return
    done.add(header)
    with open(os.path.join(ROOT, header), encoding="utf-8") as file:
        lines = file.read().splitlines()
    guard = next((line.split()[1] for line in lines if line.startswith("#ifndef ")), None)
    conditions = []
    for number, line in enumerate(lines, 1):
        directive = re.match(r"^[ \t]*#[ \t]*(if|ifdef|ifndef|else|elif|endif)\b[ \t]*(.*)", line)
        if directive:
            if directive[1].startswith("if"):
                conditions.append(directive[2])
            elif directive[1] == "endif":
                conditions.pop()
            else:
                conditions[-1] = "otherwise"
        match = INCLUDE.match(line)
        if not match:
            if not line.startswith("// SPDX-License-Identifier"):
                yield line
            continue
        # The guard, and the bodies of the header-only form, hold always.
        others = [each for each in conditions if each not in (guard, "FOREST_SEPARATE_COMPILATION")]
        if others and match[1] not in done:
            sys.exit(f"single_header.py: {header}:{number}: included if {others[-1]} only")
        yield from expanded(match[1], done)


def main():
    headers = sys.argv[1:]
    if not headers or headers[0].startswith("-"):
        sys.exit(__doc__)
    with open(os.path.join(ROOT, "forest", "version.hpp"), encoding="utf-8") as file:
        version = re.search(r'string_view version = "([0-9.]+)"', file.read())[1]
    sys.stdout.write(PREFACE.format(version=version))
    done = set()
    for header in headers:
        for line in expanded(header, done):
            sys.stdout.write(line + "\n")


if __name__ == "__main__":
    main()
