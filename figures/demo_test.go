package figures

import (
	"math"
	"math/rand/v2"
)

const demoCaption = "all-MiniLM-L6-v2 · movie reviews (dev, n = 1,000) · seeds 1–3 · made-up numbers"

// demos are the figures of a paper with invented numbers.
func demos() map[string]func() (*Figure, error) {
	r := rand.New(rand.NewPCG(1, 2))
	grid := func(rows, columns int, f func() float64) [][]float64 {
		out := make([][]float64, rows)
		for i := range out {
			out[i] = make([]float64, columns)
			for j := range out[i] {
				out[i][j] = f()
			}
		}
		return out
	}
	importance := grid(12, 12, func() float64 { return math.Pow(r.Float64(), 3) })
	importance[3][4], importance[3][5], importance[10][1] = math.NaN(), math.NaN(), math.NaN()
	delta := grid(6, 12, func() float64 { return r.NormFloat64() * 0.6 })
	delta[2][7], delta[5][0] = -3.1, -2.2
	marks := make([][]bool, 6)
	var flat []float64
	for i := range delta {
		marks[i] = make([]bool, 12)
		for j, d := range delta[i] {
			marks[i][j] = math.Abs(d) > 1.2
			flat = append(flat, 0.858+d/100)
		}
	}
	var curves []Curve
	for k, name := range []string{"by importance", "at random", "most important first"} {
		c := Curve{Name: name}
		for i := 0; i <= 10; i++ {
			x := float64(i) / 10
			y := 0.5 + 0.358*(1-math.Pow(x, []float64{5, 2, 0.8}[k])) + 0.004*r.NormFloat64()
			d := 0.005 + 0.02*x*(1-x)*float64(1+k)
			c.X, c.Y, c.Lo, c.Hi = append(c.X, x), append(c.Y, y), append(c.Lo, y-d), append(c.Hi, y+d)
		}
		curves = append(curves, c)
	}
	var sx, sy []float64
	var names []string
	for i := range 72 {
		v := r.NormFloat64()
		sx, sy = append(sx, 0.6*v+0.3*r.NormFloat64()-0.2), append(sy, 0.5*v+0.5*r.NormFloat64()-0.1)
		names = append(names, "L"+string(rune('1'+i/12))+" H"+string(rune('A'+i%12)))
	}
	sy[40] = 3.2
	axis := make([]float64, 16)
	for i := range axis {
		axis[i] = -1 + 0.2*float64(i)
	}
	valley := make([][]float64, len(axis)) // a narrow valley that bends
	for j, y := range axis {
		valley[j] = make([]float64, len(axis))
		for i, x := range axis {
			valley[j][i] = 0.12 + 0.35*math.Pow(x-1, 2)*(1+0.4*math.Sin(3*y)) + 0.9*math.Pow(y-0.15*x*x, 2) + 0.15*math.Pow(x*y, 2)
		}
	}
	holes := make([][]float64, len(valley))
	for j := range valley {
		holes[j] = append([]float64(nil), valley[j]...)
	}
	holes[15][14], holes[14][15], holes[7][2] = math.NaN(), math.Inf(1), math.NaN()
	way := []Waypoint{{0, 0, 0.69, "start"}, {0.2, 0.35, 0.6, ""}, {0.45, 0.5, 0.42, ""}, {0.7, 0.45, 0.3, ""}, {0.9, 0.25, 0.2, ""}, {1, 0, 0.12, ""}}
	places := []Mark{{1, 0, "fine-tuned"}, {0, 0, "pretrained"}}
	frame := func(title, x, y string) Frame {
		return Frame{Title: title, Caption: demoCaption, XLabel: x, YLabel: y}
	}
	return map[string]func() (*Figure, error){
		"heatmap-sequential": func() (*Figure, error) {
			return Heatmap(HeatmapOptions{Frame: frame("A few heads in each layer carry most of the importance", "head", "layer"),
				Values: importance, Legend: "importance (ℓ2-normalised in each layer)", Missing: "removed"})
		},
		"heatmap-diverging": func() (*Figure, error) {
			return Heatmap(HeatmapOptions{Frame: frame("Only two of 72 heads cost more than two points when removed alone", "head", "layer"),
				Values: delta, Palette: Diverging, Format: "%+.1f", Legend: "change in accuracy (points)", Marks: marks, MarkLabel: "p < 0.01, exact McNemar test"})
		},
		"histogram": func() (*Figure, error) {
			return Histogram(HistogramOptions{Frame: frame("Removing one head hardly moves the accuracy", "accuracy without the head", "number of heads"),
				Samples: []Sample{{Name: "heads", Values: flat}}, VLines: []Reference{{0.858, "all heads: 85.8 %"}}, XFormat: Percent})
		},
		"histogram-two": func() (*Figure, error) {
			return Histogram(HistogramOptions{Frame: frame("Heads matter more out of domain", "change in accuracy (points)", "number of heads"),
				Samples: []Sample{{Name: "movie reviews", Values: sx}, {Name: "product reviews", Values: sy}}, VLines: []Reference{{0, "no change"}, {-0.2, "mean"}}})
		},
		"curves": func() (*Figure, error) {
			return Curves(CurvesOptions{Frame: frame("Half of the heads can go before the accuracy falls", "heads removed", "accuracy (mean and range over 3 seeds)"),
				Curves: curves, XFormat: Percent, YFormat: Percent, HLines: []Reference{{0.52, "majority class"}}, VLines: []Reference{{0.5, "chosen"}}})
		},
		"pareto": func() (*Figure, error) {
			o := ParetoOptions{Frame: frame("Half the bytes for a point of accuracy", "file size, MB", "accuracy"), Groups: []string{"original", "one technique", "several"},
				YFormat: Percent, HLines: []Reference{{0.851, "original"}}}
			for i, name := range []string{"fine-tuned", "layers", "layers-distil", "heads", "movement", "factorised", "embedding", "shared", "float16", "layers-float16", "everything"} {
				x, y := []float64{90.9, 76.7, 76.7, 86.3, 60.1, 69.7, 60.4, 80.3, 45.5, 38.3, 22.5}[i], []float64{0.851, 0.829, 0.841, 0.846, 0.838, 0.840, 0.834, 0.832, 0.851, 0.841, 0.812}[i]
				o.Points = append(o.Points, ParetoPoint{Name: name, X: x, Y: y, Lo: y - 0.012, Hi: y + 0.012, Group: map[bool]int{true: 0, false: 1 + i/9}[i == 0]})
			}
			o.Points[0].Lo, o.Points[0].Hi = 0, 0
			return Pareto(o)
		},
		"scatter": func() (*Figure, error) {
			return Scatter(ScatterOptions{Frame: frame("Heads that matter in domain tend to matter out of domain", "change in accuracy, movie reviews (points)", "change in accuracy, product reviews (points)"),
				X: sx, Y: sy, Labels: names, Outliers: 6, Lines: FitLine | IdentityLine | ZeroLines, Note: "r = 0.54 [0.35, 0.69]"})
		},
		"contour": func() (*Figure, error) {
			return Contour(ContourOptions{Frame: frame("The way down is smooth", "α, along fine-tuning", "β, along fine-tuning elsewhere"),
				X: axis, Y: axis, Values: valley, Scale: Log, Legend: "loss (nats)", Marks: places[:1], Path: way, PathName: "trajectory; fill: loss there"})
		},
		"contour-missing": func() (*Figure, error) {
			return Contour(ContourOptions{Frame: frame("Where nothing is known", "α", "β"), X: axis, Y: axis, Values: holes,
				Limits: Range{0, 2}, Legend: "loss (nats), above 2 all alike", Missing: "overflow", Marks: places})
		},
		"surface": func() (*Figure, error) {
			return Surface(demoSurface(frame("The optimum is wide", "α", "β"), axis, valley, places))
		},
		"bars": func() (*Figure, error) {
			return Bars(BarsOptions{Frame: frame("Fewer heads are faster, but less than in theory", "batch size", "speed-up over the whole model"),
				Groups: []string{"1", "4", "16", "64"},
				Series: []BarSeries{
					{Name: "half of the heads", Values: []float64{1.05, 1.12, 1.16, 1.17}, Lo: []float64{1.01, 1.1, 1.15, 1.16}, Hi: []float64{1.09, 1.14, 1.18, 1.19}},
					{Name: "a quarter of the heads", Values: []float64{1.08, 1.21, 1.27, 1.29}, Lo: []float64{1.02, 1.18, 1.25, 1.28}, Hi: []float64{1.11, 1.23, 1.3, 1.31}},
				}, HLines: []Reference{{1.2, "theory, half"}, {1.33, "theory, a quarter"}}, Format: "%.2f×"})
		},
		"bars-whiskers": func() (*Figure, error) {
			return Bars(BarsOptions{Frame: frame("Integers change little", "task", "change of accuracy, points"),
				Groups: []string{"movies", "products"},
				Series: []BarSeries{
					{Name: "quantisation-aware training", Values: []float64{0, -0.3}, Lo: []float64{-2.45, -3}, Hi: []float64{2.45, 2.4}},
					{Name: "after training, range of the batch", Values: []float64{-1.7, -0.3}, Lo: []float64{-3.5, -1.8}, Hi: []float64{0.3, 1.1}},
					{Name: "after training, range of each token", Values: []float64{-0.7, 0.7}, Lo: []float64{-2, -0.9}, Hi: []float64{0.6, 2.3}},
					{Name: "after training, stored range", Values: []float64{0, -0.7}, Lo: []float64{-1.8, -2.3}, Hi: []float64{1.8, 0.9}},
				}, Format: "%+.1f"})
		},
		"stacked-shares": func() (*Figure, error) {
			return StackedBars(StackedOptions{Frame: frame("Embeddings are half of the model and none of its work", "", "share"),
				Groups: []string{"parameters", "operations", "time, batch 1", "time, batch 32"}, Shares: true, Totals: []string{"22.7 M", "1.43 G", "12 ms", "310 ms"},
				Series: []BarSeries{
					{Name: "embedding", Values: []float64{11.9, 0, 0.2, 2}}, {Name: "query, key, value", Values: []float64{2.7, 340, 2.4, 66}},
					{Name: "attention", Values: []float64{0, 75, 1.2, 40}}, {Name: "attention output", Values: []float64{0.9, 113, 0.9, 24}},
					{Name: "feed-forward", Values: []float64{7.1, 906, 7, 160}}, {Name: "LayerNorm, residual", Values: []float64{0.01, math.NaN(), 0.4, 18}},
				}})
		},
		"stacked": func() (*Figure, error) {
			return StackedBars(StackedOptions{Frame: frame("Attention grows with the length, the rest does not", "tokens", "time of a token, µs"),
				Groups: []string{"32", "128", "512"}, Series: []BarSeries{
					{Name: "feed-forward", Values: []float64{60, 56, 58}}, {Name: "attention", Values: []float64{4, 12, 47}},
				}})
		},
	}
}

func demoSurface(f Frame, axis []float64, values [][]float64, marks []Mark) SurfaceOptions {
	return SurfaceOptions{Frame: f, X: axis, Y: axis, Values: values, Scale: Log, ZLabel: "loss (nats, logarithmic)", Marks: marks}
}

func demoTable() *Table {
	return &Table{
		Title: "Accuracy after pruning", Caption: "Mean over 3 seeds; made-up numbers.",
		Columns: []Column{
			{Name: "Method"}, {Name: "Heads left", Format: "%d"}, {Name: "Accuracy", Unit: "%", Format: "%.1f"},
			{Name: "Δ", Unit: "points", Format: "%+.1f"}, {Name: "Claim"},
		},
		Rows: [][]any{
			{"whole model", 72, 85.8, math.NaN(), nil},
			{"by importance", 36, 84.1, -1.7, coloured{}},
			{"at random", 36, 76.94, -8.86, "does not hold"},
			{"중요도 | 역순", 36, 65.2, -20.6, "open"},
		},
	}
}
