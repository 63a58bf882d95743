# Print an optspec for argparse to handle cmd's options that are independent of any subcommand.
function __fish_wanbeacon_global_optspecs
    string join \n config= state-dir= log-level= log-format= color= once h/help V/version
end

function __fish_wanbeacon_needs_command
    # Figure out if the current invocation already has a command.
    set -l cmd (commandline -opc)
    set -e cmd[1]
    argparse -s (__fish_wanbeacon_global_optspecs) -- $cmd 2>/dev/null
    or return
    if set -q argv[1]
        # Also print the command, so this can be used to figure out what it is.
        echo $argv[1]
        return 1
    end
    return 0
end

function __fish_wanbeacon_using_subcommand
    set -l cmd (__fish_wanbeacon_needs_command)
    test -z "$cmd"
    and return 1
    contains -- $cmd[1] $argv
end

complete -c wanbeacon -n "__fish_wanbeacon_needs_command" -l config -d 'Configuration file [default: /etc/wanbeacon/config.toml]' -r -F
complete -c wanbeacon -n "__fish_wanbeacon_needs_command" -l state-dir -d 'State folder, or "none" to run without [default: from the configuration, else /var/lib/wanbeacon]' -r -F
complete -c wanbeacon -n "__fish_wanbeacon_needs_command" -l log-level -d 'Least important messages that are still shown' -r -f -a "error\t'Somebody must act'
warn\t'Something did not work and will be tried again'
info\t'What changed and why'
debug\t'Every step'
trace\t'Every byte that may be shown'"
complete -c wanbeacon -n "__fish_wanbeacon_needs_command" -l log-format -d 'Form of the messages [default: journald when started by systemd, else text]' -r -f -a "text\t'Lines for people, on stderr'
json\t'One JSON object per line, on stderr'
journald\t'The systemd journal, with levels and fields'"
complete -c wanbeacon -n "__fish_wanbeacon_needs_command" -l color -d 'Whether colours are used' -r -f -a "auto\t'On a terminal, unless `NO_COLOR` is set'
always\t'In any case'
never\t'In no case'"
complete -c wanbeacon -n "__fish_wanbeacon_needs_command" -l once -d 'Make one round and exit: detect, decide, update what is due'
complete -c wanbeacon -n "__fish_wanbeacon_needs_command" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c wanbeacon -n "__fish_wanbeacon_needs_command" -s V -l version -d 'Print version'
complete -c wanbeacon -n "__fish_wanbeacon_needs_command" -f -a "check" -d 'Read the configuration and list all problems'
complete -c wanbeacon -n "__fish_wanbeacon_needs_command" -f -a "plan" -d 'Show what a round would do now and why, without doing it'
complete -c wanbeacon -n "__fish_wanbeacon_needs_command" -f -a "status" -d 'Show the last known state of every entry'
complete -c wanbeacon -n "__fish_wanbeacon_needs_command" -f -a "detect" -d 'Ask every configured address source and show what was chosen'
complete -c wanbeacon -n "__fish_wanbeacon_needs_command" -f -a "unlock" -d 'Open locks by hand, after the cause is gone'
complete -c wanbeacon -n "__fish_wanbeacon_needs_command" -f -a "update" -d 'Ask for an update now, at most one per 300 s'
complete -c wanbeacon -n "__fish_wanbeacon_needs_command" -f -a "providers" -d 'List the providers that are built in, or show one'
complete -c wanbeacon -n "__fish_wanbeacon_needs_command" -f -a "fritzbox" -d 'Read and set remote access and dynamic DNS of the FRITZ!Box'
complete -c wanbeacon -n "__fish_wanbeacon_needs_command" -f -a "import" -d 'Print settings of another client as a configuration'
complete -c wanbeacon -n "__fish_wanbeacon_needs_command" -f -a "healthcheck" -d 'Exit with 0 if the daemon is alive, else with 1'
complete -c wanbeacon -n "__fish_wanbeacon_needs_command" -f -a "demo" -d 'Show the main job against a pretended router and provider on this machine'
complete -c wanbeacon -n "__fish_wanbeacon_using_subcommand check" -l config -d 'Configuration file [default: /etc/wanbeacon/config.toml]' -r -F
complete -c wanbeacon -n "__fish_wanbeacon_using_subcommand check" -l state-dir -d 'State folder, or "none" to run without [default: from the configuration, else /var/lib/wanbeacon]' -r -F
complete -c wanbeacon -n "__fish_wanbeacon_using_subcommand check" -l log-level -d 'Least important messages that are still shown' -r -f -a "error\t'Somebody must act'
warn\t'Something did not work and will be tried again'
info\t'What changed and why'
debug\t'Every step'
trace\t'Every byte that may be shown'"
complete -c wanbeacon -n "__fish_wanbeacon_using_subcommand check" -l log-format -d 'Form of the messages [default: journald when started by systemd, else text]' -r -f -a "text\t'Lines for people, on stderr'
json\t'One JSON object per line, on stderr'
journald\t'The systemd journal, with levels and fields'"
complete -c wanbeacon -n "__fish_wanbeacon_using_subcommand check" -l color -d 'Whether colours are used' -r -f -a "auto\t'On a terminal, unless `NO_COLOR` is set'
always\t'In any case'
never\t'In no case'"
complete -c wanbeacon -n "__fish_wanbeacon_using_subcommand check" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c wanbeacon -n "__fish_wanbeacon_using_subcommand plan" -l config -d 'Configuration file [default: /etc/wanbeacon/config.toml]' -r -F
complete -c wanbeacon -n "__fish_wanbeacon_using_subcommand plan" -l state-dir -d 'State folder, or "none" to run without [default: from the configuration, else /var/lib/wanbeacon]' -r -F
complete -c wanbeacon -n "__fish_wanbeacon_using_subcommand plan" -l log-level -d 'Least important messages that are still shown' -r -f -a "error\t'Somebody must act'
warn\t'Something did not work and will be tried again'
info\t'What changed and why'
debug\t'Every step'
trace\t'Every byte that may be shown'"
complete -c wanbeacon -n "__fish_wanbeacon_using_subcommand plan" -l log-format -d 'Form of the messages [default: journald when started by systemd, else text]' -r -f -a "text\t'Lines for people, on stderr'
json\t'One JSON object per line, on stderr'
journald\t'The systemd journal, with levels and fields'"
complete -c wanbeacon -n "__fish_wanbeacon_using_subcommand plan" -l color -d 'Whether colours are used' -r -f -a "auto\t'On a terminal, unless `NO_COLOR` is set'
always\t'In any case'
never\t'In no case'"
complete -c wanbeacon -n "__fish_wanbeacon_using_subcommand plan" -l json -d 'Print JSON'
complete -c wanbeacon -n "__fish_wanbeacon_using_subcommand plan" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c wanbeacon -n "__fish_wanbeacon_using_subcommand status" -l config -d 'Configuration file [default: /etc/wanbeacon/config.toml]' -r -F
complete -c wanbeacon -n "__fish_wanbeacon_using_subcommand status" -l state-dir -d 'State folder, or "none" to run without [default: from the configuration, else /var/lib/wanbeacon]' -r -F
complete -c wanbeacon -n "__fish_wanbeacon_using_subcommand status" -l log-level -d 'Least important messages that are still shown' -r -f -a "error\t'Somebody must act'
warn\t'Something did not work and will be tried again'
info\t'What changed and why'
debug\t'Every step'
trace\t'Every byte that may be shown'"
complete -c wanbeacon -n "__fish_wanbeacon_using_subcommand status" -l log-format -d 'Form of the messages [default: journald when started by systemd, else text]' -r -f -a "text\t'Lines for people, on stderr'
json\t'One JSON object per line, on stderr'
journald\t'The systemd journal, with levels and fields'"
complete -c wanbeacon -n "__fish_wanbeacon_using_subcommand status" -l color -d 'Whether colours are used' -r -f -a "auto\t'On a terminal, unless `NO_COLOR` is set'
always\t'In any case'
never\t'In no case'"
complete -c wanbeacon -n "__fish_wanbeacon_using_subcommand status" -l json -d 'Print JSON'
complete -c wanbeacon -n "__fish_wanbeacon_using_subcommand status" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c wanbeacon -n "__fish_wanbeacon_using_subcommand detect" -l config -d 'Configuration file [default: /etc/wanbeacon/config.toml]' -r -F
complete -c wanbeacon -n "__fish_wanbeacon_using_subcommand detect" -l state-dir -d 'State folder, or "none" to run without [default: from the configuration, else /var/lib/wanbeacon]' -r -F
complete -c wanbeacon -n "__fish_wanbeacon_using_subcommand detect" -l log-level -d 'Least important messages that are still shown' -r -f -a "error\t'Somebody must act'
warn\t'Something did not work and will be tried again'
info\t'What changed and why'
debug\t'Every step'
trace\t'Every byte that may be shown'"
complete -c wanbeacon -n "__fish_wanbeacon_using_subcommand detect" -l log-format -d 'Form of the messages [default: journald when started by systemd, else text]' -r -f -a "text\t'Lines for people, on stderr'
json\t'One JSON object per line, on stderr'
journald\t'The systemd journal, with levels and fields'"
complete -c wanbeacon -n "__fish_wanbeacon_using_subcommand detect" -l color -d 'Whether colours are used' -r -f -a "auto\t'On a terminal, unless `NO_COLOR` is set'
always\t'In any case'
never\t'In no case'"
complete -c wanbeacon -n "__fish_wanbeacon_using_subcommand detect" -l json -d 'Print JSON'
complete -c wanbeacon -n "__fish_wanbeacon_using_subcommand detect" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c wanbeacon -n "__fish_wanbeacon_using_subcommand unlock" -l config -d 'Configuration file [default: /etc/wanbeacon/config.toml]' -r -F
complete -c wanbeacon -n "__fish_wanbeacon_using_subcommand unlock" -l state-dir -d 'State folder, or "none" to run without [default: from the configuration, else /var/lib/wanbeacon]' -r -F
complete -c wanbeacon -n "__fish_wanbeacon_using_subcommand unlock" -l log-level -d 'Least important messages that are still shown' -r -f -a "error\t'Somebody must act'
warn\t'Something did not work and will be tried again'
info\t'What changed and why'
debug\t'Every step'
trace\t'Every byte that may be shown'"
complete -c wanbeacon -n "__fish_wanbeacon_using_subcommand unlock" -l log-format -d 'Form of the messages [default: journald when started by systemd, else text]' -r -f -a "text\t'Lines for people, on stderr'
json\t'One JSON object per line, on stderr'
journald\t'The systemd journal, with levels and fields'"
complete -c wanbeacon -n "__fish_wanbeacon_using_subcommand unlock" -l color -d 'Whether colours are used' -r -f -a "auto\t'On a terminal, unless `NO_COLOR` is set'
always\t'In any case'
never\t'In no case'"
complete -c wanbeacon -n "__fish_wanbeacon_using_subcommand unlock" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c wanbeacon -n "__fish_wanbeacon_using_subcommand update" -l config -d 'Configuration file [default: /etc/wanbeacon/config.toml]' -r -F
complete -c wanbeacon -n "__fish_wanbeacon_using_subcommand update" -l state-dir -d 'State folder, or "none" to run without [default: from the configuration, else /var/lib/wanbeacon]' -r -F
complete -c wanbeacon -n "__fish_wanbeacon_using_subcommand update" -l log-level -d 'Least important messages that are still shown' -r -f -a "error\t'Somebody must act'
warn\t'Something did not work and will be tried again'
info\t'What changed and why'
debug\t'Every step'
trace\t'Every byte that may be shown'"
complete -c wanbeacon -n "__fish_wanbeacon_using_subcommand update" -l log-format -d 'Form of the messages [default: journald when started by systemd, else text]' -r -f -a "text\t'Lines for people, on stderr'
json\t'One JSON object per line, on stderr'
journald\t'The systemd journal, with levels and fields'"
complete -c wanbeacon -n "__fish_wanbeacon_using_subcommand update" -l color -d 'Whether colours are used' -r -f -a "auto\t'On a terminal, unless `NO_COLOR` is set'
always\t'In any case'
never\t'In no case'"
complete -c wanbeacon -n "__fish_wanbeacon_using_subcommand update" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c wanbeacon -n "__fish_wanbeacon_using_subcommand providers" -l config -d 'Configuration file [default: /etc/wanbeacon/config.toml]' -r -F
complete -c wanbeacon -n "__fish_wanbeacon_using_subcommand providers" -l state-dir -d 'State folder, or "none" to run without [default: from the configuration, else /var/lib/wanbeacon]' -r -F
complete -c wanbeacon -n "__fish_wanbeacon_using_subcommand providers" -l log-level -d 'Least important messages that are still shown' -r -f -a "error\t'Somebody must act'
warn\t'Something did not work and will be tried again'
info\t'What changed and why'
debug\t'Every step'
trace\t'Every byte that may be shown'"
complete -c wanbeacon -n "__fish_wanbeacon_using_subcommand providers" -l log-format -d 'Form of the messages [default: journald when started by systemd, else text]' -r -f -a "text\t'Lines for people, on stderr'
json\t'One JSON object per line, on stderr'
journald\t'The systemd journal, with levels and fields'"
complete -c wanbeacon -n "__fish_wanbeacon_using_subcommand providers" -l color -d 'Whether colours are used' -r -f -a "auto\t'On a terminal, unless `NO_COLOR` is set'
always\t'In any case'
never\t'In no case'"
complete -c wanbeacon -n "__fish_wanbeacon_using_subcommand providers" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c wanbeacon -n "__fish_wanbeacon_using_subcommand fritzbox; and not __fish_seen_subcommand_from info ddns providers set-ddns set-config enable disable letsencrypt wan" -l address -d 'Host name or IP address of the box [default: `[fritzbox] address`, else it is looked for]' -r
complete -c wanbeacon -n "__fish_wanbeacon_using_subcommand fritzbox; and not __fish_seen_subcommand_from info ddns providers set-ddns set-config enable disable letsencrypt wan" -l login -d 'User of the box [default: `[fritzbox] username`, else the one that logged in last]' -r
complete -c wanbeacon -n "__fish_wanbeacon_using_subcommand fritzbox; and not __fish_seen_subcommand_from info ddns providers set-ddns set-config enable disable letsencrypt wan" -l login-password-file -d 'File with that user\'s password [default: `[fritzbox] password`, else it is asked for]' -r -F
complete -c wanbeacon -n "__fish_wanbeacon_using_subcommand fritzbox; and not __fish_seen_subcommand_from info ddns providers set-ddns set-config enable disable letsencrypt wan" -l config -d 'Configuration file [default: /etc/wanbeacon/config.toml]' -r -F
complete -c wanbeacon -n "__fish_wanbeacon_using_subcommand fritzbox; and not __fish_seen_subcommand_from info ddns providers set-ddns set-config enable disable letsencrypt wan" -l state-dir -d 'State folder, or "none" to run without [default: from the configuration, else /var/lib/wanbeacon]' -r -F
complete -c wanbeacon -n "__fish_wanbeacon_using_subcommand fritzbox; and not __fish_seen_subcommand_from info ddns providers set-ddns set-config enable disable letsencrypt wan" -l log-level -d 'Least important messages that are still shown' -r -f -a "error\t'Somebody must act'
warn\t'Something did not work and will be tried again'
info\t'What changed and why'
debug\t'Every step'
trace\t'Every byte that may be shown'"
complete -c wanbeacon -n "__fish_wanbeacon_using_subcommand fritzbox; and not __fish_seen_subcommand_from info ddns providers set-ddns set-config enable disable letsencrypt wan" -l log-format -d 'Form of the messages [default: journald when started by systemd, else text]' -r -f -a "text\t'Lines for people, on stderr'
json\t'One JSON object per line, on stderr'
journald\t'The systemd journal, with levels and fields'"
complete -c wanbeacon -n "__fish_wanbeacon_using_subcommand fritzbox; and not __fish_seen_subcommand_from info ddns providers set-ddns set-config enable disable letsencrypt wan" -l color -d 'Whether colours are used' -r -f -a "auto\t'On a terminal, unless `NO_COLOR` is set'
always\t'In any case'
never\t'In no case'"
complete -c wanbeacon -n "__fish_wanbeacon_using_subcommand fritzbox; and not __fish_seen_subcommand_from info ddns providers set-ddns set-config enable disable letsencrypt wan" -l json -d 'Print JSON'
complete -c wanbeacon -n "__fish_wanbeacon_using_subcommand fritzbox; and not __fish_seen_subcommand_from info ddns providers set-ddns set-config enable disable letsencrypt wan" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c wanbeacon -n "__fish_wanbeacon_using_subcommand fritzbox; and not __fish_seen_subcommand_from info ddns providers set-ddns set-config enable disable letsencrypt wan" -f -a "info" -d 'Show the remote access to the box (`GetInfo`)'
complete -c wanbeacon -n "__fish_wanbeacon_using_subcommand fritzbox; and not __fish_seen_subcommand_from info ddns providers set-ddns set-config enable disable letsencrypt wan" -f -a "ddns" -d 'Show the dynamic DNS settings of the box and their state (`GetDDNSInfo`)'
complete -c wanbeacon -n "__fish_wanbeacon_using_subcommand fritzbox; and not __fish_seen_subcommand_from info ddns providers set-ddns set-config enable disable letsencrypt wan" -f -a "providers" -d 'List the providers that the box knows (`GetDDNSProviders`)'
complete -c wanbeacon -n "__fish_wanbeacon_using_subcommand fritzbox; and not __fish_seen_subcommand_from info ddns providers set-ddns set-config enable disable letsencrypt wan" -f -a "set-ddns" -d 'Change the dynamic DNS settings; what is not named stays (`SetDDNSConfig`)'
complete -c wanbeacon -n "__fish_wanbeacon_using_subcommand fritzbox; and not __fish_seen_subcommand_from info ddns providers set-ddns set-config enable disable letsencrypt wan" -f -a "set-config" -d 'Set up remote access for a user (`SetConfig`)'
complete -c wanbeacon -n "__fish_wanbeacon_using_subcommand fritzbox; and not __fish_seen_subcommand_from info ddns providers set-ddns set-config enable disable letsencrypt wan" -f -a "enable" -d 'Switch remote access on (`SetEnable`)'
complete -c wanbeacon -n "__fish_wanbeacon_using_subcommand fritzbox; and not __fish_seen_subcommand_from info ddns providers set-ddns set-config enable disable letsencrypt wan" -f -a "disable" -d 'Switch remote access off (`SetEnable`)'
complete -c wanbeacon -n "__fish_wanbeacon_using_subcommand fritzbox; and not __fish_seen_subcommand_from info ddns providers set-ddns set-config enable disable letsencrypt wan" -f -a "letsencrypt" -d 'Switch the Let\'s Encrypt certificate on or off (`SetLetsEncryptEnable`)'
complete -c wanbeacon -n "__fish_wanbeacon_using_subcommand fritzbox; and not __fish_seen_subcommand_from info ddns providers set-ddns set-config enable disable letsencrypt wan" -f -a "wan" -d 'Show the box\'s view of the line; needs no login'
complete -c wanbeacon -n "__fish_wanbeacon_using_subcommand fritzbox; and __fish_seen_subcommand_from info" -l address -d 'Host name or IP address of the box [default: `[fritzbox] address`, else it is looked for]' -r
complete -c wanbeacon -n "__fish_wanbeacon_using_subcommand fritzbox; and __fish_seen_subcommand_from info" -l login -d 'User of the box [default: `[fritzbox] username`, else the one that logged in last]' -r
complete -c wanbeacon -n "__fish_wanbeacon_using_subcommand fritzbox; and __fish_seen_subcommand_from info" -l login-password-file -d 'File with that user\'s password [default: `[fritzbox] password`, else it is asked for]' -r -F
complete -c wanbeacon -n "__fish_wanbeacon_using_subcommand fritzbox; and __fish_seen_subcommand_from info" -l config -d 'Configuration file [default: /etc/wanbeacon/config.toml]' -r -F
complete -c wanbeacon -n "__fish_wanbeacon_using_subcommand fritzbox; and __fish_seen_subcommand_from info" -l state-dir -d 'State folder, or "none" to run without [default: from the configuration, else /var/lib/wanbeacon]' -r -F
complete -c wanbeacon -n "__fish_wanbeacon_using_subcommand fritzbox; and __fish_seen_subcommand_from info" -l log-level -d 'Least important messages that are still shown' -r -f -a "error\t'Somebody must act'
warn\t'Something did not work and will be tried again'
info\t'What changed and why'
debug\t'Every step'
trace\t'Every byte that may be shown'"
complete -c wanbeacon -n "__fish_wanbeacon_using_subcommand fritzbox; and __fish_seen_subcommand_from info" -l log-format -d 'Form of the messages [default: journald when started by systemd, else text]' -r -f -a "text\t'Lines for people, on stderr'
json\t'One JSON object per line, on stderr'
journald\t'The systemd journal, with levels and fields'"
complete -c wanbeacon -n "__fish_wanbeacon_using_subcommand fritzbox; and __fish_seen_subcommand_from info" -l color -d 'Whether colours are used' -r -f -a "auto\t'On a terminal, unless `NO_COLOR` is set'
always\t'In any case'
never\t'In no case'"
complete -c wanbeacon -n "__fish_wanbeacon_using_subcommand fritzbox; and __fish_seen_subcommand_from info" -l json -d 'Print JSON'
complete -c wanbeacon -n "__fish_wanbeacon_using_subcommand fritzbox; and __fish_seen_subcommand_from info" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c wanbeacon -n "__fish_wanbeacon_using_subcommand fritzbox; and __fish_seen_subcommand_from ddns" -l address -d 'Host name or IP address of the box [default: `[fritzbox] address`, else it is looked for]' -r
complete -c wanbeacon -n "__fish_wanbeacon_using_subcommand fritzbox; and __fish_seen_subcommand_from ddns" -l login -d 'User of the box [default: `[fritzbox] username`, else the one that logged in last]' -r
complete -c wanbeacon -n "__fish_wanbeacon_using_subcommand fritzbox; and __fish_seen_subcommand_from ddns" -l login-password-file -d 'File with that user\'s password [default: `[fritzbox] password`, else it is asked for]' -r -F
complete -c wanbeacon -n "__fish_wanbeacon_using_subcommand fritzbox; and __fish_seen_subcommand_from ddns" -l config -d 'Configuration file [default: /etc/wanbeacon/config.toml]' -r -F
complete -c wanbeacon -n "__fish_wanbeacon_using_subcommand fritzbox; and __fish_seen_subcommand_from ddns" -l state-dir -d 'State folder, or "none" to run without [default: from the configuration, else /var/lib/wanbeacon]' -r -F
complete -c wanbeacon -n "__fish_wanbeacon_using_subcommand fritzbox; and __fish_seen_subcommand_from ddns" -l log-level -d 'Least important messages that are still shown' -r -f -a "error\t'Somebody must act'
warn\t'Something did not work and will be tried again'
info\t'What changed and why'
debug\t'Every step'
trace\t'Every byte that may be shown'"
complete -c wanbeacon -n "__fish_wanbeacon_using_subcommand fritzbox; and __fish_seen_subcommand_from ddns" -l log-format -d 'Form of the messages [default: journald when started by systemd, else text]' -r -f -a "text\t'Lines for people, on stderr'
json\t'One JSON object per line, on stderr'
journald\t'The systemd journal, with levels and fields'"
complete -c wanbeacon -n "__fish_wanbeacon_using_subcommand fritzbox; and __fish_seen_subcommand_from ddns" -l color -d 'Whether colours are used' -r -f -a "auto\t'On a terminal, unless `NO_COLOR` is set'
always\t'In any case'
never\t'In no case'"
complete -c wanbeacon -n "__fish_wanbeacon_using_subcommand fritzbox; and __fish_seen_subcommand_from ddns" -l json -d 'Print JSON'
complete -c wanbeacon -n "__fish_wanbeacon_using_subcommand fritzbox; and __fish_seen_subcommand_from ddns" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c wanbeacon -n "__fish_wanbeacon_using_subcommand fritzbox; and __fish_seen_subcommand_from providers" -l address -d 'Host name or IP address of the box [default: `[fritzbox] address`, else it is looked for]' -r
complete -c wanbeacon -n "__fish_wanbeacon_using_subcommand fritzbox; and __fish_seen_subcommand_from providers" -l login -d 'User of the box [default: `[fritzbox] username`, else the one that logged in last]' -r
complete -c wanbeacon -n "__fish_wanbeacon_using_subcommand fritzbox; and __fish_seen_subcommand_from providers" -l login-password-file -d 'File with that user\'s password [default: `[fritzbox] password`, else it is asked for]' -r -F
complete -c wanbeacon -n "__fish_wanbeacon_using_subcommand fritzbox; and __fish_seen_subcommand_from providers" -l config -d 'Configuration file [default: /etc/wanbeacon/config.toml]' -r -F
complete -c wanbeacon -n "__fish_wanbeacon_using_subcommand fritzbox; and __fish_seen_subcommand_from providers" -l state-dir -d 'State folder, or "none" to run without [default: from the configuration, else /var/lib/wanbeacon]' -r -F
complete -c wanbeacon -n "__fish_wanbeacon_using_subcommand fritzbox; and __fish_seen_subcommand_from providers" -l log-level -d 'Least important messages that are still shown' -r -f -a "error\t'Somebody must act'
warn\t'Something did not work and will be tried again'
info\t'What changed and why'
debug\t'Every step'
trace\t'Every byte that may be shown'"
complete -c wanbeacon -n "__fish_wanbeacon_using_subcommand fritzbox; and __fish_seen_subcommand_from providers" -l log-format -d 'Form of the messages [default: journald when started by systemd, else text]' -r -f -a "text\t'Lines for people, on stderr'
json\t'One JSON object per line, on stderr'
journald\t'The systemd journal, with levels and fields'"
complete -c wanbeacon -n "__fish_wanbeacon_using_subcommand fritzbox; and __fish_seen_subcommand_from providers" -l color -d 'Whether colours are used' -r -f -a "auto\t'On a terminal, unless `NO_COLOR` is set'
always\t'In any case'
never\t'In no case'"
complete -c wanbeacon -n "__fish_wanbeacon_using_subcommand fritzbox; and __fish_seen_subcommand_from providers" -l json -d 'Print JSON'
complete -c wanbeacon -n "__fish_wanbeacon_using_subcommand fritzbox; and __fish_seen_subcommand_from providers" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c wanbeacon -n "__fish_wanbeacon_using_subcommand fritzbox; and __fish_seen_subcommand_from set-ddns" -l provider -d 'Name as `fritzbox providers` lists it; the last one there is for any other service' -r
complete -c wanbeacon -n "__fish_wanbeacon_using_subcommand fritzbox; and __fish_seen_subcommand_from set-ddns" -l update-url -d 'Update URL with the box\'s placeholders, for a service that the box does not know' -r
complete -c wanbeacon -n "__fish_wanbeacon_using_subcommand fritzbox; and __fish_seen_subcommand_from set-ddns" -l domain -d 'Name to keep up to date' -r
complete -c wanbeacon -n "__fish_wanbeacon_using_subcommand fritzbox; and __fish_seen_subcommand_from set-ddns" -l username -d 'User name at the service' -r
complete -c wanbeacon -n "__fish_wanbeacon_using_subcommand fritzbox; and __fish_seen_subcommand_from set-ddns" -l password-file -d 'File with the password for the service; the box does not tell it, so each change needs it, but for `--enabled false` [default: it is asked for]' -r -F
complete -c wanbeacon -n "__fish_wanbeacon_using_subcommand fritzbox; and __fish_seen_subcommand_from set-ddns" -l mode -d '`v4`, `v6`, `both` or `together`' -r
complete -c wanbeacon -n "__fish_wanbeacon_using_subcommand fritzbox; and __fish_seen_subcommand_from set-ddns" -l server-ipv4 -d 'Update host for IPv4, for a service that the box knows' -r
complete -c wanbeacon -n "__fish_wanbeacon_using_subcommand fritzbox; and __fish_seen_subcommand_from set-ddns" -l server-ipv6 -d 'Update host for IPv6, likewise' -r
complete -c wanbeacon -n "__fish_wanbeacon_using_subcommand fritzbox; and __fish_seen_subcommand_from set-ddns" -l enabled -d 'Switched on' -r -f -a "true\t''
false\t''"
complete -c wanbeacon -n "__fish_wanbeacon_using_subcommand fritzbox; and __fish_seen_subcommand_from set-ddns" -l address -d 'Host name or IP address of the box [default: `[fritzbox] address`, else it is looked for]' -r
complete -c wanbeacon -n "__fish_wanbeacon_using_subcommand fritzbox; and __fish_seen_subcommand_from set-ddns" -l login -d 'User of the box [default: `[fritzbox] username`, else the one that logged in last]' -r
complete -c wanbeacon -n "__fish_wanbeacon_using_subcommand fritzbox; and __fish_seen_subcommand_from set-ddns" -l login-password-file -d 'File with that user\'s password [default: `[fritzbox] password`, else it is asked for]' -r -F
complete -c wanbeacon -n "__fish_wanbeacon_using_subcommand fritzbox; and __fish_seen_subcommand_from set-ddns" -l config -d 'Configuration file [default: /etc/wanbeacon/config.toml]' -r -F
complete -c wanbeacon -n "__fish_wanbeacon_using_subcommand fritzbox; and __fish_seen_subcommand_from set-ddns" -l state-dir -d 'State folder, or "none" to run without [default: from the configuration, else /var/lib/wanbeacon]' -r -F
complete -c wanbeacon -n "__fish_wanbeacon_using_subcommand fritzbox; and __fish_seen_subcommand_from set-ddns" -l log-level -d 'Least important messages that are still shown' -r -f -a "error\t'Somebody must act'
warn\t'Something did not work and will be tried again'
info\t'What changed and why'
debug\t'Every step'
trace\t'Every byte that may be shown'"
complete -c wanbeacon -n "__fish_wanbeacon_using_subcommand fritzbox; and __fish_seen_subcommand_from set-ddns" -l log-format -d 'Form of the messages [default: journald when started by systemd, else text]' -r -f -a "text\t'Lines for people, on stderr'
json\t'One JSON object per line, on stderr'
journald\t'The systemd journal, with levels and fields'"
complete -c wanbeacon -n "__fish_wanbeacon_using_subcommand fritzbox; and __fish_seen_subcommand_from set-ddns" -l color -d 'Whether colours are used' -r -f -a "auto\t'On a terminal, unless `NO_COLOR` is set'
always\t'In any case'
never\t'In no case'"
complete -c wanbeacon -n "__fish_wanbeacon_using_subcommand fritzbox; and __fish_seen_subcommand_from set-ddns" -l json -d 'Print JSON'
complete -c wanbeacon -n "__fish_wanbeacon_using_subcommand fritzbox; and __fish_seen_subcommand_from set-ddns" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c wanbeacon -n "__fish_wanbeacon_using_subcommand fritzbox; and __fish_seen_subcommand_from set-config" -l port -d 'Port of the box\'s page on the internet side' -r
complete -c wanbeacon -n "__fish_wanbeacon_using_subcommand fritzbox; and __fish_seen_subcommand_from set-config" -l username -d 'User that may log in from outside' -r
complete -c wanbeacon -n "__fish_wanbeacon_using_subcommand fritzbox; and __fish_seen_subcommand_from set-config" -l password-file -d 'File with that user\'s password [default: it is asked for]' -r -F
complete -c wanbeacon -n "__fish_wanbeacon_using_subcommand fritzbox; and __fish_seen_subcommand_from set-config" -l enabled -d 'Switched on' -r -f -a "true\t''
false\t''"
complete -c wanbeacon -n "__fish_wanbeacon_using_subcommand fritzbox; and __fish_seen_subcommand_from set-config" -l address -d 'Host name or IP address of the box [default: `[fritzbox] address`, else it is looked for]' -r
complete -c wanbeacon -n "__fish_wanbeacon_using_subcommand fritzbox; and __fish_seen_subcommand_from set-config" -l login -d 'User of the box [default: `[fritzbox] username`, else the one that logged in last]' -r
complete -c wanbeacon -n "__fish_wanbeacon_using_subcommand fritzbox; and __fish_seen_subcommand_from set-config" -l login-password-file -d 'File with that user\'s password [default: `[fritzbox] password`, else it is asked for]' -r -F
complete -c wanbeacon -n "__fish_wanbeacon_using_subcommand fritzbox; and __fish_seen_subcommand_from set-config" -l config -d 'Configuration file [default: /etc/wanbeacon/config.toml]' -r -F
complete -c wanbeacon -n "__fish_wanbeacon_using_subcommand fritzbox; and __fish_seen_subcommand_from set-config" -l state-dir -d 'State folder, or "none" to run without [default: from the configuration, else /var/lib/wanbeacon]' -r -F
complete -c wanbeacon -n "__fish_wanbeacon_using_subcommand fritzbox; and __fish_seen_subcommand_from set-config" -l log-level -d 'Least important messages that are still shown' -r -f -a "error\t'Somebody must act'
warn\t'Something did not work and will be tried again'
info\t'What changed and why'
debug\t'Every step'
trace\t'Every byte that may be shown'"
complete -c wanbeacon -n "__fish_wanbeacon_using_subcommand fritzbox; and __fish_seen_subcommand_from set-config" -l log-format -d 'Form of the messages [default: journald when started by systemd, else text]' -r -f -a "text\t'Lines for people, on stderr'
json\t'One JSON object per line, on stderr'
journald\t'The systemd journal, with levels and fields'"
complete -c wanbeacon -n "__fish_wanbeacon_using_subcommand fritzbox; and __fish_seen_subcommand_from set-config" -l color -d 'Whether colours are used' -r -f -a "auto\t'On a terminal, unless `NO_COLOR` is set'
always\t'In any case'
never\t'In no case'"
complete -c wanbeacon -n "__fish_wanbeacon_using_subcommand fritzbox; and __fish_seen_subcommand_from set-config" -l json -d 'Print JSON'
complete -c wanbeacon -n "__fish_wanbeacon_using_subcommand fritzbox; and __fish_seen_subcommand_from set-config" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c wanbeacon -n "__fish_wanbeacon_using_subcommand fritzbox; and __fish_seen_subcommand_from enable" -l address -d 'Host name or IP address of the box [default: `[fritzbox] address`, else it is looked for]' -r
complete -c wanbeacon -n "__fish_wanbeacon_using_subcommand fritzbox; and __fish_seen_subcommand_from enable" -l login -d 'User of the box [default: `[fritzbox] username`, else the one that logged in last]' -r
complete -c wanbeacon -n "__fish_wanbeacon_using_subcommand fritzbox; and __fish_seen_subcommand_from enable" -l login-password-file -d 'File with that user\'s password [default: `[fritzbox] password`, else it is asked for]' -r -F
complete -c wanbeacon -n "__fish_wanbeacon_using_subcommand fritzbox; and __fish_seen_subcommand_from enable" -l config -d 'Configuration file [default: /etc/wanbeacon/config.toml]' -r -F
complete -c wanbeacon -n "__fish_wanbeacon_using_subcommand fritzbox; and __fish_seen_subcommand_from enable" -l state-dir -d 'State folder, or "none" to run without [default: from the configuration, else /var/lib/wanbeacon]' -r -F
complete -c wanbeacon -n "__fish_wanbeacon_using_subcommand fritzbox; and __fish_seen_subcommand_from enable" -l log-level -d 'Least important messages that are still shown' -r -f -a "error\t'Somebody must act'
warn\t'Something did not work and will be tried again'
info\t'What changed and why'
debug\t'Every step'
trace\t'Every byte that may be shown'"
complete -c wanbeacon -n "__fish_wanbeacon_using_subcommand fritzbox; and __fish_seen_subcommand_from enable" -l log-format -d 'Form of the messages [default: journald when started by systemd, else text]' -r -f -a "text\t'Lines for people, on stderr'
json\t'One JSON object per line, on stderr'
journald\t'The systemd journal, with levels and fields'"
complete -c wanbeacon -n "__fish_wanbeacon_using_subcommand fritzbox; and __fish_seen_subcommand_from enable" -l color -d 'Whether colours are used' -r -f -a "auto\t'On a terminal, unless `NO_COLOR` is set'
always\t'In any case'
never\t'In no case'"
complete -c wanbeacon -n "__fish_wanbeacon_using_subcommand fritzbox; and __fish_seen_subcommand_from enable" -l json -d 'Print JSON'
complete -c wanbeacon -n "__fish_wanbeacon_using_subcommand fritzbox; and __fish_seen_subcommand_from enable" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c wanbeacon -n "__fish_wanbeacon_using_subcommand fritzbox; and __fish_seen_subcommand_from disable" -l address -d 'Host name or IP address of the box [default: `[fritzbox] address`, else it is looked for]' -r
complete -c wanbeacon -n "__fish_wanbeacon_using_subcommand fritzbox; and __fish_seen_subcommand_from disable" -l login -d 'User of the box [default: `[fritzbox] username`, else the one that logged in last]' -r
complete -c wanbeacon -n "__fish_wanbeacon_using_subcommand fritzbox; and __fish_seen_subcommand_from disable" -l login-password-file -d 'File with that user\'s password [default: `[fritzbox] password`, else it is asked for]' -r -F
complete -c wanbeacon -n "__fish_wanbeacon_using_subcommand fritzbox; and __fish_seen_subcommand_from disable" -l config -d 'Configuration file [default: /etc/wanbeacon/config.toml]' -r -F
complete -c wanbeacon -n "__fish_wanbeacon_using_subcommand fritzbox; and __fish_seen_subcommand_from disable" -l state-dir -d 'State folder, or "none" to run without [default: from the configuration, else /var/lib/wanbeacon]' -r -F
complete -c wanbeacon -n "__fish_wanbeacon_using_subcommand fritzbox; and __fish_seen_subcommand_from disable" -l log-level -d 'Least important messages that are still shown' -r -f -a "error\t'Somebody must act'
warn\t'Something did not work and will be tried again'
info\t'What changed and why'
debug\t'Every step'
trace\t'Every byte that may be shown'"
complete -c wanbeacon -n "__fish_wanbeacon_using_subcommand fritzbox; and __fish_seen_subcommand_from disable" -l log-format -d 'Form of the messages [default: journald when started by systemd, else text]' -r -f -a "text\t'Lines for people, on stderr'
json\t'One JSON object per line, on stderr'
journald\t'The systemd journal, with levels and fields'"
complete -c wanbeacon -n "__fish_wanbeacon_using_subcommand fritzbox; and __fish_seen_subcommand_from disable" -l color -d 'Whether colours are used' -r -f -a "auto\t'On a terminal, unless `NO_COLOR` is set'
always\t'In any case'
never\t'In no case'"
complete -c wanbeacon -n "__fish_wanbeacon_using_subcommand fritzbox; and __fish_seen_subcommand_from disable" -l json -d 'Print JSON'
complete -c wanbeacon -n "__fish_wanbeacon_using_subcommand fritzbox; and __fish_seen_subcommand_from disable" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c wanbeacon -n "__fish_wanbeacon_using_subcommand fritzbox; and __fish_seen_subcommand_from letsencrypt" -l address -d 'Host name or IP address of the box [default: `[fritzbox] address`, else it is looked for]' -r
complete -c wanbeacon -n "__fish_wanbeacon_using_subcommand fritzbox; and __fish_seen_subcommand_from letsencrypt" -l login -d 'User of the box [default: `[fritzbox] username`, else the one that logged in last]' -r
complete -c wanbeacon -n "__fish_wanbeacon_using_subcommand fritzbox; and __fish_seen_subcommand_from letsencrypt" -l login-password-file -d 'File with that user\'s password [default: `[fritzbox] password`, else it is asked for]' -r -F
complete -c wanbeacon -n "__fish_wanbeacon_using_subcommand fritzbox; and __fish_seen_subcommand_from letsencrypt" -l config -d 'Configuration file [default: /etc/wanbeacon/config.toml]' -r -F
complete -c wanbeacon -n "__fish_wanbeacon_using_subcommand fritzbox; and __fish_seen_subcommand_from letsencrypt" -l state-dir -d 'State folder, or "none" to run without [default: from the configuration, else /var/lib/wanbeacon]' -r -F
complete -c wanbeacon -n "__fish_wanbeacon_using_subcommand fritzbox; and __fish_seen_subcommand_from letsencrypt" -l log-level -d 'Least important messages that are still shown' -r -f -a "error\t'Somebody must act'
warn\t'Something did not work and will be tried again'
info\t'What changed and why'
debug\t'Every step'
trace\t'Every byte that may be shown'"
complete -c wanbeacon -n "__fish_wanbeacon_using_subcommand fritzbox; and __fish_seen_subcommand_from letsencrypt" -l log-format -d 'Form of the messages [default: journald when started by systemd, else text]' -r -f -a "text\t'Lines for people, on stderr'
json\t'One JSON object per line, on stderr'
journald\t'The systemd journal, with levels and fields'"
complete -c wanbeacon -n "__fish_wanbeacon_using_subcommand fritzbox; and __fish_seen_subcommand_from letsencrypt" -l color -d 'Whether colours are used' -r -f -a "auto\t'On a terminal, unless `NO_COLOR` is set'
always\t'In any case'
never\t'In no case'"
complete -c wanbeacon -n "__fish_wanbeacon_using_subcommand fritzbox; and __fish_seen_subcommand_from letsencrypt" -l json -d 'Print JSON'
complete -c wanbeacon -n "__fish_wanbeacon_using_subcommand fritzbox; and __fish_seen_subcommand_from letsencrypt" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c wanbeacon -n "__fish_wanbeacon_using_subcommand fritzbox; and __fish_seen_subcommand_from wan" -l address -d 'Host name or IP address of the box [default: `[fritzbox] address`, else it is looked for]' -r
complete -c wanbeacon -n "__fish_wanbeacon_using_subcommand fritzbox; and __fish_seen_subcommand_from wan" -l login -d 'User of the box [default: `[fritzbox] username`, else the one that logged in last]' -r
complete -c wanbeacon -n "__fish_wanbeacon_using_subcommand fritzbox; and __fish_seen_subcommand_from wan" -l login-password-file -d 'File with that user\'s password [default: `[fritzbox] password`, else it is asked for]' -r -F
complete -c wanbeacon -n "__fish_wanbeacon_using_subcommand fritzbox; and __fish_seen_subcommand_from wan" -l config -d 'Configuration file [default: /etc/wanbeacon/config.toml]' -r -F
complete -c wanbeacon -n "__fish_wanbeacon_using_subcommand fritzbox; and __fish_seen_subcommand_from wan" -l state-dir -d 'State folder, or "none" to run without [default: from the configuration, else /var/lib/wanbeacon]' -r -F
complete -c wanbeacon -n "__fish_wanbeacon_using_subcommand fritzbox; and __fish_seen_subcommand_from wan" -l log-level -d 'Least important messages that are still shown' -r -f -a "error\t'Somebody must act'
warn\t'Something did not work and will be tried again'
info\t'What changed and why'
debug\t'Every step'
trace\t'Every byte that may be shown'"
complete -c wanbeacon -n "__fish_wanbeacon_using_subcommand fritzbox; and __fish_seen_subcommand_from wan" -l log-format -d 'Form of the messages [default: journald when started by systemd, else text]' -r -f -a "text\t'Lines for people, on stderr'
json\t'One JSON object per line, on stderr'
journald\t'The systemd journal, with levels and fields'"
complete -c wanbeacon -n "__fish_wanbeacon_using_subcommand fritzbox; and __fish_seen_subcommand_from wan" -l color -d 'Whether colours are used' -r -f -a "auto\t'On a terminal, unless `NO_COLOR` is set'
always\t'In any case'
never\t'In no case'"
complete -c wanbeacon -n "__fish_wanbeacon_using_subcommand fritzbox; and __fish_seen_subcommand_from wan" -l json -d 'Print JSON'
complete -c wanbeacon -n "__fish_wanbeacon_using_subcommand fritzbox; and __fish_seen_subcommand_from wan" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c wanbeacon -n "__fish_wanbeacon_using_subcommand import; and not __fish_seen_subcommand_from fritzbox" -l config -d 'Configuration file [default: /etc/wanbeacon/config.toml]' -r -F
complete -c wanbeacon -n "__fish_wanbeacon_using_subcommand import; and not __fish_seen_subcommand_from fritzbox" -l state-dir -d 'State folder, or "none" to run without [default: from the configuration, else /var/lib/wanbeacon]' -r -F
complete -c wanbeacon -n "__fish_wanbeacon_using_subcommand import; and not __fish_seen_subcommand_from fritzbox" -l log-level -d 'Least important messages that are still shown' -r -f -a "error\t'Somebody must act'
warn\t'Something did not work and will be tried again'
info\t'What changed and why'
debug\t'Every step'
trace\t'Every byte that may be shown'"
complete -c wanbeacon -n "__fish_wanbeacon_using_subcommand import; and not __fish_seen_subcommand_from fritzbox" -l log-format -d 'Form of the messages [default: journald when started by systemd, else text]' -r -f -a "text\t'Lines for people, on stderr'
json\t'One JSON object per line, on stderr'
journald\t'The systemd journal, with levels and fields'"
complete -c wanbeacon -n "__fish_wanbeacon_using_subcommand import; and not __fish_seen_subcommand_from fritzbox" -l color -d 'Whether colours are used' -r -f -a "auto\t'On a terminal, unless `NO_COLOR` is set'
always\t'In any case'
never\t'In no case'"
complete -c wanbeacon -n "__fish_wanbeacon_using_subcommand import; and not __fish_seen_subcommand_from fritzbox" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c wanbeacon -n "__fish_wanbeacon_using_subcommand import; and not __fish_seen_subcommand_from fritzbox" -f -a "fritzbox" -d 'The dynamic DNS client of the FRITZ!Box'
complete -c wanbeacon -n "__fish_wanbeacon_using_subcommand import; and __fish_seen_subcommand_from fritzbox" -l address -d 'Host name or IP address of the box [default: `[fritzbox] address`, else it is looked for]' -r
complete -c wanbeacon -n "__fish_wanbeacon_using_subcommand import; and __fish_seen_subcommand_from fritzbox" -l login -d 'User of the box [default: `[fritzbox] username`, else the one that logged in last]' -r
complete -c wanbeacon -n "__fish_wanbeacon_using_subcommand import; and __fish_seen_subcommand_from fritzbox" -l login-password-file -d 'File with that user\'s password [default: `[fritzbox] password`, else it is asked for]' -r -F
complete -c wanbeacon -n "__fish_wanbeacon_using_subcommand import; and __fish_seen_subcommand_from fritzbox" -l config -d 'Configuration file [default: /etc/wanbeacon/config.toml]' -r -F
complete -c wanbeacon -n "__fish_wanbeacon_using_subcommand import; and __fish_seen_subcommand_from fritzbox" -l state-dir -d 'State folder, or "none" to run without [default: from the configuration, else /var/lib/wanbeacon]' -r -F
complete -c wanbeacon -n "__fish_wanbeacon_using_subcommand import; and __fish_seen_subcommand_from fritzbox" -l log-level -d 'Least important messages that are still shown' -r -f -a "error\t'Somebody must act'
warn\t'Something did not work and will be tried again'
info\t'What changed and why'
debug\t'Every step'
trace\t'Every byte that may be shown'"
complete -c wanbeacon -n "__fish_wanbeacon_using_subcommand import; and __fish_seen_subcommand_from fritzbox" -l log-format -d 'Form of the messages [default: journald when started by systemd, else text]' -r -f -a "text\t'Lines for people, on stderr'
json\t'One JSON object per line, on stderr'
journald\t'The systemd journal, with levels and fields'"
complete -c wanbeacon -n "__fish_wanbeacon_using_subcommand import; and __fish_seen_subcommand_from fritzbox" -l color -d 'Whether colours are used' -r -f -a "auto\t'On a terminal, unless `NO_COLOR` is set'
always\t'In any case'
never\t'In no case'"
complete -c wanbeacon -n "__fish_wanbeacon_using_subcommand import; and __fish_seen_subcommand_from fritzbox" -l switch-off -d 'Switch the box\'s own client off afterwards: two clients for one name would contradict each other'
complete -c wanbeacon -n "__fish_wanbeacon_using_subcommand import; and __fish_seen_subcommand_from fritzbox" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c wanbeacon -n "__fish_wanbeacon_using_subcommand healthcheck" -l config -d 'Configuration file [default: /etc/wanbeacon/config.toml]' -r -F
complete -c wanbeacon -n "__fish_wanbeacon_using_subcommand healthcheck" -l state-dir -d 'State folder, or "none" to run without [default: from the configuration, else /var/lib/wanbeacon]' -r -F
complete -c wanbeacon -n "__fish_wanbeacon_using_subcommand healthcheck" -l log-level -d 'Least important messages that are still shown' -r -f -a "error\t'Somebody must act'
warn\t'Something did not work and will be tried again'
info\t'What changed and why'
debug\t'Every step'
trace\t'Every byte that may be shown'"
complete -c wanbeacon -n "__fish_wanbeacon_using_subcommand healthcheck" -l log-format -d 'Form of the messages [default: journald when started by systemd, else text]' -r -f -a "text\t'Lines for people, on stderr'
json\t'One JSON object per line, on stderr'
journald\t'The systemd journal, with levels and fields'"
complete -c wanbeacon -n "__fish_wanbeacon_using_subcommand healthcheck" -l color -d 'Whether colours are used' -r -f -a "auto\t'On a terminal, unless `NO_COLOR` is set'
always\t'In any case'
never\t'In no case'"
complete -c wanbeacon -n "__fish_wanbeacon_using_subcommand healthcheck" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c wanbeacon -n "__fish_wanbeacon_using_subcommand demo" -l config -d 'Configuration file [default: /etc/wanbeacon/config.toml]' -r -F
complete -c wanbeacon -n "__fish_wanbeacon_using_subcommand demo" -l state-dir -d 'State folder, or "none" to run without [default: from the configuration, else /var/lib/wanbeacon]' -r -F
complete -c wanbeacon -n "__fish_wanbeacon_using_subcommand demo" -l log-level -d 'Least important messages that are still shown' -r -f -a "error\t'Somebody must act'
warn\t'Something did not work and will be tried again'
info\t'What changed and why'
debug\t'Every step'
trace\t'Every byte that may be shown'"
complete -c wanbeacon -n "__fish_wanbeacon_using_subcommand demo" -l log-format -d 'Form of the messages [default: journald when started by systemd, else text]' -r -f -a "text\t'Lines for people, on stderr'
json\t'One JSON object per line, on stderr'
journald\t'The systemd journal, with levels and fields'"
complete -c wanbeacon -n "__fish_wanbeacon_using_subcommand demo" -l color -d 'Whether colours are used' -r -f -a "auto\t'On a terminal, unless `NO_COLOR` is set'
always\t'In any case'
never\t'In no case'"
complete -c wanbeacon -n "__fish_wanbeacon_using_subcommand demo" -s h -l help -d 'Print help (see more with \'--help\')'
