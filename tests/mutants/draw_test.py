# SPDX-License-Identifier: BSL-1.0

"""usage: draw_test.py COMPILER
Tests draw.py: in sample.hpp it finds a fault in each line that is marked, and in no other. The copy
with the faults compiles, does what the sample does while none is active, and each is reached."""

import os
import subprocess
import sys
import tempfile
from pathlib import Path

sys.dont_write_bytecode = True
sys.path.insert(0, str(Path(__file__).parent))
import draw

MAIN = '''
#include "sample.hpp"
#include <cstdio>
int main() { std::puts(forest_sample::sample().c_str()); }
'''


def check(holds, text):
    if not holds:
        sys.exit(f'draw_test: {text}')


def main(compiler):
    text = (Path(__file__).parent / 'sample.hpp').read_text()
    sites = draw.Header('sample.hpp', text).sites
    found = {site.line for site in sites}
    marked = {line for line, content in enumerate(text.splitlines(), 1) if content.endswith('// fault')}
    check(found == marked, f'wrong lines: found {sorted(found - marked)}, missed {sorted(marked - found)}')
    kinds = {site.what for site in sites}
    check(len(kinds) == 9, f'kinds of faults: {sorted(kinds)}')

    again = draw.draw(sites, 10, 7, set())
    check(again == draw.draw(sites, 10, 7, set()), 'a seed draws the same')
    refused = again[3]
    others = draw.draw(sites, 10, 7, {refused.key()})
    check(3 not in others and len(others) == 10, 'another is drawn for a refused one')
    check(all(others[number] == site for number, site in again.items() if number != 3),
          'the others keep their numbers')

    with tempfile.TemporaryDirectory() as folder:
        folder = Path(folder)
        (folder / 'forest').mkdir()
        (folder / draw.HEADER).write_text(draw.SWITCH.replace('@COUNT@', '1000'))
        (folder / 'main.cpp').write_text(MAIN)

        def output(**variables):
            ran = subprocess.run([str(folder / 'main')], capture_output=True, timeout=20,
                                 env={**os.environ, **variables})
            return ran.returncode, ran.stdout

        def build(content):
            (folder / 'sample.hpp').write_text(content)
            subprocess.run([compiler, '-std=c++20', '-w', f'-I{folder}', str(folder / 'main.cpp'), '-o',
                            str(folder / 'main')], check=True)

        build(text)
        original = output()
        changed = 0
        drawn = draw.draw(sites, 1000, 1, set())
        check(len(drawn) >= 20, f'only {len(drawn)} do not overlap')
        copy = draw.with_mutants(text, list(drawn.items()))
        check(copy.splitlines()[-1] == text.splitlines()[-1], 'the end was changed')
        build(copy)
        check(output() == original, 'the copy differs without a mutant')
        reached = folder / 'reached.txt'
        check(output(FOREST_MUTANTS_REACHED=str(reached)) == original, 'recording changes it')
        numbers = sorted(int(each) for each in reached.read_text().split())
        check(numbers == sorted(drawn), f'reached {numbers} of {sorted(drawn)}')
        for number in drawn:
            changed += output(FOREST_MUTANT=str(number)) != original  # or it has crashed
        check(changed >= 0.8 * len(drawn), f'only {changed} of {len(drawn)} changed anything')
    print(f'{len(sites)} places, {len(drawn)} mutants, {changed} of them changed the result')


if __name__ == '__main__':
    main(*sys.argv[1:])
