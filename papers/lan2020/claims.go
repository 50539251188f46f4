package lan2020

import (
	"fmt"
	"math"
	"strings"

	"bertlab/figures/report"
	"bertlab/papers/experiment"
	"bertlab/techniques/sharing"
)

// The tolerances of the claims, fixed before the numbers were seen.
const (
	levelPoints  = 0.01 // accuracy that counts as little
	sameTime     = 0.05 // relative deviation of the time of inference that counts as none
	fasterStep   = 1.10 // how many times faster a training step must be to count as faster
	fewestSeeds  = 2    // for a comparison of models
	fewestSteady = 3    // for training times, and for transitions
)

// Claims are the paper's statements with the numbers measured here.
func (r edition) Claims() ([]experiment.Claim, error) {
	claims := []experiment.Claim{r.claimTable4(), r.claimLarge()}
	for _, build := range []func() (experiment.Claim, error){r.claimFFN, r.claimAttention, r.claimAll, r.claimEmbedding} {
		claim, err := build()
		if err != nil {
			return nil, err
		}
		claims = append(claims, claim)
	}
	return append(claims, r.claimSmooth(), r.claimInference(), r.claimTraining()), nil
}

// printed are the millions of parameters that the paper prints in table 4, in the order of the rows of [sharing.Counts].
var printed = []float64{31, 83, 57, 108, 12, 64, 38, 89}

// table4 are the rows of table 4 with the parameters as the paper counts them: models that share nothing without their pooler.
func (r edition) table4() (rows []sharing.CountRow, millions []float64) {
	for _, row := range r.Counts {
		if row.Table != 4 {
			continue
		}
		total := row.Total
		if row.Architecture.Shared == "" {
			total -= row.Parameters.Pooler
		}
		rows, millions = append(rows, row), append(millions, float64(total)/1e6)
	}
	return rows, millions
}

func (r edition) claimTable4() experiment.Claim {
	rows, millions := r.table4()
	agree := len(rows) == len(printed)
	var parts []string
	for i, row := range rows {
		agree = agree && math.Round(millions[i]) == printed[i]
		parts = append(parts, fmt.Sprintf("%s, E = %d: %.2f", r.Name(row.Name), row.Architecture.Embedding, millions[i]))
	}
	return experiment.Claim{Text: r.T("Sharing all layers and a word table of size 128 leave 12 of 108 million parameters of a BERT base; table 4 has the steps between."),
		Paper:       r.T("table 4, millions: E = 768: 31 all, 83 attention, 57 FFN, 108 none; E = 128: 12, 64, 38, 89"),
		Measured:    r.F("millions: %s", strings.Join(parts, "; ")),
		Verdict:     experiment.When(agree),
		Explanation: r.T("Counted exactly from the shapes. Holds if all eight rows round to the printed number. Models that share nothing are counted without their pooler, as printed (with it: 108.9 and 89.7 million); sharing ones with it."),
	}
}

// claimLarge is about the two models whose printed parameters differ from what their shapes hold.
func (r edition) claimLarge() experiment.Claim {
	want := map[string]float64{"ALBERT base": 12, "ALBERT large": 18, "ALBERT xlarge": 60, "ALBERT xxlarge": 235}
	agree, found := true, 0
	var parts []string
	for _, row := range r.Counts {
		if m, ok := want[row.Name]; ok && row.Table == 1 {
			found++
			millions := float64(row.Total) / 1e6
			agree = agree && math.Round(millions) == m
			parts = append(parts, fmt.Sprintf("%s %.2f", strings.TrimPrefix(row.Name, "ALBERT "), millions))
		}
	}
	return experiment.Claim{Text: r.T("ALBERT base, large, xlarge and xxlarge have 12, 18, 60 and 235 million parameters."),
		Paper:       r.T("table 1"),
		Measured:    r.F("millions: %s", strings.Join(parts, ", ")),
		Verdict:     experiment.When(agree && found == len(want)),
		Explanation: r.T("Counted exactly from the shapes of table 1. Holds if all four round to the printed number."),
	}
}

// decided fills in a claim about two variants, first − second: the rule gets the interval, in shares of accuracy.
func (r edition) decided(claim experiment.Claim, first, second Scheme, rule func(low, high float64) report.Verdict) (experiment.Claim, error) {
	d, ok, err := r.between(first, second)
	if err != nil {
		return claim, err
	}
	if !ok {
		claim.Measured = r.F("not run: the protocol does not have both %q and %q", first.in(r.Printer), second.in(r.Printer))
		return claim, nil
	}
	claim.Measured = r.F("accuracy, points: %s − %s %s", first.in(r.Printer), second.in(r.Printer), d.Points())
	claim.Explanation += r.T(" 95 % interval by the paired bootstrap over test examples, each with its mean over seeds; it does not include what another seed would change.")
	switch {
	case !r.learned(d):
		claim.Explanation += r.T(" Neither model is above the largest class, so nothing is decided.")
	case len(r.Config.Seeds) < fewestSeeds:
		claim.Explanation += r.F(" With %d seed nothing is decided: %d are needed.", len(r.Config.Seeds), fewestSeeds)
	default:
		claim.Verdict = rule(d.Low, d.High)
	}
	return claim, nil
}

// little is the rule for "costs little": at most a point less.
func little(low, high float64) report.Verdict {
	return experiment.ByInterval(low, high, -levelPoints)
}

func (r edition) claimFFN() (experiment.Claim, error) {
	return r.decided(experiment.Claim{
		Text:        r.T("Most of what sharing costs comes from sharing the feed-forward network: a model that shares attention is better than one that shares the FFN."),
		Paper:       r.T("table 4, average of five tasks, attention − FFN: +2.1 (E = 768), +1.5 (E = 128)"),
		Explanation: r.T("Holds if the interval of the difference lies above 0; fails if it lies at or below 0."),
	}, shareAttention, shareFFN, func(low, high float64) report.Verdict { return experiment.ByInterval(low, high, 0) })
}

func (r edition) claimAttention() (experiment.Claim, error) {
	return r.decided(experiment.Claim{
		Text:        r.T("Sharing attention alone costs little."),
		Paper:       r.T("table 4, average, attention − none: −0.7 (E = 768), +0.1 (E = 128)"),
		Explanation: r.F("Holds if the interval of the difference lies above −%.0f point; fails if it lies at or below.", 100*levelPoints),
	}, shareAttention, Scheme{}, little)
}

func (r edition) claimAll() (experiment.Claim, error) {
	return r.decided(experiment.Claim{
		Text:        r.T("Sharing all is about as good as sharing the feed-forward network alone."),
		Paper:       r.T("table 4, average, all − FFN: +0.3 (E = 768), −0.1 (E = 128)"),
		Explanation: r.F("Holds if the interval of the difference lies above −%.0f point; fails if it lies at or below.", 100*levelPoints),
	}, shareAll, shareFFN, little)
}

func (r edition) claimEmbedding() (experiment.Claim, error) {
	factorised := Scheme{Embedding: 128}
	return r.decided(experiment.Claim{
		Text:        r.T("A word table of size 128 costs little in a model that shares nothing."),
		Paper:       r.F("table 3, average: 82.3 at E = 768, 81.7 at 128 (here %d of %d)", 128, r.Hidden),
		Explanation: r.F("Holds if the interval of the difference lies above −%.0f point; fails if it lies at or below. The word table of the pretrained model is cut by its singular value decomposition, then all is fine-tuned.", 100*levelPoints),
	}, factorised, Scheme{}, little)
}
