package experiment

import (
	"fmt"
	"math"
	"testing"

	"bertlab/figures"
	"bertlab/papers/experiment/words"
	"bertlab/stats"
)

func TestAQuotedNumberStandsAsThePaperPrintsItBesideOurs(t *testing.T) {
	ours := func(v, low, high float64) []Evidence {
		return One(stats.Effect{Interval: stats.Interval{Value: v, Low: low, High: high}})
	}
	for want, q := range map[string]Quoted{
		"[a −2.0 points table 2 −1.50 [−3.00, +0.00] points]": {What: "a", In: Points, Theirs: -0.02, Digits: 1, Place: "table 2", Ours: ours(-0.015, -0.03, 0)},
		"[a 40 % figure 3, read off 30.0 %]":                  {What: "a", In: Share, Theirs: 0.4, Place: "figure 3", Origin: ReadOff, Ours: ours(0.3, 0.3, 0.3)},
		"[a 2.7× abstract, recalled not measured]":            {What: "a", In: Ratio, Theirs: 2.7, Digits: 1, Place: "abstract", Origin: Recalled},
		"[a +0.68 figure 2 undefined]":                        {What: "a", In: Plain, Theirs: 0.68, Digits: 2, Place: "figure 2", Ours: ours(math.NaN(), math.NaN(), math.NaN())},
		"[a none text 3 of 4]":                                {What: "a", Says: "none", Place: "text", Here: "3 of 4"},
		"[a 0 % text not comparable: too few]":                {What: "a", In: Share, Place: "text", Ours: []Evidence{{Open: "too few"}}},
	} {
		table := QuotedTable(words.English, "", []Quoted{q})
		row := fmt.Sprint(table.Rows[0])
		if row = figures.Minus(row); row != want {
			t.Errorf("%s, expected %s", row, want)
		}
	}
}
