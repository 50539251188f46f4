package main

import (
	"bufio"
	_ "embed"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strings"

	"bertlab/gbert"
	"bertlab/gbert/backend"
	"bertlab/gbert/task"
)

//go:embed peer.py
var peerScript string

// peerNames are the peers that there are, each a child process of its own.
var peerNames = []string{"torch", "torch-compile", "onnxruntime", "openvino"}

// peer is a child process that computes what gbert does. It answers one JSON object a line; see peer.py.
type peer struct {
	name    string
	command *exec.Cmd
	stdin   io.WriteCloser
	encoder *json.Encoder
	answers *bufio.Reader
	about   peerVersions
}

// peerVersions is what a peer computes with.
type peerVersions struct {
	Name         string `json:"name"`
	Version      string `json:"version"`
	Python       string `json:"python"`
	Transformers string `json:"transformers"`
	Threads      int    `json:"threads"`
	Device       string `json:"device"`
}

// trains says whether the peer can train. The others run exported models.
func (p *peer) trains() bool { return strings.HasPrefix(p.name, "torch") }

// device is what all sides compute on.
type device struct {
	name string // as PyTorch calls it
	tf32 bool   // products in TF32, which a GPU's backend uses by default
}

// deviceOf is the device of a backend.
func deviceOf(c *backend.Choice) device {
	if !strings.HasPrefix(c.Name, "xla:cuda") {
		return device{name: "cpu"}
	}
	return device{name: "cuda", tf32: !strings.Contains(c.Config, "tf32=false")}
}

// startPeer starts a peer with an interpreter that has what it needs.
func startPeer(python, name string, threads int, d device) (*peer, error) {
	p := &peer{name: name, command: exec.Command(python, "-u", "-c", peerScript, name)}
	p.command.Stderr = os.Stderr
	var err error
	if p.stdin, err = p.command.StdinPipe(); err != nil {
		return nil, err
	}
	stdout, err := p.command.StdoutPipe()
	if err != nil {
		return nil, err
	}
	p.encoder, p.answers = json.NewEncoder(p.stdin), bufio.NewReaderSize(stdout, 1<<20)
	if err := p.command.Start(); err != nil {
		return nil, fmt.Errorf("bench: the peers' Python: %w; name one with torch and transformers by --python or BERTLAB_PEER_PYTHON", err)
	}
	if err := p.ask("hello", arguments{"threads": threads, "device": d.name, "tf32": d.tf32}, &p.about); err != nil {
		p.close()
		return nil, err
	}
	p.about.Name = name
	return p, nil
}

func (p *peer) close() {
	p.stdin.Close()
	_ = p.command.Wait() // it has nothing left to say
}

// arguments are those of a command of the peer.
type arguments map[string]any

// ask sends a command and reads its answer.
func (p *peer) ask(command string, a arguments, answer any) error {
	line := arguments{"do": command}
	for name, value := range a {
		line[name] = value
	}
	if err := p.encoder.Encode(line); err != nil {
		return fmt.Errorf("bench: %s, %s: %w", p.name, command, err)
	}
	text, err := p.answers.ReadBytes('\n')
	if err != nil {
		return fmt.Errorf("bench: %s ended in %s: %w; does the peers' Python have torch and transformers?", p.name, command, err)
	}
	return readAnswer(command, text, answer)
}

// readAnswer reads one line of the peer.
func readAnswer(command string, text []byte, answer any) error {
	var failure struct {
		Error string `json:"error"`
	}
	if err := json.Unmarshal(text, &failure); err != nil {
		return fmt.Errorf("bench: peer, %s: not JSON: %.100q: %w", command, text, err)
	}
	if failure.Error != "" {
		return fmt.Errorf("bench: peer, %s: %s", command, failure.Error)
	}
	if answer == nil {
		return nil
	}
	return json.Unmarshal(text, answer)
}

// timed is the peer's answer to a command that computes.
type timed struct {
	Seconds float64     `json:"seconds"`
	Loss    float64     `json:"loss"`
	Logits  [][]float64 `json:"logits"`
}

// sendBatch gives a batch's real rows to the peer under a name.
func (p *peer) sendBatch(name string, b *gbert.Batch, d *task.Dataset) error {
	rows := len(b.Index)
	ids, types, mask := make([][]int32, rows), make([][]int32, rows), make([][]int32, rows)
	labels := make([]int, rows)
	for r, example := range b.Index {
		from, to := r*b.Length, (r+1)*b.Length
		ids[r], types[r], mask[r] = b.IDs[from:to], b.Types[from:to], make([]int32, b.Length)
		for i, value := range b.Mask[from:to] {
			mask[r][i] = int32(value)
		}
		labels[r] = d.Examples[example].Label
	}
	return p.ask("batch", arguments{"name": name, "ids": ids, "types": types, "mask": mask, "labels": labels}, nil)
}
