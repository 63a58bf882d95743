#!/bin/sh
# Installs wanbeacon from this folder, as the packages do: ./install.sh
# Removes it again, without configuration and state:       ./install.sh --remove
#
# As root. DESTDIR is put in front of every path; then nothing but files is touched. An existing configuration stays as it is.

set -eu
umask 022
cd "$(dirname "$0")"

root=${DESTDIR:-}
config=/etc/wanbeacon/config.toml
live() { [ -z "$root" ]; }
systemd() { live && [ -d /run/systemd/system ]; }

case ${1:-} in
  '')
    find usr -type f | while read -r file; do
      mode=644
      [ ! -x "$file" ] || mode=755
      install -D -m "$mode" "$file" "$root/$file"
    done
    if [ ! -e "$root$config" ]; then
      install -D -m 640 ".$config" "$root$config"
    fi
    if live && command -v systemd-sysusers >/dev/null; then
      systemd-sysusers wanbeacon.conf
      chgrp wanbeacon "$config"
    elif live; then
      echo "There is no systemd-sysusers here: make a user that runs wanbeacon and may read $config." >&2
    fi
    if systemd; then
      systemctl daemon-reload
      systemctl try-restart wanbeacon.service wanbeacon-once.timer
    fi
    echo "Edit $config, then: systemctl enable --now wanbeacon"
    ;;
  --remove)
    if systemd; then
      systemctl disable --now wanbeacon.socket wanbeacon-once.timer wanbeacon.service
    fi
    find usr -type f | while read -r file; do
      rm -f "$root/$file"
    done
    # Those that others use are not empty.
    find usr -depth -type d | while read -r folder; do
      rmdir "$root/$folder" 2>/dev/null || true
    done
    if systemd; then
      systemctl daemon-reload
    fi
    echo "Kept: /etc/wanbeacon, the state in /var/lib/private/wanbeacon, the user wanbeacon."
    ;;
  *)
    echo "usage: install.sh [--remove]" >&2
    exit 64
    ;;
esac
