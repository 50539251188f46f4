package onnx

import (
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"github.com/gomlx/compute-onnx/support/protos"
	"google.golang.org/protobuf/proto"

	"bertlab/internal/files"
)

// The names of a model's file in the folder "onnx" of a repository, as transformers.js, optimum and others look for it. The ending is
// that of the file with the weights of a model that is too large for one.
const (
	FileName    = "model.onnx"
	DataEnding  = "_data"
	maxFile     = 2<<30 - 64<<20 // protobuf ends at 2 GiB; the rest is for the graph
	alignment   = 4096           // of weights in their own file, so that they can be mapped
	smallTensor = 1024           // bytes up to which a tensor stays in the graph's file
)

// Options are those of [Graph.Write].
type Options struct {
	// Producer and Version name the program in the file.
	Producer, Version string
	// Apart puts the weights into a file of their own whatever their size; above 2 GiB they always are.
	Apart bool
}

// Write writes the graph to a new file, and to one beside it with the ending [DataEnding] where weights are apart. What is written is
// on the disk when it returns. Equal graphs give equal bytes.
func (g *Graph) Write(path string, o Options) error {
	if err := g.write(path, o); err != nil {
		return fmt.Errorf("onnx: writing %s: %w", path, err)
	}
	return nil
}

func (g *Graph) write(path string, o Options) error {
	total := 0
	for _, t := range g.graph.Initializer {
		total += len(t.RawData)
	}
	graph := g.graph
	if o.Apart || total > maxFile {
		apart, err := writeData(path+DataEnding, graph)
		if err != nil {
			return err
		}
		graph = apart
	}
	text, err := proto.MarshalOptions{Deterministic: true}.Marshal(&protos.ModelProto{
		IrVersion: releases[g.opset], ProducerName: o.Producer, ProducerVersion: o.Version, Graph: graph,
		OpsetImport: []*protos.OperatorSetIdProto{{Version: int64(g.opset)}}, MetadataProps: g.metadata,
	})
	if err != nil {
		return err
	}
	return files.WriteSynced(path, func(w io.Writer) error {
		_, err := w.Write(text)
		return err
	})
}

// writeData writes the large tensors of a graph one after the other, and returns the graph that names their places.
func writeData(path string, graph *protos.GraphProto) (*protos.GraphProto, error) {
	apart := &protos.GraphProto{Name: graph.Name, Node: graph.Node, Input: graph.Input, Output: graph.Output, ValueInfo: graph.ValueInfo}
	err := files.WriteSynced(path, func(w io.Writer) error {
		at := 0
		for _, t := range graph.Initializer {
			if len(t.RawData) <= smallTensor {
				apart.Initializer = append(apart.Initializer, t)
				continue
			}
			gap := (alignment - at%alignment) % alignment
			if _, err := w.Write(make([]byte, gap)); err != nil {
				return err
			}
			at += gap
			place := func(key, value string) *protos.StringStringEntryProto {
				return &protos.StringStringEntryProto{Key: key, Value: value}
			}
			apart.Initializer = append(apart.Initializer, &protos.TensorProto{
				Name: t.Name, Dims: t.Dims, DataType: t.DataType, DataLocation: protos.TensorProto_EXTERNAL,
				ExternalData: []*protos.StringStringEntryProto{
					place("location", filepath.Base(path)), place("offset", strconv.Itoa(at)), place("length", strconv.Itoa(len(t.RawData))),
				},
			})
			if _, err := w.Write(t.RawData); err != nil {
				return err
			}
			at += len(t.RawData)
		}
		return nil
	})
	return apart, err
}

// Tensor is a constant of a file: elements row-major and little-endian.
type Tensor struct {
	Name  string
	Type  Type
	Shape []int
	Raw   []byte
}

// File is what a file says of its model, and its constants.
type File struct {
	Producer string
	Metadata map[string]string
	Tensors  map[string]Tensor
}

// Open reads a file and the one with its weights, which must be beside it.
func Open(path string) (*File, error) {
	f, err := open(path)
	if err != nil {
		return nil, fmt.Errorf("onnx: %s: %w", path, err)
	}
	return f, nil
}

func open(path string) (*File, error) {
	text, err := files.Read(path, 2<<30)
	if err != nil {
		return nil, err
	}
	var model protos.ModelProto
	if err := proto.Unmarshal(text, &model); err != nil {
		return nil, fmt.Errorf("the file is damaged, or no ONNX model: %w", err)
	}
	if model.Graph == nil || len(model.OpsetImport) == 0 {
		return nil, errors.New("the file holds no model")
	}
	f := &File{Producer: model.ProducerName, Metadata: map[string]string{}, Tensors: map[string]Tensor{}}
	for _, entry := range model.MetadataProps {
		f.Metadata[entry.Key] = entry.Value
	}
	var data *os.File
	apart := int64(0) // bytes read from it
	defer func() {
		if data != nil {
			data.Close()
		}
	}()
	for _, t := range model.Graph.Initializer {
		tensor := Tensor{Name: t.Name, Type: Type(t.DataType)}
		size, known := sizes[tensor.Type]
		if !known {
			continue // of another program
		}
		bytes := int64(size)
		for _, dim := range t.Dims {
			if dim < 0 || dim > 1<<31 || dim > 0 && bytes > 1<<40/dim {
				return nil, fmt.Errorf("%s has the shape %v", t.Name, t.Dims)
			}
			bytes *= dim
			tensor.Shape = append(tensor.Shape, int(dim))
		}
		tensor.Raw = t.RawData
		if t.DataLocation == protos.TensorProto_EXTERNAL {
			if data == nil {
				if data, err = files.Open(path + DataEnding); err != nil {
					return nil, fmt.Errorf("the weights are in a file of their own: %w", err)
				}
			}
			if apart += bytes; apart > maxApart(data) {
				return nil, fmt.Errorf("the tensors in %s%s are larger than the file", filepath.Base(path), DataEnding)
			}
			if tensor.Raw, err = readPlace(data, filepath.Base(path)+DataEnding, t, bytes); err != nil {
				return nil, err
			}
		}
		if int64(len(tensor.Raw)) != bytes {
			return nil, fmt.Errorf("%s of shape %v should have %d bytes, it has %d", t.Name, t.Dims, bytes, len(tensor.Raw))
		}
		if _, twice := f.Tensors[t.Name]; twice {
			return nil, fmt.Errorf("two tensors have the name %q", t.Name)
		}
		f.Tensors[t.Name] = tensor
	}
	return f, nil
}

// maxApart is how many bytes the tensors of a file can have together: no two of ours share a place.
func maxApart(data *os.File) int64 {
	info, err := data.Stat()
	if err != nil {
		return 0
	}
	return info.Size()
}

// readPlace reads a tensor from the file with the weights, whose name is the only one that it may give.
func readPlace(data *os.File, name string, t *protos.TensorProto, bytes int64) ([]byte, error) {
	place := map[string]string{}
	for _, entry := range t.ExternalData {
		place[entry.Key] = entry.Value
	}
	if place["location"] != name {
		return nil, fmt.Errorf("%s is in the file %q; only %q is read", t.Name, place["location"], name)
	}
	offset, err := strconv.ParseInt(strings.TrimSpace(place["offset"]), 10, 64)
	info, statErr := data.Stat()
	if err := errors.Join(err, statErr); err != nil {
		return nil, err
	}
	if offset < 0 || bytes > info.Size() || offset > info.Size()-bytes || place["length"] != strconv.FormatInt(bytes, 10) {
		return nil, fmt.Errorf("%s is at %s, %s bytes long, of a file of %d bytes", t.Name, place["offset"], place["length"], info.Size())
	}
	raw := make([]byte, bytes)
	if _, err := data.ReadAt(raw, offset); err != nil {
		return nil, err
	}
	return raw, nil
}
