#!/bin/sh
# SPDX-License-Identifier: BSL-1.0

# usage: units.sh SOURCE_DIR TOOL
#
# systemd accepts the units, and finds what they may do little; and the tool says in its words when it is
# ready and when it stops. Status 77 means skipped: there is no systemd-analyze.
set -eu
source=$1 tool=$2
command -v systemd-analyze >/dev/null || exit 77
work=$(mktemp -d)
pid=
trap '[ -z "$pid" ] || kill "$pid" 2>/dev/null || true; rm -rf "$work"' EXIT
fail() { echo "$1" >&2; exit 1; }

mkdir "$work/bin"
ln -s "$tool" "$work/bin/forest-health"
for unit in watch serve; do
    file=$work/forest-health-$unit.service
    sed "s,^ExecStart=forest-health ,ExecStart=$work/bin/forest-health ," "$source/packaging/systemd/forest-health-$unit.service" >"$file"
    systemd-analyze verify --man=no "$file" >"$work/log" 2>&1 || { cat "$work/log"; fail "$unit: refused"; }
    # A key that systemd does not know is only a message.
    ! grep "forest-health-$unit" "$work/log" || fail "$unit: the messages above"
    exposure=$(systemd-analyze security --offline=true "$file" 2>/dev/null |
        sed -n 's/.*exposure level for .*: \([0-9]*\)[.].*/\1/p')
    [ "${exposure:-9}" -lt 2 ] || fail "$unit: the exposure is $exposure"
    # The options of the unit are those of the tool.
    for option in $(grep -oE -- ' --[a-z-]+' "$file" | sort -u); do
        "$tool" "$unit" --help | grep -qE "^  $option( |=|$)" || fail "$unit: the tool has no $option"
    done
done

# notified COMMAND...: what it sends, until it is ended by SIGTERM after the first word.
notified() {
    python3 - "$@" <<'PYTHON'
import os, signal, socket, subprocess, sys, tempfile

with tempfile.TemporaryDirectory() as folder:
    listener = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
    listener.bind(folder + "/notify")
    listener.settimeout(20)
    child = subprocess.Popen(sys.argv[1:], stdout=subprocess.DEVNULL,
                             env=dict(os.environ, NOTIFY_SOCKET=folder + "/notify"))
    try:
        print(listener.recv(100).decode(), end=" ")
        child.send_signal(signal.SIGTERM)
        print(listener.recv(100).decode(), end=" ")
        print(child.wait(20))
    finally:
        child.kill()
PYTHON
}
for command in 'serve --unsigned --grace 0s' 'watch --unsigned http://127.0.0.1:1/'; do
    # shellcheck disable=SC2086 # A command is words.
    said=$(notified "$tool" $command)
    [ "$said" = 'READY=1 STOPPING=1 0' ] || fail "$command: said $said"
done
# An unusable socket is told, and does not end the program.
NOTIFY_SOCKET=$work/none "$tool" watch --unsigned --for 10ms http://127.0.0.1:1/ >/dev/null 2>"$work/log"
grep -q 'NOTIFY_SOCKET: READY=1 could not be sent' "$work/log" || fail 'an unusable NOTIFY_SOCKET is not told'
echo 'two units are well'
