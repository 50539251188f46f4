package finetune

import (
	"fmt"
	"slices"

	"github.com/gomlx/gomlx/core/tensors"
)

// HostStep is a step as [Method.PrepareHost] sees it.
type HostStep struct {
	values  map[string]*tensors.Tensor
	numbers map[string]float64
}

// Number is one of the method's numbers.
func (s *HostStep) Number(name string) float64 { return s.numbers[name] }

// Weights gives the values of weights of the model, before the method's transform, to a function. They lie where the device
// has them: the function reads them only, and keeps none of them.
func (s *HostStep) Weights(names []string, read func(values [][]float32) error) error {
	return s.read("weight", names, "", read)
}

// Parameters gives the values of the method's parameters to a function, as Weights does.
func (s *HostStep) Parameters(names []string, read func(values [][]float32) error) error {
	return s.read("parameter", names, parameterPrefix, read)
}

func (s *HostStep) read(what string, names []string, prefix string, read func(values [][]float32) error) error {
	list := make([]*tensors.Tensor, len(names))
	for i, name := range names {
		tensor, ok := s.values[prefix+name]
		if !ok {
			return fmt.Errorf("the method asks for the %s %q, which is not there", what, name)
		}
		list[i] = tensor
	}
	return readInPlace(list, read)
}

// readInPlace gives the values of tensors to a function, without copies where device and host share their memory. The function only reads
// them, and keeps none.
func readInPlace(list []*tensors.Tensor, read func(values [][]float32) error) error {
	values := make([][]float32, len(list))
	var open func(i int) error
	open = func(i int) error {
		if i == len(list) {
			return read(values)
		}
		var inner error
		err := tensors.ConstFlatData(list[i], func(flat []float32) {
			values[i] = flat
			inner = open(i + 1)
		})
		if err != nil {
			return err
		}
		return inner
	}
	return open(0)
}

// prepareHost are the results of the method's PrepareHost.
func (s *stepper) prepareHost(step, steps int) (map[string]*tensors.Tensor, error) {
	host := &HostStep{values: map[string]*tensors.Tensor{}}
	if s.method.Numbers != nil {
		host.numbers = s.method.Numbers(step, steps)
	}
	for _, p := range slices.Concat(s.trained, s.frozen) {
		host.values[p.spec.Name] = p.value
	}
	return s.method.PrepareHost(host)
}
