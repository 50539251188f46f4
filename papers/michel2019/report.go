package michel2019

import (
	"fmt"
	"math"

	"bertlab/figures"
	"bertlab/papers/experiment"
)

// Figures are the experiment's figures in the order of the report.
func (r *Result) Figures() ([]experiment.NamedFigure, error) {
	return experiment.Draw("heads-", []experiment.Drawing{
		{Name: "importance", Build: r.ImportanceHeatmap, Caption: experiment.Text{
			English: "Importance of each head, E|∂L/∂ξ|, divided by the layer's ℓ2 norm. Dark heads are those on which the loss depends most.",
			Korean:  "각 어텐션 헤드의 중요도 E|∂L/∂ξ|를 층마다 ℓ2 노름으로 나눈 값. 색이 진한 헤드일수록 손실이 그 헤드에 더 크게 의존한다.",
		}},
		{Name: "ablation", Build: r.AblationHeatmap, Caption: experiment.Text{
			English: "What the metric changes by when one head is masked and all others stay. Marked heads change the predictions significantly.",
			Korean:  "다른 헤드는 그대로 두고 헤드 하나만 마스킹했을 때 평가 지표의 변화. 표시된 헤드는 예측을 유의하게 바꾼다.",
		}},
		{Name: "ablation-loss", Build: r.LossHeatmap, Caption: experiment.Text{
			English: "The same for the loss, which is finer than the metric: heads above 0 help, those below do harm.",
			Korean:  "같은 실험을 손실로 본 것. 손실은 평가 지표보다 섬세하다. 양의 값은 도움이 되는 헤드, 음의 값은 해가 되는 헤드이다.",
		}},
		{Name: "histogram", Build: r.Histogram, Caption: experiment.Text{
			English: "How often masking one head leads to which score. The line is the model with all its heads.",
			Korean:  "헤드 하나를 마스킹했을 때 얻는 점수의 분포. 선은 모든 헤드를 갖춘 모델의 점수이다.",
		}},
		{Name: "pruning", Build: r.PruningCurves, Caption: experiment.Text{
			English: "The metric as ever more heads are masked, without retraining, in each order.",
			Korean:  "재학습 없이 헤드를 점점 더 많이 마스킹할 때의 평가 지표. 곡선마다 가지치기 순서가 다르다.",
		}},
		{Name: "transfer", Omit: r.Transfer == nil, Build: r.TransferScatter, Caption: experiment.Text{
			English: "Each point is a head: what masking it does to the loss on the task's own test set, and on another domain.",
			Korean:  "점 하나가 헤드 하나이다. 그 헤드를 마스킹했을 때 원래 도메인의 손실 변화(가로)와 다른 도메인의 손실 변화(세로).",
		}},
		{Name: "speed", Build: r.SpeedBars, Caption: experiment.Text{
			English: "Examples a second without half of the heads, against the whole model. The dashed line is what the operations alone would give.",
			Korean:  "헤드 절반을 제거한 모델의 초당 처리 예제 수(전체 모델 대비). 점선은 연산량만으로 기대되는 값이다.",
		}},
		{Name: "entropy", Build: r.EntropyHeatmap, Caption: experiment.Text{
			English: "How widely each head attends: 0 is one token, ln n all n tokens alike.",
			Korean:  "각 헤드가 얼마나 넓게 보는지를 나타내는 어텐션 엔트로피. 0이면 토큰 하나만, ln n이면 토큰 n개를 고르게 본다.",
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
		Name: "heads", Result: r, Figures: list,
		Tables: []experiment.NamedTable{{Name: "heads-one-head", Table: r.OneHeadTable()}, {Name: "heads-speed-table", Table: r.SpeedTable()}, {Name: "heads-curves", Table: r.CurveTable()}},
		Report: func(lang experiment.Language) (*figures.Report, error) {
			sections, err := r.sections(list, lang)
			title := experiment.Text{English: "bertlab: which heads matter", Korean: "bertlab: 어떤 어텐션 헤드가 중요한가"}
			return &figures.Report{Title: title.In(lang), Subtitle: r.caption(""), Sections: sections}, err
		},
	}, nil
}

// Write puts the result into a folder: heads.json, figures, tables and the report heads.html in two languages. It returns the
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
	block := map[string]figures.Block{}
	for _, f := range list {
		block[f.Name] = f.Block(lang)
	}
	in := func(english, korean string) string { return experiment.Text{English: english, Korean: korean}.In(lang) }
	say := func(english, korean string, args ...any) figures.Block {
		return figures.Paragraph(fmt.Sprintf(in(english, korean), args...))
	}
	table := func(t *figures.Table) figures.Block { return figures.TableBlock{Table: t} }
	c, deviation := r.Config, 100*math.Sqrt(r.Ablation.Score*(1-r.Ablation.Score)/float64(r.Ablation.Examples))
	sections := []figures.Section{
		{Title: in("Are sixteen heads really better than one?", "헤드 열여섯 개가 정말 하나보다 나은가?"), Blocks: []figures.Block{
			say("Michel, Levy and Neubig (NeurIPS 2019, arXiv:1905.10650) mask attention heads at test time, without retraining, and find that most are not needed. Here the same is measured on %s, fine-tuned on %s.",
				"Michel, Levy, Neubig(NeurIPS 2019, arXiv:1905.10650)는 재학습 없이 테스트 시점에 어텐션 헤드를 마스킹하여, 대부분의 헤드가 필요하지 않음을 보였다. 여기서는 %[2]s 과제로 미세 조정한 %[1]s 모델에서 같은 것을 측정한다.", c.Model, c.Task),
			say("What differs from the paper: model and task (the paper: bert-base-uncased on MNLI); %d epoch(s) of fine-tuning at a learning rate of %g; McNemar's exact test and paired bootstraps in place of t-tests; a test set of %d examples, on which the accuracy has a standard error of %.1f points. The experiments on machine translation are not repeated.",
				"논문과 다른 점: 모델과 과제(논문은 MNLI의 bert-base-uncased); 미세 조정 %d에폭, 학습률 %g; t-검정 대신 McNemar 정확 검정과 대응 부트스트랩; 테스트 예제 %d개에서 정확도의 표준 오차는 %.1f%%p이다. 기계 번역 실험은 반복하지 않는다.",
				c.Epochs, c.LearningRate, r.Ablation.Examples, deviation),
			experiment.ClaimsBlock(r.Claims, lang), table(r.ModelTable()),
		}},
		{Title: in("Which heads matter", "어떤 헤드가 중요한가"), Blocks: []figures.Block{
			say("Importance is I = E|∂L/∂ξ| (equation 2), the absolute value taken for each example. Between two halves of the examples the ranking agrees with Spearman's ρ = %.2f; with the variant of the authors' code, which takes the absolute value for each token, with ρ = %.2f.",
				"중요도는 I = E|∂L/∂ξ|(식 2)이며, 절댓값은 예제마다 취한다. 예제를 반으로 나누어 구한 두 순위의 스피어만 상관은 ρ = %.2f이고, 토큰마다 절댓값을 취하는 저자 코드의 변형과는 ρ = %.2f이다.", r.Stability, r.Agreement),
			block["heads-importance"], block["heads-ablation"], block["heads-ablation-loss"], block["heads-histogram"], block["heads-entropy"],
		}},
		{Title: in("One head in a layer", "층마다 헤드 하나만 남기기"), Blocks: []figures.Block{table(r.OneHeadTable())}},
		{Title: in("Pruning ever more heads", "헤드를 점점 더 많이 가지치기"), Blocks: []figures.Block{block["heads-pruning"], table(r.CurveTable())}},
	}
	if transfer, ok := block["heads-transfer"]; ok {
		sections = append(sections, figures.Section{Title: in("In and out of domain", "도메인 안과 밖"), Blocks: []figures.Block{transfer}})
	}
	provenance, err := experiment.ProvenanceSection(r.Provenance, r.Config, lang)
	return append(sections,
		figures.Section{Title: in("Speed", "속도"), Blocks: []figures.Block{
			say("Masked heads cost what they cost before; only removed ones save time. Without half of the heads the model has %d of %d parameters and %.1f %% of the operations. Removed and masked heads give the same logits to within %.1e.",
				"마스킹한 헤드는 여전히 같은 연산을 쓴다. 실제로 제거해야만 시간이 줄어든다. 헤드 절반을 제거한 모델의 파라미터는 %[2]d개 중 %[1]d개, 연산량은 %.1[3]f%%이다. 제거한 경우와 마스킹한 경우의 로짓 차이는 %.1[4]e 이내이다.",
				r.Speed.PrunedParameters, r.Speed.Parameters, 100*float64(r.Speed.PrunedMACs)/float64(r.Speed.MACs), r.Speed.MaskedDifference),
			block["heads-speed"], table(r.SpeedTable()),
		}}, provenance), err
}
