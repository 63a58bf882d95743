# $1: how many of this package there are afterwards. What runs goes on with the new version; the state is kept, also in the end.
if [ -d /run/systemd/system ]; then
  systemctl daemon-reload >/dev/null 2>&1 || :
  if [ "$1" -ge 1 ]; then
    systemctl try-restart wanbeacon.service wanbeacon-once.timer >/dev/null 2>&1 || :
  fi
fi
