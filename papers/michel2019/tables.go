package michel2019

import (
	"fmt"

	"bertlab/figures"
)

// Table lists the protocol.
func (c Config) Table() *figures.Table {
	limit := func(n int) string {
		if n == 0 {
			return "all"
		}
		return fmt.Sprint(n)
	}
	transfer := c.Transfer
	if transfer == "" {
		transfer = "none"
	}
	return &figures.Table{
		Title:   "Protocol",
		Columns: []figures.Column{{Name: "what"}, {Name: "here"}, {Name: "the paper (BERT)"}},
		Rows: [][]any{
			{"model", c.Model, "bert-base-uncased"},
			{"task", c.Task, "MNLI"},
			{"out of domain", transfer, "MNLI mismatched"},
			{"fine-tuning runs (seeds)", fmt.Sprint(c.Seeds), "1"},
			{"training examples", limit(c.TrainExamples), "392,702"},
			{"epochs, batch, learning rate", fmt.Sprintf("%d, %d, %g", c.Epochs, c.BatchSize, c.LearningRate), "3, 32, 2e-5"},
			{"test examples", limit(c.TestExamples), "9,815"},
			{"examples for the importance", limit(c.ImportanceExamples), "all, or a subset"},
			{"examples to choose one head", limit(c.ChoiceExamples), "5,000"},
			{"share pruned a step", figures.Percent(c.Step), "10 %"},
		},
	}
}

// ClaimTable lists the claims with their verdicts.
func (r *Result) ClaimTable() *figures.Table {
	t := &figures.Table{
		Title:   "The paper's claims",
		Columns: []figures.Column{{Name: "claim"}, {Name: "verdict"}, {Name: "measured here"}, {Name: "the paper"}},
	}
	for _, c := range r.Claims {
		t.Rows = append(t.Rows, []any{c.Text, c.Verdict, c.Measured, c.Paper})
	}
	return t
}
