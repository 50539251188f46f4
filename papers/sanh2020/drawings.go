package sanh2020

import (
	"bertlab/papers/experiment"
	"bertlab/techniques/movement"
)

// figures are the experiment's figures in the order of the report.
func (r *Result) figures() []experiment.Drawing {
	c := r.Config
	global := len(r.global(movement.Movement, c.Focus)) > 0
	teacher := len(r.pick(func(v Variant) bool { return v.Distilled && v.Remaining == c.Focus })) > 0
	return []experiment.Drawing{
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
		{Name: "scores", Raster: true, Omit: r.focused(movement.Movement) == nil, Build: r.ScoreScatter, Caption: experiment.Text{
			English: "Scores of movement pruning against the weights: a large weight need not have a high score.",
			Korean:  "가중치와 무브먼트 점수의 관계. 가중치가 크다고 점수가 높은 것은 아니다.",
		}},
		{Name: "matrices", Omit: !global, Build: r.LayerHeatmap, Caption: experiment.Text{
			English: "Where one selection for the whole model leaves weights, by layer and matrix. The brighter the cell, the more of them remain.",
			Korean:  "모델 전체에서 한 번에 골랐을 때 가중치가 남는 곳(층과 행렬별). 칸이 밝을수록 많이 남는다.",
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
			English: "How far fine-tuning without pruning moves each matrix, relative to its norm. The brighter the cell, the farther.",
			Korean:  "가지치기 없이 미세 조정할 때 각 행렬이 움직인 거리(노름에 대한 비율). 칸이 밝을수록 멀리 움직였다.",
		}},
		{Name: "speed", Omit: len(r.Speed.Unstructured)+len(r.Speed.Structured) == 0, Build: r.SpeedBars, Caption: experiment.Text{
			English: "Speed against the dense model: with zeros among the weights, and with heads and neurons removed.",
			Korean:  "가지치기하지 않은 모델 대비 속도: 가중치에 0이 섞인 경우와 헤드·뉴런을 실제로 제거한 경우.",
		}},
		{Name: "hybrid", Omit: len(r.Speed.Structured) == 0, Build: r.HybridCurve, Caption: experiment.Text{
			English: "The metric against the measured speed of models without heads and neurons.",
			Korean:  "헤드와 뉴런을 제거한 모델의 실측 속도와 평가 지표.",
		}},
	}
}

// numbers are what the narrative names.
func (r *Result) numbers() map[string]any {
	return map[string]any{"model": r.Config.modelName(), "task": r.Config.Task, "steps": r.Steps}
}
