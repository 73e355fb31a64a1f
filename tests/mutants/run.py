# SPDX-License-Identifier: BSL-1.0

"""Plants faults in a copy of the headers, and counts those that the tests find. See mutants.sh."""

import argparse
import hashlib
import json
import os
import re
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

sys.dont_write_bytecode = True
sys.path.insert(0, str(Path(__file__).parent))
import draw

ROOT = Path(__file__).resolve().parents[2]
KILLED_MIN = 95  # percent, without equivalents
EQUIVALENT_MAX = 10  # percent
# A fault found by a test with sockets must be found twice: such a test may fail for want of time.
WITH_SOCKETS = re.compile(r'^(adapters|pooled|names|processes|end_to_end|interop)\.')


def arguments():
    parser = argparse.ArgumentParser(prog='mutants.sh')
    add = parser.add_argument
    add('--count', type=int, default=150, help='how many mutants (default 150)')
    add('--seed', type=int, default=1, help='of the drawing (default 1)')
    add('--only', default='', metavar='REGEX', help='only headers whose path below include/forest matches')
    add('--tests', default='', metavar='REGEX', help='only tests whose ctest name matches')
    add('--folders', default='', help='the folders of tests to build, as FOREST_TEST_FOLDERS')
    add('--jobs', default='2', help='of the build (default 2)')
    add('--launcher', default='', help='a compiler launcher')
    add('--build', default=str(ROOT / 'build' / 'mutants'), metavar='FOLDER')
    add('--draw', action='store_true', help='only print what is drawn')
    add('--table', action='store_true', help='only print the results so far')
    return parser.parse_args()


def say(text):
    print(text, flush=True)


def equivalents():
    """The mutants that no test can find, each with its reason: `KEY: REASON`, one a paragraph."""
    found = {}
    text = (Path(__file__).parent / 'equivalent.txt').read_text()
    for paragraph in re.split(r'\n\s*\n', text):
        lines = [line for line in paragraph.splitlines() if not line.startswith('#')]
        if not lines:
            continue
        reason = draw.squeezed(' '.join(lines[1:]))
        if lines[0].count(' | ') != 2 or len(reason) < 20:
            sys.exit(f'equivalent.txt: expected `FILE | ORIGINAL | CHANGED` and a reason below: {lines[0]}')
        found[lines[0].strip()] = reason
    return found


class Campaign:
    def __init__(self, options):
        self.options = options
        self.folder = Path(options.build).resolve()
        self.tree = self.folder / 'tree'
        self.objects = self.folder / 'objects'
        self.folder.mkdir(parents=True, exist_ok=True)
        self.state_file = self.folder / 'state.json'
        self.identity = {key: getattr(options, key) for key in ('count', 'seed', 'only', 'folders')}
        self.headers = dict(draw.headers_of(ROOT / 'include'))
        self.state = {'identity': self.identity, 'refused': [], 'reached': {}, 'results': {}}
        if self.state_file.exists():
            found = json.loads(self.state_file.read_text())
            if found['identity'] == self.identity:
                self.state = found
        self.draw()

    def save(self):
        partial = self.state_file.with_suffix('.new')
        partial.write_text(json.dumps(self.state, indent=1))
        partial.replace(self.state_file)

    # -- The copy --

    def draw(self):
        sites = draw.sites_of(ROOT / 'include', self.options.only)
        self.mutants = draw.draw(sites, self.options.count, self.options.seed, set(self.state['refused']))

    def write_tree(self, constant=None):
        """Writes the copy of the tree. A file keeps its time if its text is the same, so that a second
        build is a small one."""
        listed = subprocess.run(
            ['git', '-C', str(ROOT), 'ls-files', '--cached', '--others', '--exclude-standard',
             'include', 'tests', 'examples', 'cmake', 'docs', 'benchmarks', 'CMakeLists.txt', 'LICENSE',
             'README.md', 'CHANGELOG.md'],
            check=True, capture_output=True, text=True).stdout.split('\n')
        by_file = {}
        for number, site in self.mutants.items():
            if site.form != 'constant':
                by_file.setdefault(site.file, []).append((number, site))
        wanted = set()
        for name in filter(None, listed):
            source = ROOT / name
            if not source.is_file():
                continue
            wanted.add(name)
            file = name.removeprefix('include/forest/')
            if name.startswith('include/') and constant is not None and file == constant.file:
                self.put(name, draw.with_constant(self.headers[file], constant).encode())
            elif name.startswith('include/') and file in by_file:
                self.put(name, draw.with_mutants(self.headers[file], by_file[file]).encode())
            else:
                self.put(name, source.read_bytes(), source)
        switch = f'include/{draw.HEADER}'
        # There is room for those that are drawn again, so that the text stays what it is.
        self.put(switch, draw.SWITCH.replace('@COUNT@', str(2 * self.options.count + 100)).encode())
        wanted.add(switch)
        for path in self.tree.rglob('*'):
            if path.is_file() and path.relative_to(self.tree).as_posix() not in wanted:
                path.unlink()

    def put(self, name, text, source=None):
        path = self.tree / name
        if path.exists() and path.read_bytes() == text:
            return
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(text)
        if source is not None:
            shutil.copymode(source, path)

    # -- The build --

    def configure(self):
        command = ['cmake', '-S', str(self.tree), '-B', str(self.objects), '-G', 'Ninja',
                   '-DCMAKE_BUILD_TYPE=Debug', '-DCMAKE_CXX_FLAGS_DEBUG=-O0', '-DCMAKE_CXX_FLAGS=-w',
                   '-DCMAKE_CXX_EXTENSIONS=OFF', f'-DCMAKE_CXX_COMPILER_LAUNCHER={self.options.launcher}']
        if self.options.folders:
            command.append(f'-DFOREST_TEST_FOLDERS={self.options.folders}')
        subprocess.run(command, check=True, stdout=subprocess.DEVNULL)

    def tests(self):
        """The tests of ctest that run something, by name."""
        shown = subprocess.run(['ctest', '--test-dir', str(self.objects), '--show-only=json-v1'],
                               check=True, capture_output=True, text=True).stdout
        found = {}
        for test in json.loads(shown)['tests']:
            properties = {each['name']: each['value'] for each in test.get('properties', [])}
            if {'build', 'full'} & set(properties.get('LABELS', [])) or 'command' not in test or \
                    not re.search(self.options.tests, test['name']) or \
                    re.match(r'(mutants|watchdog)\.', test['name']):  # They run nothing of the library.
                continue
            environment = dict(each.split('=', 1) for each in properties.get('ENVIRONMENT', []))
            suites = [each.split('=', 1)[1] for each in test['command'] if each.startswith('--run_test=')]
            found[test['name']] = {
                'command': test['command'], 'environment': environment,
                'suite': suites[0] if suites else test['name'].split('.', 1)[1],
                'folder': properties.get('WORKING_DIRECTORY', str(self.objects))}
        return found

    def programs(self):
        """The targets of all test binaries, and of the programs that tests start. ctest knows the
        command of a test only when its binary is built."""
        listed = subprocess.run(['ninja', '-C', str(self.objects), '-t', 'targets', 'all'],
                                check=True, capture_output=True, text=True).stdout
        found = re.findall(r'^(forest_\w+_tests|forest-health|warehouse|master): phony$', listed, re.M)
        if self.options.folders and not re.search('end_to_end|interop', self.options.folders):
            found = [each for each in found if each.endswith('_tests')]
        return sorted(found)

    def program_of(self, test):
        return Path(test['command'][0]).name

    def compile(self, targets, keep_going=True):
        """Returns what the build printed if it failed."""
        built = subprocess.run(
            ['cmake', '--build', str(self.objects), '-j', self.options.jobs, '--target', *targets, '--',
             *(['-k', '0'] if keep_going else [])],
            capture_output=True, text=True)
        return None if built.returncode == 0 else built.stdout + built.stderr

    def culprits(self, output):
        """The mutants on the lines with an error, or else on the lines that led there."""
        by_line = {}
        for number, site in self.mutants.items():
            lines = site.original.count('\n') + 1
            for line in range(site.line, site.line + lines):
                by_line.setdefault((site.file, line), set()).add(number)
        place = re.compile(r'include/forest/([\w./]+):(\d+)(?::\d+)?:(.*)')
        strict, loose = set(), set()
        for match in place.finditer(output):
            numbers = by_line.get((match.group(1), int(match.group(2))), set())
            loose |= numbers
            if 'error:' in match.group(3):
                strict |= numbers
        return strict or loose

    def build(self):
        """Builds all that is needed, and draws other mutants for those that do not compile."""
        while True:
            self.write_tree()
            self.configure()
            targets = self.programs()
            say(f'building {len(targets)} programs with {len(self.mutants)} mutants')
            output = self.compile(targets)
            if output is None:
                return
            culprits = self.culprits(output)
            if not culprits:
                (self.folder / 'build.log').write_text(output)
                sys.exit(f'mutants.sh: the build failed without a mutant: {self.folder}/build.log')
            for number in sorted(culprits):
                site = self.mutants[number]
                say(f'  does not compile: {site.file}:{site.line}: {site.changed[:80]}')
                self.state['refused'].append(site.key())
            self.save()
            self.draw()

    # -- The runs --

    def run(self, test, limit, **variables):
        """Returns whether the test passed, and after which time."""
        environment = {**os.environ, **test['environment'], **variables}
        began = time.monotonic()
        process = subprocess.Popen(test['command'], env=environment, cwd=test['folder'],
                                   stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                                   stderr=subprocess.DEVNULL, start_new_session=True)
        try:
            status = process.wait(limit)
        except subprocess.TimeoutExpired:
            status = 'time'
        finally:
            try:
                os.killpg(process.pid, signal.SIGKILL)  # with all that the test has started
            except ProcessLookupError:
                pass
            process.wait()
        return status in (0, 77), status, time.monotonic() - began

    def record(self, tests):
        """Runs each test once without a mutant, for its time and for the mutants that it reaches."""
        for name, test in tests.items():
            if name in self.state['reached']:
                continue
            file = self.folder / 'reached.txt'
            file.unlink(missing_ok=True)
            passed, status, took = self.run(test, 1200, FOREST_MUTANTS_REACHED=str(file))
            numbers = sorted({int(each) for each in file.read_text().split()} if file.exists() else set())
            say(f'  {name}: reaches {len(numbers)}, {took:.1f} s' + ('' if passed else f', FAILS ({status})'))
            keys = [self.mutants[each].key() for each in numbers if each in self.mutants]
            self.state['reached'][name] = {'passed': passed, 'time': took, 'mutants': keys}
            self.save()

    def order(self, site, tests):
        """The tests of a mutant, those of its header and of its room first."""
        path = Path(site.file)
        parts = [each for each in path.parent.parts if each != 'impl']
        if not parts or parts[0] == 'detail':
            parts.insert(0, 'assemblies')
        def rank(name):
            suite = tests[name]['suite']
            found = self.places.get(suite, Path(name.split('.')[0]))
            common = 0
            for left, right in zip(parts, found.parts):
                if left != right:
                    break
                common += 1
            took = self.state['reached'].get(name, {}).get('time', 1)
            return (suite != path.stem + '_test', -common, took)
        return sorted(tests, key=rank)

    def limit(self, name):
        # The watchdog of the tests ends a case that hangs before this does.
        return 30 + 5 * self.state['reached'].get(name, {}).get('time', 60)

    def kill(self, site, number, tests):
        names = [name for name in tests if self.state['reached'][name]['passed'] and
                 (number is None or site.key() in self.state['reached'][name]['mutants'])]
        for name in self.order(site, {each: tests[each] for each in names}):
            variables = {} if number is None else {'FOREST_MUTANT': str(number)}
            passed, status, _ = self.run(tests[name], self.limit(name), **variables)
            if not passed and WITH_SOCKETS.search(name):
                passed, status, _ = self.run(tests[name], self.limit(name), **variables)
            if not passed:
                return name, 'by its time' if status == 'time' else ''
        return None, f'passed {len(names)}' if names else 'reached by none'

    def run_switched(self, tests):
        for number, site in self.mutants.items():
            if site.form == 'constant' or site.key() in self.state['results']:
                continue
            result = self.kill(site, number, tests)
            if result[0] or not site.in_constexpr:  # The compiler may evaluate that: a build of its own.
                self.note(number, site, result)

    def build_own_test(self, site, tests):
        """Builds the test of a header alone, which is much quicker than the program that has it.
        Returns a test to run, None if there is none, or False if it does not compile."""
        name = Path(site.file).stem + '_test'
        found = [each for each in tests.values() if each['suite'] == name]
        file = self.tree / 'tests' / self.places.get(name, Path()) / f'{name}.cpp'
        program = found and self.program_of(found[0])
        if not program or not file.exists():
            return None
        ninja = (self.objects / 'build.ninja').read_text()
        linked = re.search(rf'^build tests/{program}: .*?^  LINK_LIBRARIES = ([^\n]*)$', ninja, re.M | re.S)
        if linked is None:
            return None
        libraries = [each for each in linked.group(1).split() if 'forest_compiled' not in each]
        own = self.folder / 'own_test'
        built = subprocess.run(
            [*filter(None, [self.options.launcher]), 'c++', '-std=c++20', '-O0', '-w', '-rdynamic',
             '-DBOOST_TEST_DYN_LINK', f'-DFOREST_SOURCE_DIR="{self.tree}"', f'-I{self.tree}/include',
             f'-I{self.tree}/tests', f'-I{self.tree}/examples', str(self.tree / 'tests/support/main.cpp'),
             str(file), '-o', str(own), *libraries], cwd=self.objects, capture_output=True, text=True)
        if built.returncode != 0:
            return False
        return {**found[0], 'command': [str(own), *found[0]['command'][1:]]}

    def run_constant(self, tests):
        """Each in a build of its own, with the tests of its room first."""
        of_program = {}
        for name, test in tests.items():
            of_program.setdefault(self.program_of(test), []).append(name)
        programs = set(self.programs())
        built_alone = False
        for number, site in self.mutants.items():
            if site.key() in self.state['results']:
                continue
            built_alone = True
            self.write_tree()
            own = self.build_own_test(site, tests)
            tried_alone = bool(own) and self.run(own, 600)[0]  # without the mutant
            self.write_tree(constant=site)
            if tried_alone:
                own = self.build_own_test(site, tests)
                if own is False or not self.run(own, 600)[0]:
                    self.note(number, site, (own['suite'] if own else 'the compiler', '(alone)'))
                    continue
            result = (None, 'passed all')
            done = set()
            for name in self.order(site, tests):
                program = self.program_of(tests[name])
                if program in done:
                    continue
                done.add(program)
                # A shell script runs several programs.
                needed = [program] if program in programs else sorted(programs)
                if self.compile(needed, keep_going=False) is not None:
                    result = ('the compiler', '')
                    break
                some = {each: tests[each] for each in of_program[program]}
                killer, how = self.kill(site, None, some)
                if killer is not None:
                    result = (killer, how)
                    break
            self.note(number, site, result)
        if built_alone:
            self.write_tree()

    def note(self, number, site, result):
        killer, how = result
        self.state['results'][site.key()] = {'killer': killer, 'how': how}
        self.save()
        say(f'  {number}: ' + (f'killed by {killer} {how}' if killer else f'SURVIVED ({how})') +
            f': {site.file}:{site.line}')

    # -- The result --

    def table(self):
        known = equivalents()
        rows, killed, equal, left = [], 0, 0, 0
        for number, site in self.mutants.items():
            result = self.state['results'].get(site.key())
            if result is None:
                left += 1
                outcome = 'not run'
            elif result['killer']:
                killed += 1
                outcome = f'killed by {result["killer"]} {result["how"]}'.strip()
                if site.key() in known:
                    outcome += ' (ALTHOUGH equivalent.txt HAS IT)'
            elif site.key() in known:
                equal += 1
                outcome = 'equivalent'
            else:
                outcome = f'SURVIVED, {result["how"]}'
            original, changed = draw.squeezed(site.original), draw.squeezed(site.changed)
            change = f'{original}  =>  {changed}' if changed != ';' else f'without  {original}'
            rows.append(f'{number:4}  {site.file}:{site.line}\n      {change}\n      {outcome}')
        done = len(self.mutants) - left
        counted = done - equal
        share = 100 * killed / counted if counted else 0
        say('\n'.join(rows))
        say(f'\n{done} of {len(self.mutants)} mutants run: {killed} killed, {equal} equivalent, '
            f'{counted - killed} survived: {share:.1f} % killed without equivalents')
        for number, site in self.mutants.items():
            result = self.state['results'].get(site.key())
            if result and not result['killer'] and site.key() not in known:
                say(f'to argue, or to test: {site.key()}')
        if equal > len(self.mutants) * EQUIVALENT_MAX / 100:
            say(f'more than {EQUIVALENT_MAX} % are called equivalent')
            return 1
        return 0 if left == 0 and share >= KILLED_MIN else 1

    def main(self):
        if self.options.draw:
            for number, site in self.mutants.items():
                say(f'{number:4} {site.form:10} {site.key()}  (line {site.line})')
            return 0
        if self.options.table:
            return self.table()
        self.build()
        self.places = {path.stem: path.parent.relative_to(ROOT / 'tests')
                       for path in (ROOT / 'tests').rglob('*_test.*')}
        tests = self.tests()
        say(f'running {len(tests)} tests without a mutant')
        self.record(tests)
        say('running them with each mutant')
        self.run_switched(tests)
        self.run_constant(tests)
        return self.table()


def check_unchanged(campaign):
    """Results are of the headers that they were found with."""
    digest = hashlib.sha256()
    for name in sorted(campaign.headers):
        digest.update(campaign.headers[name].encode())
    found = campaign.state.setdefault('headers', digest.hexdigest())
    if found != digest.hexdigest():
        say('the headers have changed since: all mutants run again')
        campaign.state.update(refused=[], reached={}, results={}, headers=digest.hexdigest())
        campaign.draw()


if __name__ == '__main__':
    options = arguments()
    campaign = Campaign(options)
    check_unchanged(campaign)
    sys.exit(campaign.main())
