package safetensors

import (
	"errors"
	"fmt"
	"runtime"
	"runtime/debug"
)

// ErrChanged is the error of a file that another process made shorter, or whose disk failed, while it was in use.
var ErrChanged = errors.New("the file became shorter, or could not be read any more, while it was in use")

// Guard runs read, which looks at the tensor's elements in this goroutine. A mapped file whose end was cut off by another process
// has no memory behind its elements: that is an [ErrChanged] with the file's name, in place of the end of the process. Whoever hands
// the elements to other goroutines, or to C, takes a [Tensor.Copy] instead.
func (t Tensor) Guard(read func() error) error {
	if t.path == "" { // memory of the process's own
		return read()
	}
	return guard(t.path, read)
}

// guard is [Tensor.Guard] for the file at path.
func guard(path string, read func() error) (err error) {
	before := debug.SetPanicOnFault(true)
	defer func() {
		debug.SetPanicOnFault(before)
		cause := recover()
		if cause == nil {
			return
		}
		fault, ok := cause.(interface {
			runtime.Error
			Addr() uintptr
		})
		if !ok {
			panic(cause)
		}
		err = fmt.Errorf("safetensors: %s, at address %#x: %w: write it anew, and do not change it in place", path, fault.Addr(), ErrChanged)
	}()
	return read()
}

// Copy returns the elements as float32 in memory of their own, as [Tensor.Float32s] otherwise. They stay what they are when the file
// changes. Of a tensor that is not a file's it returns the elements themselves.
func (t Tensor) Copy() ([]float32, error) {
	values, err := t.Float32s()
	if err != nil || t.path == "" || t.DType != F32 {
		return values, err
	}
	var copied []float32
	err = t.Guard(func() error {
		copied = append(make([]float32, 0, len(values)), values...)
		return nil
	})
	return copied, err
}
