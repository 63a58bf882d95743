# The group of the configuration has to be there before the file.
getent passwd wanbeacon >/dev/null || printf 'u wanbeacon - "DDNS updater"\n' | systemd-sysusers --replace=/usr/lib/sysusers.d/wanbeacon.conf - || :
