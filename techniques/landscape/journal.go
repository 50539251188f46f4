package landscape

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/gofrs/flock"

	"bertlab/internal/files"
)

// A journal is a file of JSON lines: the sweep that it belongs to, then a line for each point that is done. A line is written with
// one call, so a kill leaves whole lines and at most one torn one at the end, which is cut off when the sweep goes on.
type journal struct {
	file *os.File // nil: nothing is written down
	lock *flock.Flock
	done [][]Measure // by point; nil: not done
}

type journalHead struct {
	Sweep string `json:"sweep"`
}

type journalLine struct {
	Point int       `json:"point"`
	Sets  []Measure `json:"sets"`
}

// summedLine is a journalLine with the SHA-256 of its text.
type summedLine struct {
	SHA256 string          `json:"sha256"`
	Done   json.RawMessage `json:"done"`
}

func sumOf(text []byte) string {
	sum := sha256.Sum256(text)
	return hex.EncodeToString(sum[:])
}

// maxJournal bounds a journal; 100 × 100 points of 1,000 examples take some 200 MB.
const maxJournal = 1 << 30

// openJournal reads what is done and prepares the file for more. examples is the number of examples of each set.
func openJournal(path, identity string, points int, examples []int) (*journal, error) {
	j := &journal{done: make([][]Measure, points)}
	if path == "" {
		return j, nil
	}
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		return nil, fmt.Errorf("landscape: %w", err)
	}
	if err := files.Check(path); err != nil { // opening a pipe to lock it would wait
		return nil, fmt.Errorf("landscape: %w", err)
	}
	j.lock = flock.New(path) // creates it
	if locked, err := j.lock.TryLock(); err != nil {
		return nil, fmt.Errorf("landscape: %w", err)
	} else if !locked {
		return nil, fmt.Errorf("landscape: another sweep is writing %s", path)
	}
	if err := j.open(path, identity, examples); err != nil {
		j.close()
		return nil, err
	}
	return j, nil
}

func (j *journal) open(path, identity string, examples []int) error {
	text, err := files.Read(path, maxJournal)
	if err != nil {
		return fmt.Errorf("landscape: %w", err)
	}
	whole, err := j.read(text, identity, examples)
	if err != nil {
		return fmt.Errorf("landscape: %s: %w; delete it to begin anew", path, err)
	}
	if j.file, err = os.OpenFile(path, os.O_WRONLY|os.O_APPEND, 0o644); err != nil {
		return fmt.Errorf("landscape: %w", err)
	}
	if err := j.file.Truncate(int64(whole)); err != nil {
		return fmt.Errorf("landscape: %w", err)
	}
	if whole == 0 {
		return j.line(journalHead{identity})
	}
	return nil
}

// read takes the points of a journal and returns how many bytes are whole lines.
func (j *journal) read(text []byte, identity string, examples []int) (int, error) {
	whole := bytes.LastIndexByte(text, '\n') + 1
	for n, line := range bytes.Split(bytes.TrimSuffix(text[:whole], []byte("\n")), []byte("\n")) {
		if whole == 0 {
			break
		}
		if n == 0 {
			var head journalHead
			if err := json.Unmarshal(line, &head); err != nil {
				return 0, fmt.Errorf("line 1 is not a journal of a sweep: %w", err)
			}
			if head.Sweep != identity {
				return 0, errors.New("it belongs to a sweep of other models, data, points or parts")
			}
			continue
		}
		var summed summedLine
		if err := json.Unmarshal(line, &summed); err != nil {
			return 0, fmt.Errorf("line %d: %w", n+1, err)
		}
		switch got := sumOf(summed.Done); {
		case summed.SHA256 == "":
			return 0, fmt.Errorf("line %d has no sum: it is damaged, or from an older version of this program, with which the sweep can go on", n+1)
		case got != summed.SHA256:
			return 0, fmt.Errorf("line %d is damaged: its point has the SHA-256 %s, and %s was written", n+1, got, summed.SHA256)
		}
		var at journalLine
		if err := json.Unmarshal(summed.Done, &at); err != nil {
			return 0, fmt.Errorf("line %d: %w", n+1, err)
		}
		if err := at.check(len(j.done), examples); err != nil {
			return 0, fmt.Errorf("line %d: %w", n+1, err)
		}
		j.done[at.Point] = at.Sets
	}
	return whole, nil
}

func (l journalLine) check(points int, examples []int) error {
	if l.Point < 0 || l.Point >= points {
		return fmt.Errorf("point %d of 0…%d", l.Point, points-1)
	}
	if len(l.Sets) != len(examples) {
		return fmt.Errorf("%d data sets; %d were expected", len(l.Sets), len(examples))
	}
	for k, m := range l.Sets {
		if len(m.Losses) != examples[k] || len(m.Wrong) != examples[k] {
			return fmt.Errorf("data set %d has %d losses and %d marks for %d examples", k, len(m.Losses), len(m.Wrong), examples[k])
		}
		if !(m.Loss >= 0 && m.Loss <= LargestLoss*(1+1e-9)) || !(m.Error >= 0 && m.Error <= 1) || m.Overflow < 0 || m.Overflow > examples[k] {
			return fmt.Errorf("data set %d has the loss %g, the error %g and %d overflows", k, m.Loss, m.Error, m.Overflow)
		}
		for i, loss := range m.Losses {
			if !(loss >= 0 && float64(loss) <= LargestLoss*(1+1e-6)) {
				return fmt.Errorf("data set %d, example %d has the loss %g", k, i, loss)
			}
		}
	}
	return nil
}

// write notes a point.
func (j *journal) write(point int, measures []Measure) error {
	j.done[point] = measures
	if j.file == nil {
		return nil
	}
	text, err := json.Marshal(journalLine{point, measures})
	if err != nil {
		return fmt.Errorf("landscape: %w", err)
	}
	return j.line(summedLine{sumOf(text), text})
}

func (j *journal) line(v any) error {
	text, err := json.Marshal(v)
	if err != nil {
		return fmt.Errorf("landscape: %w", err)
	}
	if _, err := j.file.Write(append(text, '\n')); err != nil {
		return fmt.Errorf("landscape: %w", err)
	}
	return nil
}

func (j *journal) close() {
	if j.file != nil {
		_ = j.file.Close() // each line was written and its error reported
	}
	if j.lock != nil {
		_ = j.lock.Unlock() // the lock goes with the process anyway
	}
}

// RemoveJournal deletes a journal that is not needed any more.
func RemoveJournal(path string) error {
	if err := os.Remove(path); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("landscape: %w", err)
	}
	return nil
}
