package experiment

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"strings"

	"bertlab/gbert"
	"bertlab/gbert/backend"
	"bertlab/gbert/tokenizer"
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

// OwnMemory does a job in another process of this program, which command starts for the job's JSON; see [ChildMemory].
func OwnMemory(job MemoryJob, command func(program, text string) *exec.Cmd) (*Memory, error) {
	text, err := json.Marshal(job)
	if err != nil {
		return nil, err
	}
	program, err := os.Executable()
	if err != nil {
		return nil, err
	}
	return ChildMemory(command(program, string(text)))
}

// ChildMemory is what a process said that did a [MemoryJob]: the command runs it, and prints its [Memory] as JSON. Each program knows
// by itself how it is started for that.
func ChildMemory(command *exec.Cmd) (*Memory, error) {
	var out, say bytes.Buffer
	command.Stdout, command.Stderr = &out, &say
	if err := command.Run(); err != nil {
		return nil, fmt.Errorf("experiment: measuring memory in a process of its own: %w: %s", err, strings.TrimSpace(say.String()))
	}
	var m Memory
	if err := json.Unmarshal(out.Bytes(), &m); err != nil || m.Peak <= 0 {
		return nil, fmt.Errorf("experiment: the process that measures memory printed %q", out.String())
	}
	return &m, nil
}

// MeasureMemory does the job in this process. It says something about the model only where nothing else was done before.
func MeasureMemory(ctx context.Context, job MemoryJob) (*Memory, error) {
	if job.Batch < 1 || job.Length < 3 || job.Batch > 4096 || job.Length > 1<<16 {
		return nil, fmt.Errorf("experiment: a batch of %d rows of %d tokens: 1…4096 and 3…65536 were expected", job.Batch, job.Length)
	}
	b, _, err := backend.Open(ctx, backend.Options{Name: job.Backend})
	if err != nil {
		return nil, err
	}
	defer b.Finalize()
	defer backend.CompileAfresh(b)() // which takes memory, whatever an earlier process left
	before := peakResident()
	if before == 0 {
		return nil, errors.New("experiment: this system does not tell a process's peak memory")
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
	batch := FilledBatch([]tokenizer.Encoding{{IDs: tokens}}, job.Batch, len(tokens), model.Config.PadTokenID)
	if _, err := session.BatchLogits(batch, nil); err != nil {
		return nil, err
	}
	return &Memory{Peak: peakResident(), Before: before, Batch: job.Batch, Length: len(tokens)}, nil
}
