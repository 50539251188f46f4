package report

import "strings"

// phrases are the standing phrases of a report in one language.
type phrases struct {
	contents, figure, table, paper, measured, provenance string
	estimand, rule, detectable                           string
	verdicts                                             map[Verdict]string
}

var english = phrases{
	contents: "Contents", figure: "Figure", table: "Table", paper: "Paper", measured: "Measured here", provenance: "Where these numbers come from",
	estimand: "Estimated", rule: "Rule", detectable: "Could have shown",
	verdicts: verdictText,
}

var korean = phrases{
	contents: "차례", figure: "그림", table: "표", paper: "논문", measured: "여기서 측정한 값", provenance: "이 수치의 출처",
	estimand: "추정 대상", rule: "판정 규칙", detectable: "검출할 수 있었던 차이",
	verdicts: map[Verdict]string{CannotTell: "여기서는 판단할 수 없음", Holds: "성립함", DoesNotHold: "성립하지 않음", Informative: "참고"},
}

// phrasesOf gives the phrases of a language by its tag; those of English where there are none.
func phrasesOf(language string) *phrases {
	if tag, _, _ := strings.Cut(strings.ToLower(language), "-"); tag == "ko" {
		return &korean
	}
	return &english
}

// verdict is a verdict in words.
func (p *phrases) verdict(v Verdict) string {
	if s, ok := p.verdicts[v]; ok {
		return s
	}
	return v.String()
}

// Words of the verdict in a language by its tag: English, or Korean for "ko".
func (v Verdict) Words(language string) string { return phrasesOf(language).verdict(v) }
