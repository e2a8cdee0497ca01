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

# start_measuring DIR: empty of what an earlier run has left.
start_measuring() {
    measurements=$1
    mkdir -p "$measurements"
    rm -f "$measurements"/*.json
}

# run_benchmarks NAME FILTER [OPTION...]: one that fails is reported as not measured.
run_benchmarks() {
    local name=$1 filter=$2
    shift 2
    say "Measuring: $name"
    if ! CFISAC_DEVICE=$device "$build/lib/benchmarks/cfisac_benchmarks" \
        --benchmark_filter="$filter" --benchmark_out="$measurements/$name.json" \
        --benchmark_out_format=json "$@"; then
        rm -f "$measurements/$name.json"
        echo "$name failed: not in the report" >&2
    elif [ ! -s "$measurements/$name.json" ]; then # no benchmark has such a name
        rm -f "$measurements/$name.json"
        echo "$name: nothing measured" >&2
    fi
}

repetitions() { echo "--benchmark_repetitions=$([ -n "$quick" ] && echo 1 || echo 3)"; }

measure_machine() { run_benchmarks machine '^Machine/' "$(repetitions)"; }

measure_parts() {
    run_benchmarks engine '^Engine/' "$(repetitions)"
    run_benchmarks signal '^(Channel|Precoder|Bound)/' "$(repetitions)"
    run_benchmarks blocks '^Flowgraph/'
}

measure_costs() {
    local sizes='.*'
    [ -z "$quick" ] ||
        sizes='(([MNQ]=[124])|(elements=(1024|4096|16384))|(codewords=(16|64|256)))(/|$)'
    run_benchmarks cost "^Cost/[a-z_]*/$sizes"
}

measure_other_software() {
    local name
    for name in paper lite; do
        say "Measuring: NumPy, $name"
        "$python" -B "$root/scripts/lib/benchmark_numpy.py" \
            --scenario "$root/examples/scenarios/$name.yml" --out "$measurements/numpy-$name.json"
    done
    say "Measuring: stock blocks and gr-radar"
    "$python" -B "$root/scripts/lib/benchmark_gnuradio.py" \
        --scenario "$root/examples/scenarios/paper.yml" --out "$measurements/gnuradio.json"
}

# simulate NAME SCENARIO MODEL FRAMES [OPTION...]: the scores, or what went wrong.
simulate() {
    local name=$1 scenario=$2 model=$3 frames=$4 result
    shift 4
    say "Measuring: flowgraph, $name"
    if [ ! -x "$build/apps/isac_simulate" ]; then
        result='{"error": "isac_simulate is not built: no GNU Radio"}'
    elif ! result=$("$build/apps/isac_simulate" --scenario "$scenario" --model "$model" \
        --frames "$frames" --seed 2026 --device "$device" --json "$@" | tail -n 1); then
        result='{"error": "isac_simulate failed"}'
    fi
    echo "$result" | tee "$measurements/$name.json"
}

# measure_flowgraph NAME MODEL FRAMES: as fast as it goes, and at the pace of the waveform.
measure_flowgraph() {
    local scenario=$root/examples/scenarios/$1.yml
    simulate "$1" "$scenario" "$2" "$3"
    simulate "$1-real-time" "$scenario" "$2" "$3" --real-time
}

measure_flowgraph_at_lite() {
    measure_flowgraph lite "$root/examples/models/lite.safetensors" \
        "$([ -n "$quick" ] && echo 1000 || echo 5000)"
}

# With fresh weights: their values do not change the time.
measure_flowgraph_at_paper_size() {
    local model=$measurements/paper.safetensors
    if ! "$build/apps/isac_inspect" --architecture paper \
        --scenario "$root/examples/scenarios/paper.yml" --save "$model" >/dev/null; then
        echo '{"error": "isac_inspect failed"}' >"$measurements/paper.json"
        return
    fi
    measure_flowgraph paper "$model" "$([ "$device" = cpu ] && echo 8 || echo 5000)"
    rm -f "$model"
}

# write_report DIR
write_report() {
    say "Report"
    "$python" -B "$root/scripts/lib/benchmark_report.py" "$measurements"/*.json --out "$1" \
        --device "$(device_name)"
    say "Done: $1/benchmark.json, benchmark.md and benchmark.png"
}
