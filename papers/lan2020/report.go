package lan2020

import (
	"fmt"
	"math"

	"bertlab/figures"
	"bertlab/papers/experiment"
)

// Figures are the experiment's figures in the order of the report.
func (r *Result) Figures() ([]experiment.NamedFigure, error) {
	return experiment.Draw("sharing-", []experiment.Drawing{
		{Name: "counts", Build: r.CountBars, Caption: experiment.Text{
			English: "The eight models of table 4: parameters counted from their shapes, beside the printed ones.",
			Korean:  "표 4의 여덟 모델: 모델 구조에서 직접 센 파라미터 수와 논문에 인쇄된 값.",
		}},
		{Name: "scores", Build: r.SharedBars, Caption: experiment.Text{
			English: "Accuracy by what all layers share: of a fine-tuned model that is converted and not trained again, of one that is converted and then fine-tuned, and of one that also learns from the whole model.",
			Korean:  "모든 층이 무엇을 공유하느냐에 따른 정확도: 미세 조정한 모델을 변환만 한 경우, 변환한 뒤 미세 조정한 경우, 전체 모델을 교사로 지식 증류까지 한 경우.",
		}},
		{Name: "inits", Build: r.InitBars, Caption: experiment.Text{
			English: "Accuracy when all layers share, by what the shared layer begins with. The mean of the layers minimises the distance to all of them.",
			Korean:  "모두 공유할 때 공유 층의 초깃값에 따른 정확도. 층들의 평균은 모든 층까지의 거리 제곱합을 최소로 하는 해이다.",
		}},
		{Name: "distances", Build: r.DistanceHeatmap, Caption: experiment.Text{
			English: "How far each part of each layer is from the mean of all layers. A value near 1 means that the mean keeps next to nothing of the layer.",
			Korean:  "각 층의 각 부분이 모든 층의 평균에서 얼마나 떨어져 있는가. 값이 1에 가까우면 평균에는 그 층의 정보가 거의 남지 않는다.",
		}},
		{Name: "parameters", Build: r.CostScatter, Caption: experiment.Text{
			English: "Accuracy against the number of parameters, embeddings included, one point for each model.",
			Korean:  "임베딩을 포함한 파라미터 수에 대한 정확도. 점 하나가 모델 하나이다.",
		}},
		{Name: "embedding-error", Build: r.ErrorCurve, Caption: experiment.Text{
			English: "Relative error of the best product of size E for the pretrained word table: what its singular values leave.",
			Korean:  "사전 학습된 단어 임베딩 행렬을 크기 E의 두 행렬 곱으로 가장 잘 근사했을 때의 상대 오차. 남은 특잇값으로 정해진다.",
		}},
		{Name: "embedding-scores", Build: r.EmbeddingCurves, Caption: experiment.Text{
			English: "Accuracy with a word table of size E, cut after fine-tuning without further training, or cut before it.",
			Korean:  "단어 임베딩 크기 E에 따른 정확도: 미세 조정 뒤에 자르고 다시 학습하지 않은 경우와 미세 조정 전에 자른 경우.",
		}},
		{Name: "distance", Build: func() (*figures.Figure, error) { return r.TransitionCurves(false) }, Caption: experiment.Text{
			English: "L2 distance of the input and the output of each layer, as in the paper's figure 1.",
			Korean:  "각 층의 입력과 출력 사이의 L2 거리(논문의 그림 1).",
		}},
		{Name: "angle", Build: func() (*figures.Figure, error) { return r.TransitionCurves(true) }, Caption: experiment.Text{
			English: "Angle between the input and the output of each layer, as in the paper's figure 1.",
			Korean:  "각 층의 입력과 출력 사이의 각도(논문의 그림 1).",
		}},
		{Name: "storage", Build: r.StorageBars, Caption: experiment.Text{
			English: "What is left of the parameters, and of the time of inference.",
			Korean:  "파라미터 수와 추론 시간이 전체 모델에 비해 얼마나 남는가.",
		}},
	})
}

// Publication is what the experiment leaves in a folder: sharing.json, figures, tables and the report in two languages.
func (r *Result) Publication() (experiment.Publication, error) {
	list, err := r.Figures()
	if err != nil {
		return experiment.Publication{}, err
	}
	models, err := r.RunTable()
	if err != nil {
		return experiment.Publication{}, err
	}
	cuts, err := r.CutTable()
	if err != nil {
		return experiment.Publication{}, err
	}
	return experiment.Publication{
		Name: "sharing", Result: r, Figures: list,
		Tables: []experiment.NamedTable{
			{Name: "sharing-models-table", Table: models}, {Name: "sharing-words-table", Table: cuts}, {Name: "sharing-speed-table", Table: r.SpeedTable()},
			{Name: "sharing-counts-table", Table: r.CountTable()}, {Name: "sharing-paper-table", Table: PaperTable()}, {Name: "sharing-claims", Table: r.ClaimTable()},
		},
		Report: func(lang experiment.Language) (*figures.Report, error) {
			sections, err := r.sections(list, models, cuts, lang)
			title := experiment.Text{English: "bertlab: layers that share their weights", Korean: "bertlab: 가중치를 공유하는 층"}
			return &figures.Report{Title: title.In(lang), Subtitle: r.caption(true, r.seeds()), Sections: sections}, err
		},
	}, nil
}

// Write puts the result into a folder. It returns the paths, the English report last.
func (r *Result) Write(dir string) ([]string, error) {
	publication, err := r.Publication()
	if err != nil {
		return nil, err
	}
	return publication.Write(dir)
}

// sections are the report's in a language.
func (r *Result) sections(list []experiment.NamedFigure, models, cuts *figures.Table, lang experiment.Language) ([]figures.Section, error) {
	blocks := map[string]figures.Block{}
	for _, f := range list {
		blocks[f.Name] = f.Block(lang)
	}
	in := func(english, korean string) string { return experiment.Text{English: english, Korean: korean}.In(lang) }
	say := func(english, korean string, args ...any) figures.Block {
		return figures.Paragraph(fmt.Sprintf(in(english, korean), args...))
	}
	whole := mean(r.answers(Variant{}))
	provenance, err := experiment.ProvenanceSection(r.Provenance, r.Config, lang)
	return []figures.Section{
		{Title: in("Sharing weights across layers", "층 사이의 가중치 공유"), Blocks: []figures.Block{
			say("Lan et al. (ICLR 2020, arXiv:1909.11942) let all layers of a BERT use the same weights and split its word table into two small factors; trained from scratch, such an ALBERT has a ninth of the parameters. Here a pretrained model is turned into one, and fine-tuned.",
				"Lan 등(ICLR 2020, arXiv:1909.11942)의 ALBERT는 BERT의 모든 층이 같은 가중치를 쓰게 하고 단어 임베딩을 작은 두 행렬로 나눈다. 처음부터 학습한 ALBERT의 파라미터는 BERT의 9분의 1이다. 여기서는 사전 학습된 모델을 그렇게 변환한 뒤 미세 조정한다."),
			say("What differs from the paper: the weights were not pretrained to be shared, so that a loss here is that of conversion, less what fine-tuning brings back; one task (%s) instead of five; a word table cut by its singular value decomposition. Positions, token types and the LayerNorm after them stay in the hidden size, which at full size computes the same; ALBERT has them in E.",
				"논문과 다른 점: 공유를 전제로 사전 학습한 가중치가 아니므로 여기서의 성능 저하는 변환으로 생긴 손실에서 미세 조정이 회복한 만큼을 뺀 것이다. 과제는 다섯 개가 아니라 하나(%s)이다. 단어 임베딩은 특잇값 분해로 자르며, 위치·토큰 유형 임베딩과 LayerNorm은 은닉 크기 그대로 두어 E가 은닉 크기와 같으면 같은 함수를 계산한다(ALBERT에서는 이들도 크기가 E이다).", r.Config.Task),
			figures.TableBlock{Table: r.Config.Table()}, experiment.ClaimsBlock(r.Claims, lang), figures.TableBlock{Table: PaperTable()},
		}},
		{Title: in("Parameters", "파라미터 수"), Blocks: []figures.Block{
			say("With V words, P positions, T token types, embedding size E, hidden size H and I = 4H: (V + P + T)·E + 2E in the embeddings, E·H + H in the map to H, 4(H² + H) in attention, 2HI + I + H in the feed-forward network, 2H in each LayerNorm, H² + H in the pooler. What a group shares counts once.",
				"단어 V개, 위치 P개, 토큰 유형 T개, 임베딩 크기 E, 은닉 크기 H, I = 4H일 때: 임베딩 (V + P + T)·E + 2E, H로 가는 사상 E·H + H, 어텐션 4(H² + H), 피드포워드 신경망 2HI + I + H, LayerNorm 하나에 2H, 풀러 H² + H. 그룹이 공유하는 것은 한 번만 센다."),
			blocks["sharing-counts"], figures.TableBlock{Table: r.CountTable()},
		}},
		{Title: in("What it costs", "무엇을 잃는가"), Blocks: []figures.Block{
			say("The model that shares nothing reaches an accuracy of %.4f on %d test examples (largest class %.4f); its standard error is %.1f points. Differences between models are tested as pairs, which is finer.",
				"아무것도 공유하지 않는 모델의 정확도는 %.4f(테스트 예제 %d개, 최다 클래스 비율 %.4f)이고 표준 오차는 %.1f%%p이다. 모델 사이의 차이는 대응 표본으로 검정하며, 이 편이 더 민감하다.",
				whole, r.Examples, r.Majority, 100*math.Sqrt(whole*(1-whole)/float64(r.Examples))),
			blocks["sharing-scores"], figures.TableBlock{Table: models}, blocks["sharing-parameters"],
		}},
		{Title: in("What the shared layer begins with", "공유 층의 초깃값"), Blocks: []figures.Block{
			say("Layers that were trained apart are far apart. Their mean is the nearest to all of them, and still keeps little of each.",
				"따로 학습된 층들은 서로 멀리 떨어져 있다. 평균은 모든 층에 가장 가깝지만 각 층의 정보는 거의 남지 않는다."),
			blocks["sharing-distances"], blocks["sharing-inits"],
		}},
		{Title: in("The word table", "단어 임베딩"), Blocks: []figures.Block{blocks["sharing-embedding-error"], blocks["sharing-embedding-scores"], figures.TableBlock{Table: cuts}}},
		{Title: in("How far layers move their input", "층은 입력을 얼마나 움직이는가"), Blocks: []figures.Block{blocks["sharing-distance"], blocks["sharing-angle"]}},
		{Title: in("Storage, memory and time", "저장 공간, 메모리, 시간"), Blocks: []figures.Block{
			say("Every layer is computed as before, with the same weights or with its own: the operations stay. A factorised word table adds a product.",
				"가중치를 공유하든 하지 않든 모든 층을 그대로 계산하므로 연산량은 변하지 않는다. 단어 임베딩을 분해하면 행렬 곱이 하나 늘어난다."),
			blocks["sharing-storage"], figures.TableBlock{Table: r.SpeedTable()},
		}},
		provenance,
	}, err
}
