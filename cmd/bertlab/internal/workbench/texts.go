package workbench

import (
	"bufio"
	"fmt"
	"io"
	"slices"
	"strings"

	"bertlab/cmd/bertlab/internal/call"
)

// Asking says how texts are put to models. Its fields are those of the flags.
type Asking struct {
	Pair              bool   // the texts are taken two by two
	Question, Context string // asked of every text, and what every question is about
}

// Texts are those of the arguments, or else of the lines of standard input, as the flags pair them.
func (q *Asking) Texts(stdin io.Reader, args []string) (texts Texts, err error) {
	texts.Questions = q.Question != "" || q.Context != ""
	texts.Pairs = q.Pair || texts.Questions
	switch {
	case q.Question != "" && q.Context != "" && len(args) > 0:
		return texts, call.Wrongf("--question and --context leave nothing for %q to be", args[0])
	case q.Question != "" && q.Context != "":
		texts.List = [][2]string{{q.Question, q.Context}}
		return texts, nil
	}
	given := len(args) > 0
	if !given {
		if args, err = q.lines(stdin); err != nil {
			return texts, err
		}
	}
	switch {
	case !slices.ContainsFunc(args, func(text string) bool { return given || strings.TrimSpace(text) != "" }):
		return texts, call.Wrongf("give texts after predict, or on standard input, one a line")
	case q.Pair && len(args)%2 != 0:
		return texts, call.Wrongf("--pair takes the texts two by two, and %d were given", len(args))
	}
	for i, text := range args {
		blank := strings.TrimSpace(text) == ""
		switch {
		case blank && given:
			return texts, call.Wrongf("text %d is empty", i+1)
		case blank && !q.Pair: // a line of its own
			texts.List = append(texts.List, [2]string{})
		case q.Pair && i%2 == 1:
			texts.List[len(texts.List)-1][1] = text
		case q.Question != "":
			texts.List = append(texts.List, [2]string{q.Question, text})
		case q.Context != "":
			texts.List = append(texts.List, [2]string{text, q.Context})
		default:
			texts.List = append(texts.List, [2]string{text})
		}
	}
	return texts, nil
}

// longestLine bounds a line of standard input.
const longestLine = 1 << 20

// lines are the lines of standard input; of pairs both texts, one after another. A line without a text has empty ones.
func (q *Asking) lines(stdin io.Reader) (texts []string, err error) {
	scanner := bufio.NewScanner(stdin)
	scanner.Buffer(nil, longestLine)
	for n := 1; scanner.Scan(); n++ {
		line := strings.TrimRight(scanner.Text(), "\r")
		switch parts := strings.Split(line, "\t"); {
		case strings.TrimSpace(line) == "" && q.Pair:
			texts = append(texts, "", "")
		case !q.Pair:
			texts = append(texts, line)
		case len(parts) != 2:
			return nil, fmt.Errorf("line %d of standard input has %d tabs: a pair is two texts with one tab between them", n, len(parts)-1)
		case strings.TrimSpace(parts[0]) == "" || strings.TrimSpace(parts[1]) == "":
			return nil, fmt.Errorf("line %d of standard input has an empty text beside its tab: a pair is two texts", n)
		default:
			texts = append(texts, parts...)
		}
	}
	if err := scanner.Err(); err != nil {
		return nil, fmt.Errorf("standard input: %w", err)
	}
	return texts, nil
}
