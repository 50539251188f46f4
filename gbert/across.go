package gbert

import (
	"errors"
	"fmt"
	"reflect"
	"strings"

	"github.com/gomlx/compute"
	"github.com/gomlx/compute/distributed"
	. "github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/core/tensors"
)

// Devices is how many devices of a backend compute together, each on its part of a batch's rows.
type Devices struct {
	Backend compute.Backend
	// Count is their number; 0 and 1: one alone.
	Count int
}

// EveryGPU are all devices of a backend that computes on GPUs; of any other it is one device.
func EveryGPU(b compute.Backend) Devices {
	if !onGPU(b) {
		return Devices{Backend: b, Count: 1}
	}
	return Devices{Backend: b, Count: int(b.NumDevices())}
}

// onGPU says whether a backend computes on GPUs.
func onGPU(b compute.Backend) bool {
	return b != nil && strings.Contains(b.Description(), "cuda") // the plugin's name or file
}

// Check says what is wrong with the number of devices.
func (d Devices) Check() error {
	there := int(d.Backend.NumDevices())
	if d.Count < 0 || d.Count > there {
		return fmt.Errorf("gbert: %d devices were asked for, and %s has %d", d.Count, d.Backend.Name(), there)
	}
	return nil
}

// across is how a computation is divided among devices.
type across[In any] struct {
	Devices
	rows func(in In) any
}

// Across divides a computation among devices: rows gives, of the inputs of a call, a struct of those arrays whose first axis is the batch's
// rows, which must be a multiple of the devices; all other inputs, and all outputs, are the same on each device. XLA divides what lies
// between, so the graph stays that of the whole batch: sums over rows become sums over devices, and what is drawn for a row, such as its
// dropout, is what one device draws.
func (c *Computation[In]) Across(d Devices, rows func(in In) any) (*Computation[In], error) {
	if err := d.Check(); err != nil {
		return nil, err
	}
	if d.Count > 1 {
		c.across = &across[In]{d, rows}
	}
	return c, nil
}

// key tells executors apart by which of the inputs are divided.
func (a *across[In]) key(in In, values []any) (divided []bool, key string) {
	parts, _ := flatten(reflect.ValueOf(a.rows(in)), nil, nil)
	divided = make([]bool, len(values))
	for i, value := range values {
		for _, part := range parts {
			divided[i] = divided[i] || value == part
		}
	}
	return divided, fmt.Sprint(divided, ranks(values))
}

// ranks are the ranks of arrays.
func ranks(values []any) []int {
	list := make([]int, len(values))
	for i, value := range values {
		list[i] = value.(*tensors.Tensor).Rank()
	}
	return list
}

// arranged tells an executor how its inputs and outputs lie on the devices.
func (a *across[In]) arranged(exec *Exec, divided []bool, values []any) (*Exec, error) {
	mesh, err := distributed.NewDeviceMesh([]int{a.Count}, []string{"rows"})
	if err != nil {
		return nil, err
	}
	specs := make([]*distributed.ShardingSpec, len(values))
	for i, rank := range ranks(values) {
		specs[i] = distributed.NewReplicatedShardingSpec(mesh)
		if divided[i] {
			spec := distributed.BuildSpec(mesh).S("rows")
			for range rank - 1 {
				spec = spec.R()
			}
			if specs[i], err = spec.Done(); err != nil {
				return nil, err
			}
		}
	}
	return exec.AutoSharding(mesh).WithInputShardingSpecs(specs...).WithOutputShardingSpecs(distributed.NewReplicatedShardingSpec(mesh)), nil
}

// run computes on all devices. The outputs of the first one are the results; the others' are the same.
func (a *across[In]) run(exec *Exec, divided []bool, values []any) (*Results, error) {
	perDevice, own, err := a.spread(divided, values)
	defer func() { Free(own) }()
	if err != nil {
		return nil, err
	}
	outputs, err := exec.Call(perDevice...)
	if err != nil {
		return nil, err
	}
	count := len(outputs) / a.Count
	for _, copied := range outputs[count:] {
		copied.MustFinalizeAll()
	}
	return &Results{outputs[:count]}, nil
}

// copies are arrays that were made for a call.
type copies struct{ Made []*tensors.Tensor }

// spread lists the arrays of each device after those of the one before it.
func (a *across[In]) spread(divided []bool, values []any) (perDevice []any, own copies, err error) {
	for device := range a.Count {
		for i, value := range values {
			tensor := value.(*tensors.Tensor)
			switch {
			case divided[i]:
				if tensor, err = rowsOf(tensor, device, a.Count); err != nil {
					return nil, own, err
				}
				own.Made = append(own.Made, tensor)
			case device > 0:
				if tensor, err = copyTo(a.Backend, compute.DeviceNum(device), tensor); err != nil {
					return nil, own, err
				}
				own.Made = append(own.Made, tensor)
			}
			perDevice = append(perDevice, tensor)
		}
	}
	return perDevice, own, nil
}

// copyTo is a copy of an array on a device. What lies on another device goes from there, without the host.
func copyTo(backend compute.Backend, device compute.DeviceNum, t *tensors.Tensor) (*tensors.Tensor, error) {
	copied, err := func() (*tensors.Tensor, error) {
		from, err := t.Device()
		if err != nil || from == device { // on the host; CopyToDevice refuses the same device
			return t.OnDeviceClone(backend, device)
		}
		buffer, err := t.Buffer(backend, from)
		if err != nil {
			return nil, err
		}
		if buffer, err = buffer.CopyToDevice(device); err != nil {
			return nil, err
		}
		return tensors.FromBuffer(buffer)
	}()
	if err != nil {
		return nil, fmt.Errorf("gbert: copying to device %d: %w", device, err)
	}
	return copied, nil
}

// rowsOf is one of n equal parts of an array's rows.
func rowsOf(t *tensors.Tensor, part, n int) (*tensors.Tensor, error) {
	dims := append([]int{}, t.Shape().Dimensions...)
	if len(dims) == 0 || dims[0]%n != 0 {
		return nil, fmt.Errorf("gbert: an array of shape %s does not divide by rows among %d devices", t.Shape(), n)
	}
	dims[0] /= n
	from, to := part*t.Size()/n, (part+1)*t.Size()/n
	var made *tensors.Tensor
	err := t.ConstFlatData(func(flat any) {
		switch flat := flat.(type) {
		case []float32:
			made = tensors.FromFlatDataAndDimensions(append([]float32{}, flat[from:to]...), dims...)
		case []int32:
			made = tensors.FromFlatDataAndDimensions(append([]int32{}, flat[from:to]...), dims...)
		}
	})
	if err == nil && made == nil {
		err = errors.New("gbert: only rows of float32 and int32 are divided among devices, not " + t.DType().String())
	}
	return made, err
}

// DividedBy is the batch with as many padded rows more as make its rows a multiple of n; the batch itself where they are.
func (b *Batch) DividedBy(n int) *Batch {
	rows := (b.Rows + n - 1) / n * n
	if rows == b.Rows {
		return b
	}
	more := *b
	more.Rows = rows
	last := (b.Rows - 1) * b.Length
	more.IDs, more.Types, more.Mask = append([]int32{}, b.IDs...), append([]int32{}, b.Types...), append([]float32{}, b.Mask...)
	for range rows - b.Rows {
		more.IDs = append(more.IDs, b.IDs[last:]...)
		more.Types = append(more.Types, b.Types[last:]...)
		more.Mask = append(more.Mask, b.Mask[last:]...)
	}
	return &more
}
