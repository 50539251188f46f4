package hub

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"

	hf "github.com/gomlx/go-huggingface/hub"
)

// modelFiles are the files of a model beside its weights, where it has them.
var modelFiles = []string{
	"config.json", "tokenizer.json", "vocab.txt", "spiece.model", "tokenizer_config.json", "special_tokens_map.json", "added_tokens.json",
	"modules.json", "1_Pooling/config.json", "sentence_bert_config.json", "config_sentence_transformers.json", // of an embedder
}

// downloadModel brings a model from the Hub into the cache.
func (c *Client) downloadModel(ctx context.Context, r repo) (*Resolved, error) {
	if c.hubCache == "" {
		return nil, errors.New("no cache folder: set HF_HOME")
	}
	info, err := r.info(ctx)
	if err != nil {
		return nil, err
	}
	listed := map[string]*hf.FileInfo{}
	for _, file := range info.Siblings {
		listed[file.Name] = file
	}
	switch {
	case listed["config.json"] == nil:
		return nil, fmt.Errorf("%s has no config.json: it is not a model of the transformers library", r.id)
	case listed["tokenizer.json"] == nil && listed["vocab.txt"] == nil && listed["spiece.model"] == nil:
		return nil, fmt.Errorf("%s has neither tokenizer.json nor vocab.txt, nor an ALBERT's spiece.model", r.id)
	case listed["model.safetensors"] == nil && listed[weightIndex] == nil && listed["pytorch_model.bin"] != nil:
		return nil, fmt.Errorf("%s has its weights as pytorch_model.bin only: %s", r.id, binAdvice)
	case listed["model.safetensors"] == nil && listed[weightIndex] == nil:
		return nil, fmt.Errorf("%s has no model.safetensors", r.id)
	}
	bring := func(name string) error {
		file := listed[name]
		if file == nil {
			return fmt.Errorf("%s has no %s, which its %s names", r.id, name, weightIndex)
		}
		return r.bring(ctx, info.CommitHash, file, pins[r.id+"/"+name])
	}
	for _, name := range modelFiles {
		if listed[name] != nil {
			if err := bring(name); err != nil {
				return nil, err
			}
		}
	}
	dir := filepath.Join(r.folder(), "snapshots", info.CommitHash)
	weights := []string{"model.safetensors"}
	if listed["model.safetensors"] == nil {
		if err := bring(weightIndex); err != nil {
			return nil, err
		}
		if weights, err = readShards(filepath.Join(dir, weightIndex)); err != nil {
			return nil, err
		}
	}
	for _, name := range weights {
		if err := bring(name); err != nil {
			return nil, err
		}
	}
	if err := r.remember(info.CommitHash); err != nil {
		return nil, err
	}
	return &Resolved{Name: r.id, Dir: dir, Source: "hub", Revision: info.CommitHash}, nil
}
