package main

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"bertlab/cmd/bertlab/internal/output"
)

// outputs are calls of every command that writes something, without the flag that says where: with them the command would work.
func outputs(model, data string) map[string][]string {
	read := []string{"--model", model, "--task", "sst2", "--data", data}
	train := []string{"--model", model, "--task", "sst2", "--train", data, "--epochs", "1"}
	with := func(more []string, args ...string) []string { return slices.Concat(args, more) }
	return map[string][]string{
		"bertlab finetune":           with(train, "finetune"),
		"bertlab movement":           with(train, "movement", "--remaining", "0.5"),
		"bertlab tucker":             with(read, "tucker", "--ratio", "0.5"),
		"bertlab share":              with(read, "share"),
		"bertlab export":             with(read, "export"),
		"bertlab recipe":             with(read, "recipe", "layers-distil-float16", "--quick"),
		"bertlab heads prune":        with(read, "heads", "prune", "--remove", "0:1"),
		"bertlab layers drop":        with(read, "layers", "drop", "--k", "1"),
		"bertlab eval":               with(read, "eval"),
		"bertlab predict":            {"predict", "--model", model, "good"},
		"bertlab heads importance":   with(read, "heads", "importance"),
		"bertlab heads ablate":       with(read, "heads", "ablate"),
		"bertlab layers similarity":  with(read, "layers", "similarity"),
		"bertlab profile":            {"profile", "--model", model, "--batch", "1", "--length", "8", "--repeats", "1"},
		"bertlab landscape":          {"landscape", "--from", model, "--to", model, "--other", model, "--task", "sst2", "--data", data, "--grid", "2"},
		"bertlab lab":                {"lab", "--execute", data},
		"bertlab vocabulary":         with(read, "vocabulary", "--from", data),
		"bertlab quantise":           with(read, "quantise"),
		"bertlab records write":      {"records", "write", "heads", "--model", model},
		"bertlab cluster slurm":      {"cluster", "slurm", "heads", "--tasks", "2", "--model", model},
		"bertlab cluster kubernetes": {"cluster", "kubernetes", "heads", "--tasks", "2", "--model", model},
		"bertlab compare":            {"compare", model, model, "--task", "sst2", "--data", data, "--no-memory"},
		"bertlab reproduce":          {"reproduce", "heads", "--quick", "--model", model, "--task", "sst2", "--data", data},
	}
}

// everyCommand visits all commands of the program.
func everyCommand(a *app, visit func(*cobra.Command)) {
	var each func(*cobra.Command)
	each = func(command *cobra.Command) {
		visit(command)
		for _, child := range command.Commands() {
			each(child)
		}
	}
	each(a.root())
}

func TestWhatACommandIsToWriteIsCheckedBeforeAnyWork(t *testing.T) {
	model, data := tinyModel(t, 2), reviews(t, 9)
	before := contents(t, model)
	calls := outputs(model, data)
	a, tested := newApp(os.Stdout, os.Stderr), 0
	everyCommand(a, func(command *cobra.Command) {
		for _, target := range a.targets[command.Flags()] {
			args, ok := calls[command.CommandPath()]
			if !ok {
				t.Errorf("%s writes --%s: no call of it is tested", command.CommandPath(), target.Flag)
				continue
			}
			tested++
			for name, c := range wrongTargets(t, target, model, data) {
				if name == "the model" && !slices.Contains(args, model) {
					c.says = "holds a model" // whoever reads it
				}
				args := slices.Clone(args)
				if target.Kind != output.Model && target.Flag == "steps" {
					args = append(args, "--out", filepath.Join(t.TempDir(), "out"))
				}
				ended := bertlab(t, append(args, "--"+target.Flag, c.path)...)
				if ended.status != exitWrongCall || ended.stdout != "" || !strings.Contains(ended.stderr, "--"+target.Flag) || !strings.Contains(ended.stderr, c.says) {
					t.Errorf("%s --%s, %s: %d, %s", command.CommandPath(), target.Flag, name, ended.status, ended.stderr)
				}
				if strings.Contains(ended.stderr, "compiling") || strings.Contains(ended.stderr, "step") && target.Flag != "steps" {
					t.Errorf("%s worked before it looked at --%s: %s", command.CommandPath(), target.Flag, ended.stderr)
				}
			}
		}
	})
	if tested < 25 {
		t.Errorf("only %d flags were tested", tested)
	}
	if after := contents(t, model); len(after) != len(before) {
		t.Errorf("the model's folder holds %d files, %d before", len(after), len(before))
	}
	unchanged(t, model, before)
}

type wrongTarget struct{ path, says string }

// wrongTargets are paths to which a flag must not lead.
func wrongTargets(t *testing.T, target output.Target, model, data string) map[string]wrongTarget {
	t.Helper()
	dir := t.TempDir()
	ending := ""
	if len(target.Endings) > 0 {
		ending = target.Endings[0]
	}
	file, full := filepath.Join(dir, "file"+ending), filepath.Join(dir, "full"+ending)
	for _, err := range []error{os.WriteFile(file, nil, 0o600), os.Mkdir(full, 0o700), os.WriteFile(filepath.Join(full, "notes.txt"), nil, 0o600), os.Symlink(filepath.Join(dir, "gone"), filepath.Join(dir, "dangling"+ending))} {
		if err != nil {
			t.Fatal(err)
		}
	}
	wrong := map[string]wrongTarget{
		"below a file":     {filepath.Join(file, "x"+ending), ""},
		"a dangling link":  {filepath.Join(dir, "dangling"+ending), ""},
		"where none can":   {filepath.Join("/proc", "x"+ending), ""},
		"a null in a path": {"a\x00b" + ending, ""},
	}
	switch target.Kind {
	case output.File:
		wrong["a folder"] = wrongTarget{full, "is a folder"}
		wrong["a folder to be"] = wrongTarget{filepath.Join(dir, "new"+ending) + "/", "is a folder"}
		wrong["a device"] = wrongTarget{"/dev/null", ""}
		if ending == "" {
			wrong["an input"] = wrongTarget{filepath.Join(model, "config.json"), "which is read"}
		} else {
			wrong["another ending"] = wrongTarget{filepath.Join(dir, "x.txt"), ending}
		}
	case output.Folder:
		wrong["a file"] = wrongTarget{file, "is a file"}
		wrong["the model"] = wrongTarget{model, "model that is read"}
		wrong["another model"] = wrongTarget{tinyModel(t, 2), "holds a model"}
	case output.Model:
		wrong["nothing"] = wrongTarget{"", "name the folder"}
		wrong["a file"] = wrongTarget{file, "is a file"}
		wrong["the model"] = wrongTarget{model, "model that is read"}
		wrong["another model"] = wrongTarget{tinyModel(t, 2), "holds a model already"}
		wrong["somebody's files"] = wrongTarget{full, "is not empty (it holds notes.txt)"}
	}
	if target.Flag == "steps" {
		delete(wrong, "the model") // --steps is no --out, and may stand beside anything
	}
	return wrong
}

func TestEveryFlagThatNamesAnOutputSaysWhatItIs(t *testing.T) {
	means := map[output.Kind]string{output.File: "file", output.Folder: "folder", output.Model: "folder for the model"}
	a := newApp(os.Stdout, os.Stderr)
	everyCommand(a, func(command *cobra.Command) {
		flags := map[string]output.Target{}
		for _, target := range a.targets[command.Flags()] {
			flags[target.Flag] = target
		}
		command.Flags().VisitAll(func(flag *pflag.Flag) {
			if target, ok := flags[flag.Name]; ok {
				if !strings.Contains(flag.Usage, means[target.Kind]) && !strings.Contains(flag.Usage, "notebook") && !strings.Contains(flag.Usage, "page") {
					t.Errorf("%s --%s: %q", command.CommandPath(), flag.Name, flag.Usage)
				}
				return
			}
			if slices.Contains([]string{"out", "figure", "predictions", "turn", "html", "steps"}, flag.Name) {
				t.Errorf("%s --%s is not checked before the work", command.CommandPath(), flag.Name)
			}
		})
	})
	for _, args := range [][]string{{"doctor", "--out", "x"}, {"version", "--out", "x"}, {"setup", "--out", "x"}, {"advise", "--out", "x"}} {
		bertlab(t, args...).fails(exitWrongCall, "--out")
	}
}

func TestTwoFlagsDoNotNameOneFile(t *testing.T) {
	model, data, file := tinyModel(t, 2), reviews(t, 9), filepath.Join(t.TempDir(), "x.svg")
	bertlab(t, "eval", "--model", model, "--data", data, "--task", "sst2", "--out", file, "--predictions", file).fails(exitWrongCall, "both name")
	bertlab(t, "heads", "importance", "--model", model, "--data", data, "--task", "sst2", "--out", file, "--figure", filepath.Join(filepath.Dir(file), ".", "x.svg")).fails(exitWrongCall, "--figure", "--out")
	bertlab(t, "eval", "--model", model, "--data", data, "--task", "sst2", "--out", "").fails(exitWrongCall, "--out is empty")
}

func TestAModelIsWrittenBesideWhatIsThereWhereThatIsAskedFor(t *testing.T) {
	model, out := tinyModel(t, 2), t.TempDir()
	if err := os.WriteFile(filepath.Join(out, "notes.txt"), []byte("mine"), 0o600); err != nil {
		t.Fatal(err)
	}
	bertlab(t, "export", "--model", model, "--out", out).fails(exitWrongCall, "--overwrite")
	bertlab(t, "export", "--model", model, "--out", out, "--overwrite", "--json").document()
	if contentOf(t, filepath.Join(out, "notes.txt")) != "mine" {
		t.Error("the notes are gone")
	}
	hidden := t.TempDir() // a file that no person made
	if err := os.WriteFile(filepath.Join(hidden, ".gitkeep"), nil, 0o600); err != nil {
		t.Fatal(err)
	}
	bertlab(t, "export", "--model", model, "--out", hidden, "--json").document()
	data := filepath.Dir(reviews(t, 9)) // data may lie above what is made of them
	bertlab(t, "finetune", "--model", model, "--task", "sst2", "--train", filepath.Join(data, "reviews.tsv"), "--epochs", "1", "--out", filepath.Join(data, "tuned"), "--json").document()
}

func TestAFolderInAModelThatIsReadIsWrittenAndNamed(t *testing.T) {
	model := tinyModel(t, 2)
	inside := filepath.Join(model, "exports", "dense")
	if c := bertlab(t, "export", "--model", model, "--out", inside); c.status != exitSuccess || !strings.Contains(c.stderr, "lies in the folder of --model") {
		t.Errorf("%d, %s", c.status, c.stderr)
	}
	if c := bertlab(t, "export", "--model", inside, "--out", filepath.Join(t.TempDir(), "out")); c.status != exitSuccess || strings.Contains(c.stderr, "lies in") {
		t.Errorf("%d, %s", c.status, c.stderr)
	}
}

// contentOf is the text of a file.
func contentOf(t *testing.T, path string) string {
	t.Helper()
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}
