#!/bin/sh
# SPDX-License-Identifier: BSL-1.0

# Plants faults (mutants) in a copy of the headers, one at a time, and prints which of them the tests
# find; see usage below.
set -eu

usage() {
    cat <<END
usage: sh tests/mutants.sh [--count N] [--seed N] [--only REGEX] [--tests REGEX] [--folders LIST]
                           [--jobs N] [--launcher PROGRAM] [--draw | --table]

Draws N mutants (150) by a seed over the headers of core, the assemblies and the adapters, and runs
the tests with each until one fails. Takes hours. A run that was ended goes on where it was.

  --only REGEX     only headers whose path below include/forest matches
  --tests REGEX    only tests whose ctest name matches
  --folders LIST   build only these folders of tests, as FOREST_TEST_FOLDERS does
  --draw           only print what is drawn
  --table          only print the results so far
  --help           print this and all other options

The status is 0 if 95 % of the mutants are killed, without those that tests/mutants/equivalent.txt
calls equivalent, which may be 10 %.
END
}

case " $* " in
*" --help "*) usage ;;
esac
exec python3 "$(dirname "$0")/mutants/run.py" "$@"
