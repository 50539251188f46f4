package main

import (
	"cmp"
	"context"
	"io"

	"github.com/spf13/cobra"

	"bertlab/cmd/bertlab/internal/show"
	"bertlab/cmd/bertlab/internal/workbench"
)

// vocabularyDocument is what vocabulary prints.
type vocabularyDocument struct {
	*workbench.Written
	*workbench.FewerWords
}

type vocabularyFlags struct {
	dataFlags
	targetFlags
	workbench.Words
}

func (a *app) vocabularyCommand() *cobra.Command {
	var f vocabularyFlags
	command := &cobra.Command{
		Use:   "vocabulary",
		Short: "Keep the words that data use, and write the smaller model",
		Long: `Keep the words of the vocabulary that data use, and write the smaller model. --from names data: tasks (their train split), files and
folders of --task, or files of plain text, a text a line. Special tokens and all single characters stay as well, so that no text gets an
unknown word that had none; a word that went is read in parts. The tokenizer's files are written anew, with new ids.

--other names data that were not counted, tasks (their dev split) or files: how many texts have other tokens now, and how well the model
does on them before and after. Without it, that is the dev split of --task or --data, or of the task that the model was fine-tuned on.`,
		Example: `  bertlab vocabulary --from movies --min-count 2 --other tweets,products --model movies --out fewer
  bertlab vocabulary --from train.tsv --from wiki.txt --task sst2 --model DIR --out fewer`,
		Args: cobra.NoArgs,
		RunE: a.begin(func(command *cobra.Command, _ []string) error {
			document, err := a.vocabulary(command.Context(), &f)
			return a.finish(document, err, func(w io.Writer) {
				show.Written(w, document.Written)
				show.FewerWords(w, document.FewerWords)
			})
		}),
	}
	flags := command.Flags()
	flags.StringSliceVar(&f.From, "from", nil, "data whose words stay: tasks, files or folders; can be repeated")
	flags.IntVar(&f.MinCount, "min-count", 1, "how often these data use a word at least that stays")
	flags.StringSliceVar(&f.Other, "other", nil, "other data, to see what happens to them: tasks, files or folders")
	f.targetFlags.add(a, flags, nil)
	f.addPrecision(flags)
	f.dataFlags.add(flags)
	return command
}

func (a *app) vocabulary(ctx context.Context, f *vocabularyFlags) (*vocabularyDocument, error) {
	r := f.take(a)
	if err := cmp.Or(f.Words.Check(), r.Check()); err != nil {
		return nil, err
	}
	model, info, err := a.OpenSource(ctx, a.model)
	if err != nil {
		return nil, err
	}
	defer model.Close()
	smaller, words, err := a.KeepWords(ctx, model, r, f.Words)
	if err != nil {
		return nil, err
	}
	written, err := f.destination(a).Save(smaller, info)
	return &vocabularyDocument{written, words}, err
}
