package finetune

import (
	"testing"

	"bertlab/gbert"
	"bertlab/gbert/tokenizer"
)

func TestABatchIsSmallerWhereItsActivationsWouldBeLarge(t *testing.T) {
	base := &gbert.Config{HiddenSize: 768, IntermediateSize: 3072, NumAttentionHeads: 12}
	small := &gbert.Config{HiddenSize: 384, IntermediateSize: 1536, NumAttentionHeads: 12}
	for _, c := range []struct {
		config *gbert.Config
		tokens int
		want   int
	}{{base, 64, 32}, {base, 128, 16}, {base, 512, 2}, {small, 128, 32}, {small, 512, 2}, {base, 1 << 20, 1}} {
		examples := []tokenizer.Encoding{{IDs: make([]int32, c.tokens)}, {IDs: make([]int32, 1)}}
		if got := BatchSize(c.config, examples); got != c.want {
			t.Errorf("width %d, %d tokens: %d, want %d", c.config.HiddenSize, c.tokens, got, c.want)
		}
	}
}
