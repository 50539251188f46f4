// Package experimenttest tests that an experiment keeps the contract of all experiments, as testing/fstest does for file systems.
package experimenttest

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"flag"
	"os"
	"path/filepath"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"testing"

	"bertlab/figures/report"
	"bertlab/internal/tiny"
	"bertlab/papers/experiment"
	"bertlab/papers/experiment/words"
)

// Case is an experiment with what its contract is tested on.
type Case[C, R any] struct {
	Experiment *experiment.Experiment[C, R]
	// Protocol is one of seconds, on tiny models, with two seeds or more if the experiment has any.
	Protocol C
	// Seeds is where a protocol has its seeds; nil: it has none.
	Seeds func(*C) *[]uint64
	// Timeless takes out of a result what no two runs have in common: times, and the claims about them.
	Timeless func(*R)
	// Refused are changes of the protocol that make it impossible, by a word that the error must have.
	Refused map[string]func(*C)
	// Judged are the claims of synthetic results. Together they give each claim every verdict that it can have.
	Judged func(t *testing.T) [][]experiment.Claim
	// Decided are claims, by their text, that cannot be open: the numbers decide them always.
	Decided []string
	// Names are words that may stand in a Korean text as they are, beside those of all papers, such as names of recipes.
	Names []string
	// Kills is how often a run is stopped before it must be done; 0: 5.
	Kills int
}

// Run tests the contract, and returns the result of the protocol for tests of its numbers.
func (c Case[C, R]) Run(t *testing.T) *R {
	t.Helper()
	dir := t.TempDir()
	reports := 0
	result := c.must(t, dir, c.Protocol, func(experiment.Progress) { reports++ })
	c.sample(t, result)
	t.Run("every claim is explained in both languages", func(t *testing.T) { c.claims(t, result) })
	t.Run("its JSON reads back", func(t *testing.T) { c.readsBack(t, result) })
	t.Run("both editions are whole", func(t *testing.T) { c.editions(t, result) })
	t.Run("a replay gives the same bytes", func(t *testing.T) {
		if again := c.must(t, dir, c.Protocol, computesNothing(t)); !bytes.Equal(c.document(t, again), c.document(t, result)) {
			t.Error("it gives others")
		}
	})
	t.Run("its protocol asks for the same run", func(t *testing.T) { c.asksAgain(t) })
	t.Run("a record of the run shows it again", func(t *testing.T) { c.recorded(t, dir, result) })
	if c.Seeds != nil {
		t.Run("fewer and more seeds keep what is there", func(t *testing.T) { c.seeds(t, dir, result) })
	}
	t.Run("a run that was stopped goes on", func(t *testing.T) { c.stopped(t, result, reports) })
	for word, change := range c.Refused {
		t.Run("a refused protocol leaves nothing behind: "+word, func(t *testing.T) { c.refused(t, word, change) })
	}
	t.Run("every verdict can come out", func(t *testing.T) { c.verdicts(t) })
	return result
}

// asksAgain reads the protocol as it stands in a result, which users are told to copy: every field must be there, or a full protocol's own
// would take its place.
func (c Case[C, R]) asksAgain(t *testing.T) {
	want, err := json.Marshal(c.Protocol)
	if err != nil {
		t.Fatal(err)
	}
	asked, err := c.Experiment.Protocol(experiment.Request{Protocol: want})
	if err != nil {
		t.Fatal(err)
	}
	if got, err := json.Marshal(asked); err != nil || !bytes.Equal(got, want) {
		t.Errorf("%s, %v; it was %s", got, err, want)
	}
}

// recorded writes the run down as a record, which shows the same result, and has all that the same protocol needs in an empty folder.
func (c Case[C, R]) recorded(t *testing.T, dir string, result *R) {
	recording, err := c.Experiment.RecordRun(t.Context(), tiny.Environment(t, dir), c.Protocol, false)
	if err != nil {
		t.Fatal(err)
	}
	folder := t.TempDir()
	if _, err := recording.Write(folder, false); err != nil {
		t.Fatal(err)
	}
	records := experiment.NewRecordings(os.DirFS(folder))
	shown, err := c.Experiment.Recorded(records, c.Protocol)
	if err != nil || shown == nil {
		t.Fatalf("it shows %v, %v", shown, err)
	}
	if !bytes.Equal(c.document(t, shown), c.document(t, result)) {
		t.Error("it shows another result")
	}
	env := tiny.Environment(t, t.TempDir())
	env.Recordings, env.Progress = records, computesNothing(t)
	if again, err := c.Experiment.Run(t.Context(), env, c.Protocol); err != nil || !bytes.Equal(c.document(t, again), c.document(t, result)) {
		t.Errorf("the same protocol in an empty folder gives another result, %v", err)
	}
}

// temporary are the folders of a test.
var temporary = regexp.MustCompile(`/[^" ]*/Test[^" /]*/\d+/?`)

// samples is the folder that asks for samples.
var samples = flag.String("samples", "", "folder to which the result of a protocol of seconds is written, for the tests of notebooks")

// sample writes a result down, without when and where it was computed, if that is asked for.
func (c Case[C, R]) sample(t *testing.T, result *R) {
	if *samples == "" {
		return
	}
	if err := os.WriteFile(filepath.Join(*samples, c.Experiment.Name+".json"), append(temporary.ReplaceAll(c.document(t, result), nil), 0x0a), 0o644); err != nil {
		t.Fatal(err)
	}
}

func computesNothing(t *testing.T) func(experiment.Progress) {
	return func(p experiment.Progress) {
		if p.Steps > 0 {
			t.Errorf("it computes %q again", p.Stage)
		}
	}
}

func (c Case[C, R]) run(t *testing.T, ctx context.Context, dir string, protocol C, progress func(experiment.Progress)) (*R, error) {
	t.Helper()
	env := tiny.Environment(t, dir)
	env.Progress = progress
	return c.Experiment.Run(ctx, env, protocol)
}

func (c Case[C, R]) must(t *testing.T, dir string, protocol C, progress func(experiment.Progress)) *R {
	t.Helper()
	result, err := c.run(t, t.Context(), dir, protocol, progress)
	if err != nil {
		t.Fatal(err)
	}
	return result
}

// document is a result as JSON, without when and how long it was computed.
func (c Case[C, R]) document(t *testing.T, result *R) []byte {
	t.Helper()
	text, err := json.Marshal(result)
	if err != nil {
		t.Fatal(err)
	}
	decoder := json.NewDecoder(bytes.NewReader(text))
	decoder.UseNumber()
	var fields any
	if err := decoder.Decode(&fields); err != nil {
		t.Fatal(err)
	}
	withoutProvenance(fields)
	if text, err = json.Marshal(fields); err != nil {
		t.Fatal(err)
	}
	return text
}

// withoutProvenance takes provenances out of decoded JSON.
func withoutProvenance(value any) {
	switch value := value.(type) {
	case map[string]any:
		delete(value, "provenance")
		for _, field := range value {
			withoutProvenance(field)
		}
	case []any:
		for _, element := range value {
			withoutProvenance(element)
		}
	}
}

// timeless is a copy of a result without its times.
func (c Case[C, R]) timeless(t *testing.T, result *R) []byte {
	t.Helper()
	text, err := json.Marshal(result)
	if err != nil {
		t.Fatal(err)
	}
	clone := new(R)
	if err := json.Unmarshal(text, clone); err != nil {
		t.Fatal(err)
	}
	c.Timeless(clone)
	return c.document(t, clone)
}

func (c Case[C, R]) claims(t *testing.T, result *R) {
	claims := c.Experiment.ClaimsOf(result)
	if len(claims) == 0 {
		t.Error("there is none")
	}
	for _, claim := range claims {
		for what, text := range map[string]string{
			"text": claim.Text, "Korean": claim.Korean, "paper": claim.Paper, "estimand": claim.Estimand, "margin": claim.Margin, "rule": claim.Rule,
			"measured": claim.Measured, "explanation": claim.Explanation, "detectable": claim.Detectable,
		} {
			may := what == "explanation" && claim.Outcome != report.CannotTell || what == "detectable" && claim.Outcome == report.CannotTell
			if text == "" && !may || strings.Contains(text, "NaN") || strings.Contains(text, "%!") {
				t.Errorf("%s: %s %q", claim.Text, what, text)
			}
		}
		if !hangul.MatchString(claim.Korean) {
			t.Errorf("the Korean of %q is %q", claim.Text, claim.Korean)
		}
	}
}

func (c Case[C, R]) readsBack(t *testing.T, result *R) {
	text, err := json.Marshal(result)
	if err != nil {
		t.Fatal(err)
	}
	again := new(R)
	if err := json.Unmarshal(text, again); err != nil {
		t.Fatal(err)
	}
	if !reflect.DeepEqual(again, result) {
		t.Error("as something else")
	}
}

// embedded are pictures and fonts within a report, whose bytes may spell anything.
var embedded = regexp.MustCompile(`;base64,[A-Za-z0-9+/=]+`)

// editions writes the publication and looks into both reports: every figure, table and claim is there, and no number is in the wrong
// place.
func (c Case[C, R]) editions(t *testing.T, result *R) {
	publication := c.Experiment.Publication(result)
	dir := filepath.Join(t.TempDir(), "new", "results")
	paths, err := publication.Write(dir)
	if err != nil {
		t.Fatal(err)
	}
	for _, path := range paths {
		if info, err := os.Stat(path); err != nil || info.Size() == 0 {
			t.Errorf("%s: %v", path, err)
		}
	}
	if last := paths[len(paths)-1]; last != filepath.Join(dir, publication.Name+".html") {
		t.Errorf("the report is not last, but %s", last)
	}
	t.Run("its tables are LaTeX", func(t *testing.T) { latex(t, dir, paths) })
	sections := map[*words.Printer]int{}
	for _, say := range words.Languages {
		published, err := publication.In(say)
		if err != nil {
			t.Fatal(err)
		}
		ending := ".html"
		if say != words.English {
			ending = "." + say.Tag() + ending
		}
		raw, err := os.ReadFile(filepath.Join(dir, publication.Name+ending))
		if err != nil {
			t.Fatal(err)
		}
		text := embedded.ReplaceAllString(string(raw), "")
		for _, wrong := range []string{"%!", "NaN", "\x00", "{{", "&lt;no value"} {
			if at := strings.Index(text, wrong); at >= 0 {
				t.Errorf("the edition %s has %q: …%s…", say.Tag(), wrong, text[max(at-40, 0):min(at+40, len(text))])
			}
		}
		if n := strings.Count(text, "<figcaption>"); n != len(published.Figures) {
			t.Errorf("the edition %s shows %d of %d figures", say.Tag(), n, len(published.Figures))
		}
		claims, err := c.Experiment.In(result, say).Claims()
		if err != nil {
			t.Fatal(err)
		}
		for _, claim := range claims {
			if !strings.Contains(text, strings.ReplaceAll(claim.Text, "'", "&#39;")) {
				t.Errorf("the edition %s does not say: %s", say.Tag(), claim.Text)
			}
		}
		sections[say] = strings.Count(text, "<section ")
		quoted(t, published)
		speaks(t, say, published, c.Names)
		if err := published.Rehearse(); err != nil {
			t.Errorf("the notebook in %s: %v", say.Tag(), err)
		}
		for _, f := range published.Figures {
			if boxes := f.Figure.Undrawn(); boxes != "" {
				t.Errorf("the figure %s in %s shows boxes for %q", f.Name, say.Tag(), boxes)
			}
		}
	}
	if sections[words.English] != sections[words.Korean] {
		t.Errorf("%d English sections, %d Korean", sections[words.English], sections[words.Korean])
	}
}

// quoted looks at the paper's numbers beside those of the result, where an experiment has such a table: all of them say what is told, where the
// paper has it, and what came out here.
func quoted(t *testing.T, p *experiment.Published) {
	for _, table := range p.Tables {
		if !strings.HasSuffix(table.Name, "-quoted") {
			continue
		}
		for i, row := range table.Table.Rows {
			for _, cell := range row {
				if text, ok := cell.(string); !ok || text == "" {
					t.Errorf("row %d of the table %s lacks something: %q", i, table.Name, row)
				}
			}
		}
	}
}

func (c Case[C, R]) seeds(t *testing.T, dir string, result *R) {
	one := c.Protocol
	all := *c.Seeds(&c.Protocol)
	if len(all) < 2 {
		t.Fatal("the protocol needs two seeds for this")
	}
	*c.Seeds(&one) = all[:1]
	c.must(t, dir, one, computesNothing(t))
	fresh := t.TempDir()
	c.must(t, fresh, one, nil)
	if more := c.must(t, fresh, c.Protocol, nil); !bytes.Equal(c.timeless(t, more), c.timeless(t, result)) {
		t.Error("what further seeds give is another result")
	}
}

// stopped cancels runs in the midst of things until one gets through.
func (c Case[C, R]) stopped(t *testing.T, result *R, reports int) {
	dir := t.TempDir()
	want := max(c.Kills, 5)
	for kills := 0; ; kills++ {
		ctx, cancel := context.WithCancel(context.Background())
		left := max(reports/want+1, 2) // at the first report nothing is done
		resumed, err := c.run(t, ctx, dir, c.Protocol, func(experiment.Progress) {
			if left--; left == 0 {
				cancel()
			}
		})
		cancel()
		if err == nil {
			if kills < 3 {
				t.Errorf("it was stopped %d times only", kills)
			}
			if !bytes.Equal(c.timeless(t, resumed), c.timeless(t, result)) {
				t.Errorf("after %d stops the result is another", kills)
			}
			return
		}
		if !errors.Is(err, context.Canceled) {
			t.Fatal(err)
		}
		if kills > 20*want {
			t.Fatal("it makes no progress")
		}
	}
}

func (c Case[C, R]) refused(t *testing.T, word string, change func(*C)) {
	text, err := json.Marshal(c.Protocol)
	if err != nil {
		t.Fatal(err)
	}
	var protocol C
	if err := json.Unmarshal(text, &protocol); err != nil {
		t.Fatal(err)
	}
	change(&protocol)
	dir := t.TempDir()
	if _, err := c.run(t, t.Context(), dir, protocol, computesNothing(t)); err == nil || !strings.Contains(err.Error(), word) {
		t.Errorf("%v", err)
	}
	if left, _ := os.ReadDir(dir); len(left) > 0 {
		t.Errorf("it leaves %v", left)
	}
}

func (c Case[C, R]) verdicts(t *testing.T) {
	came := map[string][]report.Verdict{}
	for _, claims := range c.Judged(t) {
		for _, claim := range claims {
			came[claim.Text] = append(came[claim.Text], claim.Outcome)
			if claim.Verdict != claim.Outcome && claim.Verdict != report.Informative {
				t.Errorf("%q has the verdict %v and the outcome %v", claim.Text, claim.Verdict, claim.Outcome)
			}
		}
	}
	if len(came) == 0 {
		t.Error("no synthetic result was judged")
	}
	for claim, verdicts := range came {
		for _, v := range []report.Verdict{report.Holds, report.DoesNotHold, report.CannotTell} {
			if v == report.CannotTell && slices.Contains(c.Decided, claim) {
				continue
			}
			if !slices.Contains(verdicts, v) {
				t.Errorf("%q never comes out as %v", claim, v)
			}
		}
	}
}
