package sparse_test

import (
	"encoding/binary"
	"fmt"

	"bertlab/gbert/sparse"
)

func Example() {
	elements := make([]byte, 1000*4)
	binary.LittleEndian.PutUint32(elements[4*7:], 42)
	binary.LittleEndian.PutUint32(elements[4*600:], 43)
	p, err := sparse.Pack(elements, 4)
	if err != nil {
		panic(err)
	}
	fmt.Println(p.Code, p.Places, p.Values)
	fmt.Println(p.Size(), "bytes instead of", len(elements))
	again, err := p.Expand(1000, 4)
	fmt.Println(string(again) == string(elements), err)
	// Output:
	// gaps [7 255 255 82 255] [42 0 0 0 43 0 0 0]
	// 13 bytes instead of 4000
	// true <nil>
}
