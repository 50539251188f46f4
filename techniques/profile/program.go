package profile

import (
	"fmt"
	"regexp"
	"strings"
	"time"

	"github.com/gomlx/compute"
	"github.com/gomlx/compute/dtypes"
	"github.com/gomlx/compute/shapes"
	. "github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/core/tensors"
	"github.com/gomlx/gomlx/support/exceptions"

	"bertlab/gbert"
	"bertlab/gbert/backend"
)

// A step is a part of the forward pass with an executable of its own. build makes its results, and names what it computes on the
// way, beside products, that training would keep.
type step struct {
	component Component
	inputs    []input
	build     func(f *gbert.Forward, in arguments) (results, kept []*Node)
}

// input is what a step reads beside weights: an array of some shape. Steps that ask for the same input share it.
type input struct {
	name  string
	shape shapes.Shape
}

// arguments are the nodes of a step's inputs by name.
type arguments map[string]*Node

// get is the node of an input, which the step must ask for.
func (a arguments) get(name string) *Node {
	node, ok := a[name]
	if !ok {
		exceptions.Panicf("the step has no input %q", name)
	}
	return node
}

func hidden(name string, dims ...int) input {
	return input{name, shapes.Make(dtypes.Float32, dims...)}
}

// program is a compiled step.
type program struct {
	graph    *Graph
	products products
	kept     int // bytes of what a step keeps beside products
	compiled time.Duration
	memory   *backend.ProgramMemory
	cost     *backend.ProgramCost
}

// A bound program runs with the weights of one layer.
type boundProgram struct {
	*program
	step    step
	weights []string // by parameter, after the inputs
}

// builder compiles steps. Steps of layers that are alike share their program.
type builder struct {
	backend  compute.Backend
	config   *gbert.Config
	shapes   map[string][]int // of the weights, by name
	programs map[string]*program
}

func newBuilder(b compute.Backend, m *gbert.Model) *builder {
	weights := map[string][]int{}
	for _, w := range m.Weights() {
		weights[w.Name] = w.Shape
	}
	return &builder{backend: b, config: m.Config, shapes: weights, programs: map[string]*program{}}
}

// close frees all programs.
func (b *builder) close() {
	for _, p := range b.programs {
		p.graph.Finalize()
	}
	b.programs = map[string]*program{}
}

// layerNumber is a layer in the name of a weight.
var layerNumber = regexp.MustCompile(`bert\.encoder\.layer\.\d+\.`)

// compile builds a step's graph, and compiles it unless a graph that differs in nothing but the layers' numbers was compiled
// before.
func (b *builder) compile(s step) (*boundProgram, error) {
	g := NewGraph(b.backend, string(s.component))
	var results, kept []*Node
	var weights []string
	err := exceptions.TryCatch[error](func() {
		inputs := arguments{}
		for _, in := range s.inputs {
			inputs[in.name] = Parameter(g, in.name, in.shape)
		}
		nodes := map[string]*Node{}
		weight := func(name string) *Node {
			if node, ok := nodes[name]; ok {
				return node
			}
			shape, ok := b.shapes[name]
			if !ok {
				exceptions.Panicf("the model has no weight %q", name)
			}
			nodes[name] = Parameter(g, name, shapes.Make(dtypes.Float32, shape...))
			weights = append(weights, name)
			return nodes[name]
		}
		results, kept = s.build(gbert.NewForward(b.config, g, weight, gbert.Taps{}), inputs)
	})
	if err != nil {
		g.Finalize()
		return nil, fmt.Errorf("profile: %s: %w", s.component, err)
	}
	signature := b.signature(g, results)
	p, known := b.programs[signature]
	if known {
		g.Finalize()
		return &boundProgram{program: p, step: s, weights: weights}, nil
	}
	p = &program{graph: g}
	if p.products, err = countProducts(g); err != nil {
		g.Finalize()
		return nil, err
	}
	for _, node := range kept {
		p.kept += int(node.Shape().ByteSize())
	}
	done := backend.CompileAfresh(b.backend) // its time is measured
	defer done()
	began := time.Now()
	if err := g.Compile(results...); err != nil {
		g.Finalize()
		return nil, fmt.Errorf("profile: %s: %w", s.component, err)
	}
	p.compiled = time.Since(began)
	p.memory, p.cost = backend.AnalyseProgram(g.Executable())
	b.programs[signature] = p
	return &boundProgram{program: p, step: s, weights: weights}, nil
}

// signature is a graph in words, with layers by the order in which it names them. Graphs of the same words compute the same with
// the weights in their order.
func (b *builder) signature(g *Graph, results []*Node) string {
	layers := map[string]string{}
	var text strings.Builder
	for _, node := range g.Nodes() {
		line := layerNumber.ReplaceAllStringFunc(node.String(), func(name string) string {
			if layers[name] == "" {
				layers[name] = fmt.Sprintf("layer %d: ", len(layers))
			}
			return layers[name]
		})
		text.WriteString(line + "\n")
	}
	for _, node := range results {
		fmt.Fprintf(&text, "%d ", node.Id())
	}
	return text.String()
}

// call is a program with its buffers: ready to run as often as wanted.
type call struct {
	program *boundProgram
	buffers []compute.Buffer
	donate  []bool
}

// elapsed is what a call took: in time, and of all processors together.
type elapsed struct {
	time, processors time.Duration
}

// run runs the program once and returns what it took until its results were there. They are freed after that.
func (c *call) run() (took elapsed, err error) {
	err = exceptions.TryCatch[error](func() {
		processors, began := processorTime(), time.Now()
		results := c.program.graph.RunWithBuffers(c.buffers, c.donate, 0)
		took = elapsed{time.Since(began), processorTime() - processors}
		for _, result := range results {
			result.MustFinalizeAll()
		}
	})
	if err != nil {
		err = fmt.Errorf("profile: %s: %w", c.program.step.component, err)
	}
	return took, err
}

// device is what lies on the device: the model's weights, for all cells, and inputs, for one.
type device struct {
	backend compute.Backend
	model   *gbert.Model
	weights map[string]*tensors.Tensor
	inputs  map[string]*tensors.Tensor
}

func newDevice(b compute.Backend, m *gbert.Model) *device {
	return &device{backend: b, model: m, weights: map[string]*tensors.Tensor{}, inputs: map[string]*tensors.Tensor{}}
}

func (d *device) close() {
	d.freeInputs()
	for _, t := range d.weights {
		t.MustFinalizeAll()
	}
	d.weights = map[string]*tensors.Tensor{}
}

func (d *device) freeInputs() {
	for _, t := range d.inputs {
		t.MustFinalizeAll()
	}
	d.inputs = map[string]*tensors.Tensor{}
}

// prepare puts what a program reads onto the device.
func (d *device) prepare(p *boundProgram) (*call, error) {
	c := &call{program: p}
	add := func(t *tensors.Tensor) error {
		buffer, err := t.Buffer(d.backend, 0)
		if err != nil {
			return fmt.Errorf("profile: %w", err)
		}
		c.buffers = append(c.buffers, buffer)
		return nil
	}
	for _, in := range p.step.inputs {
		key := fmt.Sprint(in.name, in.shape.Dimensions)
		if d.inputs[key] == nil {
			d.inputs[key] = d.values(in)
		}
		if err := add(d.inputs[key]); err != nil {
			return nil, err
		}
	}
	for _, name := range p.weights {
		if d.weights[name] == nil {
			t, err := d.model.Upload(d.backend, name)
			if err != nil {
				return nil, err
			}
			d.weights[name] = t
		}
		if err := add(d.weights[name]); err != nil {
			return nil, err
		}
	}
	c.donate = make([]bool, len(c.buffers))
	return c, nil
}
