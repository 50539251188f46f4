package fetch

import (
	"context"
	"fmt"
	"sync/atomic"
	"time"
)

// pace watches how fast a transfer is, and cuts one that falls silent or drips.
type pace struct {
	bytes atomic.Int64 // since the last look
	end   chan struct{}
}

// newPace looks at the transfer of a request once in its Stall, and cancels it where less came than MinRate in that time.
func newPace(r Request, cancel context.CancelCauseFunc) *pace {
	span, rate := r.Stall, r.MinRate
	if span <= 0 {
		span = 30 * time.Second
	}
	if rate <= 0 {
		rate = 1000
	}
	p := &pace{end: make(chan struct{})}
	go func() {
		ticks := time.NewTicker(span)
		defer ticks.Stop()
		for {
			select {
			case <-p.end:
				return
			case <-ticks.C:
			}
			switch came := p.bytes.Swap(0); {
			case came == 0:
				cancel(fmt.Errorf("no byte for %v", span))
			case float64(came) < float64(rate)*span.Seconds():
				cancel(fmt.Errorf("only %d bytes in %v, less than %d a second", came, span, rate))
			}
		}
	}()
	return p
}

// came counts bytes.
func (p *pace) came(n int) { p.bytes.Add(int64(n)) }

func (p *pace) stop() { close(p.end) }
