package call

import "testing"

func TestSizesAreReadAsPeopleWriteThem(t *testing.T) {
	for text, want := range map[string]int64{"40MB": 40e6, "500kB": 500e3, "500K": 500e3, "1.5GiB": 3 << 29, "123": 123, "2 MiB": 2 << 20, "7B": 7} {
		if got, err := ParseSize(text); err != nil || got != want {
			t.Errorf("%s: %d, %v", text, got, err)
		}
	}
	for _, text := range []string{"", "MB", "-1MB", "1TB", "0", "99999999GB", "1e3"} {
		if _, err := ParseSize(text); err == nil {
			t.Errorf("%q is a size", text)
		}
	}
}
