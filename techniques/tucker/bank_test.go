package tucker

import (
	"context"
	"fmt"
	"math"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"bertlab/gbert"
	"bertlab/gbert/finetune"
	"bertlab/gbert/surgery"
	"bertlab/internal/testbed"
	"bertlab/techniques/heads"
)

func bank(t testing.TB, m *gbert.Model, o BankOptions) (*gbert.Model, *Factorisation) {
	t.Helper()
	banked, result, err := Bank(context.Background(), m, o)
	if err != nil {
		t.Fatal(err)
	}
	return banked, result
}

func TestFullRanksOfABankReproduceTheLogits(t *testing.T) {
	whole := classifier(t, 2, 1) // 12 neurons of 8 features: two slices, the second half empty
	pruned, err := surgery.RemoveHeads(classifier(t, 3, 2), heads.Set{0: {1}, 2: {0, 1}})
	if err != nil {
		t.Fatal(err)
	}
	tied := classifier(t, 3, 3).Clone()
	tied.Share(2, gbert.FFNIn, 0)
	for name, model := range map[string]*gbert.Model{"whole": whole, "without heads": pruned, "tied": tied} {
		slices := map[string]int{"whole": 16, "without heads": 20, "tied": 22}[name]
		for core, o := range map[string]BankOptions{
			"full": {Core: gbert.FullCore, Rank: 8}, "mixed": {LayerRank: slices, Rank: 8},
			"some roles": {Core: gbert.FullCore, Rank: 8, Roles: []gbert.Role{gbert.Query, gbert.FFNOut}, Layers: []int{1, 0}},
		} {
			banked, result := bank(t, model, o)
			if d := apart(logits(t, model), logits(t, banked)); d > 1e-5 {
				t.Errorf("%s, %s: logits differ by %g", name, core, d)
			}
			dir := filepath.Join(t.TempDir(), "model")
			if err := banked.Save(dir, gbert.Float32); err != nil {
				t.Fatal(err)
			}
			loaded, err := gbert.Load(dir)
			if err != nil {
				t.Fatal(err)
			}
			if apart(logits(t, banked), logits(t, loaded)) != 0 {
				t.Errorf("%s, %s: other logits after loading", name, core)
			}
			dense, err := loaded.Dense()
			if err != nil {
				t.Fatal(err)
			}
			if d := apart(logits(t, dense), logits(t, model)); d > 1e-5 {
				t.Errorf("%s, %s: the dense copy differs by %g", name, core, d)
			}
			loaded.Close()
			if got := result.ParametersBefore - result.ParametersAfter; got != model.NumParameters()-banked.NumParameters() {
				t.Errorf("%s, %s: %d parameters less, the model has %d less", name, core, got, model.NumParameters()-banked.NumParameters())
			}
			for _, m := range result.Maps {
				if m.Kept == "" && m.RelativeError > 1e-6 {
					t.Errorf("%s, %s: %+v", name, core, m)
				}
			}
		}
	}
}

// A bank's slices are approximated as the stack says, and its errors are those of the maps together.
func TestTheErrorsOfTheMapsAreThatOfTheStack(t *testing.T) {
	model := classifier(t, 2, 5)
	for name, o := range map[string]BankOptions{
		"full": {Core: gbert.FullCore, Rank: 3}, "mixed": {LayerRank: 5, Rank: 4}, "diagonal": {Core: gbert.DiagonalCore, Rank: 6},
	} {
		var told []float64
		o.Progress = func(_ int, relative float64) { told = append(told, relative) }
		banked, result := bank(t, model, o)
		lost, whole := 0.0, 0.0
		for _, m := range result.Maps {
			weight, _, err := model.DenseMap(m.Layer, m.Role)
			if err != nil {
				t.Fatal(err)
			}
			square := 0.0
			for _, w := range weight {
				square += float64(w) * float64(w)
			}
			whole += square
			lost += square * m.RelativeError * m.RelativeError
		}
		report := result.Bank
		// What the stack's empty half of the last slices is approximated by belongs to no map.
		if got := math.Sqrt(lost / whole); got > report.Errors[len(report.Errors)-1]+1e-6 || got < 0.8*report.Errors[len(report.Errors)-1] {
			t.Errorf("%s: the maps' error is %g, the stack's %v", name, got, report.Errors)
		}
		if !slices.IsSortedFunc(report.Errors, func(a, b float64) int { return map[bool]int{true: -1}[a > b] }) || len(report.Errors) < 2 || !slices.Equal(told, report.Errors) {
			t.Errorf("%s: errors %v, told %v", name, report.Errors, told)
		}
		if banked.NumParameters() >= model.NumParameters() {
			t.Errorf("%s: %d parameters of %d", name, banked.NumParameters(), model.NumParameters())
		}
		start, first := bank(t, model, BankOptions{Core: o.Core, Rank: o.Rank, LayerRank: o.LayerRank, Sweeps: -1})
		if len(first.Bank.Errors) != 1 && name != "diagonal" || math.Abs(first.Bank.Errors[0]-report.Errors[0]) > 1e-12 {
			t.Errorf("%s: the start alone has the errors %v", name, first.Bank.Errors)
		}
		if apart(logits(t, start), logits(t, banked)) == 0 {
			t.Errorf("%s: the sweeps change nothing", name)
		}
	}
}

func TestABankKeepsToItsBudget(t *testing.T) {
	model := classifier(t, 3, 1)
	for _, core := range []gbert.CoreKind{gbert.DiagonalCore, gbert.FullCore, gbert.MixedCore} {
		last := 0
		for _, ratio := range []float64{0.1, 0.25, 0.5, 0.75, 1} {
			_, result := bank(t, model, BankOptions{Core: core, Ratio: ratio, Sweeps: 1})
			if after := result.ParametersAfter; float64(after) > ratio*float64(result.ParametersBefore) || after < last {
				t.Errorf("%s, %g: %d of %d parameters, %d with less", core, ratio, after, result.ParametersBefore, last)
			}
			last = result.ParametersAfter
		}
	}
	named := func(o BankOptions) string {
		_, result := bank(t, model, o)
		return result.Bank.Name + " " + result.RankBy
	}
	for want, o := range map[string]BankOptions{
		"IV-5-3 rank:5-3": {LayerRank: 5, Rank: 3}, "III-4 rank:4": {Core: gbert.FullCore, Rank: 4},
		"III-diagonal-2 rank:2": {Core: gbert.DiagonalCore, Rank: 2}, "IV-24-8 energy:1": {Energy: 1}, "III-8 energy:1": {Core: gbert.FullCore, Energy: 1},
	} {
		if got := named(o); got != want {
			t.Errorf("%+v is called %q, want %q", o, got, want)
		}
	}
	_, low := bank(t, model, BankOptions{Energy: 0.5})
	_, noise := bank(t, model, BankOptions{Noise: true})
	if low.Bank.LayerRank >= 24 || low.Bank.LeftRank >= 8 || noise.RankBy != "evbmf" || noise.Bank.LeftRank > 8 {
		t.Errorf("half of the energy: %+v; noise: %+v", low.Bank, noise.Bank)
	}
}

func TestABankLearnsWithOneGradientForWhatIsShared(t *testing.T) {
	model, err := classifier(t, 2, 1).WithClassifier(2, []string{"no", "yes"}, 1)
	if err != nil {
		t.Fatal(err)
	}
	model.Config.HiddenDropoutProb, model.Config.AttentionProbsDropoutProb = 0, 0
	b := testbed.Go(t)
	for _, o := range []BankOptions{{LayerRank: 6, Rank: 4}, {Core: gbert.FullCore, Rank: 4}, {Core: gbert.DiagonalCore, Rank: 8}} {
		banked, result := bank(t, model, o)
		trained, err := finetune.Train(context.Background(), b, banked, prepared(t, model, 40).Dataset, nil, finetune.Options{
			Epochs: 8, BatchSize: 8, LearningRate: 1e-2, MaxLength: 16, Seed: 1,
		})
		if err != nil {
			t.Fatal(err)
		}
		if first, last := trained.Epochs[0].TrainLoss, trained.Epochs[7].TrainLoss; last > 0.5*first {
			t.Errorf("%s: the loss went from %g to %g", result.Bank.Name, first, last)
		}
		if trained.Model.NumParameters() != banked.NumParameters() {
			t.Errorf("%s: %d parameters became %d", result.Bank.Name, banked.NumParameters(), trained.Model.NumParameters())
		}
		changed := func(name string) bool {
			before, _, err := banked.Weight(name)
			if err != nil {
				t.Fatal(err)
			}
			after, _, err := trained.Model.Weight(name)
			if err != nil {
				t.Fatal(err)
			}
			return !slices.Equal(before, after)
		}
		for _, spec := range banked.Weights() {
			if (strings.Contains(spec.Name, "bank") || strings.HasSuffix(spec.Name, "slices")) && !changed(spec.Name) {
				t.Errorf("%s: %s learns nothing", result.Bank.Name, spec.Name)
			}
		}
	}
}

func TestBadCallsOfABankSayWhatIsPossible(t *testing.T) {
	model := classifier(t, 2, 1)
	banked, _ := bank(t, model, BankOptions{LayerRank: 2, Rank: 2})
	narrow, err := gbert.New(model.Config, 1)
	if err != nil {
		t.Fatal(err)
	}
	for name, test := range map[string]struct {
		model *gbert.Model
		o     BankOptions
		want  []string
	}{
		"no rule":              {model, BankOptions{}, []string{"exactly one"}},
		"rank above the width": {model, BankOptions{LayerRank: 1, Rank: 9}, []string{"rank 9", "1…8"}},
		"rank below 0":         {model, BankOptions{LayerRank: 1, Rank: -1}, []string{"rank -1", "1…8"}},
		"no layer rank":        {model, BankOptions{Rank: 2}, []string{"layer rank 0", "1…16"}},
		"too many layers":      {model, BankOptions{Rank: 2, LayerRank: 17}, []string{"layer rank 17", "1…16"}},
		"layer rank of III":    {model, BankOptions{Core: gbert.FullCore, Rank: 2, LayerRank: 2}, []string{"only mixed cores"}},
		"layer rank alone":     {model, BankOptions{Ratio: 0.5, LayerRank: 2}, []string{"goes with a rank"}},
		"ratio too low":        {model, BankOptions{Ratio: 0.001}, []string{"0.001", "…1", "16 slices"}},
		"ratio above 1":        {model, BankOptions{Ratio: 1.5}, []string{"1.5", "…1"}},
		"energy of diagonals":  {model, BankOptions{Core: gbert.DiagonalCore, Energy: 0.5}, []string{"want a rank or a ratio"}},
		"unknown cores":        {model, BankOptions{Core: "round", Rank: 2}, []string{`"round"`, `"mixed"`}},
		"unknown role":         {model, BankOptions{Rank: 2, LayerRank: 1, Roles: []gbert.Role{"pooler"}}, []string{"pooler"}},
		"a bank already":       {banked, BankOptions{LayerRank: 2, Rank: 2}, []string{"has a bank already", "Model.Dense"}},
		"one small map":        {narrow, BankOptions{Ratio: 0.2, Roles: []gbert.Role{gbert.Key}, Layers: []int{0}}, []string{"0.2, want 0."}},
	} {
		_, _, err := Bank(context.Background(), test.model, test.o)
		t.Run(name, func(t *testing.T) { wantError(t, err, test.want...) })
		if checked := test.o.Check(test.model); fmt.Sprint(checked) != fmt.Sprint(err) {
			t.Errorf("%s: Check says %v, Bank %v", name, checked, err)
		}
	}
	layerRank, rank, ratio, err := (BankOptions{}).Limits(model)
	if err != nil || layerRank != 16 || rank != 8 || math.Abs(ratio-float64(16+8+8+1)/float64(2*(4*64+2*96))) > 1e-12 {
		t.Errorf("limits %d, %d, %g, %v", layerRank, rank, ratio, err)
	}
	if _, err := (FactoriseOptions{Rank: 1}).targets(banked); err == nil || !strings.Contains(err.Error(), "banked") {
		t.Errorf("factors of a bank: %v", err)
	}
}
