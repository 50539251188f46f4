package compare

import "bertlab/stats"

// Latency is the time of a forward pass of one batch. All times are seconds.
type Latency struct {
	Batch int `json:"batch"`
	// Seconds is the median of Samples, Low and High their quartiles.
	Seconds float64   `json:"seconds"`
	Low     float64   `json:"low"`
	High    float64   `json:"high"`
	Samples []float64 `json:"samples"`
	// Speed is the original's time divided by this model's of the same round, the median; SpeedLow and SpeedHigh its quartiles.
	Speed     float64 `json:"speed"`
	SpeedLow  float64 `json:"speed_low"`
	SpeedHigh float64 `json:"speed_high"`
}

// latency is that of model i, from the samples of all models at a batch size, [models][rounds], the original's first.
func latency(size int, all [][]float64, i int) Latency {
	samples := all[i]
	ratios := make([]float64, len(samples))
	for k := range samples {
		ratios[k] = all[0][k] / samples[k]
	}
	seconds, speed := stats.Quartiles(samples), stats.Quartiles(ratios)
	return Latency{
		Batch: size, Seconds: seconds.Value, Low: seconds.Low, High: seconds.High, Samples: samples, Speed: speed.Value, SpeedLow: speed.Low, SpeedHigh: speed.High,
	}
}
