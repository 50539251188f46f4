package gbert

import (
	"fmt"
	"reflect"
	"strings"
	"sync"

	"github.com/gomlx/compute"
	"github.com/gomlx/compute/shapes"
	. "github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/core/tensors"
)

// Computation is a compiled graph function of inputs that have names: In is what a call gives it, see [BatchOf]. It compiles once for
// each combination of inputs and their shapes.
type Computation[In any] struct {
	name string
	exec func(fields []held) (*Exec, error)

	across *across[In] // nil: one device computes
	device compute.DeviceNum

	mu    sync.Mutex
	execs map[string]*Exec // by what the fields of the inputs hold
}

// NewComputation makes a computation of a graph. Its inputs are Nodes where it is built, In where it is called.
func NewComputation[In, Nodes any](backend compute.Backend, name string, build func(in Nodes) []*Node) (*Computation[In], error) {
	return newComputation[In](backend, name, func(_ *Graph, in Nodes) []*Node { return build(in) }, nil)
}

func newComputation[In, Nodes any](backend compute.Backend, name string, build func(g *Graph, in Nodes) []*Node, bind SideParamsFn) (*Computation[In], error) {
	if err := sameInputs(reflect.TypeFor[In](), reflect.TypeFor[Nodes](), ""); err != nil {
		return nil, fmt.Errorf("gbert: %s: %w", name, err)
	}
	exec := func(fields []held) (*Exec, error) {
		exec, err := NewExec(backend, func(nodes []*Node) []*Node {
			var in Nodes
			fill(reflect.ValueOf(&in).Elem(), nodes, fields)
			return build(nodes[0].Graph(), in)
		})
		if err != nil {
			return nil, err
		}
		return exec.WithName(name).SetMaxCache(-1).SetSideParamsHook(bind), nil
	}
	return &Computation[In]{name: name, exec: exec, execs: map[string]*Exec{}}, nil
}

// On makes a device compute in place of the first one, where the inputs must lie; see also [Computation.Across].
func (c *Computation[In]) On(device compute.DeviceNum) *Computation[In] {
	c.device = device
	return c
}

// arrange lists the inputs of a call, and finds the executor for them.
func (c *Computation[In]) arrange(in In) ([]any, *Exec, []bool, error) {
	values, fields := flatten(reflect.ValueOf(&in).Elem(), nil, nil)
	if len(values) == 0 {
		return nil, nil, nil, fmt.Errorf("gbert: %s: there are no inputs", c.name)
	}
	key := fmt.Sprint(fields)
	var divided []bool
	if c.across != nil {
		var how string
		divided, how = c.across.key(in, values)
		key += how
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	exec, ok := c.execs[key]
	if !ok {
		var err error
		if exec, err = c.exec(fields); err != nil {
			return nil, nil, nil, fmt.Errorf("gbert: %s: %w", c.name, err)
		}
		if c.across != nil {
			if exec, err = c.across.arranged(exec, divided, values); err != nil {
				return nil, nil, nil, fmt.Errorf("gbert: %s: %w", c.name, err)
			}
		}
		c.execs[key] = exec
	}
	return values, exec, divided, nil
}

// Run computes. The inputs stay the caller's; the results are its, too, and it closes them.
func (c *Computation[In]) Run(in In) (*Results, error) {
	values, exec, divided, err := c.arrange(in)
	if err != nil {
		return nil, err
	}
	if c.across != nil {
		results, err := c.across.run(exec, divided, values)
		if err != nil {
			return nil, fmt.Errorf("gbert: %s: %w", c.name, err)
		}
		return results, nil
	}
	outputs, _, err := exec.CallWithGraphOnDevice(c.device, values...) // CallOnDevice of GoMLX 0.28.8 forgets the device
	if err != nil {
		return nil, fmt.Errorf("gbert: %s: %w", c.name, err)
	}
	return &Results{outputs}, nil
}

// Consume is Run for inputs that nobody needs any more: it frees them, whatever comes of it.
func (c *Computation[In]) Consume(in In) (*Results, error) {
	defer Free(in)
	return c.Run(in)
}

// Compile compiles for inputs of these shapes, all of which are tensors, without computing anything or sending them to the device. Calls
// for different shapes may go on side by side.
func (c *Computation[In]) Compile(in In) error {
	values, exec, _, err := c.arrange(in)
	if err != nil || c.across != nil { // among devices it compiles at its first run
		return err
	}
	var list []shapes.Shape
	for _, value := range values {
		list = append(list, value.(*tensors.Tensor).Shape())
	}
	if _, err := exec.Compile(list...); err != nil {
		return fmt.Errorf("gbert: %s: %w", c.name, err)
	}
	return nil
}

// Close frees the compiled programs. It does nothing to a nil computation.
func (c *Computation[In]) Close() {
	if c == nil {
		return
	}
	for _, exec := range c.execs {
		exec.Finalize()
	}
}

// Results are what a computation put out, in the order of its graph. They are their holder's, who closes them.
type Results struct {
	tensors []*tensors.Tensor
}

// Len is the number of results.
func (r *Results) Len() int { return len(r.tensors) }

// At is a result, which stays with the others; nil if it was taken.
func (r *Results) At(i int) *tensors.Tensor { return r.tensors[i] }

// Take is a result that is the caller's from here on, who finalizes it.
func (r *Results) Take(i int) *tensors.Tensor {
	taken := r.tensors[i]
	r.tensors[i] = nil
	return taken
}

// Values are the numbers of a float32 result, row-major, copied to the host.
func (r *Results) Values(i int) ([]float32, error) {
	values, err := tensors.CopyFlatData[float32](r.tensors[i])
	if err != nil {
		return nil, fmt.Errorf("gbert: %w", err)
	}
	return values, nil
}

// Close frees the results that were not taken. It may be called more than once, and of nil.
func (r *Results) Close() {
	if r == nil {
		return
	}
	for i, tensor := range r.tensors {
		if tensor != nil {
			tensor.MustFinalizeAll()
			r.tensors[i] = nil
		}
	}
}

// Program is a [Computation] with the weights of a session, which frees it.
type Program[In any] struct {
	executable *executable[In]
	layer      int            // whose weights it runs with; -1: those that the graph names
	others     []*Program[In] // the same on the further devices of the session
}

// Devices are the program on each of the session's devices, each of which another goroutine may run; the program itself is the first.
func (p *Program[In]) Devices() []*Program[In] { return append([]*Program[In]{p}, p.others...) }

// executable is what programs about layers of the same shape share.
type executable[In any] struct {
	*Computation[In]
	layers
}

// layers says of which layer a graph speaks and with whose weights it runs.
type layers struct {
	built int // the layer that the graph names, -1: none
	layer int // the layer to run with, set before each call
}

// bound is the name of the weight to run with, for a weight that the graph names.
func (l *layers) bound(name string) string {
	if rest, ok := strings.CutPrefix(name, LayerPrefix(l.built)); ok && l.layer != l.built {
		return LayerPrefix(l.layer) + rest
	}
	return name
}

// NewProgram is the session's program of that name, built with fn at the first call. fn gets the inputs' nodes and a function that
// begins a forward pass with the session's weights.
func NewProgram[In, Nodes any](s *Session, name string, fn func(begin func(Taps) *Forward, in Nodes) []*Node) (*Program[In], error) {
	return newProgram[In](s, name, -1, fn)
}

// NewLayerProgram is [NewProgram] about one layer. Layers of the same shape share its executable, so a deep model compiles
// once and not once a layer. fn builds the graph for the layer that it is given, which may be another of the same shape.
func NewLayerProgram[In, Nodes any](s *Session, name string, layer int, fn func(begin func(Taps) *Forward, layer int, in Nodes) []*Node) (*Program[In], error) {
	shape := s.model.Config.Layers[layer]
	// Layers that are tied to the same others have the same weights there, whose names stay as they are.
	signature := fmt.Sprintf("%s %v %d %v %v", name, shape.Heads, shape.IntermediateSize, shape.Neurons, shape.Forms)
	return newProgram[In](s, signature, layer, func(begin func(Taps) *Forward, in Nodes) []*Node { return fn(begin, layer, in) })
}

func newProgram[In, Nodes any](s *Session, name string, layer int, fn func(begin func(Taps) *Forward, in Nodes) []*Node) (*Program[In], error) {
	program, err := newDeviceProgram[In](s, name, layer, fn)
	for i := 0; i < len(s.others) && err == nil; i++ {
		var other *Program[In]
		other, err = newDeviceProgram[In](s.others[i], name, layer, fn)
		program.others = append(program.others, other)
	}
	return program, err
}

// newDeviceProgram is newProgram for the session's own device.
func newDeviceProgram[In, Nodes any](s *Session, name string, layer int, fn func(begin func(Taps) *Forward, in Nodes) []*Node) (*Program[In], error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if known, ok := s.programs[name]; ok {
		shared, ok := known.(*executable[In])
		if !ok {
			return nil, fmt.Errorf("gbert: %s: the session has a program of this name with other inputs", name)
		}
		return &Program[In]{executable: shared, layer: layer}, nil
	}
	shared := &executable[In]{layers: layers{built: layer, layer: layer}}
	var err error
	shared.Computation, err = newComputation[In](s.backend, name, func(g *Graph, in Nodes) []*Node {
		source := &sessionWeights{session: s, graph: g, nodes: map[string]*Node{}}
		return lastInGraph(fn(func(taps Taps) *Forward { return NewForward(s.model.Config, g, source.weight, taps) }, in))
	}, s.bindWeights(&shared.layers))
	if err != nil {
		return nil, err
	}
	shared.On(s.device)
	s.programs[name] = shared
	return &Program[In]{executable: shared, layer: layer}, nil
}

// bindWeights gives a graph the weights that it names.
func (s *Session) bindWeights(of *layers) SideParamsFn {
	return func(g *Graph, buffers []compute.Buffer, donate []bool) error {
		for i, buffer := range buffers {
			if buffer != nil {
				continue
			}
			weight, err := s.deviceWeight(of.bound(g.GetParameterByHandle(ParameterHandle(i)).GetParameterName()))
			if err != nil {
				return err
			}
			buffers[i], donate[i] = weight, false
		}
		return nil
	}
}

// lastInGraph puts an output behind all inputs of the graph. Weights become inputs when they are first asked for, which may be
// after what is put out was built, as those of the layers above a hidden state; the pure Go backend (compute v0.1.0) ends such a
// program with "index out of range".
func lastInGraph(outputs []*Node) []*Node {
	if n := len(outputs); n > 0 {
		outputs[n-1] = Identity(outputs[n-1])
	}
	return outputs
}

// Run executes the program, as [Computation.Run].
func (p *Program[In]) Run(in In) (*Results, error) {
	p.executable.layer = p.layer
	return p.executable.Run(in)
}

// Consume executes the program and frees its inputs, as [Computation.Consume].
func (p *Program[In]) Consume(in In) (*Results, error) {
	defer Free(in)
	return p.Run(in)
}
