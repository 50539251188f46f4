#!/usr/bin/env bash
# What is to be known of bertlab on a GPU, in at most twelve minutes and without anybody: tests on xla:cuda, the benchmark beside PyTorch on
# the same GPU with TF32 on both and on neither, a profile with the device's memory, an epoch of SST-2 on bert-base in float32 and one in
# bfloat16, devices together and a decisive pair of movement pruning. Nothing here has been measured yet.
#
#   bench/gpu.sh FOLDER [PYTHON]      # PYTHON has torch and transformers; without it there is no comparison
#
# Each part has its own limit; one that fails or runs out of time does not keep the others from being run. FOLDER/summary.txt names each
# with its status (124: out of time), and the logs lie beside it. Models, data and CUDA's plugin are fetched before, with bertlab setup.
set -u
out=${1:?usage: bench/gpu.sh FOLDER [PYTHON]} python=${2-${BERTLAB_PEER_PYTHON-}}
cd "$(dirname "$0")/.."
mkdir -p "$out" && out=$(cd "$out" && pwd) || exit 1
: >"$out/summary.txt"
finish=$((SECONDS + 12 * 60))

# part NAME SECONDS COMMAND…: runs it as long as there is time.
part() {
	local name=$1 limit=$2 began=$SECONDS status
	shift 2
	[ $((finish - SECONDS)) -ge 10 ] || { printf '%s\tleft out: no time\n' "$name" >>"$out/summary.txt"; return; }
	[ "$limit" -le $((finish - SECONDS)) ] || limit=$((finish - SECONDS))
	timeout -k 5 "$limit" "$@" >"$out/$name.log" 2>&1
	status=$?
	printf '%s\tstatus %d\t%d s\n' "$name" "$status" $((SECONDS - began)) | tee -a "$out/summary.txt"
}

export BERTLAB_OFFLINE=1
bertlab="$out/bertlab"
part build 120 go build -o "$bertlab" ./cmd/bertlab
part doctor 10 "$bertlab" doctor --backend xla:cuda
part device 10 nvidia-smi
bench=(go run ./bench --only forward,step --quick --models bert-base-uncased)
[ -z "$python" ] || bench+=(--python "$python")
part bench-tf32 110 env GOMLX_BACKEND=xla:cuda "${bench[@]}" --out "$out/bench-tf32.json"
part bench-float32 90 env GOMLX_BACKEND=xla:cuda,tf32=false "${bench[@]}" --out "$out/bench-float32.json"
part profile 40 "$bertlab" profile --backend xla:cuda --model bert-base-uncased --batch 32,128 --length 128 --out "$out/profile.json"
part sst2-epoch 180 "$bertlab" finetune --backend xla:cuda --model bert-base-uncased --task sst2 --epochs 1 --out "$out/sst2" --json
part sst2-bf16 120 "$bertlab" finetune --backend xla:cuda --model bert-base-uncased --task sst2 --epochs 1 --precision bf16 --out "$out/sst2-bf16" --json
[ "$(nvidia-smi -L 2>/dev/null | wc -l)" -lt 2 ] ||
	part devices 60 "$bertlab" finetune --backend xla:cuda --model bert-base-uncased --task movies --epochs 1 --devices 2 --out "$out/devices" --json
for method in movement magnitude; do
	part "movement-$method" 90 "$bertlab" movement --backend xla:cuda --method "$method" --remaining 0.03 --model bert-base-uncased --task movies --epochs 3 --out "$out/$method" --json
done
part tests 150 env GOMLX_BACKEND=xla:cuda go test ./gbert ./gbert/finetune ./techniques/...
cat "$out/summary.txt"
