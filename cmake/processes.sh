# SPDX-License-Identifier: BSL-1.0
# shellcheck shell=sh

# However a script ends, nothing that it has started goes on, and no file of its own is left. To be
# sourced by a POSIX shell:
#
#     root=$(cd "$(dirname "$0")/.." && pwd)
#     . "$root/cmake/processes.sh"   # sets work, the name of an empty folder
#     end_within 90                  # seconds
#
# What runs in the background is killed, not asked.

seconds_max=
watchdog=
work=$(mktemp -d)

clean_up() {
    status=$?
    trap - EXIT
    trap '' HUP INT PIPE TERM
    if [ -n "$watchdog" ]; then
        kill -TERM "$watchdog" 2>/dev/null || true
        wait "$watchdog" || true
    fi
    # Not from variables, which a signal may find not yet set. The first call forgets who has ended.
    jobs >"$work/children" 2>&1
    jobs -p >"$work/children"
    while read -r child; do
        kill -KILL "$child" 2>/dev/null || true
    done <"$work/children"
    wait
    rm -rf "$work"
    exit "$status"
}

terminated() {
    echo "==> FAILED: ended from outside${seconds_max:+, or by the limit of $seconds_max s}" >&2
    exit 1
}

trap clean_up EXIT
trap 'exit 129' HUP
trap 'exit 130' INT
trap 'exit 141' PIPE
trap terminated TERM

# end_within SECONDS: from now; bounds every wait for a child.
end_within() {
    seconds_max=$1
    (
        trap 'kill $! 2>/dev/null; wait; exit' TERM
        sleep "$seconds_max" &
        wait $!
        kill -TERM $$
    ) >/dev/null 2>&1 &
    watchdog=$!
}
