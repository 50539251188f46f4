package show

import (
	"fmt"
	"io"

	"bertlab/cmd/bertlab/internal/workbench"
	"bertlab/figures"
)

// FewerWords writes what became of a vocabulary.
func FewerWords(w io.Writer, d *workbench.FewerWords) {
	fmt.Fprintf(w, "words\t%s of %s: %s that %s texts use, %s needed otherwise\n",
		figures.Count(d.After), figures.Count(d.Before), figures.Count(d.Used), figures.Count(d.Texts), figures.Count(d.Needed))
	for _, o := range d.Other {
		each := func(tokens int) float64 { return float64(tokens) / float64(max(o.Comparison.Texts, 1)) }
		fmt.Fprintf(w, "%s\t%s of %s texts have other tokens; %.2f tokens a text, before %.2f\n",
			o.Data, figures.Count(o.Changed), figures.Count(o.Comparison.Texts), each(o.Tokens), each(o.TokensBefore))
		if o.Metric == "" {
			continue
		}
		fmt.Fprintf(w, "\t%s %.4f, before %.4f", o.Metric, o.After, o.Before)
		if o.Difference != nil {
			fmt.Fprintf(w, "; change in points %s", o.Difference.Points())
		}
		fmt.Fprintln(w)
	}
}
