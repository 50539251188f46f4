package distill_test

import (
	"fmt"

	"bertlab/techniques/distill"
)

func ExampleSoftTargets() {
	logits := [][]float32{{2, -1}, {0.5, 0.4}} // of the teacher, an example a row
	method, err := distill.SoftTargets(logits, distill.Options{Temperature: 2, Alpha: 0.9})
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(method.Name, method.Arguments["temperature"], method.Arguments["alpha"])
	_, err = distill.SoftTargets(logits, distill.Options{Alpha: 90})
	fmt.Println(err)
	// Output:
	// distill.soft 2 0.9
	// distill: soft targets have the weight 90; it must be at most 1 (negative: none)
}
