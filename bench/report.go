package main

import (
	"encoding/json"
	"fmt"
	"path/filepath"
	"strings"
	"time"

	"bertlab/internal/files"
	"bertlab/stats"
)

// report is all that was measured, and with what.
type report struct {
	Began    time.Time         `json:"began"`
	Machine  string            `json:"machine"`
	Backend  string            `json:"backend"`
	Device   string            `json:"device,omitempty"`
	Threads  int               `json:"threads"`
	Versions map[string]string `json:"versions"`
	Peers    []peerVersions    `json:"peers,omitempty"`
	Quick    bool              `json:"quick"`
	Results  []*result         `json:"results"`

	added func(*result)
}

// result is one row of the table: a case, against one peer or none. Times are in seconds, medians of the samples.
type result struct {
	Model string `json:"model"`
	Item  string `json:"item"`
	Case  string `json:"case"`
	Peer  string `json:"peer,omitempty"`
	Pairs int    `json:"pairs"` // samples of each side
	// Ratio is gbert/peer of the pairs; nil without a peer.
	Ratio       *spread `json:"ratio,omitempty"`
	Gbert       float64 `json:"gbert_seconds,omitempty"`
	PeerSeconds float64 `json:"peer_seconds,omitempty"`
	Aim         float64 `json:"aim,omitempty"` // 0: none
	// Compile is what gbert compiles once, in no time above, and PeerCompile what the peer does; WithCompile is the ratio with gbert's.
	Compile     float64 `json:"compile_seconds"`
	PeerCompile float64 `json:"peer_compile_seconds,omitempty"`
	WithCompile float64 `json:"ratio_with_compile,omitempty"`
	// PeersBusy is the processor time of all peers while gbert was timed, as a share of that time.
	PeersBusy   float64 `json:"peers_busy,omitempty"`
	RealTokens  int     `json:"real_tokens,omitempty"`
	GbertTokens int     `json:"gbert_computed_tokens,omitempty"`
	PeerTokens  int     `json:"peer_computed_tokens,omitempty"`
	// GbertBytes and PeerBytes are the peaks of resident memory of processes of their own, WeightBytes the model's file.
	GbertBytes  int64  `json:"gbert_bytes,omitempty"`
	PeerBytes   int64  `json:"peer_bytes,omitempty"`
	WeightBytes int64  `json:"weight_bytes,omitempty"`
	Note        string `json:"note,omitempty"`
}

// against fills in samples that were taken in turn.
func (r *result) against(peer string, ours, theirs []float64) {
	r.Peer, r.PeerSeconds, r.Ratio = peer, stats.Median(theirs), spreadOf(ratios(ours, theirs))
}

func (r *report) add(one *result) {
	r.Results = append(r.Results, one)
	if r.added != nil {
		r.added(one)
	}
}

// amount is what a side took, a time or memory; "" where it is unknown.
func amount(time float64, bytes int64) string {
	switch {
	case bytes > 0:
		return fmt.Sprintf("%.0f MB", float64(bytes)/1e6)
	case time > 0:
		return seconds(time) + " s"
	}
	return ""
}

func (r *result) String() string {
	line := fmt.Sprintf("%s, %s, %s: gbert %s", r.Model, r.Item, r.Case, amount(r.Gbert, r.GbertBytes))
	if r.Ratio != nil {
		line += fmt.Sprintf(", %s %s, ratio %.2f (%.2f–%.2f)", r.Peer, amount(r.PeerSeconds, r.PeerBytes), r.Ratio.Median, r.Ratio.Q1, r.Ratio.Q3)
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

// Markdown is the report as a table.
func (r *report) Markdown() string {
	var b strings.Builder
	fmt.Fprintf(&b, "Machine: %s; %d threads each.\n\nbertlab on %s; GoMLX %s, %s.\n", r.Machine, r.Threads, r.Backend, r.Versions["github.com/gomlx/gomlx"], r.Versions["go"])
	for _, p := range r.Peers {
		fmt.Fprintf(&b, "\nPeer: %s %s on %s, transformers %s, Python %s.\n", p.Name, p.Version, p.Device, p.Transformers, p.Python)
	}
	if r.Quick {
		b.WriteString("\nThis is the quick version: few samples.\n")
	}
	if len(r.Results) > 0 {
		b.WriteString("\n| model | item | case | gbert | peer | its | ratio (quartiles) | aim | compilation, s | ratio with it | samples |\n|---|---|---|---:|---|---:|---:|---:|---:|---:|---:|\n")
	}
	var notes []string
	for _, x := range r.Results {
		b.WriteString(x.row())
		if x.Note != "" {
			notes = append(notes, fmt.Sprintf("- %s, %s, %s: %s.\n", x.Model, x.Item, x.Case, x.Note))
		}
	}
	if len(notes) > 0 {
		b.WriteString("\n" + strings.Join(notes, ""))
	}
	return b.String()
}

// row is the result as a line of the table.
func (r *result) row() string {
	ratio, with, aim := "", "", ""
	if r.Ratio != nil {
		ratio = fmt.Sprintf("%.2f (%.2f–%.2f)", r.Ratio.Median, r.Ratio.Q1, r.Ratio.Q3)
	}
	if r.WithCompile > 0 {
		with = fmt.Sprintf("%.2f", r.WithCompile)
	}
	if r.Aim > 0 {
		aim = fmt.Sprintf("≤ %.2f", r.Aim)
	}
	return fmt.Sprintf("| %s | %s | %s | %s | %s | %s | %s | %s | %s | %s | %d |\n", r.Model, r.Item, r.Case, amount(r.Gbert, r.GbertBytes),
		r.Peer, amount(r.PeerSeconds, r.PeerBytes), ratio, aim, seconds(r.Compile), with, r.Pairs)
}

// write writes the report as JSON to path, and as Markdown beside it.
func (r *report) write(path string) error {
	text, err := json.MarshalIndent(r, "", "  ")
	if err != nil {
		return err
	}
	if err := files.Write(path, append(text, '\n')); err != nil {
		return err
	}
	return files.Write(markdownBeside(path), []byte(r.Markdown()))
}

// markdownBeside is the name of the table beside a file of results.
func markdownBeside(path string) string { return strings.TrimSuffix(path, filepath.Ext(path)) + ".md" }
