package recipes

import (
	"embed"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"path/filepath"
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"

	"bertlab/internal/files"
	"bertlab/papers/experiment"
)

// Recipe is a recipe that was read and understood.
type Recipe struct {
	// Name is that of the file without ending.
	Name string
	// Title says in a line what is done.
	Title experiment.Text
	// Model and Task are those that the recipe names; empty: none.
	Model, Task string
	// Seed drives everything random.
	Seed uint64
	// Steps are in order; store, if it is there, is the last.
	Steps []Instruction

	file string
}

// Instruction is a step of a recipe, with its place in the file.
type Instruction struct {
	Kind string
	Line int
	Do   Operation
}

// maxBytes is how long a recipe may be, maxSteps how many steps it may have.
const (
	maxBytes = 1 << 20
	maxSteps = 50
)

// Files are the recipes that come with bertlab.
//
//go:embed *.yaml
var Files embed.FS

// Shipped reads the recipes that come with bertlab, by name.
func Shipped() ([]*Recipe, error) {
	entries, err := fs.ReadDir(Files, ".")
	if err != nil {
		return nil, fmt.Errorf("recipes: %w", err)
	}
	var list []*Recipe
	for _, entry := range entries {
		text, err := fs.ReadFile(Files, entry.Name())
		if err != nil {
			return nil, fmt.Errorf("recipes: %w", err)
		}
		recipe, err := Parse(entry.Name(), text)
		if err != nil {
			return nil, err
		}
		list = append(list, recipe)
	}
	return list, nil
}

// Named reads one of the recipes that come with bertlab.
func Named(name string) (*Recipe, error) {
	text, err := fs.ReadFile(Files, name+".yaml")
	if err != nil {
		return nil, fmt.Errorf("recipes: there is no recipe %q: %s", name, allowed(names()))
	}
	return Parse(name+".yaml", text)
}

func names() []string {
	entries, _ := fs.ReadDir(Files, ".") // embedded: it is there
	var list []string
	for _, entry := range entries {
		list = append(list, strings.TrimSuffix(entry.Name(), ".yaml"))
	}
	return list
}

// ReadFile reads a recipe from a file; or, where there is no file, the recipe of that name that comes with bertlab.
func ReadFile(path string) (*Recipe, error) {
	text, err := files.Read(path, maxBytes)
	if errors.Is(err, fs.ErrNotExist) && slices.Contains(names(), path) {
		return Named(path)
	}
	if err != nil {
		return nil, fmt.Errorf("recipes: %w; recipes that come with bertlab: %s", err, strings.Join(names(), ", "))
	}
	return Parse(path, text)
}

// Parse reads a recipe. name is the file's, for messages and for [Recipe.Name].
func Parse(name string, text []byte) (*Recipe, error) {
	fault := func(line int, format string, args ...any) error {
		return &Error{File: name, Line: line, Text: fmt.Sprintf(format, args...)}
	}
	if len(text) > maxBytes {
		return nil, fault(0, "longer than %d bytes: that is not a recipe", maxBytes)
	}
	decoder := yaml.NewDecoder(strings.NewReader(string(text)))
	var document, more yaml.Node
	if err := decoder.Decode(&document); err != nil {
		if errors.Is(err, io.EOF) {
			return nil, fault(0, "the file is empty: a recipe has steps")
		}
		return nil, fault(0, "not valid YAML: %s", strings.TrimPrefix(err.Error(), "yaml: "))
	}
	if err := decoder.Decode(&more); !errors.Is(err, io.EOF) {
		return nil, fault(more.Line, "a file holds one recipe")
	}
	if line := anchored(&document); line > 0 {
		return nil, fault(line, "anchors and aliases are not understood here: write it out")
	}
	f := mapping(name, "", document.Content[0])
	recipe := &Recipe{
		Name:  strings.TrimSuffix(filepath.Base(name), filepath.Ext(name)),
		Title: experiment.Text{English: f.text("title"), Korean: f.text("title-ko")},
		Model: f.text("model"), Task: f.text("task"), Seed: f.seed("seed", 1), file: name,
	}
	if recipe.Title.English == "" {
		recipe.Title.English = recipe.Name
	}
	steps := f.value("steps")
	if err := f.done(); err != nil {
		return nil, err
	}
	if steps == nil || steps.Kind != yaml.SequenceNode || len(steps.Content) == 0 {
		return nil, fault(document.Content[0].Line, "a recipe has steps: a list, each one of %s", strings.Join(Kinds(), ", "))
	}
	if n := len(steps.Content); n > maxSteps {
		return nil, fault(steps.Line, "%d steps: at most %d are allowed", n, maxSteps)
	}
	for _, node := range steps.Content {
		step, err := parseStep(name, node)
		if err != nil {
			return nil, err
		}
		recipe.Steps = append(recipe.Steps, step)
	}
	return recipe, recipe.checkOrder()
}

// anchored gives the line of the first anchor or alias; 0 for none.
func anchored(node *yaml.Node) int {
	if node.Anchor != "" || node.Kind == yaml.AliasNode {
		return max(node.Line, 1)
	}
	for _, child := range node.Content {
		if line := anchored(child); line > 0 {
			return line
		}
	}
	return 0
}

// parseStep reads "- store: float16", "- fine-tune: {epochs: 2}" or "- fine-tune".
func parseStep(file string, node *yaml.Node) (Instruction, error) {
	name, arguments := node, &yaml.Node{Kind: yaml.ScalarNode, Tag: "!!null", Line: node.Line}
	switch {
	case node.Kind == yaml.ScalarNode:
	case node.Kind == yaml.MappingNode && len(node.Content) == 2 && node.Content[0].Kind == yaml.ScalarNode:
		name, arguments = node.Content[0], node.Content[1]
	default:
		return Instruction{}, &Error{File: file, Line: node.Line, Text: "a step is a name with its arguments, such as drop-layers: {count: 2}"}
	}
	read, ok := operations[name.Value]
	if !ok {
		return Instruction{}, &Error{File: file, Line: name.Line, Text: fmt.Sprintf("there is no step %q: %s", name.Value, allowed(Kinds()))}
	}
	step := Instruction{Kind: name.Value, Line: name.Line}
	if name.Value == "store" && arguments.Kind == yaml.ScalarNode && arguments.Tag != "!!null" { // store: float16
		arguments = &yaml.Node{Kind: yaml.MappingNode, Line: arguments.Line, Content: []*yaml.Node{{Kind: yaml.ScalarNode, Value: "as", Line: arguments.Line}, arguments}}
	}
	f := mapping(file, name.Value, arguments)
	step.Do = read(f)
	return step, f.done()
}

// fault is a mistake at a step.
func (r *Recipe) fault(s Instruction, err error) error {
	return &Error{r.file, s.Line, s.Kind + ": " + err.Error(), err}
}

// checkOrder reports an order of steps that no model could follow.
func (r *Recipe) checkOrder() error {
	now := state{}
	for i, step := range r.Steps {
		if step.Kind == "store" && i+1 < len(r.Steps) {
			return r.fault(step, errors.New("this is the last step: nothing comes after it"))
		}
		if err := step.Do.plan(&now); err != nil {
			return r.fault(step, err)
		}
	}
	if !now.tuned {
		return r.fault(r.Steps[len(r.Steps)-1], errors.New("nothing trains a classifier: a recipe has a fine-tune"))
	}
	return nil
}

// Check reports a recipe that a model cannot follow, before anything is computed: layers and groups are counted.
func (r *Recipe) Check(layers int) error {
	now := state{layers: layers}
	for _, step := range r.Steps {
		if err := step.Do.plan(&now); err != nil {
			return r.fault(step, err)
		}
	}
	return nil
}

// Retrained says whether the recipe trains after the model was made smaller for the first time, or prunes while it trains.
func (r *Recipe) Retrained() bool {
	smaller := false
	for _, step := range r.Steps {
		switch step.Do.(type) {
		case *FineTune, *Distil:
			if smaller {
				return true
			}
		case *Movement:
			return true
		default:
			smaller = true
		}
	}
	return false
}

// distils reports whether a step learns from soft targets.
func (r *Recipe) distils() bool {
	return slices.ContainsFunc(r.Steps, func(step Instruction) bool {
		if pruning, ok := step.Do.(*Movement); ok {
			return pruning.Distil
		}
		_, ok := step.Do.(*Distil)
		return ok
	})
}

// Techniques are the ways in which the recipe makes the model smaller, each once, in order: its steps that do not merely train, and
// half precision.
func (r *Recipe) Techniques() []string {
	var list []string
	for _, step := range r.Steps {
		name := step.Kind
		switch s := step.Do.(type) {
		case *FineTune, *Distil:
			continue
		case *Store:
			if !strings.HasSuffix(s.As, "float16") {
				continue
			}
			name = "float16"
		}
		if !slices.Contains(list, name) {
			list = append(list, name)
		}
	}
	return list
}
