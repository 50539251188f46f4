package cells

import (
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"bertlab/papers/experiment"
	"bertlab/papers/experiment/experimenttest"
	"bertlab/papers/notebook"
)

// replayed are the cells that work on a result alone, by the sample of its experiment. The samples are written anew by
//
//	go test ./papers/... -run 'TestTheExperiment$/^no' -samples $PWD/internal/notebooks/cells/testdata
var replayed = map[string]map[string]func(){
	"heads":     {"Step": Step, "HeadsThatHarm": HeadsThatHarm, "ImportanceAndEffect": ImportanceAndEffect, "SignificantByChance": SignificantByChance},
	"movement":  {"LongRun": LongRun, "StepShares": StepShares, "SharesReached": SharesReached, "SeedBySeed": SeedBySeed, "WhereItPrunes": WhereItPrunes},
	"layers":    {"StepLayers": StepLayers, "StrategyBySeed": StrategyBySeed, "SpreadOfSeeds": SpreadOfSeeds, "AlikeLayers": AlikeLayers},
	"landscape": {"Turn": Turn, "StepPoint": StepPoint, "LowestPoint": LowestPoint, "WidthByTolerance": WidthByTolerance, "HalfOfTheWay": HalfOfTheWay},
	"tucker":    {"StepRatios": StepRatios, "BreakEven": BreakEven, "ErrorAndAccuracy": ErrorAndAccuracy, "GainOfSweeps": GainOfSweeps},
	"sharing":   {"CountByHand": CountByHand, "SumOfLosses": SumOfLosses, "SmallestTable": SmallestTable},
	"quantise":  {"StepWays": StepWays, "ChangedAnswers": ChangedAnswers, "ErrorsAddUp": ErrorsAddUp, "FewerBits": FewerBits},
	"recipes": {
		"Scarce": Scarce, "Pruned": Pruned, "Distilled": Distilled, "Factored": Factored, "Rounded": Rounded, "Shared": Shared, "WithinBudget": WithinBudget, "BytesByCount": BytesByCount,
		"TimeByOperations": TimeByOperations, "Recipe": Recipe, "SmallFile": SmallFile, "Untrained": Untrained, "FrontByHand": FrontByHand, "BytesMultiply": BytesMultiply, "LossesAddUp": LossesAddUp,
		"Architectures": Architectures,
	},
	"profile": {"MostToGain": MostToGain, "AttentionByLength": AttentionByLength, "OperationsPerSecond": OperationsPerSecond},
}

// computed are the cells that need models.
var computed = []string{"ReadSentence", "Parts"}

// sample makes the notebooks' experiments show the samples.
func sample(t *testing.T) {
	t.Helper()
	dir, err := filepath.Abs("testdata")
	if err != nil {
		t.Fatal(err)
	}
	t.Chdir("../../../notebooks")
	of := func(name string) string { return filepath.Join(dir, name+".json") }
	heads, pruning, layers = heads.Read(of("heads")), pruning.Read(of("movement")), layers.Read(of("layers"))
	landscape, tucker, sharing = landscape.Read(of("landscape")), tucker.Read(of("tucker")), sharing.Read(of("sharing"))
	quantisation, profile = quantisation.Read(of("quantise")), profile.Read(of("profile"))
	overview, notes = overview.Read(of("recipes")), notes.Read(of("recipes"))
}

// printed is what a cell prints outside of a notebook.
func printed(t *testing.T, cell func()) string {
	t.Helper()
	file, err := os.Create(filepath.Join(t.TempDir(), "printed"))
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	stdout := os.Stdout
	os.Stdout = file
	defer func() { os.Stdout = stdout }()
	cell()
	text, err := os.ReadFile(file.Name())
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// own are the names of recipes and tasks that the cells show, and the machine.
var own = strings.Fields("all fine tuned layers distil shared sst2 cola movies tiny embedding vocabulary heads factorised DistilBERT linux")

func TestCellsOnAResultRunWithoutModelAndData(t *testing.T) {
	sample(t)
	processor, _, _ := strings.Cut(experiment.Machine(), ",")
	for _, language := range []experiment.Language{experiment.English, experiment.Korean} {
		t.Setenv(experiment.LanguageVariable, string(language))
		for name, list := range replayed {
			for cell, run := range list {
				text := printed(t, run)
				if strings.TrimSpace(strings.TrimLeft(text, "- \n")) == "" || strings.Contains(text, "%!") || strings.Contains(text, "NaN") {
					t.Errorf("%s, %s shows %q", name, cell, text)
				}
				if language == experiment.Korean {
					text, _, _ = strings.Cut(text, "```") // a recipe's file
					for _, word := range experimenttest.Foreign(strings.ReplaceAll(text, processor, ""), own...) {
						t.Errorf("%s, %s says %q in Korean: %s", name, cell, word, text)
					}
				}
			}
		}
	}
}

func TestEveryCellIsRunOrNeedsMore(t *testing.T) {
	known := slices.Clone(computed)
	for _, list := range replayed {
		for cell := range list {
			known = append(known, cell)
		}
	}
	entries, err := Sources.ReadDir(".")
	if err != nil {
		t.Fatal(err)
	}
	for _, entry := range entries {
		text, err := Sources.ReadFile(entry.Name())
		if err != nil {
			t.Fatal(err)
		}
		file, err := parser.ParseFile(token.NewFileSet(), entry.Name(), text, parser.SkipObjectResolution)
		if err != nil {
			t.Fatal(err)
		}
		for _, d := range file.Decls {
			if function, ok := d.(*ast.FuncDecl); ok && function.Recv == nil && function.Name.IsExported() && !strings.HasSuffix(entry.Name(), "_test.go") && !slices.Contains(known, function.Name.Name) {
				t.Errorf("%s: the cell %s is run by no test", entry.Name(), function.Name.Name)
			}
		}
	}
}

// A result that a file holds is told like one that was computed: all figures, tables and paragraphs.
func TestASampleIsShownAsAWhole(t *testing.T) {
	sample(t)
	text := printed(t, func() {
		heads.Show("quoted", "pruning")
		heads.Tell("setting", "alone")
		pruning.Show("quoted")
		pruning.Tell("short", "rescue")
		layers.Show("quoted")
		layers.Tell("ends")
		landscape.Show("quoted")
		landscape.Tell("limits")
		tucker.Show("quoted")
		tucker.Tell("blind")
		sharing.Show("quoted")
		sharing.Tell("apart")
		quantisation.Show("quoted")
		quantisation.Tell("bits")
		profile.Show("quoted")
		profile.Tell("slow")
	})
	if n := strings.Count(text, notebook.Words().T("where it stands")); n != 8 {
		t.Errorf("%d of 8 papers are quoted", n)
	}
	if strings.Contains(text, "NaN") || strings.Contains(text, "{{") {
		t.Error(text)
	}
}
