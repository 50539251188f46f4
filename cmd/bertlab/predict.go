package main

import (
	"fmt"
	"io"

	"github.com/spf13/cobra"

	"bertlab/cmd/bertlab/internal/show"
	"bertlab/cmd/bertlab/internal/workbench"
)

type predictFlags struct {
	dataFlags
	models []string
	workbench.Asking
}

func (a *app) predictCommand() *cobra.Command {
	var f predictFlags
	command := &cobra.Command{
		Use:   "predict [TEXT…]",
		Short: "Say what a model makes of texts, with probabilities",
		Long: `Say what a model makes of texts: the classes with their probabilities, a number, a tag for each word, or the answer to a question, depending
on the model's head. If no text is given, each line of standard input is a text, and has one row; that of an empty line is empty. With
several --model flags the models' answers stand side by side.

With --pair the texts are taken two by two; on standard input a line has two, with a tab between them. A model that answers questions
needs a question and the text that may hold the answer: --question asks the same question of every text, --context puts every question
to the same text.`,
		Example: `  bertlab predict --model movies "A wonderful film." "Two hours that I want back."
  bertlab predict --model movies --model smaller "Not bad at all."
  bertlab predict --model mnli --pair "A man sleeps." "Nobody is awake."
  bertlab predict --model reader --question "Who wrote it?" "It was written by Jane Austen."
  bertlab predict --model movies --json < reviews.txt`,
		RunE: a.begin(func(command *cobra.Command, args []string) error {
			r := f.take(a)
			if err := r.Check(); err != nil {
				return err
			}
			texts, err := f.Texts(a.stdin, args)
			if err != nil {
				return err
			}
			if len(f.models) == 0 {
				return workbench.ErrNoModel
			}
			predicted, err := a.Predict(command.Context(), f.models, r, texts)
			return a.finishKept(predicted, err, func(w io.Writer) {
				for _, table := range show.Predicted(predicted) {
					fmt.Fprintln(w, table.Text())
				}
			})
		}),
	}
	flags := command.Flags()
	flags.StringArrayVar(&f.models, "model", nil, "folder or name of a model with a head; may be given several times")
	flags.BoolVar(&f.Pair, "pair", false, "take the texts two by two")
	flags.StringVar(&f.Question, "question", "", "the question that is asked of every text")
	flags.StringVar(&f.Context, "context", "", "the text that every question is about")
	flags.StringSliceVar(&f.Columns.Labels, "labels", nil, "the class names, in order for a model that has none; a model's own names go by name")
	a.outFile(flags)
	f.addLength(flags)
	f.addRuntime(flags)
	f.addAnswers(flags)
	command.MarkFlagsMutuallyExclusive("pair", "question")
	command.MarkFlagsMutuallyExclusive("pair", "context")
	return command
}
