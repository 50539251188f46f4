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

// claims are the paper's statements with the numbers measured here.
func (r *Result) claims() ([]experiment.Claim, error) {
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
func (r *Result) table4() (rows []sharing.CountRow, millions []float64) {
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

func (r *Result) claimTable4() experiment.Claim {
	rows, millions := r.table4()
	agree := len(rows) == len(printed)
	var parts []string
	for i, row := range rows {
		agree = agree && math.Round(millions[i]) == printed[i]
		parts = append(parts, fmt.Sprintf("%s, E = %d: %.2f", row.Name, row.Architecture.Embedding, millions[i]))
	}
	return experiment.Claim{
		Text:        "Sharing all layers and a word table of size 128 leave 12 of 108 million parameters of a BERT base; table 4 has the steps between.",
		Korean:      "모든 층의 가중치를 공유하고 임베딩 크기를 128로 줄이면 BERT base의 파라미터 1억 800만 개 가운데 1200만 개가 남는다. 표 4는 그 사이의 단계를 보여 준다.",
		Paper:       "table 4, millions: E = 768: 31 all, 83 attention, 57 FFN, 108 none; E = 128: 12, 64, 38, 89",
		Measured:    "millions: " + strings.Join(parts, "; "),
		Verdict:     experiment.When(agree),
		Explanation: "Counted exactly from the shapes. Holds if all eight rows round to the printed number. Models that share nothing are counted without their pooler, as printed (with it: 108.9 and 89.7 million); sharing ones with it.",
	}
}

// claimLarge is about the two models whose printed parameters differ from what their shapes hold.
func (r *Result) claimLarge() experiment.Claim {
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
	return experiment.Claim{
		Text:        "ALBERT base, large, xlarge and xxlarge have 12, 18, 60 and 235 million parameters.",
		Korean:      "ALBERT base, large, xlarge, xxlarge의 파라미터는 각각 1200만, 1800만, 6000만, 2억 3500만 개이다.",
		Paper:       "table 1",
		Measured:    "millions: " + strings.Join(parts, ", "),
		Verdict:     experiment.When(agree && found == len(want)),
		Explanation: "Counted exactly from the shapes of table 1. Holds if all four round to the printed number.",
	}
}

// decided fills in a claim about two variants, first − second: the rule gets the interval, in shares of accuracy.
func (r *Result) decided(claim experiment.Claim, first, second Variant, rule func(low, high float64) report.Verdict) (experiment.Claim, error) {
	d, ok, err := r.between(first, second)
	if err != nil {
		return claim, err
	}
	if !ok {
		claim.Measured = fmt.Sprintf("not run: the protocol does not have both %q and %q", first, second)
		return claim, nil
	}
	claim.Measured = fmt.Sprintf("accuracy, points: %s − %s %s", first, second, d.Points())
	claim.Explanation += " 95 % interval by the paired bootstrap over test examples, each with its mean over seeds; it does not include what another seed would change."
	switch {
	case !r.learned(d):
		claim.Explanation += " Neither model is above the largest class, so nothing is decided."
	case len(r.Config.Seeds) < fewestSeeds:
		claim.Explanation += fmt.Sprintf(" With %d seed nothing is decided: %d are needed.", len(r.Config.Seeds), fewestSeeds)
	default:
		claim.Verdict = rule(d.Low, d.High)
	}
	return claim, nil
}

// little is the rule for "costs little": at most a point less.
func little(low, high float64) report.Verdict {
	return experiment.ByInterval(low, high, -levelPoints)
}

func (r *Result) claimFFN() (experiment.Claim, error) {
	return r.decided(experiment.Claim{
		Text:        "Most of what sharing costs comes from sharing the feed-forward network: a model that shares attention is better than one that shares the FFN.",
		Korean:      "공유로 잃는 성능의 대부분은 피드포워드 신경망(FFN) 공유에서 온다. 어텐션만 공유한 모델이 FFN만 공유한 모델보다 낫다.",
		Paper:       "table 4, average of five tasks, attention − FFN: +2.1 (E = 768), +1.5 (E = 128)",
		Explanation: "Holds if the interval of the difference lies above 0; fails if it lies at or below 0.",
	}, shareAttention, shareFFN, func(low, high float64) report.Verdict { return experiment.ByInterval(low, high, 0) })
}

func (r *Result) claimAttention() (experiment.Claim, error) {
	return r.decided(experiment.Claim{
		Text:        "Sharing attention alone costs little.",
		Korean:      "어텐션만 공유하면 잃는 성능이 적다.",
		Paper:       "table 4, average, attention − none: −0.7 (E = 768), +0.1 (E = 128)",
		Explanation: fmt.Sprintf("Holds if the interval of the difference lies above −%.0f point; fails if it lies at or below.", 100*levelPoints),
	}, shareAttention, Variant{}, little)
}

func (r *Result) claimAll() (experiment.Claim, error) {
	return r.decided(experiment.Claim{
		Text:        "Sharing all is about as good as sharing the feed-forward network alone.",
		Korean:      "전부 공유해도 FFN만 공유한 것과 거의 같은 성능이다.",
		Paper:       "table 4, average, all − FFN: +0.3 (E = 768), −0.1 (E = 128)",
		Explanation: fmt.Sprintf("Holds if the interval of the difference lies above −%.0f point; fails if it lies at or below.", 100*levelPoints),
	}, shareAll, shareFFN, little)
}

func (r *Result) claimEmbedding() (experiment.Claim, error) {
	factorised := Variant{Embedding: 128}
	return r.decided(experiment.Claim{
		Text:        "A word table of size 128 costs little in a model that shares nothing.",
		Korean:      "아무것도 공유하지 않는 모델에서 임베딩 크기 128은 성능을 거의 떨어뜨리지 않는다.",
		Paper:       fmt.Sprintf("table 3, average: 82.3 at E = 768, 81.7 at 128 (here %d of %d)", 128, r.Hidden),
		Explanation: fmt.Sprintf("Holds if the interval of the difference lies above −%.0f point; fails if it lies at or below. The word table of the pretrained model is cut by its singular value decomposition, then all is fine-tuned.", 100*levelPoints),
	}, factorised, Variant{}, little)
}
