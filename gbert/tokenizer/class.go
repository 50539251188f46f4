package tokenizer

import (
	"encoding/json"
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

// modelFacts are what config.json says that the tokenizer depends on.
type modelFacts struct {
	Type    string `json:"model_type"`
	Class   string `json:"tokenizer_class"`
	Version string `json:"transformers_version"`
}

// notNumbers are values that Python writes and JSON does not have.
var notNumbers = regexp.MustCompile(`:\s*-?(Infinity|NaN)\b`)

// readFacts reads config.json; of a file that is none, nothing is known.
func readFacts(text []byte) modelFacts {
	var facts modelFacts
	if err := json.Unmarshal(notNumbers.ReplaceAll(text, []byte(": null")), &facts); err != nil {
		return modelFacts{}
	}
	return facts
}

// family is how transformers makes a tokenizer of a folder's files.
type family int

const (
	byFiles family = iota // no class is known: tokenizer.json with the options of tokenizer_config.json, vocab.txt as BERT's, spiece.model as ALBERT's
	bertFamily
	albertFamily
	xlmRobertaFamily
	general // tokenizer.json as it stands
)

// Classes of transformers 5.24 that are the class BertTokenizer, and those that differ in their token types only.
var (
	bertClasses     = []string{"BertTokenizer", "ElectraTokenizer", "LxmertTokenizer", "MobileBertTokenizer", "SqueezeBertTokenizer"}
	untypedBert     = "DistilBertTokenizer"
	foreignPrefixes = strings.Fields(`Bart Barthez Bartpho BertJapanese Bertweet BigBird BioGpt BlenderbotSmall Blenderbot ByT5 CLIP CTRL Camembert Canine Clvp
		CodeLlama Cohere ConvBert CpmAnt Cpm DPRContextEncoder DPRQuestionEncoder DPRReader Deberta DebertaV2 Dia Esm Esmc FNet FSMT Flaubert Funnel GPT2
		GPTNeoXJapanese GPTNeoX Gemma Herbert LED Lasr LayoutLMv2 LayoutLMv3 LayoutXLM Llama Luke MBart50 MBart MPNet MarkupLM Mgpstr Mvp MyT5 Nllb Nougat
		OpenAIGPT PLBart Parakeet Pegasus Perceiver Phobert ProphetNet Qwen2 Qwen3_5 Rag Reformer RemBert RoCBert RoFormer Roberta SeamlessM4T Siglip2 Splinter
		T5 Tapas Udop VideoPrism Vits Wav2Vec2CTC Wav2Vec2PhonemeCTC Whisper XGLM XLM XLNet`)
)

// familyOf is the family of a class name, without "Fast" at its end, in a model of a type. A class that transformers does not
// know is a general one there.
func familyOf(class, modelType string) (family, error) {
	switch name := strings.TrimSuffix(class, "Tokenizer"); {
	case class == "" && modelType == "albert":
		return albertFamily, nil
	case class == "" && modelType == "bert":
		return bertFamily, nil
	case class == "":
		return byFiles, nil
	case slices.Contains(bertClasses, class), class == untypedBert:
		return bertFamily, nil
	case class == "AlbertTokenizer":
		return albertFamily, nil
	case class == "XLMRobertaTokenizer":
		return xlmRobertaFamily, nil
	case name != class && slices.Contains(foreignPrefixes, name):
		return 0, fmt.Errorf("the tokenizer_class is %s: supported are %s, AlbertTokenizer, XLMRobertaTokenizer and the general class PreTrainedTokenizerFast", class, strings.Join(bertClasses, ", "))
	}
	return general, nil
}

// typed tells whether the texts of a pair get different token types. What tokenizer_config.json says in model_input_names
// counts. Else it is a matter of the class: all had types before transformers 5, which gives them to BERT's alone. A model that
// an older version saved was trained with them; note says so.
func (s *settings) typed(facts modelFacts, of family) (yes bool, note string, err error) {
	var names []string
	if raw, ok := s.raw["model_input_names"]; ok {
		if err := json.Unmarshal(raw, &names); err != nil {
			return false, "", fmt.Errorf("model_input_names: want a list of names: %w", err)
		}
		if names != nil {
			return slices.Contains(names, "token_type_ids"), "", nil
		}
	}
	if of == byFiles || of == bertFamily && s.class != untypedBert {
		return true, "", nil
	}
	major, _, _ := strings.Cut(facts.Version, ".")
	if n, err := strconv.Atoi(major); err == nil && n >= 5 {
		return false, "", nil
	}
	return true, fmt.Sprintf("the second text of a pair has the token type 1, as when the model was saved: transformers 5 gives the class %s no token types; model_input_names in %s decides", s.className(of), configName), nil
}

// className is the class that a message names.
func (s *settings) className(of family) string {
	if s.class == "" && of == albertFamily {
		return "AlbertTokenizer"
	}
	if s.class == "" {
		return "BertTokenizer"
	}
	return s.class
}
