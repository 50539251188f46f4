package landscape

import (
	"bufio"
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
)

// journalVariable makes this test binary the process that is killed: it sweeps with that journal and prints each point that is done.
const journalVariable = "BERTLAB_TEST_JOURNAL"

func killedSweep(e *Explorer, journal string, progress func(done, total int)) (*Surface, error) {
	return e.Sweep(context.Background(), Plane(-1, 2, 10), Whole(e.space.To.Config), journal, progress)
}

func TestSweepToBeKilled(t *testing.T) {
	journal := os.Getenv(journalVariable)
	if journal == "" {
		t.Skip("it is started by TestAKilledProcessLosesOnlyThePointInWork")
	}
	if _, err := killedSweep(toy(t), journal, func(done, _ int) { fmt.Println("point", done) }); err != nil {
		t.Fatal(err)
	}
}

func TestAKilledProcessLosesOnlyThePointInWork(t *testing.T) {
	executable, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	journal := filepath.Join(t.TempDir(), "points")
	child := exec.Command(executable, "-test.run=^TestSweepToBeKilled$", "-test.v")
	child.Env = append(os.Environ(), journalVariable+"="+journal)
	output, err := child.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := child.Start(); err != nil {
		t.Fatal(err)
	}
	reported := 0
	for lines := bufio.NewScanner(output); lines.Scan(); {
		if rest, ok := strings.CutPrefix(lines.Text(), "point "); ok {
			if _, err := fmt.Sscan(rest, &reported); err != nil {
				t.Fatal(err)
			}
			if reported >= 20 {
				break
			}
		}
	}
	if err := child.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	_ = child.Wait() // it was killed
	if reported < 20 {
		t.Fatalf("the process ended by itself after %d points", reported)
	}
	e := toy(t)
	first := -1
	got, err := killedSweep(e, journal, func(done, _ int) {
		if first < 0 {
			first = done
		}
	})
	if err != nil {
		t.Fatal(err)
	}
	if first < reported {
		t.Errorf("%d points were done when the process was killed; the sweep went on after %d", reported, first)
	}
	want, err := killedSweep(e, "", nil)
	if err != nil {
		t.Fatal(err)
	}
	if !reflect.DeepEqual(got, want) {
		t.Error("the surface differs from one that was not interrupted")
	}
}
