package lan2020

import (
	"bertlab/figures"
	"bertlab/papers/experiment"
)

// figures are the experiment's figures in the order of the report.
func (r *Result) figures() []experiment.Drawing {
	return []experiment.Drawing{
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
	}
}
