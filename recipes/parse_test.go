package recipes

import (
	"errors"
	"reflect"
	"slices"
	"strings"
	"testing"

	"bertlab/techniques/layerdrop"
)

func TestEveryRecipeThatComesWithBertlabCanBeFollowed(t *testing.T) {
	list, err := Shipped()
	if err != nil {
		t.Fatal(err)
	}
	if len(list) < 10 {
		t.Errorf("%d recipes", len(list))
	}
	used := map[string]bool{}
	for _, recipe := range list {
		if err := recipe.Check(6); err != nil {
			t.Error(err)
		}
		if recipe.Title.English == recipe.Name || recipe.Title.Korean == "" {
			t.Errorf("%s has no title in both languages", recipe.Name)
		}
		for _, step := range recipe.Steps {
			used[step.Kind] = true
		}
	}
	for _, kind := range Kinds() {
		if !used[kind] {
			t.Errorf("no recipe shows %s", kind)
		}
	}
}

func TestARecipeIsReadWithItsArguments(t *testing.T) {
	recipe := parsed(t, `title: One of each
title-ko: 하나씩
seed: 18446744073709551615
task: sst2
steps:
  - fine-tune
  - drop-layers: {layers: [1, 3]}
  - distil:
      epochs: 3
      temperature: 4
  - store: compact-float16
`)
	if recipe.Name != "test" || recipe.Title.In("ko") != "하나씩" || recipe.Seed != 1<<64-1 || recipe.Task != "sst2" || len(recipe.Steps) != 4 {
		t.Errorf("%+v", recipe)
	}
	if s := recipe.Steps[0].Do.(*FineTune); s.Epochs != 1 || s.Batch != 32 || s.LearningRate != 5e-5 {
		t.Errorf("%+v", s)
	}
	if s := recipe.Steps[1].Do.(*DropLayers); !reflect.DeepEqual(s, &DropLayers{Layers: []int{1, 3}}) || recipe.Steps[1].Line != 7 {
		t.Errorf("%+v at line %d", s, recipe.Steps[1].Line)
	}
	if s := recipe.Steps[2].Do.(*Distil); s.Epochs != 3 || s.Temperature != 4 || s.Alpha != 0.9 {
		t.Errorf("%+v", s)
	}
	if s := recipe.Steps[3].Do.(*Store); s.As != "compact-float16" {
		t.Errorf("%+v", s)
	}
	if s := parsed(t, "steps: [fine-tune, {drop-layers: {count: 2}}]").Steps[1].Do.(*DropLayers); s.Strategy != layerdrop.Top || s.Count != 2 {
		t.Errorf("%+v", s)
	}
}

func TestAMistakeIsNamedWithItsLineAndWhatIsAllowed(t *testing.T) {
	for mentions, text := range map[string]string{
		"test.yaml: the file is empty":                                          "",
		"test.yaml:1: a recipe has steps: a list, each one of distil":           "title: none",
		"test.yaml:1: there is no \"stpes\" here: choose from title, title-ko":  "stpes: []",
		"test.yaml:2: there is no step \"drop-heads\": choose from distil":      "steps:\n - drop-heads: {}",
		"test.yaml:3: fine-tune: epochs: 0: a whole number from 1 to":           "steps:\n - fine-tune:\n    epochs: 0",
		"test.yaml:2: fine-tune: there is no \"epoch\" here: choose from epoch": "steps:\n - fine-tune: {epoch: 1}",
		"learning-rate: nan: a number above 0 and at most 1":                    "steps:\n - fine-tune: {learning-rate: nan}",
		"test.yaml:3: drop-layers: count, how many":                             "steps:\n - fine-tune\n - drop-layers",
		"strategy: \"middle\": choose from top, bottom, symmetric":              "steps:\n - fine-tune\n - drop-layers: {strategy: middle, count: 1}",
		"either layers, or strategy and count":                                  "steps:\n - fine-tune\n - drop-layers: {layers: [1], count: 1}",
		"test.yaml:3: store: as: \"float8\": choose from float32, float16":      "steps:\n - fine-tune\n - store: float8",
		"numbers of eight bits are not trained":                                 "steps:\n - fine-tune\n - quantise\n - distil",
		"quantise: it is in eight bits already":                                 "steps:\n - fine-tune\n - quantise\n - quantise",
		"store: this is the last step":                                          "steps:\n - fine-tune\n - store: float16\n - fine-tune",
		"test.yaml:2: distil: there is no teacher yet":                          "steps:\n - distil",
		"test.yaml:2: drop-layers: nothing trains a classifier":                 "steps:\n - drop-layers: {count: 1}",
		"prune-heads: importance is a gradient":                                 "steps:\n - prune-heads: {fraction: 0.5}\n - fine-tune",
		"prune before sharing":                                                  "steps:\n - fine-tune\n - share: {what: attention}\n - prune-heads: {fraction: 0.5}",
		"test.yaml:4: movement: only maps that are neither":                     "steps:\n - fine-tune\n - factorise: {ratio: 0.5}\n - movement: {remaining: 0.5}",
		"movement: remaining, the share":                                        "steps:\n - fine-tune\n - movement",
		"weighted: only svd":                                                    "steps:\n - fine-tune\n - factorise: {form: bank, ratio: 0.5, weighted: true}",
		"rank: a bank has two":                                                  "steps:\n - fine-tune\n - factorise: {form: bank, rank: 3}",
		"either ratio":                                                          "steps:\n - fine-tune\n - factorise: {ratio: 0.5, rank: 3}",
		"attention: ":                                                           "steps:\n - fine-tune\n - movement: {remaining: 0.5, attention: word}",
		"epochs is there twice":                                                 "steps:\n - fine-tune: {epochs: 1, epochs: 2}",
		"anchors and aliases are not understood":                                "steps:\n - &a fine-tune\n - *a",
		"a file holds one recipe":                                               "steps: [fine-tune]\n---\nsteps: [fine-tune]",
		"not valid YAML":                                                        "steps: [",
		"a step is a name with its arguments":                                   "steps:\n - [fine-tune]",
		"epochs: one value was expected":                                        "steps:\n - fine-tune: {epochs: [1]}",
		"arguments such as {name: value}":                                       "steps:\n - fine-tune: 3",
		"not a recipe":                                                          strings.Repeat("#", maxBytes+1),
	} {
		_, err := Parse("test.yaml", []byte(text))
		var mistake *Error
		if err == nil || !errors.As(err, &mistake) || !strings.Contains(err.Error(), mentions) {
			t.Errorf("%q:\n got  %v\n want %s", text, err, mentions)
		}
	}
}

func TestLayersAreCountedBeforeAnythingIsComputed(t *testing.T) {
	for text, mentions := range map[string]string{
		"steps:\n - fine-tune\n - drop-layers: {count: 4}":                                                  "0…3",
		"steps:\n - fine-tune\n - drop-layers: {count: 2}\n - drop-layers: {layers: [2]}":                   "test.yaml:4",
		"steps:\n - fine-tune\n - drop-layers: {count: 2}\n - share: {groups: 3}":                           "1…2",
		"steps:\n - fine-tune\n - drop-layers: {count: 2}\n - drop-layers: {strategy: symmetric, count: 1}": "",
	} {
		err := parsed(t, text).Check(4)
		if mentions == "" && err != nil || mentions != "" && (err == nil || !strings.Contains(err.Error(), mentions)) {
			t.Errorf("%q: %v, want %q", text, err, mentions)
		}
	}
}

func TestARecipeKnowsItsTechniquesAndWhetherItTrainsAgain(t *testing.T) {
	for text, want := range map[string]struct {
		techniques []string
		retrained  bool
	}{
		"steps: [fine-tune]":                                              {nil, false},
		"steps: [fine-tune, fine-tune, {store: float16}]":                 {[]string{"float16"}, false},
		"steps: [fine-tune, {drop-layers: {count: 1}}]":                   {[]string{"drop-layers"}, false},
		"steps: [fine-tune, {drop-layers: {count: 1}}, distil]":           {[]string{"drop-layers"}, true},
		"steps: [fine-tune, {movement: {remaining: 0.5}}]":                {[]string{"movement"}, true},
		"steps: [{drop-layers: {count: 1}}, fine-tune, {store: float16}]": {[]string{"drop-layers", "float16"}, true},
	} {
		recipe := parsed(t, text)
		if got := recipe.Techniques(); !slices.Equal(got, want.techniques) || recipe.Retrained() != want.retrained {
			t.Errorf("%s: %v, %v", text, got, recipe.Retrained())
		}
	}
}

func FuzzParse(f *testing.F) {
	f.Add("steps: [fine-tune]")
	f.Add("steps:\n - fine-tune: {epochs: 1}\n - drop-layers: {layers: [1, 2]}\n - store: float16")
	f.Fuzz(func(t *testing.T, text string) {
		recipe, err := Parse("fuzz.yaml", []byte(text))
		var mistake *Error
		if err != nil && !errors.As(err, &mistake) || err == nil && len(recipe.Steps) == 0 {
			t.Errorf("%v, %v", recipe, err)
		}
	})
}
