package combined

import (
	"fmt"
	"slices"
	"strings"

	"bertlab/figures"
	"bertlab/figures/report"
	"bertlab/papers/experiment"
	"bertlab/papers/experiment/words"
)

// RecipeTable lists the recipes step by step.
func (r *Result) RecipeTable(lang experiment.Language) *figures.Table {
	in := func(english, korean string) string { return experiment.Text{English: english, Korean: korean}.In(lang) }
	t := &figures.Table{
		Title:   in("The recipes", "레시피"),
		Caption: in("Seconds are those of the step when it was computed; recipes that begin alike share their beginning.", "시간은 그 단계를 실제로 계산했을 때의 초이며, 앞부분이 같은 레시피는 그 부분을 공유한다."),
		Columns: []figures.Column{
			{Name: in("recipe", "레시피")}, {Name: in("step", "단계")}, {Name: in("what came of it", "결과")}, {Name: in("parameters", "파라미터"), Unit: in("millions", "백만"), Format: "%.2f"}, {Name: in("time", "시간"), Unit: "s", Format: "%.0f"},
		},
	}
	for _, recipe := range r.Recipes {
		for i, step := range recipe.Steps {
			name := recipe.Recipe
			if i > 0 {
				name = ""
			}
			t.Rows = append(t.Rows, []any{name, step.Kind, step.Note, float64(step.Parameters) / 1e6, step.Seconds})
		}
	}
	return t
}

// ClaimTable lists the claims with their verdicts.
func (r *Result) ClaimTable() *figures.Table { return experiment.ClaimTable(r.Claims, words.English) }

// Figures are the experiment's figures in the order of the report.
func (r *Result) Figures(lang experiment.Language) ([]experiment.NamedFigure, error) {
	return r.Comparison.Figures("recipes", lang)
}

// Publication is what the experiment leaves in a folder.
func (r *Result) Publication() experiment.Publication {
	return experiment.Publication{Name: "recipes", Result: r, In: func(say *words.Printer) (*experiment.Published, error) {
		lang := experiment.Language(say.Tag())
		list, err := r.Figures(lang)
		if err != nil {
			return nil, fmt.Errorf("combined: %w", err)
		}
		sections, err := r.sections(list, say)
		return &experiment.Published{
			Figures: list, Tables: append(r.Comparison.Tables("recipes", lang), experiment.NamedTable{Name: "recipes-steps", Table: r.RecipeTable(lang)}),
			Report: &report.Report{
				Title:    experiment.Text{English: "bertlab: techniques put together", Korean: "bertlab: 기법의 조합"}.In(lang),
				Subtitle: fmt.Sprintf("%s, %s", r.Config.Model, r.Config.Task), Language: say.Tag(), Sections: sections,
			},
		}, err
	}}
}

// claimsIn are the claims in a language.
func (r *Result) claimsIn(lang experiment.Language) []experiment.Claim {
	list := slices.Clone(r.Claims)
	for i, c := range list {
		list[i].Text = experiment.Text{English: c.Text, Korean: c.Korean}.In(lang)
	}
	return list
}

// Tell gives the claims in a language, and the figure that stands for all.
func (r *Result) Tell(say *words.Printer) ([]experiment.Claim, *experiment.NamedFigure, error) {
	lang := experiment.Language(say.Tag())
	list, err := r.Figures(lang)
	if err != nil || len(list) == 0 {
		return nil, nil, err
	}
	return r.claimsIn(lang), &list[0], nil
}

// Write puts the result into a folder: recipes.json, figures, tables and the report recipes.html in two languages. It returns the
// paths, the report last.
func (r *Result) Write(dir string) ([]string, error) {
	return r.Publication().Write(dir)
}

func (r *Result) sections(list []experiment.NamedFigure, say *words.Printer) ([]report.Section, error) {
	lang := experiment.Language(say.Tag())
	in := func(english, korean string) string { return experiment.Text{English: english, Korean: korean}.In(lang) }
	paragraph := func(english, korean string, args ...any) report.Block {
		return report.Paragraph(fmt.Sprintf(in(english, korean), args...))
	}
	first := []report.Block{
		paragraph("Papers report one technique each. Here %d recipes, singles and combinations, are run on %s and %s, and their models stand side by side on the same %d test examples.",
			"논문은 대개 기법 하나씩만 보고한다. 여기서는 단일 기법과 조합을 합쳐 레시피 %d개를 모델 %s, 과제 %s에서 실행하고, 결과 모델을 같은 테스트 예제 %d개로 나란히 비교한다.",
			len(r.Recipes), r.Config.Model, r.Config.Task, r.Comparison.Examples),
		paragraph("Models that are trained again have seen more steps than the original; fine-tuned-twice says what that gives by itself. The word table is half of a small model: what shrinks the encoder alone shrinks the file by less than half.",
			"다시 학습한 모델은 원본보다 학습 스텝이 많다. 그 효과만 따로 보려면 fine-tuned-twice를 보라. 작은 모델에서는 단어 임베딩이 절반을 차지하므로, 인코더만 줄이면 파일은 절반보다 적게 준다."),
	}
	if best := r.lead(); best != nil {
		original := r.Comparison.Models[0]
		first = append(first, paragraph("The smallest model that surely loses at most two points is %s: %s of the file, %s of the operations.",
			"손실이 2%%p 이내임이 확실한 가장 작은 모델은 %s이다: 파일은 원본의 %s, 연산량은 %s.",
			best.Name, share(best.Sizes.Stored, original.Sizes.Stored), share(int64(best.MACs), int64(original.MACs))))
	}
	first = append(first, experiment.ClaimsBlock(r.claimsIn(lang)))
	var titles []string
	for _, recipe := range r.Recipes {
		titles = append(titles, recipe.Recipe+": "+recipe.Title.In(lang)+".")
	}
	provenance, err := experiment.ProvenanceSection(r.Provenance, r.Config, say)
	return []report.Section{
		{Title: in("What comes of techniques together", "기법을 조합하면 어떻게 되는가"), Blocks: first},
		r.Comparison.Section(list, lang),
		{Title: in("The recipes", "레시피"), Blocks: []report.Block{report.Paragraph(strings.Join(titles, "\n\n")), report.TableBlock{Table: r.RecipeTable(lang)}}},
		provenance,
	}, err
}
