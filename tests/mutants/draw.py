# SPDX-License-Identifier: BSL-1.0

"""Finds the places in the headers at which a fault can be planted, draws some of them, and writes a
copy of the headers that has all of them.

It works on tokens and relies on clang-format: a binary operator has a space on both sides, and the
angle bracket of a template has not. What does not compile in spite of that is left out later."""

import random
import re
from dataclasses import dataclass
from pathlib import Path

HEADER = 'forest/mutant_is.hpp'

TOKEN = re.compile(
    r'''(?P<space>\s+)
      | (?P<comment>//[^\n]*|/\*.*?\*/)
      | (?P<line>(?<![^\n])[ \t]*\#(?:[^\n\\]|\\.)*(?:\\\n[^\n]*)*)
      | (?P<string>(?:u8|[uUL])?R"(?P<raw>[^(\s]*)\(.*?\)(?P=raw)"(?:\w+)?
                  |(?:u8|[uUL])?"(?:[^"\\\n]|\\.)*"(?:\w+)?
                  |(?:u8|[uUL])?'(?:[^'\\\n]|\\.)+')
      | (?P<number>\.?\d(?:[\w.']|(?<=[eEpP])[+-])*)
      | (?P<name>[A-Za-z_]\w*)
      | (?P<sign><=>|->\*|\.\.\.|<<=|>>=|::|->|\+\+|--|<<|>>|<=|>=|==|!=|&&|\|\||[-+*/%&|^]=|.)''',
    re.X | re.S)

OPENING = {'(': ')', '[': ']', '{': '}'}
CLOSING = {')': '(', ']': '[', '}': '{'}

# The operators with two operands, from the loosest to the tightest.
TIGHTNESS = {'||': 1, '&&': 2, '|': 3, '^': 4, '&': 5, '==': 6, '!=': 6, '<': 7, '>': 7, '<=': 7,
             '>=': 7, '<=>': 7, '<<': 8, '>>': 8, '+': 9, '-': 9, '*': 10, '/': 10, '%': 10}
CHANGES = {'<': ('<=', '>='), '<=': ('<', '>'), '>': ('>=', '<='), '>=': ('>', '<'),
           '==': ('!=',), '!=': ('==',), '&&': ('||',), '||': ('&&',), '+': ('-',), '-': ('+',)}
ENDS_AN_OPERAND = {'=', ',', ';', '?', ':', '+=', '-=', '*=', '/=', '%=', '|=', '&=', '^=', '<<=',
                   '>>=', 'return', 'throw', 'co_return', 'co_yield', 'case', 'else'}
NOT_CALLED = {'if', 'for', 'while', 'switch', 'return', 'sizeof', 'alignof', 'decltype', 'noexcept',
              'assert', 'static_assert', 'throw', 'delete', 'new', 'case', 'else', 'catch', 'do',
              'using', 'typedef', 'friend', 'template', 'requires', 'explicit', 'default', 'goto',
              'static_cast', 'co_return', 'co_await', 'operator', 'break', 'continue', 'defined'}


@dataclass
class Token:
    kind: str
    text: str
    begin: int
    end: int
    partner: int = -1  # of a bracket
    template: bool = False  # an angle bracket


@dataclass(frozen=True)
class Site:
    """A place and its fault."""
    file: str  # below include/forest
    line: int
    begin: int
    end: int
    original: str
    changed: str
    what: str  # `comparison`, `constant`, …
    form: str  # how the copy chooses: `expression`, `statement` or `constant` (in a build of its own)
    in_constexpr: bool  # the function may be one that only runs in constant evaluation

    def key(self):
        """Names the mutant after its header has moved, too."""
        return f'{self.file} | {squeezed(self.original)} | {squeezed(self.changed)}'


def squeezed(text):
    return ' '.join(text.split())


def tokens_of(text):
    tokens = []
    for match in TOKEN.finditer(text):
        kind = match.lastgroup if match.lastgroup != 'raw' else 'string'
        if kind not in ('space', 'comment'):
            tokens.append(Token(kind, match.group(), match.start(), match.end()))
    pair(tokens, text)
    return tokens


def spaced(text, token):
    return text[token.begin - 1].isspace() and text[token.end:token.end + 1].isspace()


def pair(tokens, text):
    """Finds the partners of brackets. An angle bracket without a space before it is a template's."""
    stack = []
    for index, token in enumerate(tokens):
        if token.kind != 'sign':
            continue
        opens = token.text in OPENING
        if token.text == '<' and not spaced(text, token) and index > 0:
            before = tokens[index - 1]
            opens = before.kind == 'name' and (before.end == token.begin or before.text == 'template')
            token.template = opens
        if opens:
            stack.append(index)
        elif token.text in CLOSING:
            while stack and tokens[stack[-1]].text == '<':
                tokens[stack.pop()].template = False  # It was none.
            if stack and tokens[stack[-1]].text == CLOSING[token.text]:
                tokens[stack[-1]].partner = index
                token.partner = stack.pop()
        elif token.text in ('>', '>>') and not spaced(text, token):
            for _ in token.text:
                if stack and tokens[stack[-1]].text == '<':
                    tokens[stack[-1]].partner = index
                    token.partner = stack.pop()  # of `>>`, the outer one
                    token.template = True


class Header:
    """The places of one header."""

    def __init__(self, file, text):
        self.file = file
        self.text = text
        self.tokens = tokens_of(text)
        self.regions()
        self.sites = []
        for index in range(len(self.tokens)):
            self.look_at(index)

    # -- Where a token is --

    def regions(self):
        """Finds the bodies of functions, and what no mutant may be in."""
        count = len(self.tokens)
        self.in_function = [False] * count
        self.forbidden = [False] * count
        self.constant = [False] * count  # evaluated by the compiler
        self.in_constexpr = [False] * count  # in a function that is constexpr
        stack = []  # (is the body of a function, is constexpr)
        for index, token in enumerate(self.tokens):
            if token.text == '{' and token.kind == 'sign':
                stack.append(self.kind_of_brace(index, stack[-1] if stack else (False, False)))
            elif token.text == '}' and token.kind == 'sign' and stack:
                stack.pop()
            if stack:
                self.in_function[index], self.in_constexpr[index] = stack[-1]
        for index, token in enumerate(self.tokens):
            text = token.text
            if token.kind == 'line':
                self.mark(self.forbidden, index, index)
            elif token.template and text == '<' and token.partner >= 0:
                self.mark(self.forbidden, index, token.partner)
            elif text in ('concept', 'using', 'static_assert', 'friend', 'enum', 'typedef'):
                self.mark(self.forbidden, index, self.end_of_statement(index, text == 'enum'))
            elif text == 'requires':
                self.mark(self.forbidden, index, self.end_of_clause(index))
            elif text in ('assert', 'noexcept', 'alignas', 'sizeof', 'decltype', 'explicit', 'case',
                          'FOREST_ASSERT', 'defined', 'alignof', 'operator'):
                end = index + 1
                if text == 'case':
                    while self.tokens[end].text != ':':
                        end += 1
                elif end < count and self.tokens[end].text == '(':
                    end = max(end, self.tokens[end].partner)
                self.mark(self.forbidden, index, min(end, count - 1))
            elif text == 'if' and self.next_is(index, 'constexpr'):
                self.mark(self.constant, index, self.tokens[index + 2].partner)
            elif text in ('constexpr', 'consteval', 'constinit') and not self.is_function(index):
                self.mark(self.constant, index, self.end_of_statement(index, False))

    def next_is(self, index, text):
        return index + 1 < len(self.tokens) and self.tokens[index + 1].text == text

    @staticmethod
    def mark(marks, begin, end):
        for index in range(begin, end + 1):
            marks[index] = True

    def head_of(self, index):
        """The tokens between the statement before `index` and `index`."""
        begin = index
        while begin > 0:
            before = self.tokens[begin - 1]
            if before.text in (';', '{', '}') and before.kind == 'sign' or before.kind == 'line':
                break
            if before.text == ':' and self.tokens[begin - 2].text in ('public', 'private', 'protected'):
                break
            begin -= 1
        return self.tokens[begin:index]

    def kind_of_brace(self, index, outer):
        head = self.head_of(index)
        names = [each.text for each in head]
        if outer[0]:
            local = bool({'struct', 'class', 'union', 'enum'} & set(names)) and '(' not in names
            return (not local, outer[1])
        if 'namespace' in names or 'extern' in names:
            return (False, False)
        depth = 0
        for position, each in enumerate(head):
            depth += (each.template and each.text == '<') - (each.template and each.text == '>')
            if depth == 0 and each.text in ('struct', 'class', 'union', 'enum', 'concept'):
                return (False, False)
            if depth == 0 and each.text == '=' and position > 0 and head[position - 1].text != 'operator':
                return (False, False)  # an initializer
        if '(' not in names:
            # The initializer of a member, or of the list of a constructor.
            return (False, False)
        return (True, 'constexpr' in names or 'consteval' in names)

    def is_function(self, index):
        """Whether `constexpr` at `index` belongs to a function."""
        for position in range(index, len(self.tokens)):
            token = self.tokens[position]
            if token.text == '(' or token.text == 'operator':
                return True
            if token.text in ('=', ';', '{'):
                return False
        return False

    def end_of_statement(self, index, braces):
        position = index
        while position < len(self.tokens) - 1:
            token = self.tokens[position]
            if token.text == ';' and token.kind == 'sign':
                break
            if token.text in OPENING and token.partner > position:
                position = token.partner
                if braces and self.tokens[position].text == '}':
                    break
            position += 1
        return position

    def end_of_clause(self, index):
        """The end of `requires …`: where the declaration that it belongs to may begin."""
        position = index + 1
        while position < len(self.tokens) - 1:
            token = self.tokens[position]
            if token.kind == 'sign' and token.text in OPENING and token.partner > position:
                position = token.partner
                if self.tokens[position].text == '}' and not self.next_is(position, '&&'):
                    break
            elif token.kind == 'sign' and token.text in (';', '{'):
                break
            elif '\n' in self.text[self.tokens[position - 1].end:token.begin] and \
                    self.tokens[position - 1].text not in ('&&', '||', '(', 'requires'):
                if token.text not in ('&&', '||'):
                    return position - 1
            position += 1
        return position

    # -- Operands --

    def operand_before(self, index, level):
        """The first token of the left operand of the operator at `index`."""
        position = index - 1
        while position >= 0:
            token = self.tokens[position]
            if token.kind == 'sign' and (token.text in CLOSING or token.template):
                if token.partner < 0:
                    return None
                if token.text == '}' and self.tokens[token.partner - 1].kind != 'name' and \
                        not self.tokens[token.partner - 1].template:
                    return position + 1 if position + 1 < index else None  # the end of a block
                position = token.partner - 1
                continue
            if token.kind == 'sign' and token.text in OPENING or token.text in ENDS_AN_OPERAND or \
                    token.kind == 'line' or token.text in ('if', 'for', 'while', 'do'):
                break
            if self.is_binary(position) and TIGHTNESS[token.text] < level:
                break
            position -= 1
        return position + 1 if position + 1 < index else None

    def operand_after(self, index, level):
        """The last token of the right operand."""
        position = index + 1
        while position < len(self.tokens):
            token = self.tokens[position]
            if token.kind == 'sign' and (token.text in OPENING or token.template) and \
                    token.partner > position:
                position = token.partner + 1
                continue
            if token.kind == 'sign' and token.text in CLOSING or token.text in ENDS_AN_OPERAND:
                break
            if self.is_binary(position) and TIGHTNESS[token.text] <= level:
                break
            position += 1
        return position - 1 if position - 1 > index else None

    def is_binary(self, index):
        token = self.tokens[index]
        if token.kind != 'sign' or token.text not in TIGHTNESS or token.template or index == 0:
            return False
        before = self.tokens[index - 1]
        is_operand = before.kind in ('name', 'number', 'string') and \
            before.text not in ENDS_AN_OPERAND or before.text in CLOSING or before.template
        # The `&&` of a member function is no operator.
        return is_operand and spaced(self.text, token) and self.tokens[index + 1].text not in (
            'noexcept', '{', ';', '=', '->', 'requires', 'override', 'const')

    def joined(self, begin, end, instead=None):
        """The tokens from `begin` to `end` on one line, some of them with another text."""
        parts = []
        for index in range(begin, end + 1):
            token = self.tokens[index]
            gap = index > begin and self.tokens[index - 1].end != token.begin
            parts.append((' ' if gap else '') + (instead or {}).get(index, token.text))
        return ''.join(parts)

    # -- The faults --

    def look_at(self, index):
        token = self.tokens[index]
        if self.forbidden[index] or token.kind in ('line', 'string'):
            return
        if self.is_binary(index):
            self.look_at_operator(index)
        elif token.text == 'if' or token.text == 'while':
            self.look_at_condition(index)
        elif token.text in ('true', 'false'):
            self.look_at_boolean(index)
        elif token.kind == 'number':
            self.look_at_number(index)
        elif token.text in ('min', 'max'):
            self.look_at_bound(index)
        elif token.text == '!' and self.tokens[index - 1].text in (
                '(', '&&', '||', 'return', '=', ',', '?') and (
                self.tokens[index + 1].kind == 'name'):
            self.look_at_negation(index)
        elif token.text in (';', '{', '}', ')', 'else') and self.in_function[index]:
            self.look_at_statement(index)

    def add(self, what, begin, end, changed, form='expression'):
        if self.constant[begin]:
            form = 'constant'
        elif not self.in_function[begin] and form == 'statement':
            return
        first, last = self.tokens[begin], self.tokens[end]
        self.sites.append(Site(
            self.file, self.text.count('\n', 0, first.begin) + 1, first.begin, last.end,
            self.text[first.begin:last.end], changed, what, form, self.in_constexpr[begin]))

    def look_at_operator(self, index):
        operator = self.tokens[index].text
        level = TIGHTNESS[operator]
        if operator not in CHANGES:
            return
        begin = self.operand_before(index, level)
        end = self.operand_after(index, level)
        if begin is None or end is None:
            return
        operands = self.tokens[begin:end + 1]
        if operator in ('+', '-') and any(each.kind == 'string' for each in operands):
            return  # Text has no difference.
        if any(each.text in ('<=>', 'auto', 'nullptr') for each in operands) and level > 6:
            return
        if level > 6 and any(self.forbidden[each] for each in range(begin, end + 1)
                             if self.tokens[each].text in ('operator', 'requires')):
            return
        what = {1: 'and, or', 2: 'and, or', 9: 'sum'}.get(level, 'comparison')
        for changed in CHANGES[operator]:
            self.add(what, begin, end, self.joined(begin, end, {index: changed}))

    def look_at_condition(self, index):
        opening = index + 1
        if self.next_is(index, 'constexpr'):
            opening += 1
        closing = self.tokens[opening].partner
        if self.tokens[opening].text != '(' or closing < 0:
            return
        condition = range(opening + 1, closing)
        # A declaration, or a part of `for`.
        if any(self.tokens[each].text in (';', 'auto') for each in condition):
            return
        depth = 0
        for each in condition:
            text = self.tokens[each].text
            depth += (text in OPENING) - (text in CLOSING)
            if text == '=' and depth == 0:
                return
        self.add('condition', opening + 1, closing - 1,
                 f'!({self.joined(opening + 1, closing - 1)})')

    def look_at_boolean(self, index):
        if self.tokens[index - 1].text in ('#', '<'):
            return
        self.add('boolean', index, index,
                 'false' if self.tokens[index].text == 'true' else 'true')

    def look_at_number(self, index):
        match = re.fullmatch(r"(\d[\d']*)(|ms|s|ns|us|h|min|u|U|UL|ULL|ull|z|uz)", self.tokens[index].text)
        if not match or self.tokens[index - 1].text in ('[', 'case', '['):
            return
        value = int(match.group(1).replace("'", ''))
        self.add('constant', index, index, f'{value + 1}{match.group(2)}')
        if value > 0:
            self.add('constant', index, index, f'{value - 1}{match.group(2)}')

    def look_at_bound(self, index):
        opening = index + 1
        if self.tokens[opening].template and self.tokens[opening].partner > 0:
            opening = self.tokens[opening].partner + 1
        if self.tokens[opening].text != '(' or self.tokens[opening].partner == opening + 1 or \
                index < 2 or self.tokens[index - 1].text != '::' or self.tokens[index - 2].text != 'std':
            return
        other = 'max' if self.tokens[index].text == 'min' else 'min'
        end = self.tokens[opening].partner
        self.add('bound', index - 2, end, self.joined(index - 2, end, {index: other}))

    def look_at_negation(self, index):
        end = self.operand_after(index, 11)
        if end is not None:
            self.add('negation', index, end, f'static_cast<bool>({self.joined(index + 1, end)})')

    def look_at_statement(self, index):
        """A call or an assignment that is a statement, after the token at `index`."""
        token = self.tokens[index]
        begin = index + 1
        if begin >= len(self.tokens) or self.tokens[begin].kind != 'name' or \
                self.tokens[begin].text in NOT_CALLED - {'delete'} or self.forbidden[begin]:
            return
        if token.text == ')' and (token.partner < 1 or self.tokens[token.partner - 1].text not in (
                'if', 'for', 'while')):
            return
        end = self.end_of_statement(begin, False)
        if self.tokens[end].text != ';':
            return
        position = begin
        assigned = False
        while position < end:
            each = self.tokens[position]
            if each.text in ('(', '[') or each.template and each.text == '<':
                position = each.partner
                if position < 0:
                    return
            elif each.text in ('=', '+=', '-=', '|=', '&='):
                assigned = position
                break
            elif each.kind == 'name':
                if position > begin and (self.tokens[position - 1].kind == 'name' or
                                         self.tokens[position - 1].text in ('>', '&', '*')):
                    return  # a declaration
            elif each.text not in ('::', '.', '->', ')', ']', '>'):
                return
            position += 1
        if assigned:
            target = self.joined(begin, assigned - 1)
            if ' ' in target or self.constant[begin]:
                return
            self.add('assignment', begin, end, ';', 'statement')
        elif self.tokens[end - 1].text == ')':
            self.add('call', begin, end, ';', 'statement')


def headers_of(include):
    """The headers over which mutants are drawn: those of core, the assemblies and the adapters."""
    root = include / 'forest'
    for path in sorted(root.rglob('*')):
        file = path.relative_to(root).as_posix()
        if path.suffix in ('.hpp', '.ipp') and not file.startswith(('sim/', 'policy/')) and \
                not re.match(r'(src_?\w*|form|fwd|forest|version)\.hpp$', file):
            yield file, path.read_text()


def sites_of(include, only):
    sites = []
    for file, text in headers_of(include):
        if re.search(only, file):
            sites += Header(file, text).sites
    return sites


def draw(sites, count, seed, refused):
    """Returns `count` sites that do not overlap, by their numbers. A header is drawn first, by the root of
    its number of sites, so that the longest ones do not have most of them, and then a kind of fault,
    and one of its sites. What is refused keeps its number, so that all others keep theirs."""
    generator = random.Random(seed)
    by_file = {}
    for site in sites:
        by_file.setdefault(site.file, []).append(site)
    drawn = {}
    number = 0
    while by_file and len(drawn) < count:
        files = sorted(by_file)
        weights = [len(by_file[file]) ** 0.5 for file in files]
        file = generator.choices(files, weights)[0]
        kinds = sorted({site.what for site in by_file[file]})
        kind = generator.choice(kinds)
        of_kind = [site for site in by_file[file] if site.what == kind]
        site = generator.choice(of_kind)
        number += 1
        if site.key() not in refused:
            drawn[number] = site
        by_file[file] = [each for each in by_file[file]
                         if each.end <= site.begin or each.begin >= site.end]
        if not by_file[file]:
            del by_file[file]
    return drawn


def with_mutants(text, numbered):
    """Returns the text of a header with all these faults, each switched by its number. No line moves."""
    if not numbered:
        return text
    for number, site in sorted(numbered, key=lambda each: -each[1].begin):
        original = text[site.begin:site.end]
        if site.form == 'statement':
            instead = f'{{ if (!::forest_mutants::is({number})) {original} }}'
        elif site.what in ('condition', 'negation', 'and, or'):
            # Only such a place converts its operand to bool although the conversion is explicit.
            instead = f'(::forest_mutants::is({number}) ? static_cast<bool>({site.changed}) : ' \
                      f'static_cast<bool>({original}))'
        else:
            instead = f'(::forest_mutants::is({number}) ? ({site.changed}) : ({original}))'
        text = text[:site.begin] + instead + text[site.end:]
    first = re.search(r'^#include', text, re.M) or re.search(r'^#define \w+\n', text, re.M)
    place = first.start() if first.group().startswith('#include') else first.end() - 1
    return text[:place] + f'#include <{HEADER}>' + (
        '\n#line ' + str(text.count('\n', 0, place) + 1) + '\n' if first.group().startswith('#include')
        else '\n#line ' + str(text.count('\n', 0, place) + 2)) + text[place:]


def with_constant(text, site):
    """Returns the text of a header with one fault that the compiler evaluates."""
    return text[:site.begin] + site.changed + text[site.end:]


SWITCH = '''// Written by tests/mutants/draw.py.
#ifndef FOREST_MUTANT_IS_HPP
#define FOREST_MUTANT_IS_HPP

#include <atomic>
#include <cstddef>
#include <cstdlib>
#include <fcntl.h>
#include <sys/syscall.h>
#include <type_traits>
#include <unistd.h>

namespace forest_mutants {

// The mutant of FOREST_MUTANT, or 0. It is negative if FOREST_MUTANTS_REACHED names a file: then none
// is active, and the numbers of those that are reached are added to the file.
inline constinit int active = 0;
inline constinit const char* reached_file = nullptr;
inline constinit std::atomic<bool> reached[@COUNT@] = {};

// Before all objects of static storage. It allocates nothing.
[[gnu::constructor(101)]] inline void choose() {
    if (const char* number = std::getenv("FOREST_MUTANT"))
        active = std::atoi(number);
    if (const char* file = std::getenv("FOREST_MUTANTS_REACHED")) {
        reached_file = file;
        active = -1;
    }
}

// System calls, because some tests replace or count the functions of the C library.
[[gnu::cold]] inline bool note(int number) noexcept {
    if (reached[number].exchange(true, std::memory_order_relaxed))
        return false;
    char text[16];
    std::size_t begin = sizeof text;
    text[--begin] = '\\n';
    for (int rest = number; rest != 0; rest /= 10)
        text[--begin] = static_cast<char>('0' + rest % 10);
    const long file = ::syscall(SYS_openat, AT_FDCWD, reached_file,
                                O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0644);
    if (file >= 0) {
        (void)!::syscall(SYS_write, file, text + begin, sizeof text - begin);
        (void)::syscall(SYS_close, file);
    }
    return false;
}

// In constant evaluation, no mutant is active.
[[nodiscard]] constexpr bool is(int number) noexcept {
    if (std::is_constant_evaluated())
        return false;
    return active >= 0 ? active == number : note(number);
}

} // namespace forest_mutants

#endif
'''
