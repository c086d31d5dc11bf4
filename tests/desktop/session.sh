#!/usr/bin/env bash
# Runs a command in a real desktop session on a machine without a screen: X server, window manager,
# panel with a tray, notification service, session bus and an unlocked keyring, all of its own.
#   tests/desktop/session.sh COMMAND [ARGUMENT ...]     exit status: the command's; 2: no session
#   SCREEN=1280x800x24    size of the screen
# Needs the packages that scripts/setup.sh --desktop installs. Any number may run side by side.
set -euo pipefail

tell() { echo "session.sh: $*" >&2; }

ask() { dbus-send --session --print-reply --reply-timeout=2000 "$@" 2>/dev/null; }

the_bus_answers() { ask --dest=org.freedesktop.DBus / org.freedesktop.DBus.GetId >/dev/null; }

property() { ask --dest="$1" "$2" org.freedesktop.DBus.Properties.Get "string:$3" "string:$4"; }

the_tray_is_there() {
    property org.kde.StatusNotifierWatcher /StatusNotifierWatcher \
        org.kde.StatusNotifierWatcher IsStatusNotifierHostRegistered | grep -q 'boolean true'
}

# This call and the next make the bus start the service itself.
notifications_are_there() {
    ask --dest=org.freedesktop.Notifications /org/freedesktop/Notifications \
        org.freedesktop.Notifications.GetServerInformation >/dev/null
}

the_keyring_is_unlocked() {
    property org.freedesktop.secrets /org/freedesktop/secrets/collection/login \
        org.freedesktop.Secret.Collection Locked | grep -q 'boolean false'
}

the_screen_answers() { xprop -root >/dev/null 2>&1; }

windows_are_managed() { xprop -root _NET_SUPPORTING_WM_CHECK | grep -q 'window id'; }

wait_for() {
    for _ in $(seq 300); do
        "$1" && return
        sleep 0.1
    done
    tell "no desktop session: after 30 seconds it is not yet so that ${1//_/ }. Its log:"
    tail -n 30 "$SESSION_HOME/log" >&2
    exit 2
}

[[ $# -gt 0 ]] || { sed -n '2,6s/^# \{0,1\}//p' "$0"; exit 2; }
for program in Xvfb dbus-daemon gnome-keyring-daemon openbox xfce4-panel xprop; do
    command -v "$program" >/dev/null || { tell "$program is missing: run scripts/setup.sh --desktop."; exit 2; }
done

# Everything of this session carries its folder in the environment; that is how the last of it is
# found at the end, whatever forked away from its parent, and nothing of any other session is.
SESSION_HOME=$(mktemp -d "${TMPDIR:-/tmp}/desktop.XXXXXX")
running() { grep -lzxF "SESSION_HOME=$SESSION_HOME" /proc/[0-9]*/environ 2>/dev/null | cut -d/ -f3 || true; }
end_session() {
    export -n SESSION_HOME  # or the search would find its own processes
    for signal in TERM KILL; do
        for _ in $(seq 30); do
            pids=$(running)
            [[ -n $pids ]] || break 2
            kill -s "$signal" $pids 2>/dev/null || true
            sleep 0.1
        done
    done
    wait
    rm -rf "$SESSION_HOME"
}
trap end_session EXIT
trap 'exit 129' HUP
trap 'exit 130' INT
trap 'exit 143' TERM

mkdir -m 700 "$SESSION_HOME/run"
panel=$SESSION_HOME/config/xfce4/xfconf/xfce-perchannel-xml
mkdir -p "$panel"
cat >"$panel/xfce4-panel.xml" <<'XML'
<?xml version="1.0" encoding="UTF-8"?>
<channel name="xfce4-panel" version="1.0">
  <property name="configver" type="int" value="2"/>
  <property name="panels" type="array">
    <value type="int" value="1"/>
    <property name="panel-1" type="empty">
      <property name="position" type="string" value="p=8;x=0;y=0"/>
      <property name="position-locked" type="bool" value="true"/>
      <property name="length" type="uint" value="100"/>
      <property name="size" type="uint" value="30"/>
      <property name="plugin-ids" type="array">
        <value type="int" value="1"/>
        <value type="int" value="2"/>
      </property>
    </property>
  </property>
  <property name="plugins" type="empty">
    <property name="plugin-1" type="string" value="tasklist"/>
    <property name="plugin-2" type="string" value="systray"/>
  </property>
</channel>
XML

export SESSION_HOME HOME=$SESSION_HOME XDG_RUNTIME_DIR=$SESSION_HOME/run XDG_CACHE_HOME=$SESSION_HOME/cache
export XDG_CONFIG_HOME=$SESSION_HOME/config XDG_DATA_HOME=$SESSION_HOME/data XDG_STATE_HOME=$SESSION_HOME/state
# The person's own desktop must not be reached from here.
unset WAYLAND_DISPLAY DBUS_SESSION_BUS_ADDRESS XAUTHORITY SESSION_MANAGER GNOME_KEYRING_CONTROL

export DBUS_SESSION_BUS_ADDRESS=unix:path=$XDG_RUNTIME_DIR/bus

part() { "$@" </dev/null >>"$SESSION_HOME/log" 2>&1 & }

# Servers that start or end at the same moment take each other's socket unless each holds the lock
# of its number, which -displayfd does without. The lock names the server that this display is.
# -noreset: else the server starts anew, and refuses programs, when the first that asked has gone.
start_screen() {
    for number in {100..299}; do
        part Xvfb ":$number" -screen 0 "${SCREEN:-1280x800x24}" -nolisten tcp -noreset
        server=$!
        export DISPLAY=:$number
        while kill -0 "$server" 2>/dev/null; do
            if [[ $(cat "/tmp/.X$number-lock" 2>/dev/null) -eq $server ]] && the_screen_answers; then return; fi
            sleep 0.1
        done
    done
    tell "no X server started:"
    tail -n 5 "$SESSION_HOME/log" >&2
    exit 2
}

# gnome-keyring-daemon now and then ends itself when short-lived connections follow each other, or a
# program is killed in the middle of a question (Debian bug 1147303). The bus starts the next one, by
# this entry unlocked too: the distribution's asks for the password in a window, and nobody is there.
mkdir -p "$XDG_DATA_HOME/dbus-1/services"
cat >"$XDG_DATA_HOME/dbus-1/services/org.freedesktop.secrets.service" <<'SERVICE'
[D-BUS Service]
Name=org.freedesktop.secrets
Exec=/bin/sh -c "printf practice | exec gnome-keyring-daemon --foreground --unlock --components=secrets"
SERVICE

start_screen
part dbus-daemon --session --nofork --nopidfile --address="$DBUS_SESSION_BUS_ADDRESS"
wait_for the_bus_answers
part openbox --sm-disable
part xfce4-panel --disable-wm-check
for condition in windows_are_managed the_tray_is_there notifications_are_there the_keyring_is_unlocked; do
    wait_for "$condition"
done

# In the background, so that a signal to this script ends the session at once.
"$@" <&0 &
wait $! && status=0 || status=$?
if [[ $status -ne 0 ]]; then
    tell "the command ended with $status. The end of the session's log, should the cause be there:"
    tail -n 30 "$SESSION_HOME/log" >&2
fi
exit "$status"
