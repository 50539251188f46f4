package hao2019

import (
	"fmt"
	"path/filepath"
	"slices"

	"bertlab/figures"
	"bertlab/internal/files"
	"bertlab/papers/experiment"
)

// Figures are the experiment's figures in the order of the report.
func (r *Result) Figures() ([]experiment.NamedFigure, error) {
	part := func(i int) func() (*figures.Figure, error) {
		return func() (*figures.Figure, error) { return r.PartFigure(i) }
	}
	return experiment.Draw("landscape-", []experiment.Drawing{
		{Name: "curve", Build: r.CurveFigure, Caption: experiment.Text{
			English: "The training loss on the straight line through the weights before and after training. The head is the learned one everywhere. A wide valley around 1 forgives an inexact step.",
			Korean:  "학습 전과 후의 가중치를 잇는 직선 위의 훈련 손실. 분류 헤드는 모든 점에서 학습된 값으로 고정한다. α = 1 주변의 골짜기가 넓을수록 최적점이 평평하다.",
		}},
		{Name: "loss", Build: r.LossFigure, Caption: experiment.Text{
			English: "The training loss over the plane of two fine-tunings from the same pretrained weights. The second is on another task, rescaled to the length of the first.",
			Korean:  "같은 사전 학습 가중치에서 출발한 두 미세 조정이 이루는 평면 위의 훈련 손실. 두 번째 방향은 다른 과제의 미세 조정이며 첫 번째와 같은 길이로 맞추었다.",
		}},
		{Name: "surface", Build: r.SurfaceFigure, Caption: experiment.Text{
			English: "The same as a surface. Height and colour are logarithmic.",
			Korean:  "같은 손실 지형을 3차원 곡면으로 그린 것. 높이와 색은 로그 척도이다.",
		}},
		{Name: "scratch", Omit: r.ScratchSurface == nil, Build: r.ScratchLossFigure, Caption: experiment.Text{
			English: "The training loss over the plane of two trainings from the same random weights.",
			Korean:  "같은 무작위 초기 가중치에서 출발한 두 학습이 이루는 평면 위의 훈련 손실.",
		}},
		{Name: "error", Build: r.ErrorFigure, Caption: experiment.Text{
			English: "The share of dev examples that are classified wrongly, over the same plane as the training loss.",
			Korean:  "훈련 손실과 같은 평면 위에서 본 개발 데이터의 오분류 비율.",
		}},
		{Name: "consistency", Build: r.ConsistencyScatter, Caption: experiment.Text{
			English: "Each point of the plane by its training loss and its dev error.",
			Korean:  "평면 위의 각 점을 훈련 손실(가로)과 개발 데이터 오류(세로)로 나타낸 것.",
		}},
		{Name: "trajectory", Build: r.TrajectoryFigure, Caption: experiment.Text{
			English: "The weights on the way of fine-tuning, projected. The height above the line is the distance from it in any direction, not a place on the ground; the fill is the loss that the model really had.",
			Korean:  "미세 조정 도중의 가중치를 사영한 궤적. 세로 위치는 직선에서 벗어난 거리(방향 무관)이며 바탕 지형 위의 좌표가 아니다. 점의 색은 그 시점 모델의 실제 손실이다.",
		}},
		{Name: "scratch-trajectory", Omit: r.ScratchSurface == nil, Build: r.ScratchTrajectoryFigure, Caption: experiment.Text{
			English: "The same for training from random weights.",
			Korean:  "무작위 초기 가중치에서 학습할 때의 궤적.",
		}},
		{Name: "low", Build: part(0), Caption: experiment.Text{
			English: "The training loss when only the low layers move and all else is fine-tuned.",
			Korean:  "하위 층만 움직이고 나머지는 미세 조정된 값으로 고정했을 때의 훈련 손실.",
		}},
		{Name: "middle", Build: part(1), Caption: experiment.Text{
			English: "The same for the middle layers.",
			Korean:  "중간 층만 움직였을 때의 훈련 손실.",
		}},
		{Name: "high", Build: part(2), Caption: experiment.Text{
			English: "The same for the high layers.",
			Korean:  "상위 층만 움직였을 때의 훈련 손실.",
		}},
		{Name: "rollback", Build: r.RollbackBars, Caption: experiment.Text{
			English: "What accuracy changes by when a part of the fine-tuned model is set back to the pretrained weights.",
			Korean:  "미세 조정된 모델의 일부를 사전 학습 가중치로 되돌렸을 때 정확도의 변화.",
		}},
		{Name: "travel", Build: r.TravelBars, Caption: experiment.Text{
			English: "How far each part of the model moves in fine-tuning, relative to the length of its weights.",
			Korean:  "미세 조정에서 모델의 각 부분이 이동한 거리(가중치 노름 대비).",
		}},
	})
}

// Publication is what the experiment leaves in a folder.
func (r *Result) Publication() (experiment.Publication, error) {
	list, err := r.Figures()
	if err != nil {
		return experiment.Publication{}, err
	}
	return experiment.Publication{
		Name: "landscape", Result: r, Figures: list,
		Tables: []experiment.NamedTable{
			{Name: "landscape-models", Table: r.ModelTable()}, {Name: "landscape-widths", Table: r.WidthTable()}, {Name: "landscape-rollback-table", Table: r.RollbackTable()},
			{Name: "landscape-geometry", Table: r.GeometryTable()}, {Name: "landscape-way", Table: r.WayTable()},
		},
		Report: func(lang experiment.Language) (*figures.Report, error) {
			sections, err := r.sections(list, lang)
			title := experiment.Text{English: "bertlab: the loss around a fine-tuned BERT", Korean: "bertlab: 미세 조정된 BERT 주변의 손실 지형"}
			return &figures.Report{Title: title.In(lang), Subtitle: r.caption(""), Sections: sections}, err
		},
	}, nil
}

// Write puts the result into a folder: landscape.json, figures, tables, figures/landscape-turn.html with the surface to be turned by
// hand, and the report landscape.html in two languages. It returns the paths, the report last.
func (r *Result) Write(dir string) ([]string, error) {
	publication, err := r.Publication()
	if err != nil {
		return nil, err
	}
	paths, err := publication.Write(dir)
	if err != nil {
		return nil, err
	}
	page, err := r.TurningSurface().InteractivePage("")
	if err != nil {
		return nil, fmt.Errorf("hao2019: %w", err)
	}
	path := filepath.Join(dir, "figures", "landscape-turn.html")
	if err := files.Write(path, []byte(page)); err != nil {
		return nil, fmt.Errorf("hao2019: %w", err)
	}
	return slices.Insert(paths, len(paths)-1, path), nil
}

// sections are the report's in a language.
func (r *Result) sections(list []experiment.NamedFigure, lang experiment.Language) ([]figures.Section, error) {
	block := map[string]figures.Block{}
	for _, f := range list {
		block[f.Name] = f.Block(lang)
	}
	in := func(english, korean string) string { return experiment.Text{English: english, Korean: korean}.In(lang) }
	say := func(english, korean string, args ...any) figures.Block {
		return figures.Paragraph(fmt.Sprintf(in(english, korean), args...))
	}
	table := func(t *figures.Table) figures.Block { return figures.TableBlock{Table: t} }
	some := func(names ...string) []figures.Block {
		var blocks []figures.Block
		for _, name := range names {
			if b, ok := block["landscape-"+name]; ok {
				blocks = append(blocks, b)
			}
		}
		return blocks
	}
	c := r.Config
	sections := []figures.Section{
		{Title: in("Why fine-tuning works so well", "미세 조정은 왜 잘 되는가"), Blocks: []figures.Block{
			say("Hao, Dong, Wei and Xu (EMNLP 2019, arXiv:1908.05620) look at the loss around fine-tuned BERTs: f(α, β) = J(θ₀ + αδ₁ + βδ₂), from the pretrained weights θ₀ along the fine-tunings on two tasks. Here the same is measured on %s, fine-tuned on %s, with %s for the second direction.",
				"Hao, Dong, Wei, Xu(EMNLP 2019, arXiv:1908.05620)는 미세 조정된 BERT 주변의 손실 지형을 살펴본다. 사전 학습 가중치 θ₀에서 두 과제의 미세 조정 방향으로 f(α, β) = J(θ₀ + αδ₁ + βδ₂)를 그린다. 여기서는 %s 모델을 %s 과제로 미세 조정하고, 두 번째 방향으로 %s 과제를 써서 같은 것을 측정한다.", c.Model, c.Task, c.Other),
			say("What differs from the paper: model and tasks (the paper: BERT-large on four GLUE tasks); α and β from %g to %g instead of −4 to 4; every claim has a number, a rule fixed beforehand and an interval, where the paper judges pictures by eye; one training run of each kind. At every point all weights but the classification head move: embeddings, layers with their LayerNorms, and the pooler. Dropout is off, and all points see the same examples.",
				"논문과 다른 점: 모델과 과제(논문은 GLUE 네 과제의 BERT-large); α와 β의 범위는 −4~4 대신 %g~%g; 논문은 그림을 눈으로 판단하지만 여기서는 주장마다 미리 정한 규칙과 수치, 신뢰 구간이 있다; 학습은 종류마다 한 번씩 했다. 모든 점에서 분류 헤드를 제외한 모든 가중치(임베딩, LayerNorm을 포함한 층, 풀러)가 움직인다. 드롭아웃은 끄고, 모든 점을 같은 예제로 평가한다.",
				c.SurfaceRange[0], c.SurfaceRange[1]),
			experiment.ClaimsBlock(r.Claims, lang), table(r.ModelTable()),
		}},
		{Title: in("Along the way", "미세 조정 방향을 따라서"), Blocks: append(some("curve"), table(r.WidthTable()))},
		{Title: in("Across two tasks", "두 과제가 이루는 평면"), Blocks: append(some("loss", "surface", "scratch"),
			say("figures/landscape-turn.html, beside this report, has the surface to be turned by hand.", "이 보고서와 함께 있는 figures/landscape-turn.html에서 곡면을 손으로 돌려 볼 수 있다."))},
		{Title: in("Training loss and error on other data", "훈련 손실과 새로운 데이터의 오류"), Blocks: some("error", "consistency")},
		{Title: in("The way of the weights", "가중치의 궤적"), Blocks: append(some("trajectory", "scratch-trajectory"), table(r.WayTable()))},
		{Title: in("Low, middle and high layers", "하위·중간·상위 층"), Blocks: append(some("low", "middle", "high", "rollback"), table(r.RollbackTable()))},
		{Title: in("Distances and angles", "거리와 각도"), Blocks: append(some("travel"), table(r.GeometryTable()))},
	}
	provenance, err := experiment.ProvenanceSection(r.Provenance, r.Config, lang)
	return append(sections, provenance), err
}
