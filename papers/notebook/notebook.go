// Package notebook gives an experiment to the cells of a notebook. Each cell is a process of its own: it asks for the experiment's result
// and finds what an earlier cell, or the command line, has computed.
package notebook

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path"
	"slices"
	"strings"

	"bertlab/figures"
	"bertlab/figures/show"
	"bertlab/gbert"
	"bertlab/internal/files"
	"bertlab/papers/experiment"
	"bertlab/papers/experiment/words"
)

// results is the folder of results, seen from the folder of notebooks.
const results = "../results"

// QuickVariable is the environment variable which, if it is set, asks for quick protocols.
const QuickVariable = "BERTLAB_QUICK"

// Lab is an experiment in a notebook. What fails is printed on standard error, and ends the cell.
type Lab[C, R any] struct {
	experiment *experiment.Experiment[C, R]
	protocol   C
	result     *R
}

// Of begins with the full protocol, or the quick one if BERTLAB_QUICK is set.
func Of[C, R any](e *experiment.Experiment[C, R]) *Lab[C, R] {
	serveMemory()
	l := &Lab[C, R]{experiment: e, protocol: e.Full()}
	if os.Getenv(QuickVariable) != "" {
		l.protocol = e.Quick()
	}
	return l
}

// With changes the protocol.
func (l *Lab[C, R]) With(change func(*C)) *Lab[C, R] {
	changed := &Lab[C, R]{experiment: l.experiment, protocol: l.protocol}
	change(&changed.protocol)
	return changed
}

// Protocol is the experiment's protocol.
func (l *Lab[C, R]) Protocol() C { return l.protocol }

// Result is that of the protocol: what was recorded, which needs neither model nor data nor network, or what an earlier cell or the command
// line has computed; else the experiment is run.
func (l *Lab[C, R]) Result() *R {
	if l.result == nil {
		recorded, err := l.experiment.Recorded(experiment.KeptRecordings(), l.protocol)
		if err != nil {
			fmt.Fprintf(os.Stderr, "%v: the experiment is run\n", err)
		}
		l.result = recorded
	}
	if l.result == nil {
		ctx := context.Background()
		env, err := experiment.Local(ctx, results)
		check(err)
		env.Memory = childMemory
		if l.result, err = l.experiment.Run(ctx, env, l.protocol); err != nil {
			check(fmt.Errorf("%s: %w", l.experiment.Name, err))
		}
	}
	return l.result
}

// Read takes the result that a file holds, such as ../results/heads.json, in place of the protocol's.
func (l *Lab[C, R]) Read(path string) *Lab[C, R] {
	result := new(R)
	if err := json.Unmarshal(Must(files.Read(path, maxResult)), result); err != nil {
		check(fmt.Errorf("%s: %w", path, err))
	}
	return &Lab[C, R]{experiment: l.experiment, protocol: l.protocol, result: result}
}

// Words are those of the notebook's language.
func Words() *words.Printer { return words.In(string(experiment.NotebookLanguage())) }

// edition is the result in the notebook's language.
func (l *Lab[C, R]) edition() experiment.Edition { return l.experiment.In(l.Result(), Words()) }

// Show shows figures, with their captions in the notebook's language, and tables of the experiment by their names. It says which of them
// the protocol leaves out.
func (l *Lab[C, R]) Show(names ...string) {
	edition := l.edition()
	drawings := edition.Figures()
	tables, err := edition.Tables()
	check(err)
	for _, name := range names {
		shown := 0
		for _, d := range drawings {
			if fits(name, d.Name) {
				picture(d)
				shown++
			}
		}
		if shown > 0 {
			continue
		}
		for _, t := range tables {
			if fits(name, t.Name) {
				table(t)
				shown++
			}
		}
		if shown == 0 {
			check(fmt.Errorf("%s has no figure or table %q: choose one of %s", l.experiment.Name, name, known(drawings, tables)))
		}
	}
}

// fits tells whether a name is that of a pattern, as "scores-movies" is of "scores-*".
func fits(pattern, name string) bool {
	ok, err := path.Match(pattern, name)
	return ok && err == nil
}

// table shows a table.
func table(t experiment.NamedTable) {
	if t.Table == nil {
		check(show.Markdown(Words().F("This protocol leaves out %q.", t.Name)))
		return
	}
	t.Table.Language = Words().Tag()
	check(show.Table(t.Table))
}

// Tell shows paragraphs of the experiment's narrative by their names, with the numbers of the result. A paragraph that has nothing to say
// shows nothing.
func (l *Lab[C, R]) Tell(names ...string) {
	for _, name := range names {
		text, err := l.experiment.Paragraph(l.Result(), name, Words())
		check(err)
		if text != "" {
			check(show.Markdown(text))
		}
	}
}

// Narrative holds the experiment's story in each language.
func (l *Lab[C, R]) Narrative() fs.FS { return l.experiment.Narrative }

// picture shows a figure with its caption.
func picture(d experiment.Drawing) {
	if d.Omit {
		without(d)
		return
	}
	figure, err := d.Build()
	check(err)
	if figure == nil {
		without(d)
		return
	}
	Figure(experiment.NamedFigure{Figure: figure, Caption: d.Caption})
}

// without says that the protocol leaves out what a figure would show.
func without(d experiment.Drawing) {
	check(show.Markdown(Words().F("This protocol leaves out a figure: *%s*", d.Caption)))
}

// known lists the names of figures and tables.
func known(drawings []experiment.Drawing, tables []experiment.NamedTable) string {
	var names []string
	for _, d := range drawings {
		names = append(names, d.Name)
	}
	for _, t := range tables {
		names = append(names, t.Name)
	}
	slices.Sort(names)
	return strings.Join(names, ", ")
}

// Turn shows a surface, and below it one that can be turned by hand where scripts are run.
func (l *Lab[C, R]) Turn(surface figures.SurfaceOptions) {
	surface.Language = Words().Tag()
	check(show.Surface(surface, ""))
}

// Step shows a grid with a slider where scripts are run.
func (l *Lab[C, R]) Step(grid figures.SteppedOptions) {
	grid.Language = Words().Tag()
	check(show.Stepped(grid))
}

// Claims shows the paper's claims with their verdicts.
func (l *Lab[C, R]) Claims() {
	claims, err := l.edition().Claims()
	check(err)
	check(show.Table(experiment.ClaimTable(claims, Words())))
}

// Say is a text in the notebook's language.
func Say(text experiment.Text) string { return text.In(experiment.NotebookLanguage()) }

// Model finds a model by its name or folder.
func Model(name string) *gbert.Model {
	env := Must(experiment.Local(context.Background(), results))
	model, _, err := env.Model(context.Background(), name)
	return Must(model, err)
}

// Must is a value, unless its making failed, which ends the cell.
func Must[T any](value T, err error) T {
	check(err)
	return value
}

// Table shows a table that is no experiment's.
func Table(t *figures.Table) { check(show.Table(t)) }

// Figure shows a figure that is no experiment's with its caption.
func Figure(f experiment.NamedFigure) {
	check(show.Figure(f.Figure))
	check(show.Markdown("*" + f.Caption + "*"))
}

// Markdown shows a text.
func Markdown(text string) { check(show.Markdown(text)) }

// check ends the cell if something failed.
func check(err error) {
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

// maxResult is what is read of a result at most, in bytes.
const maxResult = 256 << 20

// List shows lines as a list.
func List(lines ...string) {
	check(show.Markdown("- " + strings.Join(lines, "\n- ")))
}

// Needing shows what needs a model, data or the network. Where they are missing, of which the error is missing, it says so in a line: a notebook
// shows recorded results without any of them.
func Needing(missing error, what func(ctx context.Context, env *experiment.Environment) error) {
	ctx := context.Background()
	env, err := experiment.Local(ctx, results)
	if err != nil {
		err = errors.Join(missing, err) // nothing that computes
	} else {
		err = what(ctx, env)
	}
	if errors.Is(err, missing) {
		Markdown(Words().T("This cell needs the fine-tuned model, which is not here: records hold no models. `bertlab reproduce` with `--again` makes it."))
		return
	}
	check(err)
}

// Draw shows figures without captions.
func Draw(list ...*figures.Figure) {
	for _, f := range list {
		check(show.Figure(f))
	}
}
