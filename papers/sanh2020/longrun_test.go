package sanh2020

import (
	"fmt"
	"math"
	"os"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"bertlab/papers/experiment/words"
)

// measured is a cell of the documentation's table: mean, range, and the share that is really left where it is not the one asked for.
var measured = regexp.MustCompile(`^([\d.]+) \(([\d.]+)–([\d.]+)\)(?: \[([\d.]+) %\])?$`)

func TestTheLongRunHasTheNumbersOfTheDocumentation(t *testing.T) {
	text, err := os.ReadFile("../../docs/measurements.md")
	if err != nil {
		t.Fatal(err)
	}
	said := map[string]bool{}
	for _, line := range strings.Split(string(text), "\n") {
		cells := strings.Split(strings.Trim(line, "| "), "|")
		share, isShare := strings.CutSuffix(strings.TrimSpace(cells[0]), " %")
		if !isShare || len(cells) != 5 {
			continue
		}
		for i, method := range allKinds() {
			if m := measured.FindStringSubmatch(strings.TrimSpace(cells[1+i])); m != nil {
				kept := m[4]
				if kept == "" {
					kept = share
				}
				said[fmt.Sprintf("%s,%s,%s,%s,%s", method, kept, m[1], m[2], m[3])] = true
			}
		}
	}
	lines := strings.Split(strings.TrimSpace(longRun), "\n")[1:]
	for _, line := range lines {
		if !said[line] && !strings.HasPrefix(line, "dense,100,0.824,0.817,0.828") {
			t.Errorf("docs/measurements.md does not say %s", line)
		}
	}
	if len(said) != 20 || len(lines) != 21 || !strings.Contains(string(text), "Dense: 0.824 (0.817–0.828)") {
		t.Errorf("%d numbers in the documentation, %d lines", len(said), len(lines))
	}
}

func TestTheLongRunIsDrawnInBothLanguages(t *testing.T) {
	for say, word := range map[*words.Printer]string{words.English: "soft movement", words.Korean: "소프트 무브먼트"} {
		drawn, err := LongRun(say)
		if err != nil {
			t.Fatal(err)
		}
		data := drawn.Figure.Data()
		if title := drawn.Figure.Title(); len(data.Rows) != 20 || !strings.Contains(title, word+" 0.810") {
			t.Errorf("%d points, %q", len(data.Rows), title)
		}
		first := data.Rows[0]
		if x, err := strconv.ParseFloat(fmt.Sprint(first[1]), 64); err != nil || math.Abs(math.Exp2(x)-0.03) > 1e-9 {
			t.Errorf("the first point is %v", first)
		}
	}
}
