#!/usr/bin/env bash
# node.sh TEST-FILE: runs it, or exits with 77 and says what is missing.
set -euo pipefail
cd "$(dirname "$0")"
skip() {
    echo "SKIPPED: $1 is not here; scripts/deploy installs it"
    exit 77
}
command -v node >/dev/null || skip "Node.js"
[ -d node_modules/kubernetes-models ] || skip "what tests/deploy/package.json names"
if [ "$1" != manifests.test.mjs ]; then
    command -v go >/dev/null || skip "Go"
    [ -d /usr/share/gocode/src/github.com/Masterminds/sprig ] || skip "Sprig"
    [ -d /usr/share/gocode/src/sigs.k8s.io/yaml ] || skip "sigs.k8s.io/yaml"
fi
exec node --test --test-reporter=spec "$1"
