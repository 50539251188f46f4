package main

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"syscall"
	"testing"
	"time"

	"bertlab/cmd/bertlab/internal/output"
	"bertlab/figures"
	"bertlab/gbert"
	"bertlab/gbert/backend"
	"bertlab/gbert/hub"
	"bertlab/gbert/hub/unpack"
	"bertlab/gbert/safetensors"
	"bertlab/gbert/task"
	"bertlab/gbert/tokenizer"
	"bertlab/papers/compare"
	"bertlab/papers/experiment"
	"bertlab/papers/experiment/words"
	"bertlab/recipes"
)

// A reading is a way on which the program reads a file: lay prepares all that it needs, and says where the file goes; read reads it.
type reading struct {
	lay  func(t *testing.T) (path string)
	read func(path string) error
	// optional: nothing depends on what the file holds, so that one which cannot be read may count as not there.
	optional bool
}

// oneStep is a plan of one step in a folder of results, and the file in which it is remembered.
func oneStep(dir string) (plan *experiment.Plan, path string) {
	one := &experiment.Definition[struct{}, int]{
		Name: "one", Title: func(*words.Printer, struct{}) string { return "one" },
		Run: func(context.Context, *experiment.Worker, struct{}) (int, error) { return 1, nil },
	}
	plan = experiment.NewPlan(&experiment.Environment{Choice: &backend.Choice{Name: "go"}, Dir: dir})
	return plan, filepath.Join(dir, "steps", one.Of(plan, struct{}{}).ID()+".json")
}

// ofModel is the reading of a file in a model's folder by every command.
func ofModel(name string) reading {
	return reading{
		lay: func(t *testing.T) string { return filepath.Join(tinyModel(t, 2), name) },
		read: func(path string) error {
			model, err := gbert.Load(filepath.Dir(path))
			if err == nil {
				err = model.Close()
			}
			return err
		},
	}
}

// inFolder is the reading of a file of that name in a folder of its own.
func inFolder(name string, read func(path string) error) reading {
	return reading{lay: func(t *testing.T) string { return filepath.Join(t.TempDir(), name) }, read: read}
}

// byCommand is the reading of a file by a command, whose arguments follow from the file's path.
func byCommand(lay func(t *testing.T) string, args func(path string) []string) reading {
	return reading{lay: lay, read: func(path string) error {
		var stdout, stderr strings.Builder
		if run(context.Background(), append(args(path), "--backend", "go"), &stdout, &stderr) == exitSuccess {
			return nil
		}
		return errorText(stderr.String())
	}}
}

type errorText string

func (e errorText) Error() string { return string(e) }

// readings are all of them. Whoever adds a reader of files adds it here.
func readings(t *testing.T) map[string]reading {
	t.Setenv("BERTLAB_OFFLINE", "1")
	model, data := tinyModel(t, 2), reviews(t, 20)
	all := map[string]reading{
		"tokenizer alone": inFolder("vocab.txt", func(path string) error { _, err := tokenizer.Load(filepath.Dir(path)); return err }),
		"index of shards": inFolder(safetensors.IndexName, func(path string) error {
			file, err := safetensors.OpenFolder(filepath.Dir(path))
			if err == nil {
				err = file.Close()
			}
			return err
		}),
		"recipe":             inFolder("mine.yaml", func(path string) error { _, err := recipes.ReadFile(path); return err }),
		"record of a recipe": inFolder(recipes.RecordName, func(path string) error { _, err := recipes.ReadRecord(filepath.Dir(path)); return err }),
		"comparison":         inFolder("compare.json", func(path string) error { _, err := compare.Read(path); return err }),
		"font":               inFolder("font.ttf", func(path string) error { _, err := figures.LoadFont(path, ""); return err }),
		"marker of a folder": inFolder(unpack.Marker, func(path string) error { return unpack.Complete(filepath.Dir(path)) }),
		"archive": inFolder("set.tar.gz", func(path string) error {
			_, err := unpack.TarGz(unpack.Job{Archive: path, Dir: filepath.Join(filepath.Dir(path), "out"), Limit: 1 << 20, Select: func(string) string { return "" }})
			return err
		}),
		"step": {
			lay: func(t *testing.T) string {
				dir := t.TempDir()
				_, path := oneStep(dir)
				if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
					t.Fatal(err)
				}
				return path
			},
			read: func(path string) error {
				plan, _ := oneStep(filepath.Dir(filepath.Dir(path)))
				var said error
				plan.Environment().Progress = func(p experiment.Progress) {
					if p.Steps == 0 { // a word about the file, after which the step is done
						said = errors.New(p.Stage)
					}
				}
				return errors.Join(plan.Run(context.Background()), said)
			},
		},
		"protocol": byCommand(func(t *testing.T) string { return filepath.Join(t.TempDir(), "protocol.json") }, func(path string) []string {
			return []string{"reproduce", "heads", "--quick", "--protocol", path, "--out", filepath.Dir(path)}
		}),
		"measurements": byCommand(func(t *testing.T) string { return filepath.Join(t.TempDir(), "recipes.json") }, func(path string) []string {
			return []string{"advise", "--from", path}
		}),
		"journal": byCommand(func(t *testing.T) string {
			out := filepath.Join(t.TempDir(), "surface.json")
			if err := os.MkdirAll(filepath.Dir(out), 0o755); err != nil {
				t.Fatal(err)
			}
			return out + ".points.jsonl"
		}, func(path string) []string {
			return []string{"landscape", "--from", model, "--to", model, "--task", "sst2", "--data", data, "--grid", "2", "--out", strings.TrimSuffix(path, ".points.jsonl")}
		}),
		"branch of the Hub's cache": {
			lay: func(t *testing.T) string {
				cache := t.TempDir()
				path := filepath.Join(cache, "models--org--tiny", "refs", "main")
				if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
					t.Fatal(err)
				}
				t.Setenv("HF_HUB_CACHE", cache)
				return path
			},
			read: func(string) error {
				_, err := hub.New(hub.Options{}).Model(context.Background(), "org/tiny")
				return err
			},
		},
		"token": {
			lay: func(t *testing.T) string {
				path := filepath.Join(t.TempDir(), "token")
				t.Setenv("HF_TOKEN_PATH", path)
				return path
			},
			read:     func(string) error { hub.New(hub.Options{}); return nil },
			optional: true,
		},
	}
	locked := all["step"]
	all["lock of a step"] = reading{
		lay:      func(t *testing.T) string { return locked.lay(t) + ".lock" },
		read:     locked.read,
		optional: true, // it is locked, and never read
	}
	for _, name := range append([]string{"config.json", safetensors.WeightsName}, tokenizer.FileNames()...) {
		all["model's "+name] = ofModel(name)
	}
	for _, name := range []string{"x.tsv", "x.csv", "x.jsonl", "x.json", "x.parquet", "x"} {
		for _, kind := range []string{"sst2", "mnli", "stsb"} {
			all["data "+name+" for "+kind] = inFolder(name, func(path string) error {
				t, err := task.Lookup(kind)
				if err == nil {
					_, err = task.ReadFile(t, path, task.Columns{})
				}
				return err
			})
		}
	}
	for _, name := range []string{"checkpoint.safetensors", "lock"} {
		checkpoint := byCommand(func(t *testing.T) string {
			path := filepath.Join(t.TempDir(), "out", output.CheckpointFolder, name)
			if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
				t.Fatal(err)
			}
			return path
		}, func(path string) []string { return finetuneArgs(model, data, filepath.Dir(filepath.Dir(path))) })
		checkpoint.optional = name == "lock" // it is locked, and never read
		all["checkpoint's "+name] = checkpoint
	}
	return all
}

// hostile are the things that may lie in a file's place.
var hostile = map[string]func(path string) error{
	"a pipe":                     func(path string) error { return syscall.Mkfifo(path, 0o600) },
	"a link to a pipe":           func(path string) error { return linkToPipe(path) },
	"a device without end":       func(path string) error { return os.Symlink("/dev/zero", path) },
	"a terminal or nothing":      func(path string) error { return os.Symlink("/dev/tty", path) },
	"a folder":                   func(path string) error { return os.Mkdir(path, 0o700) },
	"a link that leads nowhere":  func(path string) error { return os.Symlink("nowhere", path) },
	"a link to itself":           func(path string) error { return os.Symlink(filepath.Base(path), path) },
	"20 GB of nothing":           func(path string) error { return sparse(path, "") },
	"20 GB that begin as a file": func(path string) error { return sparse(path, beginning(path)) },
}

func linkToPipe(path string) error {
	pipe := filepath.Join(filepath.Dir(path), ".pipe")
	if err := syscall.Mkfifo(pipe, 0o600); err != nil {
		return err
	}
	return os.Symlink(".pipe", path)
}

// sparse makes a file that says it has 20 GB and takes no room.
func sparse(path, begin string) error {
	file, err := os.Create(path)
	if err != nil {
		return err
	}
	defer file.Close()
	if _, err := file.WriteString(begin); err != nil {
		return err
	}
	return file.Truncate(20 << 30)
}

// beginning is what a file of that name may begin with.
func beginning(path string) string {
	switch filepath.Ext(path) {
	case ".json":
		return `{"model_type": "bert", "weight_map": {"a": "`
	case ".jsonl":
		return "{\"sentence\": \"a film\", \"label\": 1}\n"
	case ".tsv", ".csv":
		return "sentence\tlabel\na film\t1\n"
	case ".parquet":
		return "PAR1"
	case ".safetensors":
		return "\x10\x00\x00\x00\x00\x00\x00\x00{\"a\": 1}        "
	case ".gz":
		return "\x1f\x8b\x08"
	case ".txt":
		return "[PAD]\n[UNK]\n"
	}
	return "steps:\n"
}

// TestNoReaderWaitsTakesAllMemoryOrIsSilent puts what is no plain file, and files of 20 GB, in the place of every file that is read.
func TestNoReaderWaitsTakesAllMemoryOrIsSilent(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("Windows has no pipes and devices among its files")
	}
	const longest, most = 20 * time.Second, 200 << 20
	for name, reading := range readings(t) {
		for what, put := range hostile {
			t.Run(name+", "+what, func(t *testing.T) {
				path := reading.lay(t)
				if err := os.RemoveAll(path); err != nil {
					t.Fatal(err)
				}
				if err := put(path); err != nil {
					t.Skip(err)
				}
				var before, after runtime.MemStats
				runtime.ReadMemStats(&before)
				result := make(chan error, 1)
				go func() { result <- reading.read(path) }()
				select {
				case err := <-result:
					runtime.ReadMemStats(&after)
					if err == nil && !reading.optional {
						t.Error("it was taken for the file")
					}
					if err != nil && !strings.Contains(err.Error(), path) {
						t.Errorf("%v does not name %s", err, path)
					}
					if err != nil && strings.Contains(err.Error(), "defect") {
						t.Error(err)
					}
				case <-time.After(longest):
					t.Fatalf("still reading after %v", longest)
				}
				if used := after.TotalAlloc - before.TotalAlloc; used > most {
					t.Errorf("%d MB were taken", used>>20)
				}
			})
		}
	}
}
