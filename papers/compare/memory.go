package compare

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"runtime/debug"
	"strings"

	"bertlab/gbert"
	"bertlab/gbert/backend"
	"bertlab/gbert/tokenizer"
	"bertlab/papers/experiment"
)

// MemoryJob says what a process does whose memory is measured: it opens the backend, loads the model, and passes one batch
// through it.
type MemoryJob struct {
	Dir     string `json:"dir"`
	Backend string `json:"backend"`
	Batch   int    `json:"batch"`
	Length  int    `json:"length"`
}

// Memory is the peak resident memory of a process with one model, in bytes, mapped files included.
type Memory struct {
	Peak int64 `json:"peak"`
	// Before is the peak before the model was loaded: the program and the backend.
	Before int64 `json:"before"`
	Batch  int   `json:"batch"`
	Length int   `json:"length"`
}

// memory measures a model's memory in a process of its own.
func (w *work) memory(c *contender) (*Memory, error) {
	if w.o.Memory == nil {
		return nil, nil
	}
	batches := w.o.Batches
	job := MemoryJob{Dir: c.dir, Backend: w.env.Choice.Name, Batch: batches[len(batches)-1], Length: w.length()}
	store, err := w.store("memory", map[string]any{"batch": job.Batch, "length": job.Length, "stored": c.stored, "machine": w.result.Provenance.Machine}, c)
	if err != nil {
		return nil, err
	}
	return experiment.Step(store, "memory", func() (*Memory, error) {
		w.env.Report(experiment.Progress{Stage: "measuring the memory of " + c.entry.Name})
		return w.o.Memory(w.ctx, job)
	})
}

// MemoryCommand is the command of bertlab that does a [MemoryJob] and prints its [Memory].
const MemoryCommand = "measure-memory"

// ChildMemory does the job in a process of its own: this program, if it is bertlab, else bertlab as the go command builds it.
func ChildMemory(ctx context.Context, job MemoryJob) (*Memory, error) {
	text, err := json.Marshal(job)
	if err != nil {
		return nil, fmt.Errorf("compare: %w", err)
	}
	name, args := "go", []string{"run", bertlabPath, MemoryCommand, string(text)}
	if info, ok := debug.ReadBuildInfo(); ok && info.Path == bertlabPath {
		if name, err = os.Executable(); err != nil {
			return nil, fmt.Errorf("compare: %w", err)
		}
		args = args[2:]
	}
	command := exec.CommandContext(ctx, name, args...)
	var out, say bytes.Buffer
	command.Stdout, command.Stderr = &out, &say
	if err := command.Run(); err != nil {
		return nil, fmt.Errorf("compare: measuring memory in a process of its own: %w: %s", err, strings.TrimSpace(say.String()))
	}
	var m Memory
	if err := json.Unmarshal(out.Bytes(), &m); err != nil || m.Peak <= 0 {
		return nil, fmt.Errorf("compare: the process that measures memory printed %q", out.String())
	}
	return &m, nil
}

const bertlabPath = "bertlab/cmd/bertlab"

// MeasureMemory does the job in this process. It says something about the model only where nothing else was done before.
func MeasureMemory(ctx context.Context, job MemoryJob) (*Memory, error) {
	if job.Batch < 1 || job.Length < 3 || job.Batch > 4096 || job.Length > 1<<16 {
		return nil, fmt.Errorf("compare: a batch of %d rows of %d tokens: 1…4096 and 3…65536 were expected", job.Batch, job.Length)
	}
	b, _, err := backend.Open(ctx, backend.Options{Name: job.Backend})
	if err != nil {
		return nil, err
	}
	defer b.Finalize()
	defer backend.CompileAfresh(b)() // which takes memory, whatever an earlier process left
	before := peakResident()
	if before == 0 {
		return nil, errors.New("compare: this system does not tell a process's peak memory")
	}
	model, err := gbert.Load(job.Dir)
	if err != nil {
		return nil, err
	}
	defer model.Close()
	session, err := gbert.NewSession(b, model)
	if err != nil {
		return nil, err
	}
	defer session.Close()
	tokens := make([]int32, min(job.Length, model.Config.MaxPositionEmbeddings))
	for i := range tokens {
		tokens[i] = int32(i % model.Config.VocabSize)
	}
	batch := experiment.FilledBatch([]tokenizer.Encoding{{IDs: tokens}}, job.Batch, len(tokens), model.Config.PadTokenID)
	if _, err := session.BatchLogits(batch, nil); err != nil {
		return nil, err
	}
	return &Memory{Peak: peakResident(), Before: before, Batch: job.Batch, Length: len(tokens)}, nil
}
