package sajjad2020

import (
	"context"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"

	"bertlab/gbert"
	"bertlab/gbert/surgery"
	"bertlab/internal/tiny"
	"bertlab/papers/experiment"
	"bertlab/papers/experiment/experimenttest"
	"bertlab/papers/experiment/words"
	"bertlab/techniques/layerdrop"
)

// tinyLayers is the number of layers of the models here.
const tinyLayers = 4

// protocol is one of seconds: a random BERT of four layers on sentences whose words tell their class.
func protocol(t testing.TB) Config {
	t.Helper()
	dir := tiny.Reviews(t, 48, 20, false)
	return Config{
		Model: tiny.Pretrained(t, tiny.Shape{Layers: tinyLayers}), Tasks: []experiment.TaskData{{Name: "sst2", Data: dir}}, Drops: []int{1, 3}, Strategies: layerdrop.ByPosition, Thresholds: []float64{0.8, 0.95}, Progressive: true,
		Seeds: []uint64{1, 2}, Tuning: experiment.Tuning{Epochs: 2, BatchSize: 8, MaxLength: 16, LearningRate: 1e-2},
		Inference: experiment.Inference{SpeedBatches: []int{2}, SpeedLength: 8, SpeedRepeats: 3},
	}
}

// small is a protocol of one strategy, one seed and one epoch.
func small(t testing.TB) Config {
	t.Helper()
	c := protocol(t)
	c.Strategies, c.Thresholds, c.Seeds, c.Drops, c.Epochs, c.Progressive = c.Strategies[:1], nil, c.Seeds[:1], []int{1}, 1, false
	return c
}

func run(t *testing.T, c Config) (*Result, error) {
	t.Helper()
	return Experiment.Run(t.Context(), tiny.Environment(t, t.TempDir()), c)
}

// timeless takes out what no two runs have in common.
func timeless(r *Result) {
	for _, task := range r.Tasks {
		for i := range task.Runs {
			run := &task.Runs[i]
			run.Seconds, run.StepSeconds = 0, 0
		}
	}
	r.Speed.Batches, r.Training = nil, nil
	r.Claims = slices.DeleteFunc(r.Claims, func(c experiment.Claim) bool { return strings.HasPrefix(c.Text, "The time of") })
}

func TestTheExperiment(t *testing.T) {
	result := experimenttest.Case[Config, Result]{
		Experiment: Experiment, Protocol: protocol(t), Seeds: func(c *Config) *[]uint64 { return &c.Seeds }, Timeless: timeless,
		Refused: map[string]func(*Config){
			"(model)":                                  func(c *Config) { c.Model = "" },
			"at least one task":                        func(c *Config) { c.Tasks = nil },
			"no seed":                                  func(c *Config) { c.Seeds = nil },
			"for the speed":                            func(c *Config) { c.SpeedBatches = nil },
			"negative number of examples":              func(c *Config) { c.SimilarityExamples = -1 },
			"a learning rate above 0":                  func(c *Config) { c.LearningRate = 0 },
			"1…3":                                      func(c *Config) { c.Drops = []int{4} },
			"drops 0 layers (drops)":                   func(c *Config) { c.Drops = []int{2, 0} },
			"drops have 1 twice":                       func(c *Config) { c.Drops = []int{1, 2, 1} },
			"tasks have sst2 twice":                    func(c *Config) { c.Tasks = append(c.Tasks, experiment.TaskData{Name: "sst2"}) },
			"seeds have 7 twice":                       func(c *Config) { c.Seeds = []uint64{7, 7} },
			"strategies have top twice":                func(c *Config) { c.Strategies = []layerdrop.Strategy{layerdrop.Top, layerdrop.Top} },
			`strategies have "contribution"`:           func(c *Config) { c.Strategies = []layerdrop.Strategy{layerdrop.Contribution} },
			"strategies [alternate] can drop [3] of 4": func(c *Config) { c.Strategies, c.Drops = []layerdrop.Strategy{layerdrop.AlternateOdd}, []int{3} },
			"thresholds have 1.5":                      func(c *Config) { c.Thresholds = []float64{1.5} },
			"lists have one without layers":            func(c *Config) { c.Lists = [][]int{{}} },
			"lists have 2 twice":                       func(c *Config) { c.Lists = [][]int{{2, 2}} },
			"lists have 0,2 twice":                     func(c *Config) { c.Lists = [][]int{{0, 2}, {2, 0}} },
			"lists have [0 4]: layers":                 func(c *Config) { c.Lists = [][]int{{0, 4}} },
			"one by one (progressive) takes 4":         func(c *Config) { c.TrainExamples = 3 },
			"not a classification task":                func(c *Config) { c.Tasks = []experiment.TaskData{{Name: "stsb", Data: regression(t)}} },
			"no task of the protocol has data: mrpc":   func(c *Config) { c.Tasks = []experiment.TaskData{{Name: "mrpc", Data: t.TempDir(), Optional: true}} },
			filepath.Join("no", "such", "model"):       func(c *Config) { c.Model = filepath.Join("no", "such", "model") },
		},
		Judged: verdicts,
	}.Run(t)
	t.Run("its numbers are plausible", func(t *testing.T) { plausible(t, result) })
}

func plausible(t *testing.T, r *Result) {
	// Two seeds of the whole model and, for 1 and 3 of 4 layers, the strategies that can drop them, before and after; top also
	// one by one. No alternate strategy drops 3 of 4; each threshold of the contribution gives other layers.
	if runs := r.Tasks[0].Runs; len(runs) != 2*(1+2*(5+3+2)+2) {
		t.Errorf("%d runs", len(runs))
	}
	for _, run := range r.Tasks[0].Runs {
		if len(run.Right) != 20 || !(run.Low <= run.Difference && run.Difference <= run.High) || run.When != After && !(run.Seconds > 0) || run.Right.Accuracy() != run.Score {
			t.Errorf("%+v", run)
		}
		if whole := r.Tasks[0].Runs[0]; run.Strategy == "" && (run.Parameters != whole.Parameters || run.P != 1 || run.K() != 0) || run.Strategy != "" && run.Parameters >= whole.Parameters {
			t.Errorf("%d parameters, p = %g, without %v", run.Parameters, run.P, run.Dropped)
		}
	}
	if s := r.Similarity; len(s.Layers) != tinyLayers || s.Examples != 48 || s.Pooling != layerdrop.CLS || r.MeanSimilarity.Pooling != layerdrop.MeanToken {
		t.Errorf("%+v, %+v", s, r.MeanSimilarity)
	}
	if travel := r.Tasks[0].Travel; len(travel) != 2 || len(travel[0]) != tinyLayers || !(slices.Min(travel[0]) > 0) {
		t.Errorf("travelled %v", travel)
	}
	for _, model := range r.Speed.Batches[0].Models {
		if !(model.Seconds > 0 && model.Classifier > 0 && model.Low <= model.High) {
			t.Errorf("%+v", model)
		}
	}
	if len(r.Claims) != 7 {
		t.Errorf("%d claims", len(r.Claims))
	}
	if p := r.Provenance; p.Backend != "go" || len(p.ModelSHA256) != 64 || len(p.Data) != 3 {
		t.Errorf("%+v", p)
	}
}

func TestTheFilesOfTheExperiment(t *testing.T) {
	result, err := run(t, small(t))
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	outcome, err := Experiment.Publish(dir, result)
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{
		"layers.json", "layers.html", "layers.ko.html", "figures/layers-scores-sst2.png", "figures/layers-strategies-sst2.svg", "figures/layers-when-sst2.pdf", "figures/layers-time.csv",
		"figures/layers-similarity.png", "figures/layers-contribution.png", "figures/layers-travel.png", "figures/layers-claims.md", "figures/layers-scores-table-sst2.tex",
	} {
		if !slices.Contains(outcome.Files, filepath.Join(dir, name)) {
			t.Errorf("%s is not there", name)
		}
	}
}

// steps are those of a protocol's plan, by title.
func steps(t *testing.T, c Config) map[string]int {
	t.Helper()
	p := experiment.NewPlan(tiny.Environment(t, t.TempDir()))
	if err := plan(t.Context(), p, &c, new(Result)); err != nil {
		t.Fatal(err)
	}
	list, err := p.Steps()
	if err != nil {
		t.Fatal(err)
	}
	titles := map[string]int{}
	for _, step := range list {
		titles[step.Title.English]++
	}
	return titles
}

// Of four layers, top, alternate-even, the list and contribution drop the last, and symmetric and alternate the one below.
func TestTheSameLayersAreDroppedOnceWhateverStrategyNamesThem(t *testing.T) {
	c := protocol(t)
	c.Seeds, c.Drops, c.Lists, c.Progressive = c.Seeds[:1], []int{1}, [][]int{{3}, {2, 0}}, false
	least, err := run(t, small(t))
	if err != nil {
		t.Fatal(err)
	}
	cosines := slices.Clone(least.Similarity.Layers)
	slices.Sort(cosines)
	c.Thresholds = []float64{(cosines[tinyLayers-2] + cosines[tinyLayers-1]) / 2} // the most alike layer alone
	most := slices.Index(least.Similarity.Layers, cosines[tinyLayers-1])
	want := map[string]int{
		"similarity of layers by [CLS], on 48 examples of SST-2": 1, "similarity of layers by the mean of the tokens, on 48 examples of SST-2": 1,
		"fine-tuning on SST-2, seed 1": 1, "evaluation on SST-2": 1, "how far fine-tuning on SST-2 moved each layer, seed 1": 1, "speed with layers dropped": 1,
		"time of fine-tuning with layers dropped": 1,
	}
	for _, layers := range []string{"0", "2", "3", "0,2", fmt.Sprint(most)} {
		want["layers "+layers+" dropped before fine-tuning on SST-2, seed 1"] = 1
		want["layers "+layers+" dropped after fine-tuning on SST-2, seed 1"] = 1
	}
	if got := steps(t, c); !reflect.DeepEqual(got, want) {
		t.Errorf("%v\nwant %v", got, want)
	}
	r, err := run(t, c)
	if err != nil {
		t.Fatal(err)
	}
	byLayers := map[string]Trial{}
	strategies := map[layerdrop.Strategy]bool{}
	for _, run := range r.Tasks[0].Runs {
		strategies[run.Strategy] = true
		key := fmt.Sprint(run.When, run.Dropped)
		other, ok := byLayers[key]
		if other.Choice = run.Choice; ok && !reflect.DeepEqual(run, other) {
			t.Errorf("%+v is not %+v", run, other)
		}
		byLayers[key] = run
	}
	if len(strategies) != 8 || !strategies[layerdrop.Contribution] || !strategies[layerdrop.List] { // with that of the whole model
		t.Errorf("strategies %v", strategies)
	}
	if timed := r.Training; len(timed.Models) != 2 || timed.Models[1].K != 1 || timed.Batch != 8 || len(timed.Models[1].Shares) != 3 || !(timed.Models[1].Share > 0) {
		t.Errorf("steps timed: %+v", timed)
	}
}

// All layers of this model share their weights, so that two of four are two of four, whichever they are.
func TestLayersThatShareTheirWeightsStandForOneAnother(t *testing.T) {
	c := small(t)
	model, err := gbert.Load(c.Model)
	if err != nil {
		t.Fatal(err)
	}
	defer model.Close()
	for layer := 1; layer < tinyLayers; layer++ {
		for _, role := range gbert.TieRoles {
			model.Share(layer, role, 0)
		}
	}
	c.Model, c.Strategies, c.Drops = filepath.Join(t.TempDir(), "shared"), layerdrop.ByPosition, []int{2}
	if err := model.Save(c.Model, gbert.Float32); err != nil {
		t.Fatal(err)
	}
	for _, title := range []string{"layers 2,3 dropped before fine-tuning on SST-2, seed 1", "layers 2,3 dropped after fine-tuning on SST-2, seed 1"} {
		if got := steps(t, c); got[title] != 1 || len(got) != 9 {
			t.Errorf("%v", got)
		}
	}
	r, err := run(t, c)
	if err != nil {
		t.Fatal(err)
	}
	chosen := map[string]bool{}
	for _, run := range r.Tasks[0].Runs {
		if run.When == Before {
			chosen[surgery.FormatLayers(run.Dropped)] = true
			if first := r.Tasks[0].Runs[1]; !slices.Equal(run.Right, first.Right) || run.Loss != first.Loss || run.TrainLoss != first.TrainLoss {
				t.Errorf("without %v it is another model: %+v", run.Dropped, run)
			}
		}
	}
	if want := map[string]bool{"2,3": true, "0,1": true, "1,2": true, "0,2": true, "1,3": true}; !reflect.DeepEqual(chosen, want) {
		t.Errorf("chosen %v", chosen)
	}
}

// What is dropped after fine-tuning reads the fine-tuned model, and what is trained without layers does not; neither reads how many
// layers, strategies or seeds there are.
func TestFurtherStrategiesDropsAndSeedsKeepWhatIsThere(t *testing.T) {
	c, dir := small(t), t.TempDir()
	computed := func(c Config) (titles []string) {
		t.Helper()
		env := tiny.Environment(t, dir)
		env.Progress = func(p experiment.Progress) {
			if p.Steps > 0 && !slices.Contains(titles, p.Title.English) {
				titles = append(titles, p.Title.English)
			}
		}
		if _, err := Experiment.Run(t.Context(), env, c); err != nil {
			t.Fatal(err)
		}
		return titles
	}
	if first := computed(c); len(first) != 9 {
		t.Errorf("%q", first)
	}
	without := func(layers string) []string {
		return []string{"layers " + layers + " dropped before fine-tuning on SST-2, seed 1", "layers " + layers + " dropped after fine-tuning on SST-2, seed 1"}
	}
	timings := []string{"speed with layers dropped", "time of fine-tuning with layers dropped"}
	for _, further := range []struct {
		what   string
		change func()
		want   []string
	}{
		{"a strategy", func() { c.Strategies = []layerdrop.Strategy{layerdrop.Bottom, layerdrop.Top} }, without("0")},
		{"a list", func() { c.Lists = [][]int{{2, 1}} }, without("1,2")},
		{"a list of the same layers as a strategy's", func() { c.Lists = append(c.Lists, []int{0}) }, nil},
		{"examples of the similarity", func() { c.SimilarityExamples = 5 }, []string{"similarity of layers by [CLS], on 5 examples of SST-2", "similarity of layers by the mean of the tokens, on 5 examples of SST-2"}},
		{"a repeat of the speed", func() { c.SpeedRepeats++ }, timings},
		{"progressive dropping", func() { c.Progressive = true }, []string{"layers 3 dropped one by one while fine-tuning on SST-2, seed 1"}},
		{"a number of layers", func() { c.Drops = []int{1, 2} }, slices.Concat(without("2,3"), []string{"layers 2,3 dropped one by one while fine-tuning on SST-2, seed 1"}, without("0,1"), timings)},
		{"nothing", func() {}, nil},
	} {
		further.change()
		got, want := computed(c), slices.Clone(further.want)
		slices.Sort(got)
		slices.Sort(want)
		if !slices.Equal(got, want) {
			t.Errorf("with %s %q are computed, want %q", further.what, got, want)
		}
	}
}

func TestWhatIsNotReplicatedIsRunWithTheFirstSeedAlone(t *testing.T) {
	c := protocol(t)
	c.Drops, c.Thresholds, c.Seeds = []int{1}, nil, []uint64{3, 1}
	c.Strategies, c.Replicated = []layerdrop.Strategy{layerdrop.Top, layerdrop.Bottom}, []layerdrop.Strategy{layerdrop.Bottom}
	got := steps(t, c)
	for title, want := range map[string]int{
		"layers 3 dropped before fine-tuning on SST-2, seed 3": 1, "layers 3 dropped before fine-tuning on SST-2, seed 1": 0,
		"layers 3 dropped after fine-tuning on SST-2, seed 3": 1, "layers 3 dropped after fine-tuning on SST-2, seed 1": 0,
		"layers 3 dropped one by one while fine-tuning on SST-2, seed 3": 1, "layers 3 dropped one by one while fine-tuning on SST-2, seed 1": 0,
		"layers 0 dropped before fine-tuning on SST-2, seed 3": 1, "layers 0 dropped before fine-tuning on SST-2, seed 1": 1,
		"fine-tuning on SST-2, seed 1": 1,
	} {
		if got[title] != want {
			t.Errorf("%s: %d, want %d", title, got[title], want)
		}
	}
	if once := c.once(words.English); once != "top, during fine-tuning: seed 3 alone" {
		t.Errorf("%q", once)
	}
	c.Replicated = []layerdrop.Strategy{"middle"}
	if err := c.check(); err == nil || !strings.Contains(err.Error(), "replicated") {
		t.Error(err)
	}
}

func TestThresholdsThatGiveTheSameLayersAreOneChoice(t *testing.T) {
	similarity := &layerdrop.Similarity{Layers: []float64{0.6, 0.9, 0.95, 0.7}}
	c := Config{Thresholds: []float64{0.99, 0.92, 0.91, 0.8, -0.5}}
	if _, err := c.byContribution(similarity); err == nil || !strings.Contains(err.Error(), "thresholds: layerdrop: all 4 layers are more alike than -0.5") {
		t.Error(err)
	}
	c.Thresholds = c.Thresholds[:4]
	list, err := c.byContribution(similarity)
	want := []Choice{{Strategy: layerdrop.Contribution, Threshold: 0.92, Dropped: []int{2}}, {Strategy: layerdrop.Contribution, Threshold: 0.8, Dropped: []int{1, 2}}}
	if err != nil || !reflect.DeepEqual(list, want) {
		t.Errorf("%+v, %v", list, err)
	}
}

func TestLayersThatAreNamedAreDroppedAndListedOneByOne(t *testing.T) {
	config := small(t)
	config.Lists = [][]int{{2, 0}, {1, 3}}
	result, err := run(t, config)
	if err != nil {
		t.Fatal(err)
	}
	table := english(result).ScoreTable(result.Tasks[0])
	var rows []string
	for _, row := range table.Rows {
		rows = append(rows, fmt.Sprint(row[0], " ", row[1], " ", row[3]))
	}
	want := []string{"whole model  ", "top before 3", "top after 3", "list before 0,2", "list after 0,2", "list before 1,3", "list after 1,3"}
	if !reflect.DeepEqual(rows, want) {
		t.Errorf("%q, want %q", rows, want)
	}
	for _, run := range result.Tasks[0].Runs {
		for _, row := range table.Rows { // two lists of as many layers are not averaged
			if run.Strategy == layerdrop.List && row[1] == string(run.When) && row[3] == surgery.FormatLayers(run.Dropped) && math.Abs(row[5].(float64)-100*run.Difference) > 1e-9 {
				t.Errorf("%v: difference %v in the table, %g by itself", run.Dropped, row[5], 100*run.Difference)
			}
		}
	}
}

func TestAnOptionalTaskWithoutDataIsLeftOutAndNamed(t *testing.T) {
	config := small(t)
	config.Tasks = append(config.Tasks, experiment.TaskData{Name: "mrpc", Data: t.TempDir(), Optional: true})
	config.Strategies = layerdrop.ByPosition[:2]
	result, err := run(t, config)
	if err != nil {
		t.Fatal(err)
	}
	if len(result.Tasks) != 1 || len(result.LeftOut) != 1 || !strings.HasPrefix(result.LeftOut[0], "mrpc: ") {
		t.Errorf("%d tasks, left out %q", len(result.Tasks), result.LeftOut)
	}
	outcome, err := Experiment.Publish(t.TempDir(), result)
	if err != nil {
		t.Fatal(err)
	}
	if report, err := os.ReadFile(outcome.Report); err != nil || !strings.Contains(string(report), "for lack of data: mrpc") {
		t.Errorf("the report does not say what was left out (%v)", err)
	}
	config.Tasks[1].Optional = false
	if _, err := run(t, config); err == nil {
		t.Error("a task without data is no error")
	}
}

func TestSeveralTasksHaveASectionEach(t *testing.T) {
	config := small(t)
	config.Tasks = append(config.Tasks, experiment.TaskData{Name: "cola", Data: config.Tasks[0].Data})
	result, err := run(t, config)
	if err != nil {
		t.Fatal(err)
	}
	outcome, err := Experiment.Publish(t.TempDir(), result)
	if err != nil {
		t.Fatal(err)
	}
	report, err := os.ReadFile(outcome.Report)
	if err != nil {
		t.Fatal(err)
	}
	for _, title := range []string{">SST-2</h2>", ">CoLA</h2>"} {
		if !strings.Contains(string(report), title) {
			t.Errorf("no section %s", title)
		}
	}
	if n := strings.Count(string(report), "<figcaption>"); n != 2*3+4 {
		t.Errorf("%d figures", n)
	}
}

// trainedWords says whether a model that is trained without layers keeps the word table.
var trainedWords = func(t *testing.T) *experiment.Definition[tuneInputs, bool] {
	return &experiment.Definition[tuneInputs, bool]{
		Name: "word table as pretrained", Version: 1,
		Title: func(_ *words.Printer, _ tuneInputs) string { return "word table" },
		Run: func(ctx context.Context, w *experiment.Worker, in tuneInputs) (bool, error) {
			pretrained := w.Model(in.From)
			model, _, err := in.train(ctx, w)
			if err != nil {
				return false, err
			}
			return tiny.SameWords(t, pretrained, model), nil
		},
	}
}

func TestEmbeddingsCanStayAsPretrained(t *testing.T) {
	for _, freeze := range []bool{true, false} {
		c := small(t)
		c.FreezeEmbeddings = freeze
		env := tiny.Environment(t, t.TempDir())
		model, resolved, err := env.Model(t.Context(), c.Model)
		if err != nil {
			t.Fatal(err)
		}
		provenance, err := env.Describe(model, resolved)
		if err != nil {
			t.Fatal(err)
		}
		tasks, err := load(t.Context(), env, &c, new(Result))
		if err != nil {
			t.Fatal(err)
		}
		p := experiment.NewPlan(env)
		in := tuneInputs{FineTuneInputs: experiment.FineTuneInputs{
			From: &experiment.Pretrained{Model: model, SHA256: provenance.ModelSHA256}, Train: tasks[0].Train, Options: c.Options(1),
		}}
		var same []*experiment.Node[bool]
		for _, choice := range []struct {
			dropped []int
			when    When
		}{{[]int{}, Before}, {[]int{1}, Before}, {[]int{2, 3}, Progressive}} {
			in.Dropped, in.When = choice.dropped, choice.when
			same = append(same, trainedWords(t).Of(p, in))
		}
		if err := p.Run(t.Context()); err != nil {
			t.Fatal(err)
		}
		for i, node := range same {
			if node.Result() != freeze {
				t.Errorf("freeze %v, choice %d: the word table as pretrained: %v", freeze, i, node.Result())
			}
		}
	}
}

func regression(t testing.TB) string {
	t.Helper()
	dir := t.TempDir()
	for _, name := range []string{"train.tsv", "dev.tsv"} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte("sentence1\tsentence2\tscore\na film\tthe film\t4.5\nbad\tgood\t1\n"), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

// english is a result told in English.
func english(r *Result) edition { return edition{r, experiment.Voice{Printer: words.English}} }
