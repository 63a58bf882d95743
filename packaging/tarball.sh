#!/usr/bin/env bash
# Makes the static tarball: the files of the packages, as a tree, and a script that installs them.
#
# Usage: packaging/tarball.sh PROGRAM [FOLDER]
#
# PROGRAM is the static program, FOLDER takes the tarball and its checksum (target/tarball by default). Needs cargo, python3
# and what licences.py needs.
# The same sources and the same program give the same bytes; SOURCE_DATE_EPOCH is the time of the files inside, by default that of
# the last commit.

set -euo pipefail
umask 022

program=$(realpath "${1:?usage: packaging/tarball.sh PROGRAM [FOLDER]}")
cd "$(dirname "$0")/.."
folder=${2:-target/tarball}
mkdir -p "$folder"
folder=$(realpath "$folder")
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

machine=$(LC_ALL=C readelf -h "$program" | sed -n 's/^ *Machine: *//p')
case $machine in
  *X86-64*) architecture=x86_64 target=x86_64-unknown-linux-gnu ;;
  AArch64) architecture=aarch64 target=aarch64-unknown-linux-gnu ;;
  ARM) architecture=armv7 target=armv7-unknown-linux-gnueabihf ;;
  *) echo "no name for the architecture $machine" >&2 && exit 1 ;;
esac
version=$(cargo metadata --no-deps --locked --format-version 1 | python3 -c 'import json, sys; print(json.load(sys.stdin)["packages"][0]["version"])')
name=wanbeacon-$version-linux-$architecture
packaging/licences.py "$target"

# The list is that of the .rpm: source, destination, mode.
cargo metadata --no-deps --locked --format-version 1 | python3 -c '
import json, sys
for asset in json.load(sys.stdin)["packages"][0]["metadata"]["generate-rpm"]["assets"]:
    print(asset["source"], asset["dest"].lstrip("/"), asset["mode"])' >"$work/assets"
while read -r source destination mode; do
  [[ $source != target/release/wanbeacon ]] || source=$program
  install -D -m "$mode" "$source" "$work/$name/$destination"
done <"$work/assets"
install -m 755 packaging/install.sh "$work/$name/install.sh"

# Sorted, of one time and one owner: nothing of this machine is in it.
tar --create --directory "$work" --sort=name --mtime="@${SOURCE_DATE_EPOCH:-$(git log -1 --format=%ct)}" --owner=0 --group=0 \
  --numeric-owner --format=gnu "$name" | gzip -9n >"$folder/$name.tar.gz"
cd "$folder"
sha256sum "$name.tar.gz" | tee "$name.tar.gz.sha256"
stat -c '%n: %s bytes' "$name.tar.gz"
