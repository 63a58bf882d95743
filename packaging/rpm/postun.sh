# $1: how many of this package there are afterwards. What runs goes on with the new version; the state is kept, also in the end.
if [ -d /run/systemd/system ]; then
  systemctl daemon-reload >/dev/null 2>&1 || :
  if [ "$1" -ge 1 ]; then
    systemctl try-restart wanbeacon.service wanbeacon-once.timer >/dev/null 2>&1 || :
  fi
fi
# Folders are nobody's in this package.
if [ "$1" -eq 0 ]; then
  rmdir /etc/wanbeacon /usr/share/wanbeacon /usr/share/doc/wanbeacon /usr/share/licenses/wanbeacon 2>/dev/null || :
fi
