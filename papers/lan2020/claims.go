package lan2020

import (
	"fmt"
	"strings"

	"bertlab/papers/experiment"
	"bertlab/papers/experiment/words"
	"bertlab/stats"
	"bertlab/techniques/sharing"
)

// What counts, fixed before the numbers were seen.
const (
	better     = 0.005 // of accuracy, for one model to be better than another
	little     = 0.01  // of accuracy that counts as little
	rounded    = 0.5   // million parameters: the paper prints whole ones
	evener     = 0.1   // of a coefficient of variation over layers
	sameTime   = 0.05  // by which part the time of inference may differ
	fasterStep = 0.10  // by which part a training step is faster
)

// millionsScale are numbers of parameters.
var millionsScale = experiment.Scale{Factor: 1, Verb: "%+.2f", Unit: words.Key("millions")}

// Claims are the paper's statements with the numbers measured here.
func (r edition) Claims() ([]experiment.Claim, error) {
	return experiment.Judge(r.Printer, r.table4Counts(), r.table1Counts(), r.mostlyFFN(), r.attentionAlone(), r.allLikeFFN(), r.smallTable(), r.smooth(), r.inference(), r.training()), nil
}

// table4 are the rows of table 4 with the parameters as the paper counts them: models that share nothing without their pooler.
func (r edition) table4() (rows []sharing.CountRow, millions []float64) {
	for _, row := range r.Counts {
		if row.Table != 4 {
			continue
		}
		total := row.Total
		if row.Architecture.Shared == "" {
			total -= row.Parameters.Pooler
		}
		rows, millions = append(rows, row), append(millions, float64(total)/1e6)
	}
	return rows, millions
}

// counted is what a model holds beside what the paper prints.
func (r edition) counted(s experiment.Statement, also string) experiment.Statement {
	s.Estimand = r.T("parameters by the shapes minus the printed number, of each model, counted")
	s.Rule = experiment.Equivalent(rounded, millionsScale).Each()
	s.Missing, s.Also = r.T("The counts lack a model."), r.F("millions: %s", also)
	return s
}

func (r edition) table4Counts() experiment.Statement {
	rows, millions := r.table4()
	printed := sharing.Printed(rows)
	s := experiment.Statement{
		Text:  r.T("Sharing all layers and a word table of size 128 leave 12 of 108 million parameters of a BERT base; table 4 has the steps between."),
		Paper: r.T("table 4, millions: E = 768: 31 all, 83 attention, 57 FFN, 108 none; E = 128: 12, 64, 38, 89"),
		Note:  r.T("Models that share nothing are counted without their pooler, as printed (with it: 109.1 and 89.7 million); sharing ones with it."),
	}
	var parts []string
	for i, row := range rows {
		name := fmt.Sprintf("%s, E = %d", r.Name(row.Name), row.Architecture.Embedding)
		s.Evidence = append(s.Evidence, experiment.That(name, stats.Counted(millions[i]-printed[i])))
		parts = append(parts, fmt.Sprintf("%.2f", millions[i]))
	}
	return r.counted(s, strings.Join(parts, ", "))
}

// table1Counts is about the models of table 1, of which two hold other numbers than those that are printed.
func (r edition) table1Counts() experiment.Statement {
	s := experiment.Statement{Text: r.T("ALBERT base, large, xlarge and xxlarge have 12, 18, 60 and 235 million parameters."), Paper: r.T("table 1")}
	printed := sharing.Printed(r.Counts)
	var parts []string
	for i, row := range r.Counts {
		if name, ok := strings.CutPrefix(row.Name, "ALBERT "); ok && row.Table == 1 {
			millions := float64(row.Total) / 1e6
			s.Evidence = append(s.Evidence, experiment.That(name, stats.Counted(millions-printed[i])))
			parts = append(parts, fmt.Sprintf("%s %.2f", name, millions))
		}
	}
	return r.counted(s, strings.Join(parts, ", "))
}

// compared fills in a claim about two variants, first − second.
func (r edition) compared(s experiment.Statement, first, second Scheme) experiment.Statement {
	s.Training = true
	s.Estimand = r.F("accuracy: %s minus %s", first.In(r.Printer), second.In(r.Printer))
	s.Missing = r.F("The protocol does not have both %q and %q.", first.In(r.Printer), second.In(r.Printer))
	if d, ok := r.between(first, second); ok {
		if max(d.First, d.Second) <= r.Majority+1e-9 {
			d.Open = r.T("neither is above the largest class")
		}
		s.Evidence = []experiment.Evidence{d}
	}
	return s
}

func (r edition) mostlyFFN() experiment.Statement {
	return r.compared(experiment.Statement{
		Text:  r.T("Most of what sharing costs comes from sharing the feed-forward network: a model that shares attention is better than one that shares the FFN."),
		Paper: r.T("table 4, average of five tasks, attention − FFN: +2.1 (E = 768), +1.5 (E = 128)"),
		Rule:  experiment.Superior(better, experiment.Points),
	}, shareAttention, shareFFN)
}

func (r edition) attentionAlone() experiment.Statement {
	return r.compared(experiment.Statement{
		Text:  r.T("Sharing attention alone costs little."),
		Paper: r.T("table 4, average, attention − none: −0.7 (E = 768), +0.1 (E = 128)"),
		Rule:  experiment.NoLess(-little, experiment.Points),
	}, shareAttention, Scheme{})
}

func (r edition) allLikeFFN() experiment.Statement {
	return r.compared(experiment.Statement{
		Text:  r.T("Sharing all is about as good as sharing the feed-forward network alone."),
		Paper: r.T("table 4, average, all − FFN: +0.3 (E = 768), −0.1 (E = 128)"),
		Rule:  experiment.Equivalent(little, experiment.Points),
	}, shareAll, shareFFN)
}

func (r edition) smallTable() experiment.Statement {
	return r.compared(experiment.Statement{
		Text:  r.T("A word table of size 128 costs little in a model that shares nothing."),
		Paper: r.F("table 3, average: 82.3 at E = 768, 81.7 at 128 (here %d of %d)", 128, r.Hidden),
		Rule:  experiment.NoLess(-little, experiment.Points),
		Note:  r.T("The word table of the pretrained model is cut by its singular value decomposition, then all is fine-tuned."),
	}, Scheme{Embedding: 128}, Scheme{})
}
