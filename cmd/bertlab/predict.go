package main

import (
	"bufio"
	"fmt"
	"io"
	"strings"

	"github.com/spf13/cobra"

	"bertlab/cmd/bertlab/internal/call"
	"bertlab/cmd/bertlab/internal/show"
	"bertlab/cmd/bertlab/internal/workbench"
)

type predictFlags struct {
	dataFlags
	models            []string
	pair              bool
	question, context string
}

func (a *app) predictCommand() *cobra.Command {
	var f predictFlags
	command := &cobra.Command{
		Use:   "predict [TEXT…]",
		Short: "Say what a model makes of texts, with probabilities",
		Long: `Say what a model makes of texts: the classes with their probabilities, a number, a tag for each word, or the answer to a question, depending
on the model's head. If no text is given, each line of standard input is a text. With several --model flags the models' answers stand
side by side.

With --pair the texts are taken two by two; on standard input a line has two, with a tab between them. A model that answers questions
needs a question and the text that may hold the answer: --question asks the same question of every text, --context puts every question
to the same text.`,
		Example: `  bertlab predict --model movies "A wonderful film." "Two hours that I want back."
  bertlab predict --model movies --model smaller "Not bad at all."
  bertlab predict --model mnli --pair "A man sleeps." "Nobody is awake."
  bertlab predict --model reader --question "Who wrote it?" "It was written by Jane Austen."
  bertlab predict --model movies --json < reviews.txt`,
		RunE: a.begin(func(command *cobra.Command, args []string) error {
			if err := f.fill(a); err != nil {
				return err
			}
			texts, err := f.texts(a.stdin, args)
			if err != nil {
				return err
			}
			if len(f.models) == 0 {
				return errNoModel
			}
			predicted, err := a.Predict(command.Context(), f.models, &f.Reading, texts)
			if err != nil {
				return err
			}
			if err := a.keep(predicted); err != nil {
				return err
			}
			return a.print(predicted, func(w io.Writer) {
				for _, table := range show.Predicted(predicted) {
					fmt.Fprintln(w, table.Text())
				}
			})
		}),
	}
	flags := command.Flags()
	flags.StringArrayVar(&f.models, "model", nil, "folder or name of a model with a head; may be given several times")
	flags.BoolVar(&f.pair, "pair", false, "take the texts two by two")
	flags.StringVar(&f.question, "question", "", "the question that is asked of every text")
	flags.StringVar(&f.context, "context", "", "the text that every question is about")
	flags.StringSliceVar(&f.Columns.Labels, "labels", nil, "the class names in order, for a model that has none")
	a.outFile(flags)
	f.addLength(flags)
	f.addRuntime(flags)
	f.addAnswers(flags)
	command.MarkFlagsMutuallyExclusive("pair", "question")
	command.MarkFlagsMutuallyExclusive("pair", "context")
	return command
}

// texts are those of the arguments, or else of the lines of standard input, as the flags pair them.
func (f *predictFlags) texts(stdin io.Reader, args []string) (texts workbench.Texts, err error) {
	texts.Questions = f.question != "" || f.context != ""
	texts.Pairs = f.pair || texts.Questions
	switch {
	case f.question != "" && f.context != "" && len(args) > 0:
		return texts, call.Wrongf("--question and --context leave nothing for %q to be", args[0])
	case f.question != "" && f.context != "":
		texts.List = [][2]string{{f.question, f.context}}
		return texts, nil
	case len(args) == 0:
		if args, err = f.lines(stdin); err != nil {
			return texts, err
		}
	}
	switch {
	case len(args) == 0:
		return texts, call.Wrongf("give texts after predict, or on standard input, one a line")
	case f.pair && len(args)%2 != 0:
		return texts, call.Wrongf("--pair takes the texts two by two, and %d were given", len(args))
	}
	for i, text := range args {
		switch {
		case strings.TrimSpace(text) == "":
			return texts, call.Wrongf("text %d is empty", i+1)
		case f.pair && i%2 == 1:
			texts.List[len(texts.List)-1][1] = text
		case f.question != "":
			texts.List = append(texts.List, [2]string{f.question, text})
		case f.context != "":
			texts.List = append(texts.List, [2]string{text, f.context})
		default:
			texts.List = append(texts.List, [2]string{text})
		}
	}
	return texts, nil
}

// longestLine bounds a line of standard input.
const longestLine = 1 << 20

// lines are the lines of standard input that are not empty; of pairs both texts, one after another.
func (f *predictFlags) lines(stdin io.Reader) (texts []string, err error) {
	scanner := bufio.NewScanner(stdin)
	scanner.Buffer(nil, longestLine)
	for n := 1; scanner.Scan(); n++ {
		line := strings.TrimRight(scanner.Text(), "\r")
		switch parts := strings.Split(line, "\t"); {
		case strings.TrimSpace(line) == "":
		case !f.pair:
			texts = append(texts, line)
		case len(parts) != 2:
			return nil, fmt.Errorf("line %d of standard input has %d tabs: a pair is two texts with one tab between them", n, len(parts)-1)
		default:
			texts = append(texts, parts...)
		}
	}
	if err := scanner.Err(); err != nil {
		return nil, fmt.Errorf("standard input: %w", err)
	}
	return texts, nil
}
