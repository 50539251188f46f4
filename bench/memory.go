package main

import (
	"context"
	"fmt"
	"os"
	"os/exec"
)

// memoryAllowance is what eval may take beside the weights.
const memoryAllowance = 600e6

// memory runs bertlab eval as a process of its own and reads its peak resident memory.
func (s *suite) memory(ctx context.Context) error {
	command := exec.CommandContext(ctx, s.bertlab, "eval", "--quiet", "--model", s.dir, "--task", "sst2", "--data", s.devPath,
		"--examples", fmt.Sprint(s.sizes.memory), "--batch", fmt.Sprint(batchSize), "--max-length", fmt.Sprint(maxLength))
	command.Stderr = os.Stderr
	peak, err := runForPeak(command)
	if err != nil {
		return fmt.Errorf("bench: bertlab eval: %w", err)
	}
	if peak == 0 {
		return fmt.Errorf("bench: this system does not tell a process's peak memory")
	}
	weights, err := s.weightBytes()
	if err != nil {
		return err
	}
	s.report.Memory = append(s.report.Memory, memoryResult{
		Model: s.name, PeakBytes: peak, WeightBytes: weights, BesideBytes: peak - weights, Within: float64(peak-weights) <= memoryAllowance,
	})
	return nil
}
