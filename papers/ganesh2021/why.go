package ganesh2021

import (
	"fmt"

	"bertlab/techniques/profile"
)

// Why are the numbers by which the narrative says why attention is slower than its count: shares of operations and of time, and how many
// operations a second attention and the feed-forward networks do, at the largest batch of the longest texts.
func (r edition) Why() map[string]any {
	p, _ := r.subject()
	cell := largestCell(p)
	numbers := map[string]any{"subject": r.subjectName(p), "cell": cellName(cell), "attended": false}
	attention, ffn := cell.Part(profile.Attention), cell.Part(profile.FeedForward)
	if attention == nil || ffn == nil || attention.Seconds.Median <= 0 || ffn.Seconds.Median <= 0 {
		return numbers
	}
	slow, fast := float64(attention.MACs)/attention.Seconds.Median/1e9, float64(ffn.MACs)/ffn.Seconds.Median/1e9
	numbers["attended"], numbers["slower"] = true, slow < fast
	numbers["operationShare"], numbers["timeShare"] = fmt.Sprintf("%.1f", 100*attention.MACShare), fmt.Sprintf("%.1f", 100*attention.TimeShares.Median)
	numbers["attentionRate"], numbers["ffnRate"], numbers["times"] = fmt.Sprintf("%.1f", slow), fmt.Sprintf("%.1f", fast), fmt.Sprintf("%.1f", fast/slow)
	return numbers
}
