package main

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"
)

// report is all that was measured, and with what.
type report struct {
	Began    time.Time         `json:"began"`
	Machine  string            `json:"machine"`
	Backend  string            `json:"backend"`
	Device   string            `json:"device,omitempty"`
	Threads  int               `json:"threads"`
	Versions map[string]string `json:"versions"`
	Peer     *peerVersions     `json:"peer,omitempty"`
	Quick    bool              `json:"quick"`
	Results  []*result         `json:"results"`
	Memory   []memoryResult    `json:"memory,omitempty"`

	added func(*result)
}

// result is one row of the table. Times are in seconds.
type result struct {
	Model string `json:"model"`
	Item  string `json:"item"`
	Case  string `json:"case"`
	Pairs int    `json:"pairs"` // samples of each side
	// Gbert and Torch are the times, Ratio gbert/torch of the pairs; Torch and Ratio are nil without a peer.
	Gbert *spread `json:"gbert_seconds"`
	Torch *spread `json:"torch_seconds,omitempty"`
	Ratio *spread `json:"ratio,omitempty"`
	Aim   float64 `json:"aim"`
	// Compile is what gbert compiles once, in no time above; WithCompile is the ratio with it.
	Compile     float64 `json:"compile_seconds"`
	WithCompile float64 `json:"ratio_with_compile,omitempty"`
	RealTokens  int     `json:"real_tokens,omitempty"`
	GbertTokens int     `json:"gbert_computed_tokens,omitempty"`
	TorchTokens int     `json:"torch_computed_tokens,omitempty"`
	Note        string  `json:"note,omitempty"`
}

// pairs fills in samples that were taken in turn.
func (r *result) pairs(ours, theirs []float64) {
	r.Pairs, r.Gbert, r.Torch, r.Ratio = len(ours), spreadOf(ours), spreadOf(theirs), spreadOf(ratios(ours, theirs))
}

// memoryResult is the peak memory of bertlab eval.
type memoryResult struct {
	Model       string `json:"model"`
	PeakBytes   int64  `json:"peak_bytes"`
	WeightBytes int64  `json:"weight_bytes"`
	BesideBytes int64  `json:"beside_bytes"`
	Within      bool   `json:"within_600_mb"`
}

func (r *report) add(one *result) {
	r.Results = append(r.Results, one)
	if r.added != nil {
		r.added(one)
	}
}

func (r *result) String() string {
	line := fmt.Sprintf("%s, %s, %s: gbert %s s", r.Model, r.Item, r.Case, seconds(r.Gbert.Median))
	if r.Ratio != nil {
		line += fmt.Sprintf(", torch %s s, ratio %.2f (%.2f–%.2f)", seconds(r.Torch.Median), r.Ratio.Median, r.Ratio.Q1, r.Ratio.Q3)
	}
	return line
}

// seconds writes a time with three digits.
func seconds(x float64) string {
	switch {
	case x >= 100:
		return fmt.Sprintf("%.0f", x)
	case x >= 10:
		return fmt.Sprintf("%.1f", x)
	case x >= 1:
		return fmt.Sprintf("%.2f", x)
	}
	return fmt.Sprintf("%.3f", x)
}

// Markdown is the report as tables.
func (r *report) Markdown() string {
	var b strings.Builder
	fmt.Fprintf(&b, "Machine: %s; %d threads each.\n\nbertlab on %s; GoMLX %s, %s.\n", r.Machine, r.Threads, r.Backend, r.Versions["github.com/gomlx/gomlx"], r.Versions["go"])
	if r.Peer != nil {
		fmt.Fprintf(&b, "\nPeer: torch %s on %s, transformers %s, Python %s.\n", r.Peer.Torch, r.Peer.Device, r.Peer.Transformers, r.Peer.Python)
	}
	if r.Quick {
		b.WriteString("\nThis is the quick version: few samples.\n")
	}
	if len(r.Results) > 0 {
		b.WriteString("\n| model | item | case | gbert, s | torch, s | ratio (quartiles) | aim | compilation, s | ratio with it | samples |\n|---|---|---|---:|---:|---:|---:|---:|---:|---:|\n")
	}
	var notes []string
	for _, x := range r.Results {
		torch, ratio, with := "", "", ""
		if x.Ratio != nil {
			torch, ratio = seconds(x.Torch.Median), fmt.Sprintf("%.2f (%.2f–%.2f)", x.Ratio.Median, x.Ratio.Q1, x.Ratio.Q3)
		}
		if x.WithCompile > 0 {
			with = fmt.Sprintf("%.2f", x.WithCompile)
		}
		fmt.Fprintf(&b, "| %s | %s | %s | %s | %s | %s | ≤ %.2f | %s | %s | %d |\n", x.Model, x.Item, x.Case, seconds(x.Gbert.Median), torch, ratio, x.Aim, seconds(x.Compile), with, x.Pairs)
		if x.Note != "" {
			notes = append(notes, fmt.Sprintf("- %s, %s, %s: %s.\n", x.Model, x.Item, x.Case, x.Note))
		}
	}
	if len(notes) > 0 {
		b.WriteString("\n" + strings.Join(notes, ""))
	}
	if len(r.Memory) > 0 {
		b.WriteString("\n| model | peak of eval, MB | weights, MB | beside them, MB | at most 600 |\n|---|---:|---:|---:|---|\n")
	}
	for _, m := range r.Memory {
		within := "no"
		if m.Within {
			within = "yes"
		}
		fmt.Fprintf(&b, "| %s | %.0f | %.0f | %.0f | %s |\n", m.Model, float64(m.PeakBytes)/1e6, float64(m.WeightBytes)/1e6, float64(m.BesideBytes)/1e6, within)
	}
	return b.String()
}

// write writes the report as JSON to path, and as Markdown beside it.
func (r *report) write(path string) error {
	text, err := json.MarshalIndent(r, "", "  ")
	if err != nil {
		return err
	}
	if err := os.WriteFile(path, append(text, '\n'), 0o644); err != nil {
		return err
	}
	return os.WriteFile(strings.TrimSuffix(path, filepath.Ext(path))+".md", []byte(r.Markdown()), 0o644)
}
