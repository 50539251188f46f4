package tucker

import (
	"context"
	"math"
	"reflect"
	"testing"

	"gonum.org/v1/gonum/floats"
	"gonum.org/v1/gonum/mat"

	"bertlab/gbert"
	"bertlab/gbert/surgery"
	"bertlab/techniques/heads"
	"bertlab/tensor"
)

func TestAtFullRankTheModelComputesTheSame(t *testing.T) {
	model := classifier(t, 3, 1)
	before, err := model.Fingerprint()
	if err != nil {
		t.Fatal(err)
	}
	want := logits(t, model)
	for name, o := range map[string]FactoriseOptions{
		"plain": {Rank: 8}, "weighted": {Rank: 8, Moments: moments(t, model, 40)}, "with a ridge": {Rank: 8, Moments: moments(t, model, 3), Ridge: 0.1},
		"all energy": {Energy: 1}, "through the Gram matrix": {Rank: 8, SVD: tensor.SVDOptions{Method: tensor.Gram}},
	} {
		smaller, result := factorise(t, model, o)
		if far := apart(logits(t, smaller), want); far > 1e-5 {
			t.Errorf("%s: the logits differ by %g", name, far)
		}
		if wanted := o.Rank / 8 * 18; result.Factored() != wanted {
			t.Errorf("%s: %d maps are factored, want %d", name, result.Factored(), wanted)
		}
	}
	if after, _ := model.Fingerprint(); after != before {
		t.Error("the model was changed")
	}
}

// original is W of a map.
func original(t *testing.T, m *gbert.Model, layer int, role gbert.Role) *mat.Dense {
	t.Helper()
	values, _, err := m.DenseMap(layer, role)
	if err != nil {
		t.Fatal(err)
	}
	_, shape, err := classifier(t, m.Config.NumHiddenLayers, 1).Weight(gbert.WeightName(layer, role))
	if err != nil {
		t.Fatal(err)
	}
	w := mat.NewDense(shape[0], shape[1], nil)
	for i, value := range values {
		w.RawMatrix().Data[i] = float64(value)
	}
	return w
}

func TestTheResultSaysWhatWasLostAndWhatIsLeft(t *testing.T) {
	model := classifier(t, 2, 2)
	for name, o := range map[string]FactoriseOptions{
		"rank": {Rank: 3}, "ratio": {Ratio: 0.6}, "energy": {Energy: 0.7}, "noise": {Noise: true, MinRank: 2}, "weighted": {Ratio: 0.6, Moments: moments(t, model, 20)},
	} {
		smaller, result := factorise(t, model, o)
		saved := 0
		for _, m := range result.Maps {
			w, approximation := original(t, model, m.Layer, m.Role), original(t, smaller, m.Layer, m.Role)
			if got := distance(w, approximation) / mat.Norm(w, 2); math.Abs(got-m.RelativeError) > 1e-6 {
				t.Errorf("%s: %v has the error %g", name, m, got)
			}
			best := floats.Norm(singularValues(w)[min(m.Rank, 8):], 2) / mat.Norm(w, 2)
			if m.Kept == "" && (m.RelativeError < best-1e-9 || o.Moments == nil && m.RelativeError > best+1e-9) {
				t.Errorf("%s: the error of %v beside the best one of its rank, %g", name, m, best)
			}
			form := smaller.Config.Layers[m.Layer].Form(m.Role)
			if want := gbert.Factored(m.Rank); (form == want) != (m.Kept == "") || m.Kept == KeptNoSaving && m.Rank <= tensor.BreakEvenRank(m.Out, m.In) {
				t.Errorf("%s: %v is stored as %v", name, m, form)
			}
			if o.Ratio != 0 && float64(m.ParametersAfter) > o.Ratio*float64(m.ParametersBefore) {
				t.Errorf("%s: %v is above the ratio %g", name, m, o.Ratio)
			}
			if (m.OutputError > 0) != (o.Moments != nil) {
				t.Errorf("%s: %v", name, m)
			}
			saved += m.ParametersBefore - m.ParametersAfter
		}
		if got := model.NumParameters() - smaller.NumParameters(); got != saved || got != result.ParametersBefore-result.ParametersAfter {
			t.Errorf("%s: %d parameters are saved, the maps say %d, the result %d", name, got, saved, result.ParametersBefore-result.ParametersAfter)
		}
		last := smaller.Config.History[len(smaller.Config.History)-1]
		if last.Name != "tucker.svd" || last.Arguments["rank_by"] != result.RankBy || last.Arguments["weighted"] != (o.Moments != nil) {
			t.Errorf("%s: the history ends with %v", name, last)
		}
	}
}

func TestOnlyTheChosenMapsAreFactored(t *testing.T) {
	model := classifier(t, 3, 3)
	smaller, result := factorise(t, model, FactoriseOptions{Rank: 2, Roles: []gbert.Role{gbert.FFNIn, gbert.Query}, Layers: []int{2, 0}})
	if result.Factored() != 4 || smaller.Config.Layers[1].Forms != nil || len(smaller.Config.Layers[2].Forms) != 2 {
		t.Errorf("%v, %v", result.Maps, smaller.Config.Layers)
	}
	want := map[string]any{"rank_by": "rank:2", "weighted": false, "roles": "ffn_in,query", "layers": "0,2"}
	if got := smaller.Config.History[0].Arguments; !reflect.DeepEqual(got, want) {
		t.Errorf("the history says %v", got)
	}
}

func TestMapsThatAreNotDenseStayAsTheyAre(t *testing.T) {
	model, _ := factorise(t, classifier(t, 3, 4), FactoriseOptions{Rank: 3, Layers: []int{0}, Roles: []gbert.Role{gbert.Key}})
	model.Share(2, gbert.Value, 1)
	model, err := surgery.RemoveHeads(model, heads.Set{0: {0, 1}})
	if err != nil {
		t.Fatal(err)
	}
	model.Share(2, gbert.FFNOut, 0)
	more, _ := factorise(t, model, FactoriseOptions{Rank: 2, Layers: []int{1}, Roles: []gbert.Role{gbert.FFNIn}})
	smaller, result := factorise(t, more, FactoriseOptions{Rank: 2, Moments: moments(t, more, 20)})
	kept := map[KeptReason]int{}
	for _, m := range result.Maps {
		kept[m.Kept]++
		if m.Kept != "" && m.ParametersBefore != m.ParametersAfter {
			t.Errorf("%v", m)
		}
	}
	if want := map[KeptReason]int{"": 11, KeptEmpty: 4, "tied": 2, "factored": 1}; !reflect.DeepEqual(kept, want) {
		t.Errorf("kept %v, want %v", kept, want)
	}
	if got := more.NumParameters() - smaller.NumParameters(); got != result.ParametersBefore-result.ParametersAfter {
		t.Errorf("%d parameters are saved, the result says %d", got, result.ParametersBefore-result.ParametersAfter)
	}
	throughFile(t, smaller)
	_, _, err = Factorise(context.Background(), smaller, FactoriseOptions{Rank: 2})
	wantError(t, err, "none of the 18 chosen maps is dense")
}

// throughFile checks that a saved model comes back with the same bits, and that its dense form computes the same.
func throughFile(t *testing.T, m *gbert.Model) {
	t.Helper()
	dir, want := t.TempDir(), logits(t, m)
	if err := m.Save(dir, gbert.Float32); err != nil {
		t.Fatal(err)
	}
	loaded, err := gbert.Load(dir)
	if err != nil {
		t.Fatal(err)
	}
	defer loaded.Close()
	if got := logits(t, loaded); !reflect.DeepEqual(got, want) {
		t.Errorf("a saved model gives logits that differ by %g", apart(got, want))
	}
	if !reflect.DeepEqual(loaded.Config.Layers, m.Config.Layers) || !reflect.DeepEqual(loaded.Config.History, m.Config.History) {
		t.Errorf("saved %v %v, loaded %v %v", m.Config.Layers, m.Config.History, loaded.Config.Layers, loaded.Config.History)
	}
	dense, err := m.Dense()
	if err != nil {
		t.Fatal(err)
	}
	if far := apart(logits(t, dense), want); far > 1e-5 || !dense.Config.IsPlain() && dense.Config.NumHiddenLayers == 3 {
		t.Errorf("the dense model's logits differ by %g; plain: %v", far, dense.Config.IsPlain())
	}
}

func TestAFactoredModelIsSavedPrunedAndDropped(t *testing.T) {
	model, _ := factorise(t, classifier(t, 3, 5), FactoriseOptions{Ratio: 0.5})
	throughFile(t, model)
	set := heads.Set{0: {1}, 2: {0, 1}}
	mask, err := set.Mask(model.Config)
	if err != nil {
		t.Fatal(err)
	}
	masked, err := prepared(t, model, 7).Logits(context.Background(), session(t, model), mask, nil)
	if err != nil {
		t.Fatal(err)
	}
	pruned, err := surgery.RemoveHeads(model, set)
	if err != nil {
		t.Fatal(err)
	}
	if far := apart(logits(t, pruned), masked); far > 1e-5 {
		t.Errorf("without heads the logits differ by %g from those with masks", far)
	}
	throughFile(t, pruned)
	for name, m := range map[string]*gbert.Model{"factored": model, "pruned": pruned} {
		dropped, err := surgery.DropLayers(m, []int{1})
		if err != nil {
			t.Fatal(name, err)
		}
		throughFile(t, dropped)
	}
	again, err := surgery.DropLayers(classifier(t, 3, 5), []int{1})
	if err != nil {
		t.Fatal(err)
	}
	one, _ := factorise(t, again, FactoriseOptions{Ratio: 0.5})
	other, err := surgery.DropLayers(model, []int{1})
	if err != nil {
		t.Fatal(err)
	}
	if !reflect.DeepEqual(logits(t, one), logits(t, other)) {
		t.Error("to drop and factor is not to factor and drop")
	}
}

func TestTheOperationsOfFactoredMapsAreCounted(t *testing.T) {
	model := classifier(t, 2, 6)
	const rank = 2
	smaller, _ := factorise(t, model, FactoriseOptions{Rank: rank, Layers: []int{1}})
	for _, length := range []int{1, 5, 16} {
		before, after := model.Config.MACs(length, false), smaller.Config.MACs(length, false)
		// A factored map [out, in] takes rank·(out + in) operations a token in place of out·in.
		if got, want := before.QueryKeyValue-after.QueryKeyValue, 3*length*(8*8-rank*16); got != want {
			t.Errorf("query, key and value save %d operations, want %d", got, want)
		}
		if got, want := before.AttentionOutput-after.AttentionOutput, length*(8*8-rank*16); got != want {
			t.Errorf("the attention output saves %d operations, want %d", got, want)
		}
		if got, want := before.FeedForward-after.FeedForward, 2*length*(8*12-rank*20); got != want {
			t.Errorf("the feed-forward network saves %d operations, want %d", got, want)
		}
	}
}

func TestBadFactorisationsAreRefused(t *testing.T) {
	model, other := classifier(t, 2, 1), classifier(t, 1, 1)
	ctx := context.Background()
	for name, test := range map[string]struct {
		o        FactoriseOptions
		mentions []string
	}{
		"no rule":                  {FactoriseOptions{}, []string{"exactly one", "ratio"}},
		"two rules":                {FactoriseOptions{Rank: 2, Noise: true}, []string{"rank:2", "evbmf", "exactly one"}},
		"rank below 0":             {FactoriseOptions{Rank: -1}, []string{"rank -1", "1…8"}},
		"rank above a side":        {FactoriseOptions{Rank: 9}, []string{"rank 9", "1…8"}},
		"ratio of no rank":         {FactoriseOptions{Ratio: 0.2}, []string{"ratio 0.2", "0.25…1"}},
		"ratio above 1":            {FactoriseOptions{Ratio: 1.1}, []string{"ratio 1.1", "0.25…1"}},
		"ratio below 0":            {FactoriseOptions{Ratio: -1}, []string{"0.25…1"}},
		"no number for a ratio":    {FactoriseOptions{Ratio: math.NaN()}, []string{"0.25…1"}},
		"energy above 1":           {FactoriseOptions{Energy: 2}, []string{"energy 2", "at most 1"}},
		"no number for an energy":  {FactoriseOptions{Energy: math.NaN()}, []string{"at most 1"}},
		"least rank too high":      {FactoriseOptions{Noise: true, MinRank: 9}, []string{"rank 9", "1…8"}},
		"least rank below 0":       {FactoriseOptions{Noise: true, MinRank: -1}, []string{"least rank -1"}},
		"least rank beside a rank": {FactoriseOptions{Rank: 2, MinRank: 1}, []string{"least rank 1"}},
		"ridge without moments":    {FactoriseOptions{Rank: 2, Ridge: 0.1}, []string{"ridge 0.1", "moments"}},
		"unknown role":             {FactoriseOptions{Rank: 2, Roles: []gbert.Role{gbert.PoolerDense}}, []string{"pooler", "ffn_out"}},
		"a role twice":             {FactoriseOptions{Rank: 2, Roles: []gbert.Role{gbert.Key, gbert.Key}}, []string{"at most once"}},
		"no role":                  {FactoriseOptions{Rank: 2, Roles: []gbert.Role{}}, []string{"at least one"}},
		"a layer that is not here": {FactoriseOptions{Rank: 2, Layers: []int{2}}, []string{"layer 2", "0…1"}},
		"a layer twice":            {FactoriseOptions{Rank: 2, Layers: []int{1, 1}}, []string{"at most once"}},
		"moments of another model": {FactoriseOptions{Rank: 2, Moments: moments(t, other, 4)}, []string{"another model"}},
		"unknown method":           {FactoriseOptions{Rank: 2, SVD: tensor.SVDOptions{Method: "qr"}}, []string{"qr", "gram"}},
		"spectrum at random":       {FactoriseOptions{Energy: 0.5, SVD: tensor.SVDOptions{Method: tensor.Randomised}}, []string{"exact"}},
	} {
		t.Run(name, func(t *testing.T) {
			_, _, err := Factorise(ctx, model, test.o)
			wantError(t, err, test.mentions...)
		})
	}
	stopped, cancel := context.WithCancel(ctx)
	cancel()
	if _, _, err := Factorise(stopped, model, FactoriseOptions{Rank: 2}); err != context.Canceled {
		t.Errorf("a factorisation that was stopped: %v", err)
	}
}
