package experiment

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"slices"
	"strings"
	"time"

	"bertlab/figures/report"
	"bertlab/papers/experiment/words"
)

// Experiment is a paper's, or one like it, in all its parts: C is its protocol, R its result, both plain data with JSON tags; R embeds
// [Measured].
type Experiment[C any, R any] struct {
	// Name is that of the experiment on the command line and of its files.
	Name string
	// Title is the paper's own title with its authors.
	Title string
	// Heading is the title of the report.
	Heading words.Key
	// Quick is a protocol of minutes on two cores, Full the one whose numbers are the ones to quote.
	Quick, Full func() C
	// Ask puts what the user asked for in place of a protocol's own model, task, data and seeds.
	Ask func(c *C, r Request)
	// Check says what is wrong with a protocol, before anything is computed.
	Check func(c *C) error
	// Plan adds the experiment's steps to a plan. It fills in what is known before any step is run, Provenance and what the data say,
	// and says where the steps' results go in r: see [Keep] and [Plan.Collect].
	Plan func(ctx context.Context, p *Plan, c *C, r *R) error
	// Tell tells a result in a language.
	Tell func(r *R, in Voice) Edition
	// Narrative holds narrative.en.md and narrative.ko.md, which tell the report; see [Narrative].
	Narrative fs.FS
}

// Edition is what a result says in a language.
type Edition interface {
	// Subtitle says model, data and seeds.
	Subtitle() string
	// Claims are the paper's with their verdicts.
	Claims() ([]Claim, error)
	// Figures and Tables are what the narrative and the notebooks show, by name; a table that the protocol leaves out is nil. The first
	// figure stands for the experiment. The table "claims" is the driver's.
	Figures() []Drawing
	Tables() ([]NamedTable, error)
	// Numbers are what the narrative names.
	Numbers() map[string]any
}

// Explained is an edition whose narrative also says why something came out, by numbers beside those of [Edition.Numbers].
type Explained interface {
	Why() map[string]any
}

// Paged is an edition with pages that lie beside the figures.
type Paged interface {
	Pages() ([]NamedPage, error)
}

// Continued is an edition with sections that the report on all experiments has at its end.
type Continued interface {
	Further() ([]report.Section, error)
}

// Measured is what every result has; C is the protocol.
type Measured[C any] struct {
	Config     C          `json:"config"`
	Provenance Provenance `json:"provenance"`
	Claims     []Claim    `json:"claims"`
}

// head leads to what every result has, whatever its protocol.
type head struct {
	config     any
	provenance *Provenance
	claims     *[]Claim
}

func (m *Measured[C]) head() head { return head{&m.Config, &m.Provenance, &m.Claims} }

// headOf is the head of a result; [Experiment.plan] has seen that it has one.
func headOf(result any) head { return result.(interface{ head() head }).head() }

// Request is what a user may ask for in place of a protocol's own. Empty fields leave it as it is.
type Request struct {
	Quick             bool
	Model, Task, Data string
	// Seed is the first seed, Runs how many there are.
	Seed *uint64
	Runs int
	// Protocol is a JSON object whose fields replace those of the protocol.
	Protocol []byte
}

// Seeds are those to run with in place of a protocol's own.
func (r Request) Seeds(own []uint64) []uint64 {
	if r.Seed == nil && r.Runs == 0 || len(own) == 0 {
		return own
	}
	first, n := own[0], len(own)
	if r.Seed != nil {
		first = *r.Seed
	}
	if r.Runs > 0 {
		n = r.Runs
	}
	list := make([]uint64, n)
	for i := range list {
		list[i] = first + uint64(i)
	}
	return list
}

// Outcome is an experiment that was done.
type Outcome struct {
	Report string   `json:"report"` // the file to read
	Files  []string `json:"files"`
	Claims []Claim  `json:"-"`
	Result any      `json:"result"` // plain data with JSON tags
	// Recorded is when the result was recorded that was taken from the program; zero: it was computed here.
	Recorded time.Time `json:"recorded,omitzero"`
	// Tell gives the claims in a language, and the figure that stands for all of the experiment's; nil: none does.
	Tell func(say *words.Printer) ([]Claim, *NamedFigure, error) `json:"-"`
	// Further are the experiment's sections at the end of the report on all, in a language; nil: there are none.
	Further func(say *words.Printer) ([]report.Section, error) `json:"-"`
	// Err is why there is no result; nil: there is one.
	Err error `json:"-"`

	seconds float64
}

// Took is how long the steps took, or, of a run that found some of them, that run.
func (o *Outcome) Took() time.Duration { return time.Duration(o.seconds * float64(time.Second)) }

// Paper is an [Experiment] whatever its protocol and result.
type Paper interface {
	// About gives the name and the title.
	About() (name, title string)
	// Accepts reports a request that is none for the experiment, before anything is computed.
	Accepts(r Request) error
	// Reproduce does the experiment and leaves its files in the environment's folder. What is remembered there is not done again.
	Reproduce(ctx context.Context, env *Environment, r Request) (*Outcome, error)
	// Replay publishes what was recorded of the protocol that is asked for; nil: it has no recording.
	Replay(dir string, rs *Recordings, r Request) (*Outcome, error)
	// OnRecord says how many steps of a run of this request are recorded, and how many are missing of one that is not complete.
	OnRecord(rs *Recordings, r Request) (steps, missing int, err error)
	// Record makes a recording of a run in the environment's folder, which must be complete unless an unfinished one is asked for.
	Record(ctx context.Context, env *Environment, r Request, unfinished bool) (*Recording, error)
	// Verify computes steps of the experiment's recording again.
	Verify(ctx context.Context, env *Environment, o VerifyOptions) ([]Verified, error)
	// PlanFor is the experiment's plan, of which nothing is computed but what says which further steps there are; see [Node.Now].
	PlanFor(ctx context.Context, env *Environment, r Request) (*Plan, error)
}

// About implements [Paper].
func (e *Experiment[C, R]) About() (name, title string) { return e.Name, e.Title }

// Accepts implements [Paper].
func (e *Experiment[C, R]) Accepts(r Request) error {
	_, err := e.Protocol(r)
	return err
}

// Protocol is the protocol that is asked for.
func (e *Experiment[C, R]) Protocol(r Request) (C, error) {
	c := e.Full()
	if r.Quick {
		c = e.Quick()
	}
	if r.Protocol != nil {
		var err error
		if c, err = replaced(c, r.Protocol); err != nil {
			return c, fmt.Errorf("the protocol's file: %w", err)
		}
	}
	e.Ask(&c, r)
	return c, e.Check(&c)
}

// replaced is a protocol with the fields of a JSON object in place of its own. A field is replaced whole: what a list or its elements
// were before does not show through, as it would if the object were decoded onto the protocol.
func replaced[C any](c C, object []byte) (C, error) {
	named, err := fieldsIn(object)
	if err != nil {
		return c, err
	}
	own, err := json.Marshal(c)
	if err != nil {
		return c, err
	}
	var all map[string]json.RawMessage
	if err := json.Unmarshal(own, &all); err != nil {
		return c, err
	}
	for name := range named {
		before := len(all)
		if maps.DeleteFunc(all, func(field string, _ json.RawMessage) bool { return strings.EqualFold(field, name) }); len(all) == before {
			return c, fmt.Errorf("it has the field %q, which the protocol has not; the protocol's are %s", name, strings.Join(slices.Sorted(maps.Keys(all)), ", "))
		}
	}
	maps.Copy(all, named)
	merged, err := json.Marshal(all)
	if err != nil {
		return c, err
	}
	var result C
	strict := json.NewDecoder(bytes.NewReader(merged))
	strict.DisallowUnknownFields()
	err = strict.Decode(&result)
	if wrong := (*json.UnmarshalTypeError)(nil); errors.As(err, &wrong) {
		parts := strings.Split(wrong.Field, ".") // with the Go names of what is embedded
		err = fmt.Errorf("its field %s is a %s, where the protocol has a value of Go's type %s", parts[len(parts)-1], wrong.Value, wrong.Type)
	}
	return result, err
}

// fieldsIn are the fields of a JSON object, each of which is there once.
func fieldsIn(object []byte) (map[string]json.RawMessage, error) {
	decoder := json.NewDecoder(bytes.NewReader(object))
	open, err := decoder.Token()
	switch {
	case errors.Is(err, io.EOF):
		return nil, errors.New("it is empty; a JSON object with fields of the protocol was expected")
	case err != nil:
		return nil, err
	case open != json.Delim('{'):
		return nil, errors.New("a JSON object with fields of the protocol was expected")
	}
	fields := map[string]json.RawMessage{}
	for decoder.More() {
		name, err := decoder.Token()
		if err != nil {
			return nil, err
		}
		for other := range fields {
			if strings.EqualFold(other, name.(string)) {
				return nil, fmt.Errorf("it has the field %q twice", name)
			}
		}
		var value json.RawMessage
		if err := decoder.Decode(&value); err != nil {
			return nil, err
		}
		fields[name.(string)] = value
	}
	if _, err := decoder.Token(); errors.Is(err, io.EOF) {
		return nil, io.ErrUnexpectedEOF
	} else if err != nil {
		return nil, err
	}
	if _, err := decoder.Token(); !errors.Is(err, io.EOF) {
		return nil, errors.New("more follows after its JSON object")
	}
	return fields, nil
}

// Run does the experiment by a protocol. What the environment's folder remembers is not done again. Errors do not name the experiment.
func (e *Experiment[C, R]) Run(ctx context.Context, env *Environment, c C) (*R, error) {
	began := time.Now()
	plan, result, err := e.plan(ctx, env, c)
	if err != nil {
		return nil, err
	}
	if err := plan.Run(ctx); err != nil {
		return nil, err
	}
	if err := plan.collect(); err != nil {
		return nil, err
	}
	h := headOf(result)
	h.provenance.Seconds = time.Since(began).Seconds()
	h.provenance.Machine, h.provenance.Timed = plan.machines()
	*h.claims, err = e.judged(result)
	return result, err
}

// judged are the claims of a result, in both languages.
func (e *Experiment[C, R]) judged(result *R) ([]Claim, error) {
	return bilingual(func(say *words.Printer) ([]Claim, error) { return e.In(result, say).Claims() })
}

// plan makes the plan of a protocol.
func (e *Experiment[C, R]) plan(ctx context.Context, env *Environment, c C) (plan *Plan, result *R, err error) {
	if err := e.Check(&c); err != nil {
		return nil, nil, err
	}
	plan, result = NewPlan(env), new(R)
	own, ok := any(result).(interface{ setConfig(C) })
	if !ok {
		return nil, nil, fmt.Errorf("experiment: %T does not embed Measured", result)
	}
	own.setConfig(c)
	err = e.Plan(ctx, plan, &c, result)
	return plan, result, errors.Join(err, plan.err)
}

func (m *Measured[C]) setConfig(c C) { m.Config = c }

// In tells a result in a language.
func (e *Experiment[C, R]) In(result *R, say *words.Printer) Edition {
	return e.Tell(result, Voice{say})
}

// ClaimsOf are the claims of a result.
func (e *Experiment[C, R]) ClaimsOf(result *R) []Claim { return *headOf(result).claims }

// PlanFor implements [Paper].
func (e *Experiment[C, R]) PlanFor(ctx context.Context, env *Environment, r Request) (*Plan, error) {
	c, err := e.Protocol(r)
	if err != nil {
		return nil, err
	}
	plan, _, err := e.plan(ctx, env, c)
	return plan, err
}

// Reproduce implements [Paper].
func (e *Experiment[C, R]) Reproduce(ctx context.Context, env *Environment, r Request) (*Outcome, error) {
	c, err := e.Protocol(r)
	if err != nil {
		return nil, err
	}
	result, err := e.Run(ctx, env, c)
	if err != nil {
		return nil, err
	}
	return e.Publish(env.Dir, result)
}

// Publish leaves a result in a folder: NAME.json, figures, tables, and the report NAME.html with its Korean edition.
func (e *Experiment[C, R]) Publish(dir string, result *R) (*Outcome, error) {
	files, err := e.Publication(result).write(dir)
	if err != nil {
		return nil, err
	}
	done := &Outcome{
		Report: files[len(files)-1], Files: files, Claims: e.ClaimsOf(result), Result: result, Recorded: headOf(result).provenance.Recorded,
		seconds: headOf(result).provenance.Seconds,
		Tell: func(say *words.Printer) ([]Claim, *NamedFigure, error) {
			edition := e.In(result, say)
			claims, err := edition.Claims()
			if err != nil {
				return nil, nil, err
			}
			drawn, err := Draw(e.Name+"-", edition.Figures()[:1])
			if err != nil || len(drawn) == 0 {
				return claims, nil, err
			}
			return claims, &drawn[0], nil
		},
	}
	if _, ok := e.In(result, words.English).(Continued); ok {
		done.Further = func(say *words.Printer) ([]report.Section, error) { return e.In(result, say).(Continued).Further() }
	}
	return done, nil
}
