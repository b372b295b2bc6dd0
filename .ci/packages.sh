#!/bin/sh
# packages.sh: Debian packages that the tests use: the cluster's own validators, a browser, and what
# makes the laboratory's nodes.
set -eu
PATH="$PATH:/usr/sbin:/sbin"
needed="git:git
crm_simulate:pacemaker-cli-utils
corosync:corosync
drbdadm:drbd-utils
haproxy:haproxy
chromium:chromium
pdftotext:poppler-utils
ocf-tester:resource-agents
fence_ipmilan:fence-agents
xmllint:libxml2-utils
public-inbox-httpd:public-inbox
openssl:openssl
unshare:util-linux
ip:iproute2
keepalived:keepalived
nft:nftables
crm:crmsh
pcs:pcs
shellcheck:shellcheck
ssh:openssh-client
mount:mount
systemd-nspawn:systemd-container
mmdebstrap:mmdebstrap"
missing=""
for entry in $needed; do
    command -v "${entry%%:*}" >/dev/null || missing="$missing ${entry#*:}"
done
# Playwright's own Node.js is linked against it
ldconfig -p 2>/dev/null | grep -q libatomic.so.1 || missing="$missing libatomic1"
# The package indexes are read by a test; a container image comes without.
if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null && ! ls /var/lib/apt/lists/*_Packages* >/dev/null 2>&1; then
    apt-get update -qq
fi
[ -n "$missing" ] || exit 0
if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null; then
    echo "installing for the tests:$missing"
    # services must not start because a test wants their validators
    printf '#!/bin/sh\nexit 101\n' > /tmp/policy-rc.d.$$
    if [ ! -e /usr/sbin/policy-rc.d ]; then
        install -m 0755 /tmp/policy-rc.d.$$ /usr/sbin/policy-rc.d
        trap 'rm -f /usr/sbin/policy-rc.d' EXIT
    fi
    rm -f /tmp/policy-rc.d.$$
    apt-get update -qq
    # shellcheck disable=SC2086
    DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends $missing >/dev/null
else
    echo "Not root: tests that need these packages are left out, each with its reason:$missing"
fi
