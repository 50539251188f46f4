package tokenizer

import "testing"

func TestTheLimitOfATokenizerIsReadAsTransformersReadsIt(t *testing.T) {
	for config, want := range map[string]int{
		`{"model_max_length": 512}`:                             512,
		`{"model_max_length": 64.0}`:                            64,
		`{"max_len": 256}`:                                      256,
		`{"max_len": 256, "model_max_length": 128}`:             128,
		`{"model_max_length": 1000000000000000019884624838656}`: 0, // "none", as transformers writes it
		`{"model_max_length": 1e30}`:                            0,
		`{"model_max_length": null}`:                            0,
		`{"model_max_length": "512"}`:                           0,
		`{"model_max_length": -1}`:                              0,
		`{"model_max_length": 2}`:                               0, // nothing of a text would be read
		`{}`:                                                    0,
		``:                                                      0,
	} {
		tok := &Tokenizer{files: map[string][]byte{configName: []byte(config)}}
		if got := tok.MaxLength(); got != want {
			t.Errorf("%s: %d, want %d", config, got, want)
		}
	}
	if got := (&Tokenizer{}).MaxLength(); got != 0 {
		t.Errorf("without a file: %d", got)
	}
}
