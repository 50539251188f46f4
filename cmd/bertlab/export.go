package main

import (
	"fmt"
	"io"
	"maps"
	"os"
	"path/filepath"
	"slices"

	"github.com/spf13/cobra"

	"bertlab/cmd/bertlab/internal/call"
	"bertlab/cmd/bertlab/internal/workbench"
	"bertlab/figures"
	"bertlab/gbert"
	"bertlab/gbert/onnx"
	"bertlab/gbert/safetensors"
)

// modelDocument is what commands print that write a model.
type modelDocument struct {
	Out        string               `json:"out"`
	Model      *workbench.ModelInfo `json:"model"` // the one that was read
	Parameters int                  `json:"parameters"`
	SHA256     string               `json:"sha256"`
	Precision  gbert.Precision      `json:"precision"`
	Bytes      int64                `json:"bytes"` // of the file with the weights
	Plain      bool                 `json:"plain"` // an ordinary Hugging Face BERT
	Compact    bool                 `json:"compact,omitempty"`
	Graphs     map[string]int64     `json:"graphs,omitempty"` // of ONNX: bytes, by name
	History    []gbert.Operation    `json:"history,omitempty"`
}

// saveModel writes a model made from the one that info describes to the folder --out.
func (a *app) saveModel(model *gbert.Model, info *workbench.ModelInfo, t *targetFlags) (*modelDocument, error) {
	return a.saveModelWith(model.Save, model, info, t)
}

// saveModelWith is saveModel with a method of the model that writes it.
func (a *app) saveModelWith(save func(dir string, precision gbert.Precision) error, model *gbert.Model, info *workbench.ModelInfo, t *targetFlags) (*modelDocument, error) {
	if err := save(a.out, t.precision()); err != nil {
		return nil, err
	}
	return a.describe(safetensors.WeightsName, model, info, t)
}

// describe is the document of a model that was written to --out; file is the one with its weights.
func (a *app) describe(weights string, model *gbert.Model, info *workbench.ModelInfo, t *targetFlags) (*modelDocument, error) {
	file, err := os.Stat(filepath.Join(a.out, weights))
	if err != nil {
		return nil, err
	}
	sum, err := model.Fingerprint()
	if err != nil {
		return nil, err
	}
	return &modelDocument{
		Out: a.out, Model: info, Parameters: model.NumParameters(), SHA256: sum, Precision: t.precision(),
		Bytes: file.Size(), Plain: model.Config.IsPlain(), History: model.Config.History,
	}, nil
}

func (d *modelDocument) human(w io.Writer) {
	fmt.Fprintf(w, "model\t%s\n", d.Out)
	fmt.Fprintf(w, "parameters\t%s, %.1f %% of %s\n", figures.Count(d.Parameters), 100*float64(d.Parameters)/float64(d.Model.Parameters), figures.Count(d.Model.Parameters))
	if len(d.Graphs) == 0 {
		fmt.Fprintf(w, "weights\t%.2f MB\n", float64(d.Bytes)/1e6)
	}
	for _, name := range slices.Sorted(maps.Keys(d.Graphs)) {
		fmt.Fprintf(w, "%s\t%.2f MB\n", name, float64(d.Graphs[name])/1e6)
	}
}

// exportFlags say for whom a model is written.
type exportFlags struct {
	targetFlags
	dense, compact, onnx, int8 bool
	opset                      int
}

func (a *app) exportCommand() *cobra.Command {
	var f exportFlags
	command := &cobra.Command{
		Use:   "export",
		Short: "Write a model for other programs",
		Long: `Write a model to the folder --out. With --dense a compressed model becomes a plain Hugging Face BERT that computes the same function:
zeros for removed heads, products for factors, copies for tied layers. Python's transformers loads it. An ALBERT becomes an ALBERT
with a group for each layer, since no BERT computes the same function. With --compact the zeros of sparse matrices are left out of
the file; only bertlab reads such a file. Export it again without --compact to have the zeros back.

With --onnx the model becomes onnx/model.onnx, a graph of standard operators for ONNX Runtime, OpenVINO, transformers.js and others,
beside config.json and the tokenizer's files. Every part keeps its own shape: removed heads are not there, and factors are two products.
The inputs are input_ids, attention_mask and token_type_ids of any batch size and length; the outputs are logits (start_logits and
end_logits for question answering), or last_hidden_state and pooler_output. bertlab can load the folder again. With --int8 there is also
onnx/model_quantized.onnx, which stores the encoder's maps and the word table as 8-bit integers; processors with 8-bit instructions
(VNNI) multiply these faster. --dense --onnx writes the graph of the plain BERT.`,
		Example: `  bertlab export --dense --model pruned --out plain
  bertlab export --compact --float16 --model sparse --out small
  bertlab export --onnx --int8 --model pruned --out deploy`,
		Args: cobra.NoArgs,
		RunE: a.begin(func(command *cobra.Command, _ []string) error {
			if err := f.check(command.Flags().Changed("opset")); err != nil {
				return err
			}
			model, info, err := a.openSource(command.Context())
			if err != nil {
				return err
			}
			defer model.Close()
			document, err := a.export(model, info, &f)
			if err != nil {
				return err
			}
			return a.print(document, document.human)
		}),
	}
	flags := command.Flags()
	flags.BoolVar(&f.dense, "dense", false, "as a plain Hugging Face BERT")
	flags.BoolVar(&f.compact, "compact", false, "without the zeros of sparse matrices, for bertlab alone")
	flags.BoolVar(&f.onnx, "onnx", false, "as a graph of ONNX")
	flags.BoolVar(&f.int8, "int8", false, "with --onnx: a second graph of whole numbers of eight bits")
	flags.IntVar(&f.opset, "opset", onnx.DefaultOpset, fmt.Sprintf("with --onnx: version of the operator set, from %d to %d", onnx.MinOpset, onnx.MaxOpset))
	f.add(a, flags, nil)
	f.addPrecision(flags)
	return command
}

// check reports flags that do not go together. opset says that --opset was given.
func (f *exportFlags) check(opset bool) error {
	switch {
	case f.dense && f.compact:
		return call.Wrongf("--dense is for other programs, which do not read what --compact writes; give one of them")
	case f.onnx && f.compact:
		return call.Wrongf("--compact leaves zeros out of a file for bertlab, and a graph of ONNX has none to leave out; give one of --onnx and --compact")
	case !f.onnx && (f.int8 || opset):
		return call.Wrongf("--int8 and --opset are about a graph of ONNX: give --onnx as well")
	case f.opset < onnx.MinOpset || f.opset > onnx.MaxOpset:
		return call.Wrongf("--opset %d: it must be from %d to %d", f.opset, onnx.MinOpset, onnx.MaxOpset)
	}
	return nil
}

// export writes a model as the flags say.
func (a *app) export(model *gbert.Model, info *workbench.ModelInfo, f *exportFlags) (_ *modelDocument, err error) {
	if f.dense {
		if model, err = model.Dense(); err != nil {
			return nil, err
		}
	}
	switch {
	case f.onnx:
		return a.exportGraphs(model, info, f)
	case f.compact:
		document, err := a.saveModelWith(model.SaveCompact, model, info, &f.targetFlags)
		if err == nil {
			document.Compact, document.Plain = true, false
		}
		return document, err
	}
	return a.saveModel(model, info, &f.targetFlags)
}

// exportGraphs writes a model as graphs of ONNX.
func (a *app) exportGraphs(model *gbert.Model, info *workbench.ModelInfo, f *exportFlags) (*modelDocument, error) {
	if names := model.Carried(); len(names) > 0 {
		a.Meter.Warn("note: %d tensors that bertlab does not compute with are not part of the graph, among them %s", len(names), names[0])
	}
	if err := model.SavePortable(a.out, gbert.PortableOptions{Opset: f.opset, Precision: f.precision()}, f.int8); err != nil {
		return nil, err
	}
	document, err := a.describe(gbert.PortableName, model, info, &f.targetFlags)
	if err != nil {
		return nil, err
	}
	document.Plain, document.Graphs = false, map[string]int64{}
	for _, name := range []string{gbert.PortableName, gbert.PortableInt8Name} {
		size := int64(0)
		for _, part := range []string{name, name + onnx.DataEnding} {
			if file, err := os.Stat(filepath.Join(a.out, part)); err == nil {
				size += file.Size()
			}
		}
		if size > 0 {
			document.Graphs[name] = size
		}
	}
	document.Bytes = document.Graphs[gbert.PortableName]
	return document, nil
}
