package papers

import (
	"slices"
	"testing"

	"bertlab/papers/experiment"
)

// TestTheRecordsOfTheProgramShowTheFullProtocolsOfToday fails where a change of a protocol or of a result's fields has left a record behind:
// who opens the notebook would compute for hours.
func TestTheRecordsOfTheProgramShowTheFullProtocolsOfToday(t *testing.T) {
	rs := experiment.KeptRecordings()
	for _, listed := range rs.List() {
		t.Run(listed.Experiment, func(t *testing.T) {
			i := slices.IndexFunc(All(), func(p experiment.Paper) bool { name, _ := p.About(); return name == listed.Experiment })
			if i < 0 || listed.Refused != "" {
				t.Fatalf("experiment %d, %s", i, listed.Refused)
			}
			steps, missing, err := All()[i].OnRecord(rs, experiment.Request{})
			if err != nil || steps == 0 || steps != listed.Steps || missing != listed.Missing {
				t.Errorf("of the full protocol %d steps are on record and %d missing, %v; the record has %d, and misses %d", steps, missing, err, listed.Steps, listed.Missing)
			}
		})
	}
}
