package ganesh2021

import (
	"bertlab/papers/experiment/words"
	"fmt"
	"strings"

	"bertlab/techniques/profile"
)

// cellName names a batch size and length.
func cellName(c *profile.Cell) string { return fmt.Sprintf("%d × %d", c.Batch, c.Length) }

func percent(share float64) string { return fmt.Sprintf("%.1f %%", 100*share) }

// points writes a difference of shares.
func points(difference float64) string {
	return strings.Replace(fmt.Sprintf("%+.1f", 100*difference), "-", "−", 1)
}

func interval(s profile.Spread) string { return points(s.Low) + ", " + points(s.High) }

func millions(say *words.Printer, n int) string { return say.F("%.1f million", float64(n)/1e6) }

// amount writes a number with a letter for its size: 22.7 M, 1.43 G.
func amount(n float64) string {
	for _, unit := range []struct {
		size   float64
		letter string
	}{{1e12, "T"}, {1e9, "G"}, {1e6, "M"}, {1e3, "k"}} {
		if n >= unit.size {
			return fmt.Sprintf("%.3g %s", n/unit.size, unit.letter)
		}
	}
	return fmt.Sprintf("%.3g", n)
}

// seconds writes a time.
func seconds(say *words.Printer, s float64) string {
	if s >= 1 {
		return fmt.Sprintf("%.3g s", s)
	}
	return say.F("%.3g ms", 1000*s)
}
