#!/usr/bin/env bash
# bertlab reproduce heads --quick=true --data 'a folder/with '\''quotes'\'' & $more' --model no, in 4 shards, 2 at a time, then gathered.
# Time and memory were given.
#
#   sbatch THIS_FILE                 # all shards; the first one asks for the gathering
#   sbatch --array=1,3 THIS_FILE     # some of them again: what is done is not done again
#
#SBATCH --job-name=heads
#SBATCH --array=0-3%2
#SBATCH --ntasks=1
#SBATCH --cpus-per-task=2
#SBATCH --mem=3072M
#SBATCH --time=0-01:30:00
#SBATCH --requeue
#SBATCH --open-mode=append
#SBATCH --output=heads-%A_%a.log
#SBATCH --signal=B:USR1@120
set -u

[ -n "${SLURM_JOB_ID-}" ] || exec sbatch "$@" "$0"
task="${SLURM_ARRAY_JOB_ID}_${SLURM_ARRAY_TASK_ID}"

# Whether all shards have ended well is for the gathering to see: after one that failed, afterok would wait for ever.
if [ "$SLURM_ARRAY_TASK_ID" = "${SLURM_ARRAY_TASK_MIN-0}" ] && [ -z "${SLURM_RESTART_COUNT-}" ]; then
	sbatch --dependency="afterany:$SLURM_ARRAY_JOB_ID" <<-'GATHER'
		#!/usr/bin/env bash
		#SBATCH --job-name=heads-gather
		#SBATCH --ntasks=1
		#SBATCH --cpus-per-task=2
		#SBATCH --mem=3072M
		#SBATCH --time=0-00:30:00
		#SBATCH --requeue
		#SBATCH --open-mode=append
		#SBATCH --output=heads-%A_gather.log
		exec bertlab reproduce heads --quick=true --data 'a folder/with '\''quotes'\'' & $more' --model no --out shared/results --gather
	GATHER
fi

# The signal before the limit reaches this shell alone, which passes it on as the one that lets the program write what it has.
again="" program=""
trap 'again=limit; kill -TERM "$program" 2>/dev/null' USR1
trap 'kill -TERM "$program" 2>/dev/null' TERM
bertlab reproduce heads --quick=true --data 'a folder/with '\''quotes'\'' & $more' --model no --out shared/results --shard "$SLURM_ARRAY_TASK_ID/4" &
program=$!
[ -z "$again" ] || kill -TERM "$program" # the signal came before there was a program
wait "$program"
status=$?
while kill -0 "$program" 2>/dev/null; do # a signal ended the wait, not the program
	wait "$program"
	status=$?
done

# Stopped at its limit, or killed, as for want of memory: the task is put back, and goes on where it was.
[ "$status" = 137 ] && again=killed
if [ -n "$again" ] && [ "$status" != 0 ] && [ "${SLURM_RESTART_COUNT-0}" -lt 5 ]; then
	echo "task $task ended with $status ($again): it is put back"
	scontrol requeue "$task" && sleep 60
fi
exit "$status"
