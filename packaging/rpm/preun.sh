# $1: how many of this package there are afterwards.
if [ "$1" -eq 0 ] && [ -d /run/systemd/system ]; then
  systemctl --no-reload disable --now wanbeacon.socket wanbeacon-once.timer wanbeacon.service >/dev/null 2>&1 || :
fi
