package experiment

import (
	"bertlab/figures"
	"bertlab/figures/report"
	"bertlab/papers/experiment/words"
)

// Claim is what a paper says and what was measured here.
type Claim struct {
	// Text is the claim in a sentence; Korean the same in Korean, where the others are English.
	Text   string `json:"claim"`
	Korean string `json:"claim_ko,omitempty"`
	// Paper is the paper's own value with its place, Measured ours with its interval.
	Paper    string `json:"paper"`
	Measured string `json:"measured"`
	// Verdict says whether it holds here, and Explanation by which rule.
	Verdict     report.Verdict `json:"verdict"`
	Explanation string         `json:"explanation"`
}

// ClaimsBlock shows claims in a report.
func ClaimsBlock(claims []Claim) report.Claims {
	block := make(report.Claims, len(claims))
	for i, c := range claims {
		block[i] = report.Claim{Text: c.Text, Verdict: c.Verdict, Paper: c.Paper, Measured: c.Measured, Explanation: c.Explanation}
	}
	return block
}

// bilingual are claims in English, with their Korean sentences.
func bilingual(in func(say *words.Printer) ([]Claim, error)) ([]Claim, error) {
	claims, err := in(words.English)
	if err != nil {
		return nil, err
	}
	korean, err := in(words.Korean)
	for i, c := range korean {
		claims[i].Korean = c.Text
	}
	return claims, err
}

// ClaimTable lists a paper's claims with their verdicts, and by which rule and why they are so.
func ClaimTable(claims []Claim, say *words.Printer) *figures.Table {
	t := &figures.Table{
		Title:   say.T("The paper's claims"),
		Columns: []figures.Column{{Name: say.T("claim")}, {Name: say.T("verdict")}, {Name: say.T("measured here")}, {Name: say.T("the paper")}, {Name: say.T("rule and reason")}},
	}
	for _, c := range claims {
		t.Rows = append(t.Rows, []any{c.Text, c.Verdict.In(say.Tag()), c.Measured, c.Paper, c.Explanation})
	}
	return t
}

// When is the verdict of a claim that is decided: it holds or it does not.
func When(holds bool) report.Verdict {
	if holds {
		return report.Holds
	}
	return report.DoesNotHold
}

// ByInterval is the verdict on "the value is above the threshold" from an interval of the value: the interval decides unless
// it includes the threshold.
func ByInterval(low, high, threshold float64) report.Verdict {
	switch {
	case low > threshold:
		return report.Holds
	case high <= threshold:
		return report.DoesNotHold
	}
	return report.CannotTell
}

// With is the claim with its verdict.
func (c Claim) With(v report.Verdict) Claim {
	c.Verdict = v
	return c
}

// Decide is the verdict of a claim that holds on one condition, fails on another, and is open on neither.
func Decide(holds, fails bool) report.Verdict {
	switch {
	case holds:
		return report.Holds
	case fails:
		return report.DoesNotHold
	}
	return report.CannotTell
}
