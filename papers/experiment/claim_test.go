package experiment

import (
	"reflect"
	"testing"

	"bertlab/figures/report"
)

func TestAClaimsBlockKeepsEveryField(t *testing.T) {
	claims := []Claim{{Text: "a", Korean: "가", Paper: "b", Measured: "c", Verdict: report.Holds, Explanation: "d", Estimand: "e", Rule: "f", Detectable: "g"}}
	block := ClaimsBlock(claims)
	if want := (report.Claims{{Text: "a", Verdict: report.Holds, Paper: "b", Measured: "c", Explanation: "d", Estimand: "e", Rule: "f", Detectable: "g"}}); !reflect.DeepEqual(block, want) {
		t.Errorf("%+v", block)
	}
}
