package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestAClustersJobIsPlannedOrGiven(t *testing.T) {
	args, out := sharedArgs(t), filepath.Join(t.TempDir(), "results")
	with := func(scheduler string, more ...string) []string {
		return append(append([]string{"cluster", scheduler}, args[1:]...), append(more, "--out", out)...)
	}
	planned := bertlab(t, with("slurm", "--tasks", "3", "--parallel", "2")...)
	for _, line := range []string{"#SBATCH --array=0-2%2\n", "#SBATCH --time=0-00:10:00\n", "#SBATCH --mem=2048M\n", "steps are to be done", "--shard \"$SLURM_ARRAY_TASK_ID/3\"", "--quick=true"} {
		if planned.status != exitSuccess || !strings.Contains(planned.stdout, line) {
			t.Errorf("it ended with %d, without %q\n%s%s", planned.status, line, planned.stdout, planned.stderr)
		}
	}
	given := bertlab(t, with("kubernetes", "--tasks", "3", "--time", "2h", "--memory", "4GB", "--json")...).document()
	for _, line := range []string{"activeDeadlineSeconds: 7200\n", "memory: \"3814Mi\"", "protocol.json: ", "completions: 3\n", "\"--protocol\"\n            - \"/protocol/protocol.json\""} {
		if !strings.Contains(given["manifest"].(string), line) {
			t.Errorf("without %q:\n%s", line, given["manifest"])
		}
	}
	if _, err := os.Stat(out); err == nil {
		t.Error("something was made")
	}
	bertlab(t, with("slurm", "--tasks", "0")...).fails(exitWrongCall, "--tasks 0")
	bertlab(t, with("slurm", "--tasks", "2", "--parallel", "3")...).fails(exitWrongCall, "--parallel 3")
	bertlab(t, with("kubernetes", "--memory", "lots")...).fails(exitWrongCall, "--memory lots")
	bertlab(t, append(with("kubernetes", "--tasks", "3", "--time", "2h"), "--out", "../results")...).fails(exitWrongCall, "--out ../results")
	bertlab(t, "cluster", "slurm", "nothing").fails(exitWrongCall, "nothing")
	bertlab(t, "cluster", "nomad").fails(exitWrongCall, "slurm, kubernetes")
}
