package sanh2020

import (
	"fmt"

	"bertlab/figures"
	"bertlab/papers/experiment"
	"bertlab/techniques/movement"
)

// Figures are the experiment's figures in the order of the report. Those of experiments that the protocol leaves out are missing.
func (r *Result) Figures() ([]experiment.NamedFigure, error) {
	c := r.Config
	global := len(r.global(movement.Movement, c.Focus)) > 0
	teacher := len(r.pick(func(v Variant) bool { return v.Distilled && v.Remaining == c.Focus })) > 0
	return experiment.Draw("movement-", []experiment.Drawing{
		{Name: "curves", Build: r.AccuracyCurves, Caption: experiment.Text{
			English: "The metric against the encoder's weights that remain, for each pruning method.",
			Korean:  "인코더에 남은 가중치 비율에 따른 평가 지표. 곡선은 가지치기 방법이다.",
		}},
		{Name: "loss", Build: r.LossCurves, Caption: experiment.Text{
			English: "The same for the test loss, which is finer than the metric.",
			Korean:  "같은 실험의 테스트 손실. 손실은 평가 지표보다 섬세하다.",
		}},
		{Name: "weights", Omit: r.focused(movement.Magnitude) == nil && r.focused(movement.Movement) == nil, Build: r.WeightHistogram, Caption: experiment.Text{
			English: "Which weights remain, by their size: magnitude pruning cuts out the middle, movement pruning need not.",
			Korean:  "남은 가중치의 분포. 크기 기반 가지치기는 0 근처를 모두 잘라 내지만 무브먼트 가지치기는 그럴 필요가 없다.",
		}},
		{Name: "scores", Omit: r.focused(movement.Movement) == nil, Build: r.ScoreScatter, Caption: experiment.Text{
			English: "Scores of movement pruning against the weights: a large weight need not have a high score.",
			Korean:  "가중치와 무브먼트 점수의 관계. 가중치가 크다고 점수가 높은 것은 아니다.",
		}},
		{Name: "matrices", Omit: !global, Build: r.LayerHeatmap, Caption: experiment.Text{
			English: "Where one selection for the whole model leaves weights, by layer and matrix.",
			Korean:  "모델 전체에서 한 번에 골랐을 때 가중치가 남는 곳(층과 행렬별).",
		}},
		{Name: "layers", Omit: !global, Build: r.LayerBars, Caption: experiment.Text{
			English: "What remains in each layer with one selection for the whole model.",
			Korean:  "모델 전체에서 한 번에 골랐을 때 층마다 남는 비율.",
		}},
		{Name: "teacher", Omit: !teacher, Build: r.TeacherBars, Caption: experiment.Text{
			English: "The metric with labels alone, and with the soft targets of the dense model beside them.",
			Korean:  "정답 레이블만 쓸 때와, 가지치기하지 않은 교사 모델의 소프트 타깃을 함께 쓸 때(지식 증류)의 평가 지표.",
		}},
		{Name: "rates", Omit: len(c.Rates) == 0, Build: r.RateCurves, Caption: experiment.Text{
			English: "The metric against the learning rate of the scores.",
			Korean:  "점수의 학습률에 따른 평가 지표.",
		}},
		{Name: "drift", Build: r.DriftHeatmap, Caption: experiment.Text{
			English: "How far fine-tuning without pruning moves each matrix, relative to its norm.",
			Korean:  "가지치기 없이 미세 조정할 때 각 행렬이 움직인 거리(노름에 대한 비율).",
		}},
		{Name: "speed", Omit: len(r.Speed.Unstructured)+len(r.Speed.Structured) == 0, Build: r.SpeedBars, Caption: experiment.Text{
			English: "Speed against the dense model: with zeros among the weights, and with heads and neurons removed.",
			Korean:  "가지치기하지 않은 모델 대비 속도: 가중치에 0이 섞인 경우와 헤드·뉴런을 실제로 제거한 경우.",
		}},
		{Name: "hybrid", Omit: len(r.Speed.Structured) == 0, Build: r.HybridCurve, Caption: experiment.Text{
			English: "The metric against the measured speed of models without heads and neurons.",
			Korean:  "헤드와 뉴런을 제거한 모델의 실측 속도와 평가 지표.",
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
		Name: "movement", Result: r, Figures: list,
		Tables: []experiment.NamedTable{
			{Name: "movement-runs", Table: r.RunTable()}, {Name: "movement-paper", Table: PaperTable()},
			{Name: "movement-agreement", Table: r.AgreementTable()}, {Name: "movement-storage", Table: r.StorageTable()}, {Name: "movement-speed-table", Table: r.SpeedTable()},
		},
		Report: func(lang experiment.Language) (*figures.Report, error) {
			sections, err := r.sections(list, lang)
			title := experiment.Text{English: "bertlab: which weights move", Korean: "bertlab: 어떤 가중치가 움직이는가"}
			return &figures.Report{Title: title.In(lang), Subtitle: r.caption(""), Sections: sections}, err
		},
	}, nil
}

// Write puts the result into a folder: movement.json, figures, tables and the report movement.html in two languages. It returns
// the paths, the report last.
func (r *Result) Write(dir string) ([]string, error) {
	publication, err := r.Publication()
	if err != nil {
		return nil, err
	}
	return publication.Write(dir)
}

// sections are the report's in a language.
func (r *Result) sections(list []experiment.NamedFigure, lang experiment.Language) ([]figures.Section, error) {
	in := func(english, korean string) string { return experiment.Text{English: english, Korean: korean}.In(lang) }
	blocks := func(text string, names ...string) []figures.Block {
		blocks := []figures.Block{figures.Paragraph(text)}
		for _, name := range names {
			for _, f := range list {
				if f.Name == "movement-"+name {
					block := f.Block(lang)
					block.Raster = name == "scores" // thousands of points
					blocks = append(blocks, block)
				}
			}
		}
		return blocks
	}
	table := func(t *figures.Table) figures.Block { return figures.TableBlock{Table: t} }
	var agreement []figures.Block
	if len(r.Agreement) > 0 {
		agreement = append(agreement, table(r.AgreementTable()))
	}
	c := r.Config
	provenance, err := experiment.ProvenanceSection(r.Provenance, c, lang)
	return []figures.Section{
		{Title: in("Movement pruning", "무브먼트 가지치기"), Blocks: append(blocks(fmt.Sprintf(in(
			"Sanh, Wolf and Rush (NeurIPS 2020, arXiv:2005.07683) prune a model while it is fine-tuned, and keep the weights that move away from zero instead of those that are large. Here %s is pruned on %s, in %d steps a run; the paper has tens of thousands. Embeddings are frozen.",
			"Sanh, Wolf, Rush(NeurIPS 2020, arXiv:2005.07683)는 미세 조정 도중에 가지치기를 하며, 값이 큰 가중치 대신 0에서 멀어지는 가중치를 남긴다. 여기서는 모델 %s를 과제 %s에서 실행당 %d스텝으로 가지치기한다. 논문은 수만 스텝이다. 임베딩은 고정한다."), c.modelName(), c.Task, r.Steps)),
			experiment.ClaimsBlock(r.Claims, lang), table(c.Table()))},
		{Title: in("Accuracy against remaining weights", "남은 가중치와 정확도"), Blocks: append(blocks(in(
			"Remaining weights are counted in the model that comes out, over the encoder's matrices.",
			"남은 가중치는 결과 모델에서, 인코더의 행렬을 대상으로 센 것이다."), "curves", "loss"), table(r.RunTable()), table(PaperTable()))},
		{Title: in("Which weights remain", "어떤 가중치가 남는가"), Blocks: append(blocks(in(
			"Magnitude keeps what is large; movement keeps what grew.",
			"크기 기반 가지치기는 큰 가중치를, 무브먼트 가지치기는 커진 가중치를 남긴다."), "weights", "scores", "matrices", "layers", "drift"), agreement...)},
		{Title: in("Training", "학습"), Blocks: blocks(in(
			"With hard movement pruning only the order of the scores counts, and they begin at 0: Adam's steps are proportional to the rate, so the rate can matter for thresholds and noise (soft movement, L0), and hardly for the order.",
			"하드 무브먼트 가지치기에서는 점수의 순서만 의미가 있고 점수는 0에서 시작한다. Adam의 걸음은 학습률에 비례하므로, 학습률은 임계값과 잡음(소프트 무브먼트, L0)에는 영향을 줄 수 있지만 순서에는 거의 영향을 주지 않는다."), "teacher", "rates")},
		{Title: in("Size and speed", "크기와 속도"), Blocks: append(blocks(in(
			"Zeros shrink the file, and leave the number of operations as it is. Heads and neurons that are removed shrink both. A model that was pruned without training shows its speed only: its accuracy is not what pruning costs.",
			"0은 파일 크기를 줄이지만 연산 횟수는 그대로이다. 헤드와 뉴런을 제거하면 둘 다 준다. 학습 없이 가지치기한 모델은 속도만 보여 준다. 그 정확도는 가지치기의 비용이 아니다."), "speed", "hybrid"), table(r.SpeedTable()), table(r.StorageTable()))},
		provenance,
	}, err
}
