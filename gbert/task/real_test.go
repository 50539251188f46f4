package task

import (
	"os"
	"path/filepath"
	"testing"
)

// shared gives the folder of the real data sets, or skips the test.
func shared(t *testing.T) string {
	t.Helper()
	root := os.Getenv("BERTLAB_SHARED")
	if root == "" {
		root = filepath.Join("..", "..", "..", "shared")
	}
	data := filepath.Join(root, "data")
	if _, err := os.Stat(data); err != nil {
		t.Skipf("the real data sets are not here (%v): set BERTLAB_SHARED to the folder that holds data/", err)
	}
	return data
}

func TestRealFilesHaveTheirRowsAndLabels(t *testing.T) {
	data := shared(t)
	for _, c := range []struct {
		task, file string
		rows       int
		unlabelled bool
		positive   int // examples of class 1, -1 if not checked
	}{
		{"sst2", "SST-2/train.tsv", 67349, false, 37569},
		{"sst2", "SST-2/dev.tsv", 872, false, 444},
		{"cola", "CoLA/train.tsv", 8551, false, 6023},
		{"cola", "CoLA/dev.tsv", 1043, false, 721},
		{"cola", "CoLA/in_domain_dev.tsv", 527, false, -1},
		{"cola", "CoLA/out_of_domain_dev.tsv", 516, false, -1},
		{"mrpc", "MRPC/train.tsv", 3668, false, 2474},
		{"mrpc", "MRPC/dev.tsv", 408, false, 279},
		{"mrpc", "MRPC/test.tsv", 1725, true, 0},
		{"rte", "RTE/train.tsv", 2490, false, 1241},
		{"rte", "RTE/dev.tsv", 277, false, 131},
		{"stsb", "STS-B/sts-train.tsv", 5749, false, 0},
		{"stsb", "STS-B/sts-dev.tsv", 1500, false, 0},
		{"mnli", "MNLI/dev_matched.tsv", 9815, false, 3123},
		{"mnli-mm", "MNLI/dev_mismatched_1k.tsv", 1000, false, -1},
		{"sst2", "reviews/books.tsv", 2000, false, 1000},
		{"sst2", "reviews/electronics.tsv", 2000, false, 1000},
	} {
		d, err := ReadFile(mustLookup(t, c.task), filepath.Join(data, c.file), Columns{Unlabelled: c.unlabelled})
		if err != nil {
			t.Errorf("%s: %v", c.file, err)
			continue
		}
		if d.Len() != c.rows || len(d.LeftOut) != 0 || d.Unlabelled() > 0 != c.unlabelled {
			t.Errorf("%s: %v; want %d rows", c.file, d, c.rows)
		}
		positive := 0
		for _, e := range d.Examples {
			if e.Label == 1 {
				positive++
			}
		}
		if c.positive >= 0 && positive != c.positive {
			t.Errorf("%s: %d of class 1, want %d", c.file, positive, c.positive)
		}
	}
}

func TestRealFoldersGiveTheirSplits(t *testing.T) {
	data := shared(t)
	for _, c := range []struct {
		task, split string
		rows        int
	}{
		{"sst2", "dev", 872}, {"cola", "train", 8551}, {"mrpc", "dev", 408}, {"mrpc", "test", 1725}, {"rte", "train", 2490},
		{"stsb", "train", 5749}, {"stsb", "dev", 1500}, {"mnli", "dev", 9815},
	} {
		d, err := Load(t.Context(), nil, mustLookup(t, c.task), c.split, data, Columns{})
		if err != nil || d.Len() != c.rows {
			t.Errorf("%s %s: %v, %v; want %d rows", c.task, c.split, d, err, c.rows)
		}
	}
}

func TestTwoSentencesOfSST2DevStandInItsTrainingSet(t *testing.T) {
	data := shared(t)
	sst2 := mustLookup(t, "sst2")
	train, err := Load(t.Context(), nil, sst2, "train", data, Columns{})
	if err != nil {
		t.Fatal(err)
	}
	dev, err := Load(t.Context(), nil, sst2, "dev", data, Columns{})
	if err != nil {
		t.Fatal(err)
	}
	if n := len(dev.Overlap(train)); n != 2 {
		t.Errorf("%d sentences stand in both", n)
	}
}

// TestSentimentArchiveHasItsCountsAndASplitWithoutLeaks reads the real archive hutto_ICWSM_2014, unpacked in the folder that BERTLAB_SENTIMENT names.
func TestSentimentArchiveHasItsCountsAndASplitWithoutLeaks(t *testing.T) {
	folder := os.Getenv("BERTLAB_SENTIMENT")
	if folder == "" {
		t.Skip("set BERTLAB_SENTIMENT to the unpacked sentiment archive hutto_ICWSM_2014 to read it")
	}
	for _, c := range []struct {
		task                            string
		lines, positive, negative, left int
	}{
		{"movies", 10605, 4996, 5076, 533},
		{"products", 3708, 1750, 1235, 723},
		{"editorials", 5190, 1187, 1783, 2220},
		{"tweets", 4200, 2345, 1087, 768},
	} {
		task := mustLookup(t, c.task)
		dev, err := Load(t.Context(), nil, task, "dev", folder, Columns{})
		if err != nil {
			t.Fatal(err)
		}
		train, err := Load(t.Context(), nil, task, "train", folder, Columns{})
		if err != nil {
			t.Fatal(err)
		}
		count := map[int]int{}
		documents := map[string]string{}
		for _, d := range []*Dataset{train, dev} {
			for _, e := range d.Examples {
				count[e.Label]++
				id := e.ID
				if task.groupID != nil {
					id = task.groupID(id)
				}
				if other := documents[id]; other != "" && other != d.Split {
					t.Errorf("%s: %s stands in train and dev", c.task, id)
				}
				documents[id] = d.Split
			}
		}
		left := dev.LeftOut[0].Rows
		if count[1] != c.positive || count[0] != c.negative || left != c.left || count[0]+count[1]+left != c.lines || len(dev.LeftOut) != 1 {
			t.Errorf("%s: %v", c.task, dev)
		}
		if dev.Len() != SentimentHoldout || len(dev.Overlap(train)) != 0 {
			t.Errorf("%s: train %d, dev %d, %d texts in both", c.task, train.Len(), dev.Len(), len(dev.Overlap(train)))
		}
		t.Logf("%s: train %d, dev %d (%d positive of %d)", c.task, train.Len(), dev.Len(), count[1], count[0]+count[1])
	}
}
