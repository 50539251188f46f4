package main

import (
	"io"
	"strings"

	"github.com/spf13/cobra"

	"bertlab/cmd/bertlab/internal/show"
	"bertlab/cmd/bertlab/internal/workbench"
	"bertlab/gbert"
)

type tuckerFlags struct {
	dataFlags
	targetFlags
	workbench.Factoring
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
			if err := f.Check(command.Flags().Changed); err != nil {
				return err
			}
			document, err := a.Factor(command.Context(), a.model, &f.Factoring, f.take(a), f.destination(a))
			return a.finish(document, err, func(w io.Writer) { show.Factored(w, document) })
		}),
	}
	flags := command.Flags()
	flags.StringVar(&f.Form, "form", workbench.FactorForms[0], "how the matrices are stored: "+strings.Join(workbench.FactorForms, ", "))
	flags.StringVar(&f.Rank, "rank", "", "rank of every matrix; for --form bank (layer rank)-(width rank), such as 36-192")
	flags.Float64Var(&f.Ratio, "ratio", 0, "part of the matrices' parameters (svd: of each matrix's) that may remain, above 0 and at most 1")
	flags.StringVar(&f.RankBy, "rank-by", "", "what chooses each matrix's rank: evbmf, or energy:PART such as energy:0.95")
	flags.IntVar(&f.MinRank, "min-rank", 1, "least rank that --rank-by gives")
	flags.StringVar(&f.Core, "core", string(gbert.FullCore), "the slices' own cores of --form shared: full or diagonal")
	flags.IntVar(&f.Sweeps, "sweeps", 10, "how many times at most each factor of --form shared and bank is improved (0: truncated HOSVD)")
	flags.StringSliceVar(&f.Roles, "roles", nil, "the matrices that are factored, such as ffn_in,ffn_out (default: all six of a layer)")
	flags.StringVar(&f.Layers, "layers", "", "the layers, such as 0,1,2 (default: all)")
	flags.BoolVar(&f.Weighted, "weighted", false, "weigh errors by what the matrices read on data")
	flags.Float64Var(&f.Ridge, "ridge", 0.01, "part of the mean second moment that --weighted adds to all directions")
	flags.StringVar(&f.Split, "split", "train", "the split that --weighted measures on")
	flags.IntVar(&f.EmbeddingSize, "embedding", 0, "also store the word table [V, H] as a product [V, E]·[E, H]; left out, it stays as it is")
	f.targetFlags.add(a, flags, nil)
	f.addPrecision(flags)
	f.dataFlags.add(flags)
	command.MarkFlagsOneRequired("rank", "ratio", "rank-by")
	command.MarkFlagsMutuallyExclusive("rank", "ratio", "rank-by")
	return command
}
