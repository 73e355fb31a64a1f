#!/bin/sh
# SPDX-License-Identifier: BSL-1.0

# usage: manifest.sh SOURCE_DIR
#
# The manifest of docs/how-to/run-on-kubernetes.md is YAML, and its probes ask the paths that the example
# of that page mounts, at a port that the container has. Status 77 means skipped: there is no Python
# with a reader for YAML.
set -eu
page=$1/docs/how-to/run-on-kubernetes.md
python3 -c 'import yaml' 2>/dev/null || exit 77
python3 - "$page" <<'END'
import re
import sys
import yaml

text = open(sys.argv[1], encoding="utf-8").read()
manifests = re.findall(r"^```yaml\n(.*?)^```", text, re.M | re.S)
mounted = dict(re.findall(r'\.(live|ready|startup)_path = "([^"]*)"', text))
faults = []
if len(manifests) != 1:
    sys.exit(f"{len(manifests)} manifests on the page, expected 1")
deployment = yaml.safe_load(manifests[0])
pod = deployment["spec"]["template"]
if deployment["spec"]["selector"]["matchLabels"] != pod["metadata"]["labels"]:
    faults.append("the selector does not choose the pod")
for container in pod["spec"]["containers"]:
    ports = {port["name"] for port in container["ports"]}
    for probe, kind in (("livenessProbe", "live"), ("readinessProbe", "ready"), ("startupProbe", "startup")):
        asked = container[probe]["httpGet"]
        if asked["path"] != mounted.get(kind):
            faults.append(f"{probe} asks {asked['path']}, and the example mounts {mounted.get(kind)}")
        if asked["port"] not in ports:
            faults.append(f"{probe} asks the port {asked['port']}, which the container does not have")
        unknown = set(container[probe]) - {"httpGet", "periodSeconds", "timeoutSeconds", "failureThreshold"}
        if unknown:
            faults.append(f"{probe} has {unknown}")
print("\n".join(faults) or "the manifest is well")
sys.exit(bool(faults))
END
