// Package meter shows on standard error what a command is doing.
package meter

import (
	"fmt"
	"io"
	"os"
	"strings"
	"sync"
	"time"

	"github.com/schollz/progressbar/v3"
	"golang.org/x/term"

	"bertlab/gbert/finetune"
	"bertlab/gbert/hub/fetch"
	"bertlab/papers/experiment"
)

// Meter shows on standard error what is running, how far, how fast and how long still: a bar on a terminal, plain lines
// elsewhere.
type Meter struct {
	mu       sync.Mutex
	out      io.Writer
	terminal bool
	silent   bool
	every    time.Duration // at most one plain line in this time

	what  string // the work that is shown
	shown time.Time
	bar   *progressbar.ProgressBar
	// Speed is measured from the first progress on: what comes before it is mostly compilation.
	start    int64 // how far the work was when it began
	measured bool  // there has been progress since
	since    time.Time
	from     int64
}

// New is a meter that writes to out, which may be a terminal.
func New(out io.Writer) *Meter {
	file, isFile := out.(*os.File)
	return &Meter{out: out, terminal: isFile && term.IsTerminal(int(file.Fd())), every: 5 * time.Second}
}

// Silence turns everything but Warn off.
func (m *Meter) Silence() { m.silent = true }

// Say prints a line.
func (m *Meter) Say(format string, args ...any) {
	if !m.silent {
		m.Warn(format, args...)
	}
}

// Warn prints a line that --quiet does not suppress.
func (m *Meter) Warn(format string, args ...any) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.clear()
	fmt.Fprintln(m.out, fetch.Redact(fmt.Sprintf(format, args...)))
}

// Clear takes the bar away.
func (m *Meter) Clear() {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.clear()
	m.what = ""
}

func (m *Meter) clear() {
	if m.bar != nil {
		_ = m.bar.Clear() // nothing to do about a terminal that takes no more
		m.bar = nil
	}
}

// Count gives the callback for work that is counted in units such as "examples".
func (m *Meter) Count(what, unit string) func(done, total int) {
	m.show(what, 0, 0, "compiling")
	return func(done, total int) {
		m.show(what, int64(done), int64(total), m.counted(what, unit, int64(done), int64(total)))
	}
}

// Bytes is the callback for downloads.
func (m *Meter) Bytes(what string, done, total int64) {
	what = "fetching " + what
	text := megabytes(done)
	if total > 0 {
		text += " of " + megabytes(total)
	}
	if rate, left := m.speed(what, done, total); rate > 0 {
		text += fmt.Sprintf(", %s/s%s", megabytes(int64(rate)), left)
	}
	m.show(what, done, total, text)
}

// Train is the callback for training runs.
func (m *Meter) Train(p finetune.Progress) {
	epoch := fmt.Sprintf("epoch %d of %d", p.Epoch, p.Epochs)
	if p.Phase == "evaluating" {
		what := "evaluating after " + epoch
		m.show(what, int64(p.Step), int64(p.Steps), m.counted(what, "examples", int64(p.Step), int64(p.Steps)))
		return
	}
	const what = "training"
	text := fmt.Sprintf("%s, step %d of %d", epoch, p.Step, p.Steps)
	if p.Loss > 0 {
		text += fmt.Sprintf(", loss %.4f", p.Loss)
	}
	if p.Phase != what {
		text += ", " + p.Phase
	} else if p.TokensPerSecond > 0 {
		text += fmt.Sprintf(", %.0f tokens/s", p.TokensPerSecond)
	}
	_, left := m.speed(what, int64(p.Step), int64(p.Steps))
	m.show(what, int64(p.Step), int64(p.Steps), text+left)
}

// Stage is the callback for experiments.
func (m *Meter) Stage(p experiment.Progress) {
	what, text := p.Stage, p.Detail
	if p.Steps > 0 {
		what = fmt.Sprintf("step %d of %d, %s", p.Step, p.Steps, p.Stage)
	}
	if p.Total > 0 {
		text = m.counted(what, "", int64(p.Done), int64(p.Total))
		if p.Detail != "" {
			text += ", " + p.Detail
		}
	}
	if p.Steps > 0 {
		text = strings.TrimPrefix(text+planned(p), ", ")
	}
	m.show(what, int64(p.Done), int64(p.Total), text)
}

// planned says how long an experiment runs, and about how long it still takes.
func planned(p experiment.Progress) string {
	text := ""
	if p.Elapsed >= time.Second {
		text = fmt.Sprintf(", %s in all", p.Elapsed.Round(time.Second))
	}
	if p.Left >= time.Second {
		text += fmt.Sprintf(", about %s more", p.Left.Round(time.Second))
	}
	return text
}

func (m *Meter) counted(what, unit string, done, total int64) string {
	rate, left := m.speed(what, done, total)
	text := strings.TrimSpace(fmt.Sprintf("%d of %d %s", done, total, unit))
	if rate > 0 {
		text += fmt.Sprintf(", %.3g a second%s", rate, left)
	}
	return text
}

// speed is how many units of the present work are done a second, and a text for the time that is left.
func (m *Meter) speed(what string, done, total int64) (rate float64, text string) {
	m.mu.Lock()
	defer m.mu.Unlock()
	elapsed := time.Since(m.since)
	if what != m.what || !m.measured || done <= m.from || elapsed < 100*time.Millisecond {
		return 0, ""
	}
	rate = float64(done-m.from) / elapsed.Seconds()
	if total > done {
		left := time.Duration(float64(total-done) / rate * float64(time.Second))
		text = ", " + max(left.Round(time.Second), time.Second).String() + " left"
	}
	return rate, text
}

func megabytes(n int64) string { return fmt.Sprintf("%.1f MB", float64(n)/1e6) }

// show draws the bar or, now and then, prints a line.
func (m *Meter) show(what string, done, total int64, text string) {
	if m.silent {
		return
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	if what != m.what || done < m.start {
		m.what, m.start, m.measured = what, done, false
		m.clear()
	}
	if !m.measured && done > m.start {
		m.measured, m.since, m.from = true, time.Now(), done
	}
	if m.terminal {
		m.draw(done, total, what+": "+text)
		return
	}
	if time.Since(m.shown) < m.every {
		return
	}
	m.shown = time.Now()
	fmt.Fprintln(m.out, what+": "+text)
}

func (m *Meter) draw(done, total int64, text string) {
	if total <= 0 {
		total = max(done, 1)
		done = 0
	}
	if m.bar == nil {
		m.bar = progressbar.NewOptions64(total,
			progressbar.OptionSetWriter(m.out), progressbar.OptionSetDescription(text), progressbar.OptionSetWidth(20), progressbar.OptionShowDescriptionAtLineEnd(),
			progressbar.OptionSetPredictTime(false), progressbar.OptionSetElapsedTime(false), progressbar.OptionThrottle(100*time.Millisecond),
			progressbar.OptionClearOnFinish(), progressbar.OptionSetRenderBlankState(true))
	}
	if m.bar.GetMax64() != total {
		m.bar.ChangeMax64(total)
	}
	m.bar.Describe(text)
	_ = m.bar.Set64(done) // an error says that the terminal takes no more
}
