#!/bin/sh
# SPDX-License-Identifier: BSL-1.0

# usage: lint.sh SOURCE_DIR
#
# What the registries here do not let run is read: the versions of all packages are that of the library,
# the patterns of BUILD.bazel put each header into one library, the port of vcpkg and the recipe of Conan
# are well-formed, and the workflow runs scripts that exist. Status 77 means skipped: there is no Python
# with a reader for YAML.
set -eu
python3 -c 'import yaml' 2>/dev/null || exit 77
python3 - "$1" <<'END_OF_PYTHON'
import ast, glob, json, os, re, sys
import yaml

root = sys.argv[1]
os.chdir(root)
faults = []


def text(path):
    with open(path, encoding="utf-8") as file:
        return file.read()


version = re.search(r'string_view version = "([0-9.]+)"', text("include/forest/version.hpp"))[1]

# Starlark of this kind is Python, too.
module = {}
exec(compile(text("MODULE.bazel"), "MODULE.bazel", "exec"),
     {"module": lambda **all: module.update(all), "bazel_dep": lambda **_: None})
if module.get("version") != version:
    faults.append(f"MODULE.bazel: version {module.get('version')}, and not {version}")


def files(patterns, exclude=(), allow_empty=True):
    found = set()
    for pattern in patterns:
        some = {path for path in glob.glob(pattern, recursive=True) if os.path.isfile(path)}
        if not some and not allow_empty:
            faults.append(f"BUILD.bazel: no file for {pattern}")
        found |= some
    for pattern in exclude:
        found -= set(glob.glob(pattern, recursive=True))
    return found


libraries = {}
exec(compile(text("BUILD.bazel"), "BUILD.bazel", "exec"),
     {"load": lambda *_: None, "package": lambda **_: None, "glob": files,
      "cc_library": lambda **all: libraries.__setitem__(all["name"], all)})
seen = {name: each["hdrs"] | each["textual_hdrs"] for name, each in libraries.items()}
if seen["core"] & seen["forest"]:
    faults.append(f"BUILD.bazel: in both libraries: {sorted(seen['core'] & seen['forest'])[:5]}")
optional = re.compile(r"include/forest/(adapters/|src_)(cares|curl|httplib|microhttpd)\b")
left_out = {path for path in files(["include/forest/**/*.?pp"])
            if not optional.match(path)} - seen["core"] - seen["forest"]
if left_out:
    faults.append(f"BUILD.bazel: in no library: {sorted(left_out)[:5]}")
for path in sorted(seen["core"]):
    if re.search(r"adapters/(asio|openssl|fmt)/", path):
        faults.append(f"BUILD.bazel: the core has {path}")

port = json.loads(text("packaging/vcpkg/ports/forest/vcpkg.json"))
if port["version"] != version:
    faults.append(f"vcpkg.json: version {port['version']}, and not {version}")
known = {"$schema", "name", "version", "description", "license", "supports", "dependencies",
         "default-features", "features"}
faults += [f"vcpkg.json: {key}" for key in set(port) - known]
for option in re.findall(r"-D(FOREST_\w+)=", text("packaging/vcpkg/ports/forest/portfile.cmake")):
    if f"option({option}" not in text("CMakeLists.txt"):
        faults.append(f"portfile.cmake: there is no option {option}")

for recipe in "packaging/conan/conanfile.py", "packaging/conan/test_package/conanfile.py":
    ast.parse(text(recipe), recipe)

workflow = yaml.safe_load(text(".github/workflows/ci.yml"))
for name, job in workflow["jobs"].items():
    if "timeout-minutes" not in job:
        faults.append(f"ci.yml: {name} has no limit of time")
    for step in job["steps"]:
        for script in re.findall(r"\b(?:ba)?sh (\S+)", step.get("run", "")):
            if not os.path.exists(script):
                faults.append(f"ci.yml: there is no {script}")

print("\n".join(faults) or f"the packages of {version} are well-formed")
sys.exit(bool(faults))
END_OF_PYTHON
