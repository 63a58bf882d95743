# $1: how many of this package there are afterwards. The system's presets say what is switched on, by default nothing.
if [ "$1" -eq 1 ] && [ -x /usr/lib/systemd/systemd-update-helper ]; then
  /usr/lib/systemd/systemd-update-helper install-system-units wanbeacon.service wanbeacon.socket wanbeacon-once.timer || :
fi
