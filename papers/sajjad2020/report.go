package sajjad2020

import (
	"fmt"
	"math"
	"strings"

	"bertlab/figures"
	"bertlab/papers/experiment"
)

// Figures are the experiment's figures in the order of the report. Those of a task end in its name.
func (r *Result) Figures() ([]experiment.NamedFigure, error) {
	var list []experiment.Drawing
	for _, t := range r.Tasks {
		of := func(build func(*TaskResult) (*figures.Figure, error)) func() (*figures.Figure, error) {
			return func() (*figures.Figure, error) { return build(t) }
		}
		list = append(list,
			experiment.Drawing{Name: "scores-" + t.Task, Build: of(r.ScoreCurves), Caption: experiment.Text{
				English: fmt.Sprintf("Accuracy after fine-tuning on %s, against the number of layers that were dropped before, for each strategy.", t.Task),
				Korean:  fmt.Sprintf("%s 과제로 미세 조정한 뒤의 정확도. 가로축은 미세 조정 전에 제거한 층의 수, 곡선은 층을 고르는 전략이다.", t.Task),
			}},
			experiment.Drawing{Name: "strategies-" + t.Task, Build: of(r.StrategyBars), Caption: experiment.Text{
				English: fmt.Sprintf("What each choice of layers costs on %s: the paired difference from the whole model with its 95 %% interval.", t.Task),
				Korean:  fmt.Sprintf("%s 과제에서 층 선택 전략마다 잃는 정확도: 전체 모델과의 대응 차이와 95%% 신뢰 구간.", t.Task),
			}},
			experiment.Drawing{Name: "when-" + t.Task, Build: of(r.WhenBars), Caption: experiment.Text{
				English: fmt.Sprintf("The same layers on %s, dropped before, during or after fine-tuning.", t.Task),
				Korean:  fmt.Sprintf("%s 과제에서 같은 층을 미세 조정 전, 도중, 후에 제거했을 때의 정확도.", t.Task),
			}},
		)
	}
	list = append(list,
		experiment.Drawing{Name: "time", Build: r.TimeCurves, Caption: experiment.Text{
			English: "Time of inference and of a training step, against the layers that stay. In proportion would be the line.",
			Korean:  "남은 층의 수에 따른 추론 시간과 학습 스텝 시간. 층 수에 정확히 비례하면 직선 위에 놓인다.",
		}},
		experiment.Drawing{Name: "similarity", Build: r.SimilarityHeatmap, Caption: experiment.Text{
			English: "Mean cosine of the [CLS] vectors after any two layers of the pretrained model.",
			Korean:  "사전 학습 모델의 두 층을 지난 뒤 [CLS] 벡터 사이의 평균 코사인 유사도.",
		}},
		experiment.Drawing{Name: "contribution", Build: r.ContributionBars, Caption: experiment.Text{
			English: "How alike the input and the output of each layer are. The higher the bar, the less the layer contributes.",
			Korean:  "각 층의 입력과 출력이 얼마나 비슷한가. 막대가 높을수록 그 층의 기여가 작다.",
		}},
		experiment.Drawing{Name: "travel", Build: r.TravelBars, Caption: experiment.Text{
			English: "How far fine-tuning moves each layer of the whole model, relative to its norm.",
			Korean:  "미세 조정이 전체 모델의 각 층을 얼마나 움직이는가(노름에 대한 상대 거리).",
		}},
	)
	return experiment.Draw("layers-", list)
}

// Tables are the experiment's tables by file name.
func (r *Result) Tables() ([]experiment.NamedTable, error) {
	list := []experiment.NamedTable{
		{Name: "layers-speed-table", Table: r.SpeedTable()}, {Name: "layers-paper-table", Table: PaperTable()}, {Name: "layers-claims", Table: r.ClaimTable()},
	}
	for _, t := range r.Tasks {
		table, err := r.ScoreTable(t)
		if err != nil {
			return nil, err
		}
		list = append(list, experiment.NamedTable{Name: "layers-scores-table-" + t.Task, Table: table})
	}
	return list, nil
}

// Publication is what the experiment leaves in a folder.
func (r *Result) Publication() (experiment.Publication, error) {
	list, err := r.Figures()
	if err != nil {
		return experiment.Publication{}, err
	}
	tables, err := r.Tables()
	if err != nil {
		return experiment.Publication{}, err
	}
	return experiment.Publication{
		Name: "layers", Result: r, Figures: list, Tables: tables,
		Report: func(lang experiment.Language) (*figures.Report, error) {
			sections, err := r.sections(list, lang)
			title := experiment.Text{English: "bertlab: which layers can go", Korean: "bertlab: 어떤 층을 제거할 수 있는가"}
			return &figures.Report{Title: title.In(lang), Subtitle: r.caption(nil, r.seeds()), Sections: sections}, err
		},
	}, nil
}

// Write puts the result into a folder: layers.json, figures, tables and the report layers.html in two languages. It returns the
// paths, the report last.
func (r *Result) Write(dir string) ([]string, error) {
	publication, err := r.Publication()
	if err != nil {
		return nil, err
	}
	return publication.Write(dir)
}

// sections are the report's in a language.
func (r *Result) sections(list []experiment.NamedFigure, lang experiment.Language) ([]figures.Section, error) {
	blocks := map[string]figures.Block{}
	for _, f := range list {
		blocks[f.Name] = f.Block(lang)
	}
	in := func(english, korean string) string { return experiment.Text{English: english, Korean: korean}.In(lang) }
	say := func(english, korean string, args ...any) figures.Block {
		return figures.Paragraph(fmt.Sprintf(in(english, korean), args...))
	}
	c := r.Config
	var names []string
	for _, t := range r.Tasks {
		names = append(names, t.Task)
	}
	sections := []figures.Section{{Title: in("Dropping layers of a pretrained model", "사전 학습 모델에서 층 제거하기"), Blocks: []figures.Block{
		say("Sajjad, Dalvi, Durrani and Nakov (Computer Speech & Language 2023, arXiv:2004.03844) drop whole layers of a pretrained model and fine-tune what is left. Here the same is measured on %s and %s.",
			"Sajjad, Dalvi, Durrani, Nakov(Computer Speech & Language 2023, arXiv:2004.03844)는 사전 학습 모델에서 층을 통째로 제거하고 남은 모델을 미세 조정한다. 여기서는 같은 것을 모델 %s, 과제 %s에서 측정한다.", c.Model, strings.Join(names, ", ")),
		say("What differs from the paper: model and tasks (the paper: BERT-base, XLNet and others on GLUE); %d epoch(s) of fine-tuning at a learning rate of %g; paired tests on the same examples. A model of few layers that was distilled already is likely to have less to spare than one of twelve.",
			"논문과 다른 점: 모델과 과제(논문은 GLUE의 BERT-base, XLNet 등); 미세 조정 %d에폭, 학습률 %g; 같은 예제에 대한 대응 검정. 이미 지식 증류를 거친, 층이 적은 모델은 12층 모델보다 덜어 낼 여유가 적을 것이다.", c.Epochs, c.LearningRate),
		figures.TableBlock{Table: c.Table()}, experiment.ClaimsBlock(r.Claims, lang), figures.TableBlock{Table: PaperTable()},
	}}}
	if len(r.LeftOut) > 0 {
		sections[0].Blocks = append(sections[0].Blocks, say("Not measured, for lack of data: %s.", "데이터를 찾지 못해 측정하지 않은 과제: %s.", strings.Join(r.LeftOut, "; ")))
	}
	for _, t := range r.Tasks {
		table, err := r.ScoreTable(t)
		if err != nil {
			return nil, err
		}
		accuracy := t.accuracy()
		sections = append(sections, figures.Section{Title: t.Title, Blocks: []figures.Block{
			say("The whole model reaches an accuracy of %.4f on %d test examples (largest class %.4f); its standard error is %.1f points. Differences between models are tested as pairs, which is finer.",
				"전체 모델의 정확도는 %.4f(테스트 예제 %d개, 최다 클래스 비율 %.4f)이고 표준 오차는 %.1f%%p이다. 모델 사이의 차이는 대응 표본으로 검정하며, 이 편이 더 민감하다.",
				accuracy, t.Examples, t.Majority, 100*math.Sqrt(accuracy*(1-accuracy)/float64(t.Examples))),
			blocks["layers-scores-"+t.Task], blocks["layers-strategies-"+t.Task], blocks["layers-when-"+t.Task], figures.TableBlock{Table: table},
		}})
	}
	provenance, err := experiment.ProvenanceSection(r.Provenance, r.Config, lang)
	return append(sections,
		figures.Section{Title: in("Time", "시간"), Blocks: []figures.Block{
			say("Every layer takes the same time, so that time falls with the layers; but of the last one a classifier needs [CLS] alone, and embeddings, head and, where embeddings are trained too, the optimizer's work on them stay.",
				"모든 층은 같은 시간이 걸리므로 층이 줄면 시간도 그만큼 준다. 다만 분류기는 마지막 층에서 [CLS]만 계산하면 되므로 그 층은 더 빠르고, 임베딩과 분류 헤드, 그리고 임베딩도 학습할 때에는 임베딩에 대한 옵티마이저 계산이 그대로 남는다."),
			blocks["layers-time"], figures.TableBlock{Table: r.SpeedTable()},
		}},
		figures.Section{Title: in("How alike layers are", "층은 서로 얼마나 비슷한가"), Blocks: []figures.Block{
			say("The strategy by contribution drops the layers whose input and output are most alike at [CLS]; the threshold decides how many.",
				"기여도 전략은 [CLS]의 입력과 출력이 가장 비슷한 층을 제거한다. 몇 개를 제거할지는 임계값이 정한다."),
			blocks["layers-similarity"], blocks["layers-contribution"],
		}},
		figures.Section{Title: in("How far layers move in fine-tuning", "미세 조정에서 층이 움직이는 거리"), Blocks: []figures.Block{blocks["layers-travel"]}},
		provenance,
	), err
}
