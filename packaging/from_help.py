#!/usr/bin/env python3
# SPDX-License-Identifier: BSL-1.0
"""Writes the manual page and the completions of forest-health, made from its own help.

usage: from_help.py TOOL man|bash|zsh|fish >FILE

So they have each option that the tool has, and no other.
"""

import datetime
import os
import re
import subprocess
import sys
import time

FILE_VALUES = {"FILE"}


class Option:
    def __init__(self, names, value, repeated, text):
        self.names = names
        self.repeated = repeated
        self.text = text
        # VALUE=DEFAULT; a value with | in it lists what may be given.
        self.value, _, self.default = value.partition("=")
        self.choices = []
        if "|" in self.value:
            self.choices = [word for word in self.value.split("|") if word == word.lower()]

    @property
    def long(self):
        return next(name for name in self.names if name.startswith("--"))


class Command:
    def __init__(self, name, brief):
        self.name = name
        self.brief = brief
        self.usage = ""
        self.positionals = []
        self.options = []


def run(tool, *arguments):
    environment = dict(os.environ, LC_ALL="C.UTF-8")
    environment.pop("FOREST_AUTH_SECRET", None)
    return subprocess.run([tool, *arguments], check=True, capture_output=True, text=True,
                          env=environment, stdin=subprocess.DEVNULL).stdout


def entries(lines):
    """Pairs of what is indented by two blanks and the text that explains it, which may go on."""
    found = []
    for line in lines:
        head = re.match(r"^  (\S.*?)(?:\s{2,}(\S.*))?$", line)
        if head:
            found.append([head[1], head[2] or ""])
        elif line.startswith("   ") and found:
            found[-1][1] = (found[-1][1] + " " + line.strip()).strip()
    return found


def sections(text):
    named = {"": []}
    current = ""
    for line in text.splitlines():
        title = re.fullmatch(r"([A-Z][a-z]+):", line)
        if title:
            current = title[1]
            named[current] = []
        else:
            named[current].append(line)
    return named


def option(head, text):
    match = re.fullmatch(r"((?:-\w,)?--[\w-]+)(?: (.*?))?(?: (\.\.\.))?", head)
    if not match:
        sys.exit(f"from_help.py: this is no option: {head}")
    return Option(match[1].split(","), match[2] or "", bool(match[3]), text)


def read(tool):
    commands = []
    named = sections(run(tool, "--help"))
    for name, brief in entries(named["Subcommands"]):
        command = Command(name, brief)
        parts = sections(run(tool, name, "--help"))
        command.usage = next(line for line in parts[""] if line.startswith("Usage: "))[7:]
        command.positionals = entries(parts.get("Positionals", []))
        command.options = [option(*entry) for entry in entries(parts["Options"])]
        commands.append(command)
    brief = named[""][0]
    version = run(tool, "--version").split()[-1]
    return brief, version, commands


def roff(text):
    text = text.replace("\\", "\\e").replace("-", "\\-").replace("'", "\\(aq")
    return "\\&" + text if text.startswith(".") else text


def man(brief, version, commands):
    date = datetime.date.fromtimestamp(int(os.environ.get("SOURCE_DATE_EPOCH", time.time())))
    out = [f'.TH FOREST\\-HEALTH 1 "{date}" "forest {version}" "User Commands"',
           ".SH NAME",
           f"forest\\-health \\- {roff(brief[0].lower() + brief[1:].rstrip('.'))}",
           ".SH SYNOPSIS"]
    for command in commands:
        out += [f".B {roff('forest-health ' + command.name)}",
                roff(command.usage.split(command.name, 1)[1].strip()), ".br"]
    out.pop()
    out += [".SH DESCRIPTION",
            "The health route of a server answers a signed request. forest\\-health asks such routes,",
            "and other servers, and answers for one. Durations have a unit: 500ms, 5s, 1m, 2h, 7d."]
    for command in commands:
        out += [f'.SH "{roff(command.name.upper())}"', roff(command.brief) + "."]
        for name, text in command.positionals:
            out += [".TP", f".I {roff(name.removesuffix(' REQUIRED'))}", roff(text) + "."]
        for each in command.options:
            names = ", ".join(f"\\fB{roff(name)}\\fR" for name in each.names)
            value = f" \\fI{roff(each.value)}\\fR" if each.value else ""
            out += [".TP", names + value + (" ..." if each.repeated else ""), roff(each.text) + "."]
            if each.default:
                out.append(f"The default is {roff(each.default)}.")
    out += [".SH ENVIRONMENT",
            ".TP", ".B FOREST_AUTH_SECRET",
            "The secret, unless \\fB\\-\\-secret\\-file\\fR is given. It is removed from the environment at once.",
            ".TP", ".B NOTIFY_SOCKET",
            "Where \\fBwatch\\fR and \\fBserve\\fR say that they are ready, see \\fBsd_notify\\fR(3).",
            ".TP", ".BR NO_COLOR , TERM",
            "Whether there are colours and a view that is drawn anew.",
            ".SH EXIT STATUS",
            ".TP", ".B 0", "Healthy; or ended as requested.",
            ".TP", ".B 1", "Unhealthy; or an error of the system; or a rule of a simulation was broken.",
            ".TP", ".B 2", "The command line, a file or the environment must be changed first.",
            ".TP", ".B 3", "This machine could not check, and nothing is known about the server.",
            ".SH EXAMPLES",
            ".nf",
            "forest\\-health check \\-\\-secret\\-file secret http://127.0.0.1:3000/forest/health",
            "forest\\-health watch \\-\\-unsigned \\-\\-expect\\-status 200 http://127.0.0.1:8080/",
            "forest\\-health sign | curl \\-H @\\- http://127.0.0.1:3000/forest/health",
            ".fi",
            ".SH SEE ALSO",
            ".BR systemd.service (5),", ".BR curl (1)"]
    return "\n".join(out) + "\n"


def words_of(each):
    return " ".join(each.choices)


def bash(_brief, _version, commands):
    out = ["# bash completion for forest-health, made from its help",
           "_forest_health() {",
           "    local current=${COMP_WORDS[COMP_CWORD]} previous=${COMP_WORDS[COMP_CWORD - 1]}",
           "    local command= word",
           "    for word in \"${COMP_WORDS[@]:1:COMP_CWORD-1}\"; do",
           f"        case $word in {' | '.join(c.name for c in commands)}) command=$word; break ;; esac",
           "    done",
           "    COMPREPLY=()",
           "    case $command:$previous in"]
    for command in commands:
        for each in command.options:
            if each.choices:
                reply = f"COMPREPLY=($(compgen -W '{words_of(each)}' -- \"$current\"))"
            elif each.value in FILE_VALUES:
                reply = "compopt -o filenames; COMPREPLY=($(compgen -f -- \"$current\"))"
            elif each.value:
                reply = ":"
            else:
                continue
            out.append(f"    {command.name}:{each.long}) {reply}; return ;;")
    out += ["    esac", "    case $command in",
            f"    '') COMPREPLY=($(compgen -W '{' '.join(c.name for c in commands)} --help --version'"
            " -- \"$current\")) ;;"]
    for command in commands:
        names = " ".join(name for each in command.options for name in each.names)
        out.append(f"    {command.name}) COMPREPLY=($(compgen -W '{names}' -- \"$current\")) ;;")
    out += ["    esac", "}", "complete -F _forest_health forest-health"]
    return "\n".join(out) + "\n"


def quoted(text):
    return text.replace("'", "'\\''")


def zsh(_brief, _version, commands):
    def bracketed(text):
        return quoted(text.replace("[", "\\[").replace("]", "\\]").replace(":", "\\:"))

    def spec(each):
        star = "*" if each.repeated else ""
        action = ""
        if each.choices:
            action = f":value:({words_of(each)})"
        elif each.value in FILE_VALUES:
            action = ":file:_files"
        elif each.value:
            action = f":{bracketed(each.value)}:"
        return [f"        '{star}{name}[{bracketed(each.text)}]{action}'" for name in each.names]

    out = ["#compdef forest-health", "# zsh completion for forest-health, made from its help", "",
           "_forest_health() {", "    local -a commands", "    commands=("]
    out += [f"        '{c.name}:{bracketed(c.brief)}'" for c in commands]
    out += ["    )", "    if (( CURRENT == 2 )); then",
            "        _describe command commands",
            "        _arguments '--help[Print help]' '--version[Print the version]'",
            "        return", "    fi",
            "    local command=$words[2]",
            "    shift words", "    (( CURRENT-- ))",
            "    case $command in"]
    for command in commands:
        specs = [line for each in command.options for line in spec(each)]
        if command.positionals:
            specs.append("        '*:URL:_urls'")
        out += [f"    {command.name}) _arguments -s \\"] + [f"    {line} \\" for line in specs]
        out[-1] = out[-1][:-2]
        out.append("        ;;")
    out += ["    esac", "}", "", "_forest_health \"$@\""]
    return "\n".join(out) + "\n"


def fish(_brief, _version, commands):
    def text(words):
        return words.replace("\\", "\\\\").replace("'", "\\'")

    out = ["# fish completion for forest-health, made from its help",
           "complete -c forest-health -f",
           "complete -c forest-health -n __fish_use_subcommand -l help -d 'Print help'",
           "complete -c forest-health -n __fish_use_subcommand -l version -d 'Print the version'"]
    for command in commands:
        out.append("complete -c forest-health -n __fish_use_subcommand"
                   f" -a {command.name} -d '{text(command.brief)}'")
        for each in command.options:
            line = f"complete -c forest-health -n '__fish_seen_subcommand_from {command.name}'"
            for name in each.names:
                line += f" -l {name[2:]}" if name.startswith("--") else f" -s {name[1:]}"
            if each.choices:
                line += f" -x -a '{words_of(each)}'"
            elif each.value in FILE_VALUES:
                line += " -r -F"
            elif each.value:
                line += " -x"
            out.append(f"{line} -d '{text(each.text)}'")
    return "\n".join(out) + "\n"


def main():
    kinds = {"man": man, "bash": bash, "zsh": zsh, "fish": fish}
    if len(sys.argv) != 3 or sys.argv[2] not in kinds:
        sys.exit(__doc__)
    sys.stdout.write(kinds[sys.argv[2]](*read(sys.argv[1])))


if __name__ == "__main__":
    main()
