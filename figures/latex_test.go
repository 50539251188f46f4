package figures

import (
	"fmt"
	"math"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"bertlab/internal/texcheck"
)

// latexDemos are tables of the kinds that papers have, by their names.
func latexDemos() map[string]*Table {
	numbers := func(columns int) *Table {
		t := &Table{Title: fmt.Sprintf("Numbers in %d columns", columns), Caption: "‖δ₁‖²/‖θ₀‖ ≤ 10⁻⁹ at α = ½; C_in × C_out, 50 % of $5 & more: μ ± σ {a} ~ b ^ c \\ d | \"e\" <f> `g` #1"}
		for j := range columns {
			t.Columns = append(t.Columns, Column{Name: fmt.Sprintf("memory_of_%d", j), Unit: "10⁹ operations/s", Format: "%.3f"})
		}
		for i := range 5 {
			var row []any
			for j := range columns {
				row = append(row, -1234.5678*float64(i-2)*float64(j))
			}
			t.Rows = append(t.Rows, row)
		}
		return t
	}
	claims := &Table{Title: "The paper's claims", Columns: []Column{{Name: "claim"}, {Name: "verdict"}, {Name: "measured here"}, {Name: "the paper"}, {Name: "rule"}}}
	for i := range 30 {
		claims.Rows = append(claims.Rows, []any{"Pruning by importance keeps more accuracy than pruning at random.", "cannot be told here",
			fmt.Sprintf("area under the accuracy curve 0.%d against 0.7000: +0.0100 [-0.0025, +0.0225]; ξ of /a/folder/with_a_very_long_name_of_a_model/seed-%d", i, i),
			"Figure 3: the importance curve lies above", "The interval of the paired bootstrap over examples decides unless it includes 0 (α = 0.05)."})
	}
	long := &Table{Title: "Many rows", Columns: []Column{{Name: "n"}, {Name: "√n", Format: "%.4f"}}}
	for i := range 100 {
		long.Rows = append(long.Rows, []any{i, math.Sqrt(float64(i))})
	}
	return map[string]*Table{
		"demo": demoTable(), "two": numbers(2), "five": numbers(5), "nine": numbers(9), "fourteen": numbers(14), "claims": claims, "long": long,
		"empty": {}, "bare": {Columns: []Column{{Name: "a"}}, Rows: [][]any{{"[b]"}, {nil}, {"--x, '', ``, <<, ?`, !`"}}},
		"word": {Title: strings.Repeat("verylongword", 20), Columns: []Column{{Name: strings.Repeat("W", 90)}, {Name: "b"}}, Rows: [][]any{{strings.Repeat("x", 300), strings.Repeat("ab-c/", 60)}}},
		"letters": {Title: "Àéîõü ā č ř ś ž ł ø ß æ œ å x̄ ŷ Å Ω ℃ ﬁ Δ∆ µμ", Columns: []Column{{Name: "Ж"}, {Name: "😀"}, {Name: "ą ęđþ"}},
			Rows: [][]any{{everySign(0), everySign(1), everySign(2)}}},
		"korean": {Title: "가지치기 뒤의 정확도", Caption: "시드 3개의 평균, Δ는 %p", Columns: []Column{{Name: "방법"}, {Name: "정확도", Unit: "%", Format: "%.1f"}, {Name: "설명"}},
			Rows: [][]any{{"중요도 순", 85.8, strings.Repeat("중요도가 낮은 헤드부터 제거하면 정확도가 천천히 떨어진다. ", 4)}, {"무작위「」①", 76.9, "漢字"}}},
	}
}

// everySign are a third of the characters that have a command of their own.
func everySign(third int) string {
	var out strings.Builder
	n := 0
	for r := rune(0x20); r < 0x2700; r++ {
		if _, ok := latexSigns[r]; ok {
			if n++; n%3 == third {
				out.WriteString(string(r) + " ")
			}
		}
	}
	return out.String()
}

func TestPlainLaTeXKnowsAllOfATable(t *testing.T) {
	for name, table := range latexDemos() {
		texcheck.Table(t, name, table.LaTeX())
	}
}

func TestTablesOfLaTeXCompileAndFitThePage(t *testing.T) {
	tables := map[string]string{}
	for name, table := range latexDemos() {
		named := *table
		named.Name = name
		tables[name] = named.LaTeX()
	}
	texcheck.Compile(t, tables)
}

func TestAnyTableIsLaTeX(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		table := &Table{Title: rapid.String().Draw(t, "title"), Caption: rapid.String().Draw(t, "caption")}
		for range rapid.IntRange(0, 6).Draw(t, "columns") {
			table.Columns = append(table.Columns, Column{Name: rapid.String().Draw(t, "name"), Unit: rapid.String().Draw(t, "unit")})
		}
		for range rapid.IntRange(0, 4).Draw(t, "rows") {
			var row []any
			for range table.Columns {
				row = append(row, rapid.String().Draw(t, "cell"))
			}
			table.Rows = append(table.Rows, row)
		}
		texcheck.Table(t, "table", table.LaTeX())
	})
}

func TestALaTeXTableIsNamedAfterItsFileOrItsTitle(t *testing.T) {
	for label, table := range map[string]*Table{"tab:heads-one-head": {Name: "heads-one-head", Title: "One head"}, "tab:one-head": {Title: "One head"}, "tab:b1e304de": {Title: "헤드 하나"}} {
		if tex := table.LaTeX(); !strings.Contains(tex, "\\label{"+label+"}") {
			t.Errorf("no %s in\n%s", label, tex)
		}
	}
}
