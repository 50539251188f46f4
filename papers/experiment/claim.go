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
	// Estimand is what is estimated, Margin the difference that counts, Rule how they decide: all three are fixed before the numbers.
	Estimand string `json:"estimand"`
	Margin   string `json:"margin"`
	Rule     string `json:"rule"`
	// Detectable is the least difference that the sample shows with a probability of [stats.Power].
	Detectable string `json:"detectable,omitempty"`
	// Verdict says whether it holds here, Outcome what the rule gives: the same, but of a statement that the paper does not make.
	Verdict report.Verdict `json:"verdict"`
	Outcome report.Verdict `json:"outcome"`
	// Explanation says why a claim is open, and what limits its verdict; it may be empty.
	Explanation string `json:"explanation,omitempty"`
}

// ClaimsBlock shows claims in a report.
func ClaimsBlock(claims []Claim) report.Claims {
	block := make(report.Claims, len(claims))
	for i, c := range claims {
		block[i] = report.Claim{
			Text: c.Text, Verdict: c.Verdict, Paper: c.Paper, Measured: c.Measured, Explanation: c.Explanation,
			Estimand: c.Estimand, Rule: c.Rule, Detectable: c.Detectable,
		}
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

// ClaimTable lists a paper's claims: what is estimated and by which rule, then the numbers and the verdicts.
func ClaimTable(claims []Claim, say *words.Printer) *figures.Table {
	t := NewTable(say, say.T("The paper's claims"), "", []figures.Column{
		{Name: say.T("claim")}, {Name: say.T("verdict")}, {Name: say.T("what is estimated, and the rule")}, {Name: say.T("measured here")},
		{Name: say.T("least detectable difference")}, {Name: say.T("the paper")}, {Name: say.T("reason")},
	})
	for _, c := range claims {
		t.Rows = append(t.Rows, []any{c.Text, c.Verdict.In(say.Tag()), sentences(c.Estimand, c.Rule), c.Measured, c.Detectable, c.Paper, c.Explanation})
	}
	return t
}
