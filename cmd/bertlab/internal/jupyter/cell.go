package jupyter

import (
	"context"
	"encoding/base64"
	"encoding/gob"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"time"

	"github.com/janpfeifer/gonb/gonbui/protocol"
)

// runCell runs the program of a cell in a folder and returns its outputs as a notebook keeps them. An error is the program's: its exit status.
func runCell(ctx context.Context, binary, folder, temp string, env []string) ([]any, error) {
	c, err := startCell(ctx, binary, folder, temp, env)
	if err != nil {
		return nil, err
	}
	return c.wait()
}

// A runningCell is the program of a cell. It takes what the program shows as the kernel does, from a named pipe.
type runningCell struct {
	cmd   *exec.Cmd
	shown *display
	hold  *os.File // the lifeline's end that lives as long as this process
}

// startCell starts the program of a cell, in a group of its own with all that it will start.
func startCell(ctx context.Context, binary, folder, temp string, env []string) (*runningCell, error) {
	shown, err := listen(temp)
	if err != nil {
		return nil, err
	}
	lifeline, hold, err := os.Pipe()
	if err != nil {
		shown.close()
		return nil, err
	}
	defer lifeline.Close()
	cmd := exec.CommandContext(ctx, binary)
	cmd.Dir, cmd.Env = folder, append(env, shown.environ()...)
	cmd.Stdout, cmd.Stderr = stream{shown, "stdout"}, stream{shown, "stderr"}
	cmd.ExtraFiles = []*os.File{lifeline}
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	cmd.Cancel = func() error { return syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL) }
	cmd.WaitDelay = 5 * time.Second
	c := &runningCell{cmd: cmd, shown: shown, hold: hold}
	if err := cmd.Start(); err != nil {
		c.close()
		return nil, err
	}
	return c, nil
}

// wait waits for the program's end, ends what it has left running, and returns its outputs.
func (c *runningCell) wait() ([]any, error) {
	defer c.close()
	err := c.cmd.Wait()
	syscall.Kill(-c.cmd.Process.Pid, syscall.SIGKILL)
	return c.shown.end(), err
}

func (c *runningCell) close() {
	c.hold.Close()
	c.shown.close()
}

// A display takes what a cell's program shows and prints, in the order in which it arrives.
type display struct {
	shownPath, answerPath string
	shown, keep, answer   *os.File
	read                  chan struct{} // closed when all that was shown is there

	mu      sync.Mutex
	outputs []any
}

// listen makes the named pipes of a program in a folder.
func listen(temp string) (*display, error) {
	dir, err := os.MkdirTemp(temp, "pipes-")
	if err != nil {
		return nil, err
	}
	d := &display{shownPath: filepath.Join(dir, "shown"), answerPath: filepath.Join(dir, "answer"), read: make(chan struct{}), outputs: []any{}}
	for _, path := range []string{d.shownPath, d.answerPath} {
		if err := syscall.Mkfifo(path, 0o600); err != nil {
			return nil, fmt.Errorf("jupyter: named pipe %s: %w", path, err)
		}
	}
	// Held open at both ends, nobody waits for a program that shows nothing, and one that does finds somebody.
	opened := func(pipe string, flag int) (f *os.File) {
		if err == nil {
			f, err = os.OpenFile(pipe, flag, 0o600)
		}
		return f
	}
	d.shown = opened(d.shownPath, os.O_RDONLY|syscall.O_NONBLOCK)
	d.keep = opened(d.shownPath, os.O_WRONLY)
	d.answer = opened(d.answerPath, os.O_RDWR)
	if err != nil {
		d.close()
		return nil, fmt.Errorf("jupyter: %w", err)
	}
	go d.take()
	return d, nil
}

func (d *display) environ() []string {
	return []string{protocol.GONB_PIPE_ENV + "=" + d.shownPath, protocol.GONB_PIPE_BACK_ENV + "=" + d.answerPath}
}

// take reads messages until the pipe ends, or is spoilt by a program that was ended while it wrote.
func (d *display) take() {
	defer close(d.read)
	messages, answers := gob.NewDecoder(d.shown), gob.NewEncoder(d.answer)
	for {
		var message protocol.DisplayData
		if messages.Decode(&message) != nil {
			return
		}
		value, ok := message.Data[protocol.MIMECommValue].(protocol.CommValue)
		if !ok {
			d.add(displayData(message))
			continue
		}
		if value.Address == protocol.GonbuiSyncAddress {
			if answers.Encode(&protocol.CommValue{Address: protocol.GonbuiSyncAckAddress, Value: value.Value}) != nil {
				return
			}
		}
	}
}

// displayData is an output in the format of notebooks: texts in lines, pictures in base64.
func displayData(message protocol.DisplayData) map[string]any {
	data, metadata := map[string]any{}, map[string]any{}
	for kind, content := range message.Data {
		switch c := content.(type) {
		case []byte:
			data[string(kind)] = base64.StdEncoding.EncodeToString(c)
		case string:
			if data[string(kind)] = c; strings.HasPrefix(string(kind), "text/") {
				data[string(kind)] = splitLines(c)
			}
		default:
			data[string(kind)] = c
		}
	}
	for key, value := range message.Metadata {
		metadata[key] = value
	}
	return map[string]any{"output_type": "display_data", "data": data, "metadata": metadata}
}

func (d *display) add(output map[string]any) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.outputs = append(d.outputs, output)
}

// end waits for what is still in the pipe, after the end of the program, and returns all outputs.
func (d *display) end() []any {
	d.keep.Close()
	select {
	case <-d.read:
	case <-time.After(5 * time.Second): // something that the program left running holds it
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.outputs
}

// close gives the pipes back.
func (d *display) close() {
	for _, f := range []*os.File{d.shown, d.keep, d.answer} {
		if f != nil {
			f.Close()
		}
	}
	os.RemoveAll(filepath.Dir(d.shownPath))
}

// A stream is standard output or standard error of a cell.
type stream struct {
	display *display
	name    string
}

func (s stream) Write(p []byte) (int, error) {
	s.display.add(map[string]any{"output_type": "stream", "name": s.name, "text": string(p)})
	return len(p), nil
}
