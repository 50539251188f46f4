package main

import (
	"context"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"bertlab/cmd/bertlab/internal/call"
	"bertlab/cmd/bertlab/internal/show"
	"bertlab/cmd/bertlab/internal/workbench"
	"bertlab/figures"
	"bertlab/gbert"
	"bertlab/techniques/sharing"
	"bertlab/techniques/tucker"
)

// tuckerDocument is what tucker prints.
type tuckerDocument struct {
	*modelDocument
	Form string `json:"form"`
	*tucker.Factorisation
	// PartsBefore and Parts count the parameters of the model that was read and of the written file, read again.
	PartsBefore sharing.Parts `json:"parts_before"`
	Parts       sharing.Parts `json:"parts"`
	// MACs are the model's operations for one example.
	MACs   []gbert.LengthMACs    `json:"macs"`
	Chosen *workbench.Provenance `json:"weighted_on,omitempty"`
	// Embedding says what became of the word table; left out where it stays as it is.
	Embedding *sharing.EmbeddingReport `json:"embedding,omitempty"`
}

// tuckerForms are the forms that --form takes.
var tuckerForms = []string{formSVD, formShared, formBank}

const (
	formSVD    = "svd"
	formShared = "shared"
	formBank   = "bank"
)

type tuckerFlags struct {
	dataFlags
	targetFlags
	form     string
	rank     string
	core     string
	sweeps   int
	ratio    float64
	rankBy   string
	minRank  int
	roles    []string
	layers   string
	weighted bool
	ridge    float64
	// embedding is the size of a factorised word table; 0 leaves it as it is.
	embedding int
}

func (a *app) tuckerCommand() *cobra.Command {
	var f tuckerFlags
	command := &cobra.Command{
		Use:   "tucker",
		Short: "Factor the encoder's matrices and write the smaller model",
		Long: `Factor the encoder's matrices and write the smaller model, which is then fine-tuned like any other.

--form svd stores each matrix W [out, in] as U·V by its truncated singular value decomposition. The rank is given (--rank), or the
largest that fits a part of each matrix's parameters (--ratio), or chosen for each matrix (--rank-by): energy:0.95 keeps 95 % of the squared
singular values, evbmf treats the matrix as low rank plus noise. With --rank-by a matrix whose factors would save nothing stays
dense. --weighted measures on data what each matrix reads, and approximates its outputs instead of its entries.

--form shared and --form bank decompose all matrices together, cut into slices [hidden, hidden] (forms III and IV of Wang, Ren et al.
2022): U·C·Vᵀ with one U and one V for the model. With shared, each slice has a core C of its own, full or diagonal (--core); with
bank, the cores of all slices are mixed from a few. --rank is that of U and V, for bank with the number of cores before it, such as
72-384; --ratio is a part of all the matrices' parameters together; --rank-by looks at each unfolding of the stack of slices.`,
		Example: `  bertlab tucker --form svd --ratio 0.5 --model all-MiniLM-L6-v2 --out low-rank
  bertlab tucker --rank-by energy:0.9 --roles ffn_in,ffn_out --model DIR --out low-rank
  bertlab tucker --rank 64 --weighted --examples 500 --model DIR --out low-rank
  bertlab tucker --form shared --rank 192 --model DIR --out shared
  bertlab tucker --form bank --rank 36-192 --model DIR --out bank`,
		Args: cobra.NoArgs,
		RunE: a.begin(func(command *cobra.Command, _ []string) error {
			changed := command.Flags().Changed
			if !f.weighted && changed("ridge") {
				return call.Wrongf("--ridge goes with --weighted")
			}
			if changed("min-rank") && !changed("rank-by") {
				return call.Wrongf("--min-rank goes with --rank-by")
			}
			for _, only := range []struct{ flag, form string }{{"weighted", formSVD}, {"min-rank", formSVD}, {"core", formShared}} {
				if changed(only.flag) && f.form != only.form && slices.Contains(tuckerForms, f.form) {
					return call.Wrongf("--%s goes with --form %s", only.flag, only.form)
				}
			}
			if changed("sweeps") && f.form == formSVD {
				return call.Wrongf("--sweeps goes with --form %s and %s", formShared, formBank)
			}
			document, err := a.tucker(command.Context(), &f, changed)
			if err != nil {
				return err
			}
			return a.print(document, document.human)
		}),
	}
	flags := command.Flags()
	flags.StringVar(&f.form, "form", tuckerForms[0], "how the matrices are stored: "+strings.Join(tuckerForms, ", "))
	flags.StringVar(&f.rank, "rank", "", "rank of every matrix; for --form bank (layer rank)-(width rank), such as 36-192")
	flags.Float64Var(&f.ratio, "ratio", 0, "part of the matrices' parameters (svd: of each matrix's) that may remain, above 0 and at most 1")
	flags.StringVar(&f.rankBy, "rank-by", "", "what chooses each matrix's rank: evbmf, or energy:PART such as energy:0.95")
	flags.IntVar(&f.minRank, "min-rank", 1, "least rank that --rank-by gives")
	flags.StringVar(&f.core, "core", string(gbert.FullCore), "the slices' own cores of --form shared: full or diagonal")
	flags.IntVar(&f.sweeps, "sweeps", 10, "how many times at most each factor of --form shared and bank is improved (0: truncated HOSVD)")
	flags.StringSliceVar(&f.roles, "roles", nil, "the matrices that are factored, such as ffn_in,ffn_out (default: all six of a layer)")
	flags.StringVar(&f.layers, "layers", "", "the layers, such as 0,1,2 (default: all)")
	flags.BoolVar(&f.weighted, "weighted", false, "weigh errors by what the matrices read on data")
	flags.Float64Var(&f.ridge, "ridge", 0.01, "part of the mean second moment that --weighted adds to all directions")
	flags.StringVar(&f.Split, "split", "train", "the split that --weighted measures on")
	flags.IntVar(&f.embedding, "embedding", 0, "also store the word table [V, H] as a product [V, E]·[E, H]; left out, it stays as it is")
	f.targetFlags.add(a, flags, nil)
	f.addPrecision(flags)
	f.dataFlags.add(flags)
	command.MarkFlagsOneRequired("rank", "ratio", "rank-by")
	command.MarkFlagsMutuallyExclusive("rank", "ratio", "rank-by")
	return command
}

func (a *app) tucker(ctx context.Context, f *tuckerFlags, changed func(flag string) bool) (*tuckerDocument, error) {
	if err := call.Choose("form", f.form, tuckerForms...); err != nil {
		return nil, err
	}
	if a.model == "" {
		return nil, errNoModel
	}
	method, err := f.method(a.Meter)
	if err != nil {
		return nil, err
	}
	check := func(m *gbert.Model) error {
		if changed("embedding") {
			if err := sharing.CheckEmbedding(m.Config, f.embedding); err != nil {
				return call.Wrongf("--embedding %d: %w", f.embedding, err)
			}
		}
		return method.check(m)
	}
	if f.weighted {
		return a.tuckerWeighted(ctx, f, method, check)
	}
	model, info, err := a.openSource(ctx)
	if err != nil {
		return nil, err
	}
	defer model.Close()
	if err := check(model); err != nil {
		return nil, err
	}
	return a.decompose(ctx, model, info, f, method, nil)
}

func (a *app) tuckerWeighted(ctx context.Context, f *tuckerFlags, method *tuckerMethod, check func(*gbert.Model) error) (*tuckerDocument, error) {
	f.Headless = true
	b, err := a.openBench(ctx, &f.dataFlags, check)
	if err != nil {
		return nil, err
	}
	defer b.Close()
	moments, err := tucker.Moments(ctx, b.Session, b.Prepared, a.Meter.Count("measuring moments", "examples"))
	if err != nil {
		return nil, err
	}
	document, err := a.decompose(ctx, b.Loaded, b.Model, f, method, moments)
	if err != nil {
		return nil, err
	}
	stamp := b.Stamp()
	document.Chosen = &stamp
	return document, nil
}

func (a *app) decompose(ctx context.Context, model *gbert.Model, info *workbench.ModelInfo, f *tuckerFlags, method *tuckerMethod, moments *tucker.SecondMoments) (*tuckerDocument, error) {
	smaller, result, err := method.run(ctx, model, moments)
	if err != nil {
		return nil, err
	}
	document := &tuckerDocument{Form: f.form, Factorisation: result, PartsBefore: sharing.Count(model)}
	if f.embedding != 0 {
		if smaller, document.Embedding, err = sharing.FactorEmbedding(smaller, f.embedding); err != nil {
			return nil, err
		}
	}
	if document.modelDocument, err = a.saveModel(smaller, info, &f.targetFlags); err != nil {
		return nil, err
	}
	written, err := gbert.Load(a.out)
	if err != nil {
		return nil, err
	}
	defer written.Close()
	document.Parts = sharing.Count(written)
	document.MACs = gbert.CompareMACs(model, written)
	return document, nil
}

func (d *tuckerDocument) human(w io.Writer) {
	fmt.Fprintln(w, show.Factorisation(d.Factorisation).Text())
	d.modelDocument.human(w)
	if b := d.Bank; b != nil {
		fmt.Fprintf(w, "bank\t%s, %d slices, %s parameters shared, relative error %.4f (%.4f before %d sweeps)\n", b.Name, b.Slices, figures.Count(b.Shared), b.Errors[len(b.Errors)-1], b.Errors[0], len(b.Errors)-1)
	}
	fmt.Fprintf(w, "factored\t%d of %d matrices, %s parameters in place of %s\n", d.Factored(), len(d.Maps), figures.Count(d.ParametersAfter), figures.Count(d.ParametersBefore))
	if e := d.Embedding; e != nil {
		fmt.Fprintf(w, "word table\tembedding size %d, relative error %.4f; up to %d saves parameters\n", e.Size, e.RelativeError, e.BreakEven)
	}
	for _, m := range d.MACs {
		fmt.Fprintf(w, "operations\t%.1f %% of %s at %d tokens\n", 100*float64(m.After)/float64(max(m.Before, 1)), figures.Count(m.Before), m.Length)
	}
}
