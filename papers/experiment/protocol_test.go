package experiment

import (
	"reflect"
	"strings"
	"testing"
)

// named is an element of a protocol's list.
type named struct {
	Name     string `json:"name"`
	Optional bool   `json:"optional,omitempty"`
}

// listed is a protocol with lists.
type listed struct {
	Seeds []uint64 `json:"seeds"`
	First []string `json:"first"`
	Last  []string `json:"last,omitempty"`
	Tasks []named  `json:"tasks"`
	Rate  float64  `json:"rate"`
}

var common = []string{"a", "b", "c"}

func listedExperiment() *Experiment[listed, struct{ Measured[listed] }] {
	full := func() listed {
		return listed{Seeds: []uint64{1, 2, 3}, First: common, Last: common, Tasks: []named{{"x", false}, {"y", true}}, Rate: 0.1}
	}
	return &Experiment[listed, struct{ Measured[listed] }]{
		Full: full, Quick: full, Ask: func(c *listed, r Request) { c.Seeds = r.Seeds(c.Seeds) }, Check: func(*listed) error { return nil },
	}
}

func TestAProtocolsFileReplacesItsFieldsWhole(t *testing.T) {
	for file, change := range map[string]func(*listed){
		`{}`:                          func(*listed) {},
		`{"first": ["z"]}`:            func(c *listed) { c.First = []string{"z"} },
		`{"last": []}`:                func(c *listed) { c.Last = []string{} },
		`{"last": null, "rate": 0.3}`: func(c *listed) { c.Last, c.Rate = nil, 0.3 },
		`{"tasks": [{"name":"p"}, {"name":"q"}]}`: func(c *listed) { c.Tasks = []named{{"p", false}, {"q", false}} },
		`{"Rate": 0.5}`:                     func(c *listed) { c.Rate = 0.5 },
		`{"rate": 0.1234567890123456}`:      func(c *listed) { c.Rate = 0.1234567890123456 },
		`{"seeds": [18446744073709551615]}`: func(c *listed) { c.Seeds = []uint64{18446744073709551615} },
	} {
		got, err := listedExperiment().Protocol(Request{Protocol: []byte(file)})
		if err != nil {
			t.Fatalf("%s: %v", file, err)
		}
		want := listedExperiment().Full()
		if change(&want); !reflect.DeepEqual(got, want) {
			t.Errorf("%s: %+v", file, got)
		}
	}
	if !reflect.DeepEqual(common, []string{"a", "b", "c"}) {
		t.Errorf("the list that two fields share is now %v", common)
	}
}

func TestAProtocolsFileThatIsNoneIsRefused(t *testing.T) {
	for file, says := range map[string]string{
		`{"sedes": [1]}`: "sedes", `[1]`: "a JSON object", `{} {}`: "more follows", `{"rate": "fast"}`: "its field rate is a string", ``: "it is empty", `null`: "a JSON object",
		`{"rate": 1, "RATE": 2}`: "\"RATE\" twice", `{"rat": 1}`: "the protocol's are", `{"tasks": [{"nam": "x"}]}`: "nam", `{`: "unexpected EOF",
	} {
		if _, err := listedExperiment().Protocol(Request{Protocol: []byte(file)}); err == nil || !strings.Contains(err.Error(), says) || !strings.Contains(err.Error(), "the protocol's file") {
			t.Errorf("%s: %v", file, err)
		}
	}
}

func TestSeedsOfARequest(t *testing.T) {
	seven := uint64(7)
	for _, test := range []struct {
		r    Request
		want []uint64
	}{
		{Request{}, []uint64{1, 2, 3}}, {Request{Seed: &seven}, []uint64{7, 8, 9}}, {Request{Runs: 2}, []uint64{1, 2}},
		{Request{Runs: 5}, []uint64{1, 2, 3, 4, 5}}, {Request{Seed: &seven, Runs: 1}, []uint64{7}},
	} {
		if got := test.r.Seeds([]uint64{1, 2, 3}); !reflect.DeepEqual(got, test.want) {
			t.Errorf("%+v: %v, want %v", test.r, got, test.want)
		}
	}
}
