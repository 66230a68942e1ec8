# Sourced by scripts/test: a real SMTP server (aiosmtpd) and a real SMS gateway (Kannel) for tests.
# Needs $work and fail(). Sets and exports TEST_SMTP_* and TEST_KANNEL_*; the pids of what was
# started are in peer_pids, which the caller ends.

peer_pids=()

# Ports that are free now, one a line.
free_ports() {
    python3 - "$1" <<'PYTHON'
import socket, sys
all = [socket.socket() for _ in range(int(sys.argv[1]))]
for one in all:
    one.bind(("127.0.0.1", 0))
    print(one.getsockname()[1])
PYTHON
}

# Waits until something listens on a port of this machine.
wait_for_port() {
    local tries=0
    until (exec 3<>"/dev/tcp/127.0.0.1/$1") 2>/dev/null; do
        ((tries++ < 150)) || fail "nothing listens on port $1 ($2): $(tail -n 5 "$3")"
        sleep 0.1
    done
}

# An authority of our own and a certificate of localhost by it: rustls refuses one that is both.
make_certificates() (
    set -e
    mkdir "$work/tls"
    cd "$work/tls"
    openssl req -x509 -newkey rsa:2048 -nodes -days 2 -subj "/CN=zhuxue test authority" \
        -addext "basicConstraints=critical,CA:TRUE" -keyout ca.key -out ca.pem
    openssl req -newkey rsa:2048 -nodes -subj "/CN=localhost" -keyout leaf.key -out leaf.csr
    openssl x509 -req -in leaf.csr -CA ca.pem -CAkey ca.key -CAcreateserial -days 2 \
        -extfile <(printf 'subjectAltName=DNS:localhost,IP:127.0.0.1\n') -out leaf.pem
)

make_smtp_programs() {
    python3 -m venv "$work/venv"
    "$work/venv/bin/pip" install --quiet --disable-pip-version-check aiosmtpd==1.4.6
}

start_smtp() {
    local log="$work/smtp.log" tries=0 port=''
    : >"$log"
    mkdir "$work/letters"
    "$work/venv/bin/python" tests/peers/smtp.py "$work/letters" "$work/tls/leaf.pem" \
        "$work/tls/leaf.key" >"$log" 2>&1 </dev/null &
    peer_pids+=($!)
    while [[ -z $port ]]; do
        port=$(sed -nE '1s/^([0-9]+)$/\1/p' "$log")
        ((tries++ < 150)) || fail "the SMTP server does not start: $(cat "$log")"
        sleep 0.1
    done
    export TEST_SMTP_PORT=$port TEST_SMTP_CA="$work/tls/ca.pem" TEST_SMTP_LETTERS="$work/letters"
}

# bearerbox and smsbox of Kannel with a pretended network behind them, in this order.
start_kannel() {
    local folder="$work/kannel" ports
    mkdir "$folder"
    mapfile -t ports < <(free_ports 4)
    cat >"$folder/kannel.conf" <<CONF
group = core
admin-port = ${ports[0]}
admin-password = test
status-password = test
admin-interface = 127.0.0.1
smsbox-port = ${ports[1]}
smsbox-interface = 127.0.0.1
box-allow-ip = 127.0.0.1
store-type = file
store-location = $folder/store
log-file = $folder/bearerbox.log
log-level = 1

group = smsc
smsc = fake
smsc-id = fake
port = ${ports[2]}
connect-allow-ip = 127.0.0.1

group = smsbox
bearerbox-host = 127.0.0.1
sendsms-port = ${ports[3]}
sendsms-interface = 127.0.0.1
global-sender = 10690000
log-file = $folder/smsbox.log
log-level = 1

group = sendsms-user
username = zhuxue
password = right
max-messages = 10
concatenation = true
CONF
    HOME=$folder bearerbox "$folder/kannel.conf" >"$folder/bearerbox.out" 2>&1 </dev/null &
    peer_pids+=($!)
    wait_for_port "${ports[1]}" bearerbox "$folder/bearerbox.out"
    wait_for_port "${ports[2]}" bearerbox "$folder/bearerbox.out"
    HOME=$folder smsbox "$folder/kannel.conf" >"$folder/smsbox.out" 2>&1 </dev/null &
    peer_pids+=($!)
    wait_for_port "${ports[3]}" smsbox "$folder/smsbox.out"
    # Receives for ever; -m 0 sends nothing by itself.
    "$(fakesmsc_program)" -H 127.0.0.1 -r "${ports[2]}" -m 0 "1 2 text none" \
        >"$folder/fakesmsc.log" 2>&1 </dev/null &
    peer_pids+=($!)
    export TEST_KANNEL_PORT=${ports[3]} TEST_KANNEL_LOG="$folder/fakesmsc.log"
}

fakesmsc_program() {
    local program
    for program in /usr/lib/kannel/test/fakesmsc /usr/libexec/kannel/fakesmsc \
        "$(command -v fakesmsc || true)"; do
        [[ -x $program ]] && printf '%s' "$program" && return
    done
}
