package wang2022

import (
	"fmt"

	"bertlab/figures"
	"bertlab/papers/experiment"
)

// middle is the ratio that stands for all where one must: the first that is recovered, or the middle one.
func (r *Result) middle() float64 {
	if n := len(r.Config.Recovered); n > 0 {
		return r.Config.Recovered[n/2]
	}
	return r.Config.Ratios[len(r.Config.Ratios)/2]
}

// Figures are the experiment's figures in the order of the report.
func (r *Result) Figures() ([]experiment.NamedFigure, error) {
	accuracy := func(recovery Recovery) func() (*figures.Figure, error) {
		return func() (*figures.Figure, error) { return r.AccuracyCurves(recovery) }
	}
	return experiment.Draw("tucker-", []experiment.Drawing{
		{Name: "errors", Build: r.ErrorCurves, Caption: experiment.Text{
			English: "How far the decomposed matrices are from the originals, against the parameters that are left.",
			Korean:  "남은 매개변수의 비율에 따른, 분해한 행렬과 원래 행렬의 상대 오차.",
		}},
		{Name: "roles", Build: func() (*figures.Figure, error) { return r.RoleErrors(r.middle()) }, Caption: experiment.Text{
			English: "Which matrices are approximated well and which are not, at one part of the parameters.",
			Korean:  "매개변수 비율 하나에서, 어떤 행렬이 잘 근사되고 어떤 행렬이 그렇지 않은가.",
		}},
		{Name: "accuracy-none", Build: accuracy(None), Caption: experiment.Text{
			English: "Accuracy right after the decomposition, without any further training.",
			Korean:  "분해한 직후, 추가 학습 없이 측정한 정확도.",
		}},
		{Name: "accuracy-tuned", Omit: len(r.Config.Recovered) < 2, Build: accuracy(Tuned), Caption: experiment.Text{
			English: "Accuracy of decomposed models that were fine-tuned on the labels.",
			Korean:  "분해한 모델을 정답 레이블로 미세 조정한 뒤의 정확도.",
		}},
		{Name: "accuracy-distilled", Omit: len(r.Config.Recovered) < 2, Build: accuracy(Distilled), Caption: experiment.Text{
			English: "Accuracy of decomposed models that learned from the whole one.",
			Korean:  "분해한 모델이 원래 모델에게서 지식 증류로 배운 뒤의 정확도.",
		}},
		{Name: "recovery", Omit: len(r.Config.Recovered) == 0, Build: func() (*figures.Figure, error) { return r.RecoveryBars(r.middle()) }, Caption: experiment.Text{
			English: "What fine-tuning and distillation give back, form by form.",
			Korean:  "형태별로, 미세 조정과 지식 증류가 정확도를 얼마나 회복시키는가.",
		}},
		{Name: "speed", Omit: len(r.Speed) == 0, Build: r.SpeedBars, Caption: experiment.Text{
			English: "Measured speed-up of whole models, beside the ratio of their operations. Below 1 the decomposed model is slower.",
			Korean:  "모델 전체의 실측 속도 향상과 연산량의 비. 1보다 작으면 분해한 모델이 더 느리다.",
		}},
		{Name: "maps", Omit: len(r.Maps) == 0, Build: r.MapBars, Caption: experiment.Text{
			English: "Measured speed-up of single factored matrices, beside the ratio of their operations.",
			Korean:  "분해한 행렬 하나하나의 실측 속도 향상과 연산량의 비.",
		}},
	})
}

// Publication is what the experiment leaves in a folder.
func (r *Result) Publication() (experiment.Publication, error) {
	list, err := r.Figures()
	if err != nil {
		return experiment.Publication{}, err
	}
	variants, err := r.VariantTable()
	if err != nil {
		return experiment.Publication{}, err
	}
	return experiment.Publication{
		Name: "tucker", Result: r, Figures: list,
		Tables: []experiment.NamedTable{
			{Name: "tucker-models", Table: variants}, {Name: "tucker-speed-table", Table: r.SpeedTable()}, {Name: "tucker-maps-table", Table: r.MapTable()},
			{Name: "tucker-counts", Table: r.CountTable()}, {Name: "tucker-claims", Table: r.ClaimTable()},
		},
		Report: func(lang experiment.Language) (*figures.Report, error) {
			sections, err := r.sections(list, variants, lang)
			title := experiment.Text{English: "bertlab: the encoder's matrices as few factors", Korean: "bertlab: 인코더의 행렬을 적은 수의 인자로"}
			return &figures.Report{Title: title.In(lang), Subtitle: r.caption(""), Sections: sections}, err
		},
	}, nil
}

// Write puts the result into a folder: tucker.json, figures, tables and the report tucker.html in two languages. It returns the
// paths, the report last.
func (r *Result) Write(dir string) ([]string, error) {
	publication, err := r.Publication()
	if err != nil {
		return nil, err
	}
	return publication.Write(dir)
}

// sections are the report's in a language.
func (r *Result) sections(list []experiment.NamedFigure, variants *figures.Table, lang experiment.Language) ([]figures.Section, error) {
	blocks := map[string]figures.Block{}
	for _, f := range list {
		blocks[f.Name] = f.Block(lang)
	}
	show := func(names ...string) []figures.Block {
		var found []figures.Block
		for _, name := range names {
			if block, ok := blocks["tucker-"+name]; ok {
				found = append(found, block)
			}
		}
		return found
	}
	in := func(english, korean string) string { return experiment.Text{English: english, Korean: korean}.In(lang) }
	say := func(english, korean string, args ...any) figures.Block {
		return figures.Paragraph(fmt.Sprintf(in(english, korean), args...))
	}
	c := r.Config
	provenance, err := experiment.ProvenanceSection(r.Provenance, c, lang)
	return []figures.Section{
		{Title: in("Decomposing all matrices of a BERT", "BERT의 모든 행렬 분해하기"), Blocks: []figures.Block{
			say("Wang, Ren and others (ICLR 2022, arXiv:2205.10036) decompose the matrices of BERT's encoder: each by itself (II), with two factors that all share (III), or together as a matrix bank (IV). The small model then learns from the whole one. Here the same is measured on %s and %s.",
				"Wang, Ren 등(ICLR 2022, arXiv:2205.10036)은 BERT 인코더의 행렬을 하나씩 따로(II), 모든 행렬이 두 인자를 공유하도록(III), 또는 모두 함께 행렬 뱅크로(IV) 분해한 뒤, 작은 모델이 원래 모델에게서 배우게 한다. 여기서는 같은 것을 모델 %s, 과제 %s에서 측정한다.", c.Model, c.Task),
			say("What differs from the paper: model and task (the paper: BERT-base on GLUE); the small model learns on the task alone, not first on a corpus, and for %d + %d epochs; ranks follow the parameters to spend; paired tests on the same examples.",
				"논문과 다른 점: 모델과 과제(논문은 GLUE의 BERT-base); 작은 모델은 말뭉치를 거치지 않고 과제 데이터로만 %d + %d에폭 배운다; 랭크는 쓸 수 있는 매개변수 수가 정한다; 같은 예제에 대한 대응 검정.", c.RecoveryEpochs, c.RecoveryEpochs),
			figures.TableBlock{Table: c.Table()}, experiment.ClaimsBlock(r.Claims, lang), figures.TableBlock{Table: r.CountTable()},
		}},
		{Title: in("How near the factors come", "인자는 얼마나 가까운가"), Blocks: append([]figures.Block{
			say("The singular values of pretrained matrices fall slowly, so that much is lost before much is saved.",
				"사전 학습된 행렬의 특잇값은 천천히 줄어든다. 그래서 매개변수를 많이 아끼기도 전에 많은 것을 잃는다."),
		}, show("errors", "roles")...)},
		{Title: in("What it costs, and what learning again gives back", "잃는 정확도와 회복하는 정확도"), Blocks: append(show("accuracy-none", "accuracy-tuned", "accuracy-distilled", "recovery"),
			figures.TableBlock{Table: variants})},
		{Title: in("Time", "시간"), Blocks: append([]figures.Block{
			say("Fewer parameters are not always less time. A bank's cores are mixed in every pass, and its maps take three products in place of one; the order with the fewest operations is chosen for each batch.",
				"매개변수가 적다고 항상 빠른 것은 아니다. 뱅크의 코어는 패스마다 섞어야 하고, 한 번이던 행렬곱이 세 번이 된다. 배치마다 연산량이 가장 적은 곱셈 순서를 고른다."),
		}, append(show("speed"), append([]figures.Block{figures.TableBlock{Table: r.SpeedTable()}}, append(show("maps"), figures.TableBlock{Table: r.MapTable()})...)...)...)},
		provenance,
	}, err
}
