package show

import (
	"fmt"
	"io"
	"maps"
	"slices"

	"bertlab/cmd/bertlab/internal/workbench"
	"bertlab/figures"
	"bertlab/gbert"
	"bertlab/gbert/finetune"
	"bertlab/gbert/task"
	"bertlab/techniques/sharing"
)

// Written writes where a model is, and how large.
func Written(w io.Writer, d *workbench.Written) {
	fmt.Fprintf(w, "model\t%s\n", d.Out)
	fmt.Fprintf(w, "parameters\t%s, %.1f %% of %s\n", figures.Count(d.Parameters), 100*float64(d.Parameters)/float64(d.Model.Parameters), figures.Count(d.Model.Parameters))
	if len(d.Graphs) == 0 {
		fmt.Fprintf(w, "weights\t%.2f MB\n", float64(d.Bytes)/1e6)
	}
	for _, name := range slices.Sorted(maps.Keys(d.Graphs)) {
		fmt.Fprintf(w, "%s\t%.2f MB\n", name, float64(d.Graphs[name])/1e6)
	}
}

// Provenance writes the lines under a result.
func Provenance(w io.Writer, p workbench.Provenance) {
	fmt.Fprintf(w, "model\t%s\n", p.Model.Dir)
	fmt.Fprintf(w, "data\t%s\n", p.Data)
	if p.Runtime != nil {
		fmt.Fprintf(w, "runtime\t%s\n", p.Runtime)
	} else {
		fmt.Fprintf(w, "backend\t%s\n", p.Backend.Name)
	}
	fmt.Fprintf(w, "time\t%.1f s\n", p.Seconds)
}

// Metrics writes how a model does on a task.
func Metrics(w io.Writer, e *finetune.Evaluation, t *task.Task) {
	for _, metric := range t.Metrics {
		if value, ok := e.Metrics[metric]; ok {
			fmt.Fprintf(w, "%s\t%.4f\n", metric, value)
		}
	}
	fmt.Fprintf(w, "loss\t%.4f\n", e.Loss)
	fmt.Fprintf(w, "examples\t%s\n", figures.Count(e.Examples))
}

// Trained writes where a trained model is and how it does on dev data.
func Trained(w io.Writer, d *workbench.Trained) {
	fmt.Fprintf(w, "model\t%s\n", d.Out)
	if d.Dev != nil {
		Metrics(w, d.Dev, d.Task)
	}
}

// FineTuned writes how a model was fine-tuned.
func FineTuned(w io.Writer, d *workbench.Trained) {
	Trained(w, d)
	fmt.Fprintf(w, "epoch\t%d of %d, training loss %.4f\n", d.Kept, d.Options.Epochs, d.Best().TrainLoss)
	fmt.Fprintf(w, "data\t%s\n", d.Data)
	if d.DevData != nil {
		fmt.Fprintf(w, "\t%s\n", d.DevData)
	}
	fmt.Fprintf(w, "backend\t%s\n", d.Backend.Name)
	fmt.Fprintf(w, "time\t%.1f s\n", d.Seconds)
}

// Moved writes what is left of a model that was pruned while it was trained.
func Moved(w io.Writer, d *workbench.Moved) {
	Trained(w, d.Trained)
	fmt.Fprintf(w, "remaining\t%.2f %% of the encoder's %s weights\n", 100*d.Share, figures.Count(d.Remaining.Total))
	for _, role := range gbert.LayerRoles {
		fmt.Fprintf(w, "\t%s %.2f %%\n", role, 100*d.Remaining.ByRole()[role].Share())
	}
	fmt.Fprintf(w, "parameters\t%s\n", figures.Count(d.Parameters))
	fmt.Fprintf(w, "weights\t%.2f MB\n", float64(d.Bytes)/1e6)
	fmt.Fprintf(w, "data\t%s\n", d.Data)
	fmt.Fprintf(w, "backend\t%s\n", d.Backend.Name)
	fmt.Fprintf(w, "time\t%.1f s\n", d.Seconds)
}

// Evaluated writes how a model does on data.
func Evaluated(w io.Writer, d *workbench.Evaluated) {
	if d.Evaluation != nil {
		Metrics(w, d.Evaluation, d.Task)
	}
	Provenance(w, d.Provenance)
}

// Embedded writes how well the cosines of sentence embeddings follow what people say.
func Embedded(w io.Writer, d *workbench.Embedded) {
	fmt.Fprintf(w, "spearman\t%s\n", d.Spearman.Text("%.4f"))
	fmt.Fprintf(w, "pearson\t%.4f\npairs\t%d\npooling\t%s\n", d.Metrics[task.Pearson], d.Examples, d.Pooling)
	Provenance(w, d.Provenance)
}

// wordTable writes what became of a word table; nil: nothing.
func wordTable(w io.Writer, e *sharing.EmbeddingReport) {
	if e != nil {
		fmt.Fprintf(w, "word table\tembedding size %d, relative error %.4f; up to %d saves parameters\n", e.Size, e.RelativeError, e.BreakEven)
	}
}

// operations writes which share of a model's operations is left.
func operations(w io.Writer, m gbert.LengthMACs) {
	fmt.Fprintf(w, "operations\t%.1f %% of %s at %d tokens\n", 100*float64(m.After)/float64(max(m.Before, 1)), figures.Count(m.Before), m.Length)
}
