#!/bin/sh
# Put this machine's part in place (root, Debian 12 or newer). Nothing that is there is overwritten but our own units.
#   ./install.sh machine    a machine that serves and works      ./install.sh balancer   the one in front
set -eu
cd "$(dirname "$0")"
part="${1:?machine or balancer}"
keep() { [ -e "$2" ] || install -D -m "$3" "$1" "$2"; }
case "$part" in
machine)
    install -D -m 0644 sysusers.conf /etc/sysusers.d/aftercheck.conf
    install -D -m 0644 tmpfiles.conf /etc/tmpfiles.d/aftercheck.conf
    systemd-sysusers aftercheck.conf
    systemd-tmpfiles --create aftercheck.conf
    install -D -m 0644 journald.conf /etc/systemd/journald@aftercheck.conf
    install -m 0644 aftercheck-server.service aftercheck-worker@.service aftercheck-listener.service aftercheck.target \
        /etc/systemd/system/
    keep server.toml /etc/aftercheck/server.toml 0644
    keep server.env /etc/aftercheck/server.env 0600
    install -m 0755 aftercheck /usr/local/sbin/aftercheck
    systemctl daemon-reload
    echo "Fill in /etc/aftercheck/server.env and keys/, then (on the first machine) 'aftercheck init' and everywhere:"
    echo "systemctl enable --now aftercheck.target"
    ;;
balancer)
    install -D -m 0644 nginx.conf /etc/nginx/conf.d/aftercheck.conf
    install -D -m 0644 logrotate /etc/logrotate.d/aftercheck
    nginx -t && systemctl reload nginx
    ;;
esac
