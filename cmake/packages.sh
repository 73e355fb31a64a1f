# SPDX-License-Identifier: BSL-1.0

# Installs the Debian packages that this project's commands need. To be sourced by a POSIX shell:
#
#     root=$(cd "$(dirname "$0")/.." && pwd)
#     . "$root/cmake/packages.sh"
#     need_packages build            # or several sets: build tests full benchmarks
#
# Nothing is done when all are there. When some are missing and cannot be installed, the shell ends
# with status 1 after saying what is missing. FOREST_SKIP_PACKAGES=1 skips the question, for
# systems that name their packages otherwise.

packages_in() {
    case $1 in
    build) echo g++ cmake ninja-build ccache pkg-config libasio-dev libssl-dev libfmt-dev \
        libcli11-dev libidn2-dev libsqlitecpp-dev nlohmann-json3-dev ;;
    tests) echo libboost-test-dev libboost-dev libc-ares-dev libcurl4-openssl-dev libcpp-httplib-dev \
        libmicrohttpd-dev libgrpc++-dev librapidcheck-dev nlohmann-json3-dev curl openssl nginx-light \
        haproxy sqlite3 valgrind libspdlog-dev libglib2.0-dev ;;
    demo) echo sqlite3 ;;
    libcxx) echo clang-19 libc++-19-dev libc++abi-19-dev libboost-dev libboost-test-dev ;;
    site) echo doxygen doxygen-awesome-css python3 ;;
    costs) echo time ;;
    full) echo clang-19 libclang-rt-19-dev llvm-19 clang-format-19 clang-tidy-19 doxygen \
        doxygen-awesome-css lintian mandoc meson ;;
    benchmarks) echo libbenchmark-dev ;;
    compare) echo haproxy nginx-light libcurl4-openssl-dev libcpp-httplib-dev ruby ruby-faraday \
        libboost-dev wrk openssl valgrind util-linux python3 ;;
    *) echo "packages.sh: no set of packages is called '$1'" >&2; exit 2 ;;
    esac
}

need_packages() {
    [ "${FOREST_SKIP_PACKAGES:-}" != 1 ] || return 0

    missing=
    for package_set in "$@"; do
        names=$(packages_in "$package_set") || exit
        for name in $names; do
            status=$(dpkg-query -W -f='${db:Status-Status}' "$name" 2>/dev/null) || status=
            [ "$status" = installed ] || missing="$missing $name"
        done
    done
    [ -n "$missing" ] || return 0

    install="apt-get install -y --no-install-recommends$missing"
    if ! command -v apt-get >/dev/null 2>&1; then
        cannot_install "this system has no apt-get"
    elif [ "$(id -u)" -eq 0 ]; then
        as_root=
    elif ! command -v sudo >/dev/null 2>&1; then
        cannot_install "you are not root and there is no sudo"
    elif [ -t 0 ] || sudo -n true 2>/dev/null; then
        as_root=sudo
    else
        cannot_install "sudo would ask for a password and nobody is there to type it"
    fi

    echo "==> Installing$missing"
    # A list that could not be refreshed may still do; the installation finds out.
    $as_root apt-get update -q || true
    # shellcheck disable=SC2086 # The list is split into words on purpose.
    $as_root env DEBIAN_FRONTEND=noninteractive $install || cannot_install "apt-get failed"
}

cannot_install() {
    {
        echo "Some packages are missing, and they cannot be installed: $1."
        echo "As root, run:"
        echo "    apt-get update"
        echo "    $install"
    } >&2
    exit 1
}
