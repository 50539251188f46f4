package finetune

import (
	"context"
	"sync"
)

// Deal does n pieces of work, each once: every worker, such as a session on a device of its own, takes the next one as soon as it is done
// with its last. One worker does them in their order, in the caller's goroutine. It stops where a piece fails, or ctx is cancelled, and
// returns the error of the first piece that failed.
func Deal[T any](ctx context.Context, workers []T, n int, do func(worker T, i int) error) error {
	if len(workers) == 1 {
		for i := range n {
			if err := ctx.Err(); err != nil {
				return err
			}
			if err := do(workers[0], i); err != nil {
				return err
			}
		}
		return nil
	}
	var mu sync.Mutex
	next, failed := 0, error(nil)
	firstFailed := n
	take := func() int {
		mu.Lock()
		defer mu.Unlock()
		if failed != nil || next == n {
			return n
		}
		next++
		return next - 1
	}
	fail := func(i int, err error) {
		mu.Lock()
		defer mu.Unlock()
		if i < firstFailed {
			firstFailed, failed = i, err
		}
	}
	var all sync.WaitGroup
	for _, worker := range workers {
		all.Go(func() {
			for i := take(); i < n; i = take() {
				err := ctx.Err()
				if err == nil {
					err = do(worker, i)
				}
				if err != nil {
					fail(i, err)
				}
			}
		})
	}
	all.Wait()
	return failed
}

// ordered hands what workers did on, one at a time and in the order of the pieces, so that sums are the same with any number of workers.
type ordered[T any] struct {
	mu   sync.Mutex
	next int
	wait map[int]T
	use  func(i int, value T)
}

func newOrdered[T any](use func(i int, value T)) *ordered[T] {
	return &ordered[T]{wait: map[int]T{}, use: use}
}

// done is told what came of a piece.
func (o *ordered[T]) done(i int, value T) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.wait[i] = value
	for {
		value, ok := o.wait[o.next]
		if !ok {
			return
		}
		delete(o.wait, o.next)
		o.use(o.next, value)
		o.next++
	}
}
