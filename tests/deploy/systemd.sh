#!/usr/bin/env bash
# The systemd units by systemd's own judgement: systemd.sh BEARERGATE. Exits with 77 where there is
# no systemd-analyze.
set -euo pipefail
binary=$1
units=$(cd "$(dirname "$0")/../../docker/systemd" && pwd)
if ! command -v systemd-analyze >/dev/null; then
    echo "SKIPPED: no systemd-analyze here; scripts/setup --deploy installs it"
    exit 77
fi
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT

# verify looks whether the program is there.
sed "s#/usr/local/bin/bearergate#$binary#" "$units/bearergate.service" >"$folder/bearergate.service"
cp "$units/bearergate.socket" "$folder"
verify() { systemd-analyze verify --man=no --recursive-errors=one "$@" 2>&1; }
faults=$(verify "$folder/bearergate.service" "$folder/bearergate.socket") ||
    { echo "systemd-analyze verify failed" && faults+=. ; }
if [ -n "$faults" ]; then
    echo "systemd finds fault with the units:" && echo "$faults"
    exit 1
fi
# That it would have found one.
sed 's/^NoNewPrivileges=/NoNewPriviledges=/' "$folder/bearergate.service" >"$folder/wrong.service"
if [ -z "$(verify "$folder/wrong.service" || true)" ]; then
    echo "a misspelt setting passed: verify checks nothing" && exit 1
fi

# What is taken away behind it must not take this: @resources has it.
last=$(grep '^SystemCallFilter=' "$units/bearergate.service" | tail -1)
[ "$last" = "SystemCallFilter=setpriority" ] ||
    { echo "the service may not call setpriority: $last" && exit 1; }

# 0 is the least exposed, 100 the most. What is left is that it has a network, and no jail for it
# to be alone in.
systemd-analyze security --offline=true --no-pager --threshold=15 "$folder/bearergate.service" |
    tail -1

# The socket's address is the one that the configuration of docker/ listens on.
address=$(sed -n 's/^ListenStream=//p' "$units/bearergate.socket")
grep -q "listen: $address" "$units/../bearergate.yaml" ||
    { echo "bearergate.socket listens on $address, docker/bearergate.yaml does not" && exit 1; }
