package main

import (
	"bufio"
	"context"
	_ "embed"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strconv"
	"strings"

	"bertlab/internal/files"
)

//go:embed peer.py
var peerScript string

//go:embed dequantise.py
var dequantiseScript string

//go:embed web.cjs
var webScript string

// engine is a runtime in a process of its own, with one model.
type engine struct {
	name    string
	version string
	command *exec.Cmd
	stdin   io.WriteCloser
	encoder *json.Encoder
	answers *bufio.Reader
	before  int64 // resident bytes with its libraries alone
}

// start starts a process that answers requests as [computeHere] does.
func start(name string, command *exec.Cmd) (*engine, error) {
	e := &engine{name: name, command: command}
	command.Stderr = os.Stderr
	var err error
	if e.stdin, err = command.StdinPipe(); err != nil {
		return nil, err
	}
	stdout, err := command.StdoutPipe()
	if err != nil {
		return nil, err
	}
	e.encoder, e.answers = json.NewEncoder(e.stdin), bufio.NewReaderSize(stdout, 1<<20)
	if err := command.Start(); err != nil {
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	first, err := e.read()
	if err != nil {
		e.close()
		return nil, err
	}
	e.version, e.before = first.Version, e.status("VmRSS:")
	return e, nil
}

func (e *engine) close() {
	e.stdin.Close()
	_ = e.command.Wait() // it has nothing left to say
}

// ask sends a request and reads the answer.
func (e *engine) ask(r request) (answer, error) {
	if err := e.encoder.Encode(r); err != nil {
		return answer{}, fmt.Errorf("%s: %w", e.name, err)
	}
	return e.read()
}

func (e *engine) read() (a answer, err error) {
	line, err := e.answers.ReadBytes('\n')
	if err == nil {
		err = json.Unmarshal(line, &a)
	}
	if err == nil && a.Error != "" {
		err = errors.New(a.Error)
	}
	if err != nil {
		return a, fmt.Errorf("%s: %w", e.name, err)
	}
	return a, nil
}

// memory is by how many bytes the process grew at its fullest since its libraries were loaded; 0 where the system does not tell.
func (e *engine) memory() int64 { return max(0, e.status("VmHWM:")-e.before) }

// status is a number of bytes in /proc.
func (e *engine) status(key string) int64 {
	text, err := files.Read(fmt.Sprintf("/proc/%d/status", e.command.Process.Pid), 1<<16)
	if err != nil {
		return 0
	}
	for line := range strings.Lines(string(text)) {
		if value, ok := strings.CutPrefix(line, key); ok {
			kilobytes, _ := strconv.ParseInt(strings.TrimSpace(strings.TrimSuffix(strings.TrimSpace(value), "kB")), 10, 64)
			return kilobytes << 10
		}
	}
	return 0
}

// The runtimes, as the page names them. defaults is ONNX Runtime in Python, as a program opens it that sets nothing.
const (
	xla      = "XLA"
	onnxRT   = "ONNX Runtime"
	openVINO = "OpenVINO"
	web      = "onnxruntime-web"
	defaults = "ONNX Runtime in Python"
)

// runtimes are the columns of the tables.
var runtimes = []string{xla, onnxRT, openVINO, web}

// commands are the processes of those runtimes that are there, by name.
func (b *bench) commands(folder, graph, batches string) (names []string, of map[string]*exec.Cmd) {
	self := func(runtime string) *exec.Cmd {
		return exec.Command(os.Args[0], computeCommand, runtime, folder, graph, batches)
	}
	names, of = []string{xla, onnxRT}, map[string]*exec.Cmd{xla: self("xla:cpu"), onnxRT: self("onnx")}
	if b.python != "" {
		for name, runtime := range map[string]string{openVINO: "openvino", defaults: "onnxruntime"} {
			of[name] = exec.Command(b.python, "-c", peerScript, runtime, graph, batches, strconv.Itoa(threads()))
		}
		names = append(names, defaults, openVINO)
	}
	if b.web != "" {
		of[web] = exec.Command("node", "-e", webScript, b.web, graph, batches)
		names = append(names, web)
	}
	return names, of
}

// python runs a script.
func python(ctx context.Context, interpreter, script string, arguments ...string) error {
	command := exec.CommandContext(ctx, interpreter, append([]string{"-c", script}, arguments...)...)
	command.Stderr = os.Stderr
	if err := command.Run(); err != nil {
		return fmt.Errorf("%s: %w", interpreter, err)
	}
	return nil
}
