package ganesh2021

import (
	"testing"

	"bertlab/figures/report"
	"bertlab/gbert/backend"
	"bertlab/papers/experiment"
	"bertlab/papers/experiment/words"
	"bertlab/techniques/profile"
)

// part is a component with its shares; spread is the distance of the quartiles from the median, in shares.
func part(c profile.Component, macShare, timeShare, spread float64) profile.Part {
	around := func(v float64) profile.Spread { return profile.Spread{Median: v, Low: v - spread, High: v + spread} }
	return profile.Part{Component: c, MACs: int(1000 * macShare), MACShare: macShare, TimeShare: timeShare, TimeShares: around(timeShare), Seconds: around(timeShare)}
}

// made is a result of two lengths whose components have the given shares of the time.
func made(spread float64, short, long map[profile.Component]float64) *Result {
	macs := map[int]map[profile.Component]float64{
		4:  {profile.QueryKeyValue: 0.25, profile.Attention: 0.05, profile.AttentionOutput: 0.1, profile.FeedForward: 0.6},
		16: {profile.QueryKeyValue: 0.22, profile.Attention: 0.15, profile.AttentionOutput: 0.09, profile.FeedForward: 0.54},
	}
	r := &Result{Measured: experiment.Measured[Config]{Config: small("model")}, Device: CPU, Profile: &profile.Profile{}, Counted: profile.Shape{Parameters: parameters(20, 50)}}
	r.Config.Batches = []int{1}
	r.Profile.Parameters = parameters(20, 50)
	for length, times := range map[int]map[profile.Component]float64{4: short, 16: long} {
		cell := profile.Cell{Batch: 1, Length: length, Repeats: 15}
		for _, c := range profile.Components {
			if share, ok := times[c]; ok {
				cell.Components = append(cell.Components, part(c, macs[length][c], share, spread))
			}
		}
		r.Profile.Cells = append(r.Profile.Cells, cell)
	}
	return r
}

func parameters(embedding, ffn int) profile.Parameters {
	return profile.Parameters{Total: 100, WithoutHead: 100, Components: []profile.ComponentValues{
		{Component: profile.Embedding, Parameters: embedding}, {Component: profile.FeedForward, Parameters: ffn}, {Component: profile.QueryKeyValue, Parameters: 100 - embedding - ffn},
	}}
}

// as are times of which attention and embeddings take so much, and the rest is divided as usual.
func as(attention, embedding float64) map[profile.Component]float64 {
	rest := 1 - attention - embedding
	return map[profile.Component]float64{
		profile.Embedding: embedding, profile.QueryKeyValue: 0.25 * rest, profile.Attention: attention, profile.AttentionOutput: 0.1 * rest, profile.FeedForward: 0.65 * rest,
	}
}

// ruled is a claim on a synthetic result, with the verdict that its rule gives.
type ruled struct {
	claim func(edition) experiment.Statement
	r     *Result
	want  report.Verdict
}

// judge is the claim with its verdict.
func (test ruled) judge() experiment.Claim {
	return experiment.Judge(words.English, test.claim(english(test.r)))[0]
}

// rules are the claims' rules on synthetic results.
func rules() map[string]ruled {
	size := func(embedding, ffn int) *Result {
		r := made(0.001, as(0.1, 0), as(0.3, 0))
		r.Counted.Parameters = parameters(embedding, ffn)
		return r
	}
	another := func(r *Result) *Result {
		r.Counted.Parameters.WithoutHead = 1000
		return r
	}
	return map[string]ruled{
		"feed-forward networks are largest": {edition.size, size(20, 50), report.Holds},
		"embeddings are largest":            {edition.size, size(60, 20), report.DoesNotHold},
		"feed-forward networks take most":   {edition.computation, made(0.01, as(0.1, 0), as(0.3, 0)), report.Holds},
		"attention takes most at a length":  {edition.computation, made(0.01, as(0.1, 0), as(0.8, 0)), report.DoesNotHold},
		"intervals overlap":                 {edition.computation, made(0.3, as(0.1, 0), as(0.3, 0)), report.CannotTell},
		"attention above its share":         {edition.attention, made(0.01, as(0.1, 0), as(0.3, 0)), report.Holds},
		"attention below its share once":    {edition.attention, made(0.01, as(0.02, 0), as(0.3, 0)), report.DoesNotHold},
		"attention near its share":          {edition.attention, made(0.1, as(0.1, 0), as(0.3, 0)), report.CannotTell},
		"attention on another model":        {edition.attention, another(made(0.01, as(0.1, 0), as(0.3, 0))), report.CannotTell},
		"excess grows":                      {edition.length, made(0.01, as(0.1, 0), as(0.3, 0)), report.Holds},
		"excess shrinks":                    {edition.length, made(0.01, as(0.2, 0), as(0.2, 0)), report.DoesNotHold},
		"excess about the same":             {edition.length, made(0.04, as(0.1, 0), as(0.22, 0)), report.CannotTell},
		"embeddings take no time":           {edition.embedding, made(0.001, as(0.1, 0.005), as(0.3, 0.002)), report.Holds},
		"embeddings take time":              {edition.embedding, made(0.001, as(0.1, 0.05), as(0.3, 0.002)), report.DoesNotHold},
		"embeddings take perhaps time":      {edition.embedding, made(0.01, as(0.1, 0.015), as(0.3, 0.002)), report.CannotTell},
		"times follow operations in a cell": {edition.proportion, made(0.001, as(0.02, 0), as(0.9, 0)), report.DoesNotHold},
		"times follow operations in all":    {edition.proportion, made(0.001, as(0.02, 0), as(0.1, 0)), report.Holds},
		"times go against operations":       {edition.proportion, made(0.001, as(0.9, 0), as(0.9, 0)), report.DoesNotHold},
		"times are uncertain":               {edition.proportion, made(0.2, as(0.02, 0), as(0.1, 0)), report.CannotTell},
		"no GPU":                            {edition.memory, made(0, as(0.1, 0), as(0.1, 0)), report.CannotTell},
	}
}

// The claims are BERT-base's, and another profile beside it does not matter.
func TestBERTBaseIsWhatClaimsAreJudgedOn(t *testing.T) {
	r := made(0.01, as(0.02, 0), as(0.02, 0))
	r.Counted.Parameters.WithoutHead = 1000
	r.Base = made(0.01, as(0.1, 0), as(0.3, 0)).Profile
	test := ruled{claim: edition.attention, r: r}
	if c := test.judge(); c.Verdict != report.Holds {
		t.Errorf("with BERT-base: %v, %s", c.Verdict, c.Measured)
	}
	r.Base = nil
	if c := test.judge(); c.Verdict != report.CannotTell || c.Explanation != "the claim is about BERT-base; this is model." {
		t.Errorf("without it: %v, %s", c.Verdict, c.Explanation)
	}
}

func TestVerdictsFollowTheirRules(t *testing.T) {
	for name, test := range rules() {
		t.Run(name, func(t *testing.T) {
			claim := test.judge()
			if claim.Verdict != test.want {
				t.Errorf("%s: %s; want %s", claim.Measured, claim.Verdict, test.want)
			}
			if claim.Text == "" || claim.Measured == "" || claim.Rule == "" || (claim.Explanation == "") != (claim.Verdict != report.CannotTell) {
				t.Errorf("something is not said: %+v", claim)
			}
		})
	}
}

func TestABusyMachineLeavesTimeOpen(t *testing.T) {
	for name, test := range map[string]struct {
		processors float64
		device     Device
		want       report.Verdict
	}{
		"idle": {1.9, CPU, report.Holds}, "busy": {0.1, CPU, report.CannotTell}, "not known": {0, CPU, report.Holds}, "on a GPU": {0.1, GPU, report.Holds},
	} {
		r := made(0.01, as(0.1, 0), as(0.3, 0))
		r.Device = test.device
		for i := range r.Profile.Cells {
			r.Profile.Cells[i].Seconds.Median, r.Profile.Cells[i].ProcessorSeconds.Median = 1, 2
		}
		r.Profile.Cells[1].ProcessorSeconds.Median = test.processors
		if claim := (ruled{claim: edition.computation, r: r}).judge(); claim.Verdict != test.want {
			t.Errorf("%s: %s, want %s (%s)", name, claim.Verdict, test.want, claim.Measured)
		}
	}
}

// memories are results of a GPU beside a CPU, with the verdict on their memory.
func memories() map[string]ruled {
	with := func(bytes ...int64) *profile.Profile {
		p := &profile.Profile{}
		for i, n := range bytes {
			cell := profile.Cell{Batch: 1, Length: 4 << i}
			if n > 0 {
				cell.Memory.Program = &backend.ProgramMemory{Arguments: n}
			}
			p.Cells = append(p.Cells, cell)
		}
		return p
	}
	on := func(gpu, cpu *profile.Profile, want report.Verdict) ruled {
		return ruled{edition.memory, &Result{Device: GPU, Profile: gpu, Other: cpu}, want}
	}
	return map[string]ruled{
		"more in all": on(with(10, 20), with(9, 19), report.Holds), "more in none": on(with(9, 19), with(9, 20), report.DoesNotHold),
		"more in some": on(with(10, 20), with(9, 21), report.DoesNotHold), "not told": on(with(0), with(9), report.CannotTell),
	}
}

func TestMemoryOnAGPUIsHeldAgainstTheCPU(t *testing.T) {
	for name, test := range memories() {
		if claim := test.judge(); claim.Verdict != test.want {
			t.Errorf("%s: %s, want %s (%s)", name, claim.Verdict, test.want, claim.Measured)
		}
	}
	if deviceOf("xla:cuda,tf32=false") != GPU || deviceOf("xla:cpu") != CPU || deviceOf("go") != CPU {
		t.Error("backends are taken for other devices")
	}
}

// judged are the claims of all synthetic results.
func judged(*testing.T) [][]experiment.Claim {
	var list [][]experiment.Claim
	for _, set := range []map[string]ruled{rules(), memories()} {
		for _, test := range set {
			list = append(list, []experiment.Claim{test.judge()})
		}
	}
	return list
}
