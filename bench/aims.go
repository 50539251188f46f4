package main

import "strings"

// aims are the ratios gbert/peer that are to be reached, by item and peer. A case that begins with a longer key has its own.
var aims = map[string]map[string]float64{
	"forward":  {"torch": 0.95, "onnxruntime": 1, "openvino": 1.05, "onnxruntime 1 ×": 0.9},
	"step":     {"torch": 0.45, "torch bert-base-uncased": 0.55, "torch-compile": 0.85},
	"epoch":    {"torch against random batches": 0.28, "torch against length-grouped": 0.7},
	"ablation": {"torch": 0.2},
	"memory":   {"torch": 1},
	"cold":     {"torch": 0.5},
}

// aimOf is the aim of an item's case against a peer; 0: none.
func aimOf(item, model, of, peer string) float64 {
	aim, length := 0.0, -1
	for key, value := range aims[item] {
		name, rest, _ := strings.Cut(key, " ")
		if name == peer && (rest == "" || rest == model || strings.HasPrefix(of, rest)) && len(rest) > length {
			aim, length = value, len(rest)
		}
	}
	return aim
}
