# SPDX-License-Identifier: GPL-3.0-or-later
#
# What scripts/benchmark and scripts/cuda measure. Sourced after common.sh, not run. Uses the
# variables `device` (cpu or cuda:N) and `quick` (empty or not) of the script.

# check_device WORD
check_device() {
    [[ "$1" =~ ^(cpu|cuda:[0-9]{1,3})$ ]] || die "--device must be cpu or cuda:N, got '$1'"
    [ "$1" = cpu ] || command -v nvidia-smi >/dev/null ||
        die "--device $1: no NVIDIA driver on this machine (no nvidia-smi)"
}

# What the figures are measured on, in words.
device_name() {
    if [ "$device" = cpu ]; then
        echo "$(nproc) threads of $(sed -n 's/^model name[^:]*: //p' /proc/cpuinfo | head -n 1)"
    else
        nvidia-smi --query-gpu=name --format=csv,noheader -i "${device#cuda:}"
    fi
}

# start_measuring DIR: without what an earlier run has left.
start_measuring() {
    measurements=$1
    mkdir -p "$measurements"
    rm -f "$measurements"/*.json
}

# Run a benchmark or a script that writes "$measurements/NAME.json"; what it writes in pieces
# or not at all is not in the report.
# into NAME COMMAND...
into() {
    local name=$1 file=$measurements/$1.json
    shift
    say "Measuring: $name"
    if ! limited "$@" || [ ! -s "$file" ]; then
        rm -f "$file"
        in_time
        echo "$name: not measured" >&2
        return 1
    fi
}

# On all processors, which LibTorch by itself does not use on every machine.
# run_benchmarks NAME FILTER [OPTION...]
run_benchmarks() {
    local name=$1 filter=$2
    shift 2
    into "$name" env CFISAC_DEVICE="$device" OMP_NUM_THREADS="${OMP_NUM_THREADS:-$(nproc)}" \
        "$build/lib/benchmarks/cfisac_benchmarks" \
        --benchmark_filter="$filter" --benchmark_out="$measurements/$name.json" \
        --benchmark_out_format=json "$@"
}

repetitions() { echo "--benchmark_repetitions=$([ -n "$quick" ] && echo 1 || echo 3)"; }

measure_machine() { run_benchmarks machine '^Machine/' "$(repetitions)"; }

# The small networks of lite on one thread, as in a block.
measure_engine() {
    run_benchmarks engine '^Engine/paper/' "$(repetitions)" &&
        OMP_NUM_THREADS=1 run_benchmarks engine-lite '^Engine/lite/' "$(repetitions)"
}
measure_signal() { run_benchmarks signal '^(Channel|Precoder|Bound)/' "$(repetitions)"; }
measure_blocks() { run_benchmarks blocks '^Flowgraph/'; }

measure_costs() {
    local sizes='.*'
    [ -z "$quick" ] ||
        sizes='(([MNQ]=[124])|(elements=(1024|4096|16384))|(codewords=(16|64|256)))(/|$)'
    OMP_NUM_THREADS=1 run_benchmarks cost "^Cost/[a-z_]*/$sizes"
}

# measure_numpy SCENARIO
measure_numpy() {
    into "numpy-$1" "$python" -B "$root/scripts/lib/benchmark_numpy.py" \
        --scenario "$root/examples/scenarios/$1.yml" --out "$measurements/numpy-$1.json"
}

measure_stock_blocks() {
    into gnuradio "$python" -B "$root/scripts/lib/benchmark_gnuradio.py" \
        --scenario "$root/examples/scenarios/paper.yml" \
        --radio-scenario "$root/examples/scenarios/sdr_2x2.yml" \
        --out "$measurements/gnuradio.json"
}

# What goes over the network stays on the processor.
measure_network() { run_benchmarks network '^Network/' "$(repetitions)"; }

measure_radio() {
    into radio "$python" -B "$root/scripts/lib/benchmark_radio.py" \
        --scenario "$root/examples/scenarios/sdr_2x2.yml" \
        --seconds "$([ -n "$quick" ] && echo 2 || echo 5)" --out "$measurements/radio.json"
}

# last_line NAME COMMAND...: the line of JSON that a program prints at its end, or what went
# wrong.
last_line() {
    local name=$1 log=$measurements/$1.log
    shift
    say "Measuring: $name"
    if limited "$@" >"$log"; then
        tail -n 1 "$log" | tee "$measurements/$name.json"
        rm -f "$log"
    else
        in_time
        echo "{\"error\": \"$(basename "$1") failed\"}" | tee "$measurements/$name.json"
        return 1
    fi
}

# simulate NAME SCENARIO MODEL FRAMES [OPTION...]
simulate() {
    local name=$1 scenario=$root/examples/scenarios/$2.yml model=$3 frames=$4
    shift 4
    if [ ! -x "$build/apps/isac_simulate" ]; then
        echo '{"error": "isac_simulate is not built: no GNU Radio"}' >"$measurements/$name.json"
        return
    fi
    last_line "$name" "$build/apps/isac_simulate" --scenario "$scenario" --model "$model" \
        --frames "$frames" --seed 2026 --device "$device" --json "$@"
}

# measure_lite SUFFIX [OPTION...], measure_paper SUFFIX [OPTION...]: the name is the scenario's
# with the suffix.
measure_lite() {
    simulate "lite$1" lite "$root/examples/models/lite.safetensors" \
        "$([ -n "$quick" ] && echo 1000 || echo 5000)" "${@:2}"
}

# With fresh weights: their values do not change the time.
paper_model() {
    paper_model=$measurements/paper.safetensors
    [ -e "$paper_model" ] ||
        limited "$build/apps/isac_inspect" --architecture paper \
            --scenario "$root/examples/scenarios/paper.yml" --save "$paper_model" >/dev/null
}

measure_paper() {
    paper_model && simulate "paper$1" paper "$paper_model" \
        "$([ "$device" = cpu ] && echo 8 || echo 5000)" "${@:2}"
}

# write_report DIR [OPTION...]
write_report() {
    say "Report"
    "$python" -B "$root/scripts/lib/benchmark_report.py" "$measurements"/*.json --out "$1" \
        --device "$(device_name)" "${@:2}"
    say "Done: $1/benchmark.json, benchmark.md and benchmark.png"
}
