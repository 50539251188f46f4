package cells

import (
	"fmt"
	"math"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"bertlab/figures"
	"bertlab/papers/compare"
	"bertlab/papers/experiment"
	"bertlab/papers/michel2019"
	"bertlab/papers/sajjad2020"
	"bertlab/papers/sanh2020"
	"bertlab/papers/wang2022"
	"bertlab/papers/zafrir2019"
	"bertlab/stats"
	"bertlab/techniques/distill"
	"bertlab/techniques/movement"
)

var _ = hints

// hints has what the narratives say in Go, so that it compiles. It is not called.
func hints() {
	for _, cell := range profile.Result().Profile.Cells {
		_ = cell.Part("feed_forward")
	}
	_ = heads.With(func(c *michel2019.Config) { c.Task, c.Transfer = "products", "" })
	_ = heads.With(func(c *michel2019.Config) { c.Model = "bert-base-uncased" })
	var p []float64
	for _, e := range heads.Result().Ablation.Heads {
		_ = math.Abs(e.LossDelta)
		_ = e.Layer == 0
	}
	_ = stats.Holm(p)
	_ = pruning.With(func(c *sanh2020.Config) { c.Epochs *= 2 })
	_ = pruning.With(func(c *sanh2020.Config) { c.Global = []movement.Kind{movement.Magnitude, movement.Movement} })
	_ = pruning.With(func(c *sanh2020.Config) { _ = c.Seeds })
	r := pruning.Result()
	_ = r.Config.Remaining
	for _, run := range pruning.Result().Runs {
		v := run.Variant
		_ = math.Abs(run.Kept/v.Remaining-1) > 0.2
		_ = run.Variant.Scope == "global"
	}
	_ = layers.With(func(c *sajjad2020.Config) { c.Tasks = append(c.Tasks, experiment.TaskData{Name: "rte"}) })
	for _, run := range layers.Result().Tasks[0].Runs {
		_ = []any{run.When == sajjad2020.Before, run.When == sajjad2020.After}
		_ = fmt.Sprint(run.Strategy, run.K())
	}
	_ = layers.Result().MeanSimilarity
	_ = []wang2022.Recovery{wang2022.Tuned, wang2022.Distilled}
	_ = landscape.Result().Scratch
	s := landscape.Result().Surface
	_ = s.Sets[1].Error
	for _, v := range tucker.Result().Variants {
		_ = v.Ratio == 0.5
		_ = []float64{v.Sweeps[0], v.Sweeps[1]}
	}
	for _, t := range sharing.Result().Runs {
		_ = t.Variant.What
	}
	{
		r := sharing.Result()
		_ = r.Errors[127]
	}
	_ = distill.FromTeacher
	_ = []zafrir2019.Way{zafrir2019.Row, zafrir2019.Static, zafrir2019.Aware}
	whole, small := quantisation.Result().Runs[0], quantisation.Result().Runs[1]
	_, _ = stats.McNemar(whole.Right, small.Right)
	for _, m := range quantisation.Result().Maps.Maps {
		_ = m.Role
	}
	c := overview.Result().Comparison
	batch := 0
	_ = c.Batches[batch]
	batch = len(c.Batches) - 1
	all, _ := c.Each("layers")
	for _, m := range c.Models {
		_ = m.MACs
		_ = m.Latency[batch].Speed
		_ = figures.ParetoPoint{X: 1000 * m.Latency[0].Seconds}
	}
	_ = all[1].Against.Metric.Low
	training := true
	_ = compare.Limits{Retrain: training}
	training = false
	_ = compare.Limits{Retrain: training}
}

func TestWhatNarrativesSayInGoCompiles(t *testing.T) {
	t.Parallel()
	dense := func(code string) string { return strings.Join(strings.Fields(code), "") }
	source, err := os.ReadFile("hints_test.go")
	if err != nil {
		t.Fatal(err)
	}
	compiled := dense(string(source))
	var files []string
	for _, pattern := range []string{"../../../papers/*/narrative.*.md", "*/narrative.*.md"} {
		found, err := filepath.Glob(pattern)
		if err != nil || len(found) == 0 {
			t.Fatal(pattern, err)
		}
		files = append(files, found...)
	}
	span, goLike := regexp.MustCompile("`[^`]+`"), regexp.MustCompile(`\b\w+(\[\w+\])?\.[A-Z]|^\w+\(|:=|\] =|^\w+ = `)
	found := 0
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		for _, code := range span.FindAllString(string(text), -1) {
			if code = strings.Trim(code, "`"); !goLike.MatchString(code) {
				continue
			}
			found++
			if !strings.Contains(compiled, dense(code)) {
				t.Errorf("%s: %s is not among the hints above, which compile", file, code)
			}
		}
	}
	if found < 40 {
		t.Errorf("%d pieces of Go were found", found)
	}
}
