#!/usr/bin/env bash
# Installs the package on a real Debian with a real systemd, and runs the service there: ready and status line, reload, credential,
# restart during a lock, watchdog, timer, upgrade, removal and purge. Then the tarball. The provider is beside it, in the same network
# without a way out.
#
# Usage: systemd.sh PROGRAM|PACKAGE.deb
#
# Of a PROGRAM a package is made first, which needs cargo-deb. Needs root, debootstrap, systemd-nspawn, iproute2, cargo and python3.
# The Debian is made by debootstrap and kept in $WANBEACON_DEBIAN, if that is set, for the next time. Takes about two minutes, and one
# more the first time. Ends with "N passed, N failed", and with 1 if anything failed; or with "skipped: WHY" and 200 where it
# cannot run.

set -euo pipefail
umask 022

given=$(realpath "${1:?usage: systemd.sh PROGRAM|PACKAGE.deb}")
. "$(dirname "$0")/stage.sh"

readonly suite=bookworm address=91.12.34.56
readonly secret=a-secret-by-credential
# Where no other run is.
readonly container=wanbeacon-$$

skip() {
  echo "skipped: $1"
  exit 200
}

# -- A Debian ----------------------------------------------------------------------------------------------------------

check_tools() {
  local tool
  ((EUID == 0)) || skip "it needs root"
  for tool in debootstrap systemd-nspawn nsenter ip python3; do
    command -v "$tool" >/dev/null || skip "there is no $tool"
  done
}

# The package, and the program in it.
make_package() {
  package=$given
  if [[ $given != *.deb ]]; then
    command -v cargo-deb >/dev/null || skip "there is no cargo-deb to make a package with: cargo install --locked cargo-deb"
    install -D "$given" "$folder/target/release/wanbeacon"
    package=$folder/wanbeacon.deb
    "$here/../../packaging/licences.py"
    (cd "$here/../.." && CARGO_TARGET_DIR=$folder/target cargo deb --no-build --no-strip --fast --quiet --output "$package" >/dev/null)
  fi
  dpkg-deb --extract "$package" "$folder/package"
  program=$folder/package/usr/bin/wanbeacon
}

make_debian() {
  local base=${WANBEACON_DEBIAN:-$folder/base}
  root=$folder/root
  if [[ ! -e $base/etc/debian_version ]]; then
    echo "== making a Debian"
    debootstrap --variant=minbase --include=systemd,systemd-sysv,dbus,libnss-systemd "$suite" "$folder/base" >"$folder/debootstrap" 2>&1 \
      || { tail -n 3 "$folder/debootstrap"; skip "debootstrap failed: is there a way to Debian's mirrors?"; }
    # Whole or not at all, and nothing that is there is touched.
    if [[ $base != "$folder/base" ]]; then
      mkdir -p "$base"
      rmdir "$base"
      mv "$folder/base" "$base"
    fi
  fi
  cp -a --reflink=auto "$base" "$root"
  rm -f "$root/usr/sbin/policy-rc.d"
  # Without one it would be a first boot, which asks questions.
  tr -d - </proc/sys/kernel/random/uuid >"$root/etc/machine-id"
  # What the stage shows where something failed.
  # shellcheck disable=SC2034
  log=$folder/console
  mkdir -p "$root/etc/systemd/journald.conf.d"
  printf '[Journal]\nForwardToConsole=yes\n' >"$root/etc/systemd/journald.conf.d/console.conf"
}

# In the network of the provider, and without asking a systemd of this machine, which may have none.
boot() {
  systemd-nspawn --quiet --directory="$root" --machine="$container" --boot --register=no --keep-unit --console=pipe \
    --network-namespace-path="/run/netns/$(space client)" >"$folder/console" 2>&1 </dev/null &
  nspawn=$!
  pids+=("$nspawn")
  for _ in $(seq 150); do
    init=
    read -r init <"/proc/$nspawn/task/$nspawn/children" || true # its line has no end
    [[ -n $init && $(machine systemctl is-system-running 2>/dev/null || true) =~ running|degraded ]] && break
    kill -0 "$nspawn" 2>/dev/null || { tail -n 20 "$folder/console"; skip "systemd-nspawn cannot boot a container here"; }
    sleep 0.2
  done
  [[ -n $init ]] || skip "the container did not come up in time"
}

shut_down() {
  kill -s RTMIN+4 "$init"
  wait "$nspawn" || true
}

# Where the script ended early the container still runs: the second signal does not wait for what is in it.
end_container() {
  kill -0 "${nspawn:-none}" 2>/dev/null || return 0
  kill "$nspawn" 2>/dev/null || true
  sleep 0.5
  kill "$nspawn" 2>/dev/null || true
  wait "$nspawn" 2>/dev/null || true
  rmdir "/run/systemd/nspawn/propagate/$container" 2>/dev/null || true
}
trap 'end_container; clean_up' EXIT

# machine COMMAND…: as root in the container
machine() { nsenter --target "$init" --all env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin LC_ALL=C "$@"; }

# The commands of the stage ask the program in there.
wanbeacon() { machine wanbeacon "$@"; }

# property NAME [UNIT]
property() { machine systemctl show --property="$1" --value "${2:-wanbeacon.service}"; }

# code COMMAND…: how it ends
code() {
  local code=0
  "$@" >/dev/null 2>&1 || code=$?
  echo "$code"
}

# rights PATH: mode and owner
rights() { machine stat -c '%a %U:%G' "$1"; }

# said TEXT: how often the journal of the service has it
said() { machine journalctl --output=cat --unit=wanbeacon | grep -c -F -- "$1" || true; }

# The files of the container, without those that live their own life.
files() {
  (cd "$root" && find . -xdev \( -path ./proc -o -path ./sys -o -path ./run -o -path ./tmp -o -path ./dev -o -path ./var/log \
    -o -path ./var/cache -o -path ./var/tmp -o -path './var/lib/systemd/*' -o -path './var/lib/dpkg/*-old' \) -prune -o -print) | sort
}

# -- The service -------------------------------------------------------------------------------------------------------

# entry DOMAIN
entry() {
  cat <<EOT

[[ddns]]
domain = "$1.dyn.test"
username = "name"
password = { credential = "dyn" }
update_url = "http://127.0.0.1:8000/update?host=<domain>&ip=<ipaddr>&pw=<pass>"
mode = "v4"
verify = false
EOT
}

# configure ADDRESS DOMAIN…: written into the file that is there, so that owner and mode stay
configure() {
  local domain
  {
    printf '[wan]\nipv4 = ["static:%s"]\nipv6 = []\n' "$1"
    for domain in "${@:2}"; do
      entry "$domain"
    done
  } >"$root/etc/wanbeacon/config.toml"
}

# drop_in LINES
drop_in() {
  mkdir -p "$root/etc/systemd/system/wanbeacon.service.d"
  printf '[Service]\n%s\n' "$1" >"$root/etc/systemd/system/wanbeacon.service.d/test.conf"
  machine systemctl daemon-reload
}

installation() {
  echo "== the package is installed"
  files >"$folder/before"
  machine getent passwd >"$folder/users"
  cp "$package" "$root/wanbeacon.deb"
  began=$(date +%s%N)
  is "dpkg installs it" 0 "$(code machine dpkg --install /wanbeacon.deb)"
  is "no unit is switched on" "disabled disabled disabled" \
    "$(machine systemctl is-enabled wanbeacon.service wanbeacon.socket wanbeacon-once.timer 2>/dev/null | paste -sd ' ')"
  is "nothing runs" inactive "$(property ActiveState)"
  is "nothing failed" 0 "$(machine systemctl --failed --plain --no-legend | wc -l)"
  is "root and the service can read the configuration, nobody else" "640 root:wanbeacon" "$(rights /etc/wanbeacon/config.toml)"
  is "the configuration that comes with it is one" 0 "$(code wanbeacon check)"
  is "systemd has nothing to say against the units" "" \
    "$(machine systemd-analyze verify --man=no wanbeacon.service wanbeacon-once.service wanbeacon-once.timer wanbeacon.socket 2>&1)"
}

unconfigured() {
  echo "== the service without an entry"
  is "it starts" 0 "$(code machine systemctl start wanbeacon)"
  is "it is ready" "active running" "$(property ActiveState) $(property SubState)"
  is "and says something" said "$([[ -n $(property StatusText) ]] && echo said)"
  is "nothing is sent" 0 "$(requests)"
  machine systemctl stop wanbeacon
}

first_update() {
  echo "== the service with an entry"
  (umask 077 && echo "$secret" >"$root/etc/wanbeacon/dyn")
  drop_in $'LoadCredential=dyn:/etc/wanbeacon/dyn\nRestartSec=1s'
  configure "$address" home
  is "it starts" 0 "$(code machine systemctl enable --now wanbeacon)"
  within 10 "the address is sent" "$address" told
  echo "        from the installation to the first request: $((($(date +%s%N) - began) / 1000000)) ms"
  is "with the password that systemd handed over" 1 "$(requests "pw=$secret")"
  within 5 "the status line says so" "1 name: 1 complete" status_line
  is "it is nobody else's process" wanbeacon "$(machine stat -c %U "/proc/$(property MainPID)")"
  is "the state is in a folder of its own" "700 wanbeacon:wanbeacon" "$(rights /var/lib/private/wanbeacon)"
  is "commands reach it" complete "$(state ipv4 status)"
  is "the health check is content" 0 "$(code wanbeacon healthcheck)"
  is "the secret is in no message" 0 "$(said "$secret")"
}

status_line() { property StatusText; }

reloading() {
  echo "== reloading"
  local main
  main=$(property MainPID)
  configure "$address" home other
  is "it reloads" 0 "$(code machine systemctl reload wanbeacon)"
  within 10 "what is new is sent" 1 requests "host=other.dyn.test"
  is "what was there is not" 1 "$(requests "host=home.dyn.test")"
  echo 'not = [toml' >>"$root/etc/wanbeacon/config.toml"
  machine systemctl reload wanbeacon || true
  within 10 "a broken configuration is complained about" 1 complained
  is "and the old one stays in force" "active $main 2" "$(property ActiveState) $(property MainPID) $(names)"
  configure "$address" home other
  machine systemctl reload wanbeacon
}

complained() { (($(said "config.toml:") > 0)) && echo 1; }

# How many names the daemon keeps.
names() { wanbeacon status --json | python3 -c 'import json, sys; print(len(json.load(sys.stdin)["ddns"]))'; }

locked() {
  echo "== a lock outlives restarts"
  echo abuse >"$folder/requests.answer"
  configure "$address" home other banned
  machine systemctl reload wanbeacon
  within 10 "the provider refuses" account-disabled state ipv4 status 2
  rm "$folder/requests.answer"
  local before
  before=$(requests)
  for _ in 1 2 3; do
    machine systemctl restart wanbeacon
    within 5 "the lock is there after a restart" account-disabled state ipv4 status 2
  done
  # What would be sent would be sent at once: see "what is new" above.
  machine systemctl kill --kill-whom=main --signal=USR1 wanbeacon
  sleep 3
  is "nothing is sent in all this" "$before" "$(requests)"
  is "status ends as a locked entry does" 77 "$(code wanbeacon status)"
  machine systemctl reset-failed wanbeacon
}

watchdog() {
  echo "== the watchdog"
  if [[ $(property WatchdogUSec) == 0 ]]; then
    echo "  --    not tried: the unit has none"
    return
  fi
  drop_in $'LoadCredential=dyn:/etc/wanbeacon/dyn\nRestartSec=1s\nWatchdogSec=2s'
  machine systemctl restart wanbeacon
  local main before
  main=$(property MainPID)
  before=$(requests)
  sleep 7
  is "the event loop keeps it content" "$main 0" "$(property MainPID) $(property NRestarts)"
  machine systemctl kill --kill-whom=main --signal=STOP wanbeacon || true
  within 20 "a stuck daemon is started again" 1 property NRestarts
  within 10 "and is ready" "active running" active_running
  is "it is another process" another "$([[ $(property MainPID) != "$main" ]] && echo another)"
  is "which sends nothing" "$before" "$(requests)"
  drop_in $'LoadCredential=dyn:/etc/wanbeacon/dyn\nRestartSec=1s'
  machine systemctl restart wanbeacon
}

active_running() { echo "$(property ActiveState) $(property SubState)"; }

socket() {
  echo "== a socket of systemd's"
  if ! grep -q -a LISTEN_FDS "$program"; then
    echo "  --    not tried: the program does not know LISTEN_FDS"
    return
  fi
  machine systemctl stop wanbeacon
  machine systemctl start wanbeacon.socket
  within 20 "a question starts the daemon, which answers" 200 healthz
  machine systemctl restart wanbeacon
  within 10 "it answers after a restart" 200 healthz
  machine systemctl stop wanbeacon.socket
  machine systemctl restart wanbeacon
}

healthz() {
  inside client python3 -c '
import urllib.request
print(urllib.request.urlopen("http://127.0.0.1:8245/healthz", timeout=10).status)'
}

rounds() {
  echo "== rounds instead of a daemon"
  local before
  before=$(requests)
  cp "$root/etc/systemd/system/wanbeacon.service.d/test.conf" "$folder/credential.conf"
  mkdir -p "$root/etc/systemd/system/wanbeacon-once.service.d"
  sed '/^\(Restart\|Watchdog\)/d' "$folder/credential.conf" >"$root/etc/systemd/system/wanbeacon-once.service.d/test.conf"
  # Without the entry that is locked: a round with it ends with 77, and that is a failure.
  configure "$address" home other
  machine systemctl daemon-reload
  machine systemctl reset-failed
  machine systemctl restart wanbeacon
  is "the daemon runs" "active running" "$(active_running)"
  is "a round beside the daemon is no failure" "0 success" "$(code machine systemctl start wanbeacon-once) $(property Result wanbeacon-once.service)"
  machine systemctl disable --now wanbeacon
  is "a round has the daemon's state" "0 success" "$(code machine systemctl start wanbeacon-once) $(property Result wanbeacon-once.service)"
  is "so nothing is sent" "$before" "$(requests)"
  configure "$address" home other round
  machine systemctl enable --now wanbeacon-once.timer
  is "the timer runs" "active waiting" "$(property ActiveState wanbeacon-once.timer) $(property SubState wanbeacon-once.timer)"
  machine systemctl start wanbeacon-once
  within 5 "what is new is sent by a round" 1 requests "host=round.dyn.test"
  machine systemctl disable --now wanbeacon-once.timer
  machine systemctl enable --now wanbeacon
}

upgrade() {
  echo "== a newer package"
  local main before
  dpkg-deb --raw-extract "$package" "$folder/newer"
  sed -i 's/^Version: .*/&+newer/' "$folder/newer/DEBIAN/control"
  dpkg-deb --build -Znone "$folder/newer" "$root/newer.deb" >/dev/null
  main=$(property MainPID)
  before=$(requests)
  is "dpkg installs it without a question" 0 "$(code machine dpkg --install /newer.deb)"
  within 5 "the service runs again" "active running" active_running
  is "with another process" another "$([[ $(property MainPID) != "$main" ]] && echo another)"
  is "it stays switched on" enabled "$(machine systemctl is-enabled wanbeacon)"
  is "the configuration is as it was" "640 root:wanbeacon 3" "$(rights /etc/wanbeacon/config.toml) $(grep -c '^domain' "$root/etc/wanbeacon/config.toml")"
  is "the state is" "$address" "$(state ipv4 published)"
  is "nothing is sent" "$before" "$(requests)"
}

removal() {
  echo "== the package is removed"
  is "dpkg removes it" 0 "$(code machine dpkg --remove wanbeacon)"
  is "nothing runs" inactive "$(property ActiveState)"
  is "configuration and state are kept" kept "$([[ -e $root/etc/wanbeacon/config.toml && -e $root/var/lib/private/wanbeacon/state ]] && echo kept)"
  is "dpkg purges it" 0 "$(code machine dpkg --purge wanbeacon)"
  # Made here, not by the package.
  rm -r "$root/etc/systemd/system/wanbeacon.service.d" "$root/etc/systemd/system/wanbeacon-once.service.d"
  rm "$root/wanbeacon.deb" "$root/newer.deb"
  is "no file is left" "" "$(files | comm -13 "$folder/before" - | paste -sd ' ')"
  is "nor the user" "" "$(machine getent passwd | comm -3 <(sort "$folder/users") <(sort) | paste -sd ' ')"
  is "nor a unit" "" "$(machine systemctl list-unit-files --no-legend 'wanbeacon*')"
}

# The same without a package manager. The password is in the configuration this time, which only root and the service can read.
tarball() {
  echo "== the tarball"
  local made
  made=$("$here/../../packaging/tarball.sh" "$program" "$folder/tarball" | sed -n 's/.*  //p')
  cp "$folder/tarball/$made" "$root/"
  files >"$folder/before"
  began=$(date +%s%N)
  is "it unpacks" 0 "$(code machine tar -C /opt -xzf "/$made")"
  is "it installs" 0 "$(code machine "/opt/${made%.tar.gz}/install.sh")"
  is "root and the service can read the configuration, nobody else" "640 root:wanbeacon" "$(rights /etc/wanbeacon/config.toml)"
  configure "$address" tarball
  sed -i 's/^password = .*/password = "a-secret-in-the-file"/' "$root/etc/wanbeacon/config.toml"
  is "the service starts" 0 "$(code machine systemctl enable --now wanbeacon)"
  within 10 "the address is sent" 1 requests "host=tarball.dyn.test&ip=$address&pw=a-secret-in-the-file"
  echo "        from the tarball to the first request: $((($(date +%s%N) - began) / 1000000)) ms"
  is "it installs over itself" 0 "$(code machine "/opt/${made%.tar.gz}/install.sh")"
  is "and leaves the configuration alone" 1 "$(grep -c tarball "$root/etc/wanbeacon/config.toml")"
  is "it removes itself" 0 "$(code machine "/opt/${made%.tar.gz}/install.sh" --remove)"
  is "nothing runs" inactive "$(property ActiveState)"
  rm -r "$root/opt/${made%.tar.gz}"
  is "configuration and state are left" "./etc/wanbeacon ./etc/wanbeacon/config.toml ./var/lib/private/wanbeacon ./var/lib/private/wanbeacon/state ./var/lib/wanbeacon" \
    "$(files | comm -13 "$folder/before" - | grep -v -e /lock$ -e /control.sock$ | paste -sd ' ')"
}

check_tools
ip netns add "$container-probe" 2>/dev/null || skip "network namespaces cannot be made here"
ip netns delete "$container-probe"
make_package
make_debian
spaces client
start_provider
boot
installation
unconfigured
first_update
reloading
locked
watchdog
socket
rounds
upgrade
removal
tarball
shut_down
finish
