package experiment

import (
	"reflect"
	"testing"

	"bertlab/figures/report"
)

func TestVerdicts(t *testing.T) {
	if When(true) != report.Holds || When(false) != report.DoesNotHold {
		t.Error("When")
	}
	for _, test := range []struct {
		low, high float64
		want      report.Verdict
	}{
		{0.1, 0.2, report.Holds}, {0, 0.2, report.CannotTell}, {-0.1, 0.1, report.CannotTell}, {-0.1, 0, report.DoesNotHold}, {-2, -1, report.DoesNotHold},
	} {
		if got := ByInterval(test.low, test.high, 0); got != test.want {
			t.Errorf("[%g, %g]: %v, want %v", test.low, test.high, got, test.want)
		}
		if got := ByInterval(test.low+1, test.high+1, 1); got != test.want {
			t.Errorf("[%g, %g] against 1: %v, want %v", test.low+1, test.high+1, got, test.want)
		}
	}
}

func TestAClaimsBlockKeepsEveryField(t *testing.T) {
	claims := []Claim{{Text: "a", Korean: "가", Paper: "b", Measured: "c", Verdict: report.Holds, Explanation: "d", Estimand: "e", Rule: "f", Detectable: "g"}}
	block := ClaimsBlock(claims)
	if want := (report.Claims{{Text: "a", Verdict: report.Holds, Paper: "b", Measured: "c", Explanation: "d", Estimand: "e", Rule: "f", Detectable: "g"}}); !reflect.DeepEqual(block, want) {
		t.Errorf("%+v", block)
	}
}
