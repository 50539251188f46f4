package finetune

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	. "github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/core/tensors"

	"bertlab/gbert"
)

// Combine makes one method of several that take part in the same training, such as pruning and distillation. Names of
// parameters, constants, numbers and prepared results stay as they are: two methods must not share one. Weights
// and inputs of maps are transformed by each method in turn, the first one first. Every method's Loss is given the task's loss L, and
// what is minimised is L + Σ (Lossᵢ(L) − L), so the order of the losses does not matter.
func Combine(methods ...*Method) (*Method, error) {
	c := &combination{}
	result := &Method{Arguments: map[string]any{}}
	var names []string
	parameters, constants, numbers := map[string]bool{}, map[string]bool{}, map[string]bool{}
	var hasNumbers, hasPrepare, hasWeight, hasInput, hasLoss, hasBatchInputs bool
	for _, m := range methods {
		if m == nil || m.Name == "" {
			return nil, fmt.Errorf("finetune: method %d of those to combine is missing or has no name", len(names)+1)
		}
		if _, twice := result.Arguments[m.Name]; twice {
			return nil, fmt.Errorf("finetune: %s cannot be combined with itself", m.Name)
		}
		names, result.Arguments[m.Name] = append(names, m.Name), m.Arguments
		for _, p := range m.Parameters {
			if err := claim(parameters, m.Name, "parameter", p.Name); err != nil {
				return nil, err
			}
		}
		for _, k := range m.Constants {
			if err := claim(constants, m.Name, "constant", k.Name); err != nil {
				return nil, err
			}
		}
		if m.Numbers != nil {
			hasNumbers = true
			for name := range m.Numbers(0, 1) {
				if err := claim(numbers, m.Name, "number", name); err != nil {
					return nil, err
				}
			}
		}
		result.Parameters = append(result.Parameters, m.Parameters...)
		result.Constants = append(result.Constants, m.Constants...)
		result.HiddenStates = result.HiddenStates || m.HiddenStates
		result.Attention = result.Attention || m.Attention
		hasPrepare, hasWeight = hasPrepare || m.Prepare != nil, hasWeight || m.Weight != nil
		hasInput, hasLoss = hasInput || m.Input != nil, hasLoss || m.Loss != nil
		hasBatchInputs = hasBatchInputs || m.BatchInputs != nil
		c.methods = append(c.methods, m)
	}
	if len(methods) == 0 {
		return nil, fmt.Errorf("finetune: there is no method to combine")
	}
	result.Name = strings.Join(names, "+")
	if hasNumbers {
		result.Numbers = c.numbers
	}
	result.Check = c.check
	if hasPrepare {
		result.Prepare = c.prepare
		if !slices.ContainsFunc(methods, func(m *Method) bool { return m.Prepare != nil && m.PrepareHost == nil }) {
			result.PrepareHost = c.prepareHost
		}
	}
	if hasWeight {
		result.Weight = c.weight
	}
	if hasInput {
		result.Input = c.input
	}
	if hasLoss {
		result.Loss = c.loss
	}
	if hasBatchInputs {
		result.BatchInputs = c.batchInputs
	}
	return result, nil
}

// claim takes a name for a method.
func claim(taken map[string]bool, method, what, name string) error {
	if taken[name] {
		return fmt.Errorf("finetune: %s has the %s %q, as another method has: methods that are combined need different names", method, what, name)
	}
	taken[name] = true
	return nil
}

// combination is several methods that look like one.
type combination struct {
	methods []*Method
}

func (c *combination) check(steps int) error {
	for _, m := range c.methods {
		if m.Check != nil {
			if err := m.Check(steps); err != nil {
				return err
			}
		}
	}
	return nil
}

func (c *combination) numbers(step, steps int) map[string]float64 {
	all := map[string]float64{}
	for _, m := range c.methods {
		if m.Numbers != nil {
			maps.Copy(all, m.Numbers(step, steps))
		}
	}
	return all
}

func (c *combination) prepare(s *StepGraph) map[string]*Node {
	all := map[string]*Node{}
	for _, m := range c.methods {
		if m.Prepare == nil {
			continue
		}
		for name, node := range m.Prepare(s) {
			if _, twice := all[name]; twice {
				panic(fmt.Errorf("finetune: %s prepares %q, as another method does", m.Name, name))
			}
			all[name] = node
		}
	}
	return all
}

func (c *combination) prepareHost(s *HostStep) (map[string]*tensors.Tensor, error) {
	all := map[string]*tensors.Tensor{}
	for _, m := range c.methods {
		if m.PrepareHost == nil {
			continue
		}
		results, err := m.PrepareHost(s)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", m.Name, err)
		}
		for name, tensor := range results {
			if _, twice := all[name]; twice {
				return nil, fmt.Errorf("%s prepares %q, as another method does", m.Name, name)
			}
			all[name] = tensor
		}
	}
	return all, nil
}

func (c *combination) weight(s *StepGraph, name string, w *Node) *Node {
	for _, m := range c.methods {
		if m.Weight != nil {
			w = m.Weight(s, name, w)
		}
	}
	return w
}

func (c *combination) input(s *StepGraph, weight string, x *Node) *Node {
	for _, m := range c.methods {
		if m.Input != nil {
			x = m.Input(s, weight, x)
		}
	}
	return x
}

// loss gives each method the view of the step with its own further inputs.
func (c *combination) loss(s *StepGraph, loss *Node) *Node {
	total := loss
	for _, m := range c.methods {
		if m.Loss == nil {
			continue
		}
		view := *s
		view.batchInputs = map[string]*Node{}
		for name, node := range s.batchInputs {
			if own, ok := strings.CutPrefix(name, inputPrefix(m)); ok {
				view.batchInputs[own] = node
			}
		}
		total = Add(total, Sub(m.Loss(&view, loss), loss))
	}
	return total
}

// inputPrefix sets a method's further inputs apart from those of the others, whose names are other than its.
func inputPrefix(m *Method) string { return m.Name + "/" }

func (c *combination) batchInputs(b *gbert.Batch) map[string]*tensors.Tensor {
	all := map[string]*tensors.Tensor{}
	for _, m := range c.methods {
		if m.BatchInputs == nil {
			continue
		}
		for name, tensor := range m.BatchInputs(b) {
			all[inputPrefix(m)+name] = tensor
		}
	}
	return all
}
