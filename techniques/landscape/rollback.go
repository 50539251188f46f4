package landscape

import "context"

// Rollback evaluates the fine-tuned model with a part set back to θ₀ (Hao et al. 2019, rollback of layer groups): the point α = 0 of that part.
func (e *Explorer) Rollback(ctx context.Context, part Part) ([]Measure, error) {
	if err := e.Move(part); err != nil {
		return nil, err
	}
	return e.At(ctx, Point{})
}
