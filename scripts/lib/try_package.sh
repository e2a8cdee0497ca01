# SPDX-License-Identifier: GPL-3.0-or-later
#
# What scripts/try-package does inside of the bare root, step by step:
#   install FILE | programs | examples | remove

set -euo pipefail

state=/tmp/state
examples=/usr/share/gr-isac/examples
mkdir -p "$state" "$HOME"

fail() {
    echo "FAILED: $*" >&2
    exit 1
}

# Everything but what these steps and apt keep for themselves.
files() {
    find / -xdev \( -path /proc -o -path /sys -o -path /dev -o -path /tmp -o -path /run \
        -o -path /var/log -o -path /var/cache -o -path /var/lib/apt -o -path /var/lib/dpkg \) \
        -prune -o -print | sort
}

installed_programs() { dpkg -L gr-isac | grep '^/usr/bin/isac_'; }

case "$1" in
install)
    apt-get update -q
    apt-get install -q -y --no-install-recommends "$2" >"$state/apt.log" 2>&1 || {
        tail -n 30 "$state/apt.log"
        fail "apt-get install"
    }
    grep -E 'newly installed|Need to get|disk space' "$state/apt.log"
    dpkg -s gr-isac | grep -E '^(Status|Version|Installed-Size|Depends)'
    dpkg -L gr-isac | sort >"$state/own"
    files >"$state/installed"
    ;;
programs)
    installed_programs | while read -r program; do
        name=$(basename "$program")
        "$program" --help >"$state/help" || fail "$name --help"
        [ -s "$state/help" ] || fail "$name --help says nothing"
        [ -s "/usr/share/man/man1/$name.1.gz" ] || fail "$name has no manual page"
        bash -c 'source "$1" && complete -p "$2"' - \
            "/usr/share/bash-completion/completions/$name" "$name"
    done
    # Every library is found.
    dpkg -L gr-isac | while read -r file; do
        if [ -f "$file" ] && [ "$(head -c 4 "$file" | tr -d '\0')" = $'\x7fELF' ]; then
            if ldd "$file" | grep 'not found'; then
                fail "$file"
            fi
        fi
    done
    isac_inspect "$examples/models/lite.safetensors"
    isac_simulate --scenario "$examples/scenarios/lite.yml" \
        --model "$examples/models/lite.safetensors" --frames 100 --seed 2026 --json
    ;;
examples)
    python3 "$examples/headless/simulate_lite.py" --frames 50 ||
        fail "headless/simulate_lite.py"
    count=0
    cd "$state"
    for flowgraph in "$examples"/*.grc "$examples"/*/*.grc; do
        grcc -o "$state" "$flowgraph" >"$state/grcc.log" 2>&1 || {
            cat "$state/grcc.log"
            fail "grcc $flowgraph"
        }
        count=$((count + 1))
        case $flowgraph in
        */record_and_replay/record.grc) # replay.grc asks the recordings what they are
            python3 record.py --frames 2 || fail "record.py" ;;
        esac
    done
    echo "$count flowgraphs compiled"
    python3 /tmp/try_flowgraph.py simulate_lite 20
    ;;
remove)
    files >"$state/used"
    apt-get purge -q -y gr-isac
    files >"$state/removed"
    # What ran has left nothing that removal leaves, too.
    if comm -13 "$state/installed" "$state/removed" | grep .; then
        fail "these appeared while it was installed, and stay"
    fi
    # What the package had is gone, or is another package's too.
    while read -r path; do
        if [ -e "$path" ] && ! dpkg -S "$path" >/dev/null 2>&1; then
            fail "$path stays"
        fi
    done <"$state/own"
    if grep -i isac "$state/removed"; then
        fail "these stay"
    fi
    if dpkg -l gr-isac 2>/dev/null | grep -q '^[^u].*gr-isac'; then
        fail "dpkg still knows gr-isac"
    fi
    echo "$(wc -l <"$state/own") files and folders were installed," \
        "$(comm -23 "$state/used" "$state/removed" | wc -l) removed with what Python had" \
        "made of them; no remains"
    ;;
*) fail "unknown step $1" ;;
esac
