package show

import (
	"fmt"
	"strings"

	"bertlab/cmd/bertlab/internal/workbench"
	"bertlab/figures"
	"bertlab/gbert/finetune"
)

// Predicted are the tables of what models say of texts: one with a row a text and a column a model, and of models that tag words one with
// a row a word for each text. An empty line has a row with nothing in it.
func Predicted(p *workbench.Predicted) []*figures.Table {
	table := &figures.Table{Columns: []figures.Column{{Name: "text"}}}
	for _, model := range p.Models {
		table.Columns = append(table.Columns, figures.Column{Name: model.Title})
	}
	var words []*figures.Table
	said := false // a row says something
	for _, text := range p.Texts {
		row := []any{shortened(text.Text)}
		if text.Pair != "" {
			row[0] = shortened(text.Text) + " | " + shortened(text.Pair)
		}
		tagged := len(text.Said) > 0
		for _, said := range text.Said {
			row = append(row, cell(said))
			tagged = tagged && said.Words != nil
		}
		if tagged {
			words = append(words, tags(p.Models, text))
		} else {
			table.Rows = append(table.Rows, row)
			said = said || len(text.Said) > 0
		}
	}
	if !said {
		return words
	}
	return append([]*figures.Table{table}, words...)
}

// tags has a row a word.
func tags(models []*workbench.Asked, text workbench.Text) *figures.Table {
	table := &figures.Table{Columns: []figures.Column{{Name: "word"}}}
	for _, model := range models {
		table.Columns = append(table.Columns, figures.Column{Name: model.Title}, figures.Column{Name: "probability", Format: "%.4f"})
	}
	for i, word := range text.Said[0].Words {
		row := []any{word.Word}
		for _, said := range text.Said {
			row = append(row, said.Words[i].Label, said.Words[i].Probability)
		}
		table.Rows = append(table.Rows, row)
	}
	return table
}

// mostClasses is how many classes a cell names.
const mostClasses = 3

func cell(s finetune.Saying) string {
	switch {
	case s.Value != nil:
		return fmt.Sprintf("%.4f", *s.Value)
	case s.Answer != nil && *s.Answer == "":
		return fmt.Sprintf("no answer %.4f", *s.Probability)
	case s.Answer != nil:
		return fmt.Sprintf("%s %.4f", *s.Answer, *s.Probability)
	case s.Words != nil:
		parts := make([]string, len(s.Words))
		for i, w := range s.Words {
			parts[i] = w.Word + "/" + w.Label
		}
		return strings.Join(parts, " ")
	}
	var parts []string
	for i, c := range s.Probabilities {
		if i < mostClasses || i < len(s.Labels) {
			parts = append(parts, fmt.Sprintf("%s %.4f", c.Label, c.Probability))
		}
	}
	return strings.Join(parts, ", ")
}

// shortened is a text as a column of a table bears it.
func shortened(text string) string {
	const most = 48
	runes := []rune(strings.Join(strings.Fields(text), " "))
	if len(runes) <= most {
		return string(runes)
	}
	return string(runes[:most-1]) + "…"
}
