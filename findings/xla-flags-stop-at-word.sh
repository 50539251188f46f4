#!/usr/bin/env bash
# Version: jaxlib 0.10.2 (its XLA for CPUs) with jax 0.10.2 and numpy 2.4.6 (Python 3.11).
# Behaviour: the environment variable XLA_FLAGS is read up to the first word that does not begin with a dash; all flags behind such a
# word are ignored without a message. The setting --xla_cpu_multi_thread_eigen=false intra_op_parallelism_threads=1, which is passed
# around as a pair, contains such a word: its second half sets nothing, and what is appended to it is lost.
# Output (whether --xla_dump_to, at three places, writes a dump):
#   alone: dump
#   before the word: dump
#   behind the word: no dump
# Why it matters: latencies of compressed models on CPUs are measured with such settings, and programs append flags of their own to the
# variable. A flag that turns off a faulty or slow kernel is lost behind the word, and the measurement is of another configuration.
set -euo pipefail

dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
cd "$dir"
python3 -m venv venv
venv/bin/pip install -q jax==0.10.2 jaxlib==0.10.2 numpy==2.4.6

export JAX_PLATFORMS=cpu
cat >one.py <<'EOF'
import jax

jax.jit(lambda x: x @ x + 1)(jax.numpy.ones((4, 4))).block_until_ready()
EOF
try() { # name, flags
  rm -rf dump
  XLA_FLAGS=$2 venv/bin/python one.py || exit
  if ls dump/*.txt >/dev/null 2>&1; then echo "$1: dump"; else echo "$1: no dump"; fi
}
word=intra_op_parallelism_threads=1
got=$(
  try "alone" "--xla_cpu_multi_thread_eigen=false --xla_dump_to=dump"
  try "before the word" "--xla_dump_to=dump --xla_cpu_multi_thread_eigen=false $word"
  try "behind the word" "--xla_cpu_multi_thread_eigen=false $word --xla_dump_to=dump"
)
want='alone: dump
before the word: dump
behind the word: no dump'
printf '%s\n' "$got"
[ "$got" = "$want" ] || { printf 'the behaviour has changed; expected:\n%s\n' "$want" >&2; exit 1; }
