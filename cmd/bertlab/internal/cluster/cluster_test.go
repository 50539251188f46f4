package cluster

import (
	"bytes"
	"context"
	"flag"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"bertlab/papers/experiment"
)

var update = flag.Bool("update", false, "write the golden files anew")

func job() Job {
	return Job{
		Name: "heads", Arguments: []string{"heads", "--quick=true", "--data", "a folder/with 'quotes' & $more", "--model", "no"}, Out: "shared/results", Tasks: 4, Parallel: 2,
		Time: 90 * time.Minute, Memory: 3 << 30, Processors: 2, Why: "Time and memory were given",
	}
}

// outputs are what the golden files hold. The test of the module beside this one decodes the manifests among them by Kubernetes' own types.
func outputs(t *testing.T) map[string][]byte {
	t.Helper()
	gpu := job()
	gpu.GPUs, gpu.Name = 1, "with-gpu"
	all := map[string][]byte{}
	for name, write := range map[string]interface {
		check() (func(*bytes.Buffer) error, error)
	}{
		"plain.sh":   slurmCase{Slurm{Job: job(), Program: "bertlab"}},
		"gpu.sh":     slurmCase{Slurm{Job: gpu, Program: "/opt/bertlab/bin/bertlab", Partition: "gpu", Account: "group-7"}},
		"plain.yaml": kubernetesCase{Kubernetes{Job: job(), Image: "bertlab:latest", Claim: "results"}},
		"gpu.yaml":   kubernetesCase{Kubernetes{Job: gpu, Image: "registry.example:5000/lab/bertlab:1.2", Claim: "no", Namespace: "on", Protocol: "{\n  \"seeds\": [1, 010],\n  \"model\": \"null: - 'x' #\"\n}\n"}},
	} {
		print, err := write.check()
		var text bytes.Buffer
		if err == nil {
			err = print(&text)
		}
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		all[name] = text.Bytes()
	}
	return all
}

type slurmCase struct{ Slurm }
type kubernetesCase struct{ Kubernetes }

func (c slurmCase) check() (func(*bytes.Buffer) error, error) {
	return func(b *bytes.Buffer) error { return c.Write(b) }, c.Slurm.Check()
}
func (c kubernetesCase) check() (func(*bytes.Buffer) error, error) {
	return func(b *bytes.Buffer) error { return c.Write(b) }, c.Kubernetes.Check()
}

func TestScriptsAndManifestsAreThoseOfTheGoldenFiles(t *testing.T) {
	for name, got := range outputs(t) {
		path := filepath.Join("testdata", name)
		if *update {
			if err := os.WriteFile(path, got, 0o644); err != nil {
				t.Fatal(err)
			}
		}
		if want, err := os.ReadFile(path); err != nil || !bytes.Equal(got, want) {
			t.Errorf("%s differs (%v); go test -update writes it anew:\n%s", path, err, got)
		}
	}
}

// shell runs a script with stand-ins for the scheduler's commands and for bertlab, which write down how they were called.
func shell(t *testing.T, script []byte, bertlab string, env ...string) (status int, calls string) {
	t.Helper()
	bash, err := exec.LookPath("bash")
	if err != nil {
		t.Skip("there is no bash")
	}
	dir := t.TempDir()
	for name, body := range map[string]string{
		"sbatch": `echo "sbatch $*" >>calls; cat >>calls`, "scontrol": `echo "scontrol $*" >>calls`, "sleep": ":",
		"bertlab": `printf 'bertlab' >>calls; printf ' [%s]' "$@" >>calls; echo >>calls; ` + bertlab,
	} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte("#!"+bash+"\n"+body+"\n"), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.WriteFile(filepath.Join(dir, "script.sh"), script, 0o755); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
	defer cancel()
	command := exec.CommandContext(ctx, bash, "script.sh")
	command.WaitDelay = time.Second
	command.Dir = dir
	command.Env = append([]string{"PATH=" + dir + ":" + os.Getenv("PATH")}, env...)
	out, _ := command.CombinedOutput() // its status is looked at
	text, err := os.ReadFile(filepath.Join(dir, "calls"))
	if err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	return command.ProcessState.ExitCode(), string(text)
}

func inTask(id string, more ...string) []string {
	return append([]string{"SLURM_JOB_ID=18", "SLURM_ARRAY_JOB_ID=17", "SLURM_ARRAY_TASK_ID=" + id, "SLURM_ARRAY_TASK_MIN=0"}, more...)
}

func TestATaskDoesItsShardAndTheFirstAsksForTheGathering(t *testing.T) {
	script := outputs(t)["plain.sh"]
	arguments := `[reproduce] [heads] [--quick=true] [--data] [a folder/with 'quotes' & $more] [--model] [no] [--out] [shared/results]`
	status, calls := shell(t, script, "exit 0", inTask("0")...)
	if status != 0 || !strings.Contains(calls, "bertlab "+arguments+" [--shard] [0/4]\n") || !strings.Contains(calls, "sbatch --dependency=afterany:17") || !strings.Contains(calls, "\nexec bertlab reproduce heads") {
		t.Errorf("the first task ended with %d:\n%s", status, calls)
	}
	if status, calls := shell(t, script, "exit 3", inTask("2")...); status != 3 || strings.Contains(calls, "sbatch") || !strings.Contains(calls, "[2/4]") {
		t.Errorf("another one ended with %d:\n%s", status, calls)
	}
	if status, calls := shell(t, script, "exit 0", inTask("0", "SLURM_RESTART_COUNT=1")...); status != 0 || strings.Contains(calls, "sbatch") {
		t.Errorf("put back, the first one ended with %d:\n%s", status, calls)
	}
	if _, calls := shell(t, script, "exit 0"); !strings.HasPrefix(calls, "sbatch script.sh") || strings.Contains(calls, "bertlab [") {
		t.Errorf("outside of a job:\n%s", calls)
	}
}

func TestAStoppedOrKilledTaskIsPutBackAndAFailedOneNot(t *testing.T) {
	script := outputs(t)["plain.sh"]
	for _, c := range []struct {
		bertlab string
		env     []string
		status  int
		back    bool
	}{
		{`kill -KILL $$`, nil, 137, true},
		{`trap 'exit 143' TERM; kill -USR1 $PPID; while :; do /bin/sleep 0.01; done`, nil, 143, true}, // the limit is near
		{`exit 1`, nil, 1, false},
		{`kill -KILL $$`, []string{"SLURM_RESTART_COUNT=5"}, 137, false},
	} {
		status, calls := shell(t, script, c.bertlab, inTask("2", c.env...)...)
		if status != c.status || strings.Contains(calls, "scontrol requeue 17_2") != c.back {
			t.Errorf("%s: it ended with %d:\n%s", c.bertlab, status, calls)
		}
	}
}

func TestWrongJobsAreRefused(t *testing.T) {
	for word, change := range map[string]func(*Job){
		"--tasks 0": func(j *Job) { j.Tasks = 0 }, "--tasks 1001": func(j *Job) { j.Tasks = 1001 }, "--parallel 5": func(j *Job) { j.Parallel = 5 },
		"--parallel 0": func(j *Job) { j.Parallel = 0 }, "--cpus 0": func(j *Job) { j.Processors = 0 }, "--gpus -1": func(j *Job) { j.GPUs = -1 },
		"--name": func(j *Job) { j.Name = "Two Words" }, "--time 1s": func(j *Job) { j.Time = time.Second }, "--memory": func(j *Job) { j.Memory = 1 },
		"--out": func(j *Job) { j.Out = "a\nb" },
	} {
		wrong := job()
		change(&wrong)
		if err := wrong.Check(); err == nil || !strings.Contains(err.Error(), word) {
			t.Errorf("%s: %v", word, err)
		}
	}
	slurm := Slurm{Job: job(), Partition: "a b"}
	if err := slurm.Write(new(bytes.Buffer)); err == nil || !strings.Contains(err.Error(), "--partition") {
		t.Errorf("the partition: %v", err)
	}
	for word, k := range map[string]Kubernetes{
		"--image": {Image: "two words", Claim: "c"}, "--claim": {Image: "a", Claim: "C d"}, "--namespace": {Image: "a", Claim: "c", Namespace: "N"},
	} {
		k.Job = job()
		if err := k.Write(new(bytes.Buffer)); err == nil || !strings.Contains(err.Error(), word) {
			t.Errorf("%s: %v", word, err)
		}
	}
}

func TestPodsWriteIntoTheVolumeAlone(t *testing.T) {
	for out, seen := range map[string]string{
		"../results": "", "..": "", "a/../../results": "", "./../a": "",
		"results": "/bertlab/results", "a/../results": "/bertlab/results", "..results/": "/bertlab/..results", ".": "/bertlab/.",
	} {
		k := Kubernetes{Job: job(), Image: "a", Claim: "c"}
		k.Out = out
		var text bytes.Buffer
		err := k.Write(&text)
		if seen == "" {
			if err == nil || !strings.Contains(err.Error(), "--out "+out) || text.Len() > 0 {
				t.Errorf("%s: %v, %d bytes", out, err, text.Len())
			}
			continue
		}
		if words := k.Words(); err != nil || words[len(words)-1] != seen {
			t.Errorf("%s: %v, the pods see %q", out, err, words)
		}
	}
}

func TestTimeAndMemoryComeFromTheForecast(t *testing.T) {
	j := Job{Tasks: 4}
	j.Expect(experiment.Outlook{Count: 9, Missing: 8, Seconds: 7200, Longest: 600, Memory: 3 << 30})
	if j.Time != time.Hour || j.Memory != 5<<30 || !strings.Contains(j.Why, "8 of 9") {
		t.Errorf("%v, %d, %q", j.Time, j.Memory, j.Why)
	}
	j = Job{Tasks: 100}
	if j.Expect(experiment.Outlook{Seconds: 7200, Longest: 1200}); j.Time != 40*time.Minute || j.Memory != 2<<30 {
		t.Errorf("where a chain is longest: %v, %d", j.Time, j.Memory)
	}
	for d, want := range map[time.Duration]string{90 * time.Minute: "0-01:30:00", 49*time.Hour + time.Second: "2-01:00:01"} {
		if got := slurmTime(d); got != want {
			t.Errorf("%v: %s", d, got)
		}
	}
}
