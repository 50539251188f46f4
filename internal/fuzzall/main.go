// Command fuzzall runs every fuzz target of the module for a while each, one after another, and prints what each did.
//
//	go run ./internal/fuzzall
//	go run ./internal/fuzzall -time 10s -run Parquet ./gbert/...
//
// What a target finds is kept by go test in its package's testdata/fuzz, where it is a test from then on.
package main

import (
	"bufio"
	"bytes"
	"context"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"os/signal"
	"regexp"
	"strings"
	"time"
)

func main() {
	each := flag.Duration("time", time.Minute, "how long each target runs")
	only := flag.String("run", "", "regular expression of the targets to run (default: all)")
	workers := flag.Int("parallel", 0, "processes of a target (default: as many as there are processors)")
	flag.Parse()
	packages := flag.Args()
	if len(packages) == 0 {
		packages = []string{"./..."}
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	wanted, err := regexp.Compile(*only)
	if err == nil {
		err = runAll(ctx, packages, wanted, *each, *workers)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "fuzzall:", err)
		os.Exit(1)
	}
}

// A target is a fuzz test of a package.
type target struct{ pkg, name string }

func runAll(ctx context.Context, packages []string, wanted *regexp.Regexp, each time.Duration, workers int) error {
	targets, err := list(ctx, packages)
	if err != nil {
		return err
	}
	run, failed := 0, 0
	for _, t := range targets {
		if !wanted.MatchString(t.name) {
			continue
		}
		if err := ctx.Err(); err != nil {
			return err
		}
		run++
		began := time.Now()
		said, err := fuzz(ctx, t, each, workers)
		if err != nil {
			failed++
			fmt.Printf("FAIL %s %s\n%s\n", t.pkg, t.name, said)
			continue
		}
		fmt.Printf("ok   %-44s %-32s %5.0f s  %s\n", t.pkg, t.name, time.Since(began).Seconds(), lastCount(said))
	}
	fmt.Printf("%d targets, %d failed\n", run, failed)
	if failed > 0 {
		return fmt.Errorf("%d of %d targets failed", failed, run)
	}
	return nil
}

// list finds the fuzz targets of packages in the order of go test.
func list(ctx context.Context, packages []string) ([]target, error) {
	command := exec.CommandContext(ctx, "go", append([]string{"test", "-list", "^Fuzz"}, packages...)...)
	var stderr bytes.Buffer
	command.Stderr = &stderr
	output, err := command.Output()
	if err != nil {
		return nil, fmt.Errorf("go test -list: %w\n%s%s", err, output, stderr.Bytes())
	}
	return parseList(string(output)), nil
}

// parseList reads what go test -list prints: the names of a package, then a line with the package.
func parseList(output string) []target {
	var targets []target
	var names []string
	for lines := bufio.NewScanner(strings.NewReader(output)); lines.Scan(); {
		fields := strings.Fields(lines.Text())
		switch {
		case len(fields) == 1 && strings.HasPrefix(fields[0], "Fuzz"):
			names = append(names, fields[0])
		case len(fields) >= 2 && (fields[0] == "ok" || fields[0] == "?"):
			for _, name := range names {
				targets = append(targets, target{fields[1], name})
			}
			names = nil
		}
	}
	return targets
}

// fuzz runs a target and returns what go test said.
func fuzz(ctx context.Context, t target, each time.Duration, workers int) (string, error) {
	args := []string{"test", "-run", "^$", "-fuzz", "^" + t.name + "$", "-fuzztime", each.String(), "-fuzzminimizetime", "2s"}
	if workers > 0 {
		args = append(args, "-parallel", fmt.Sprint(workers))
	}
	command := exec.CommandContext(ctx, "go", append(args, t.pkg)...)
	command.Cancel = func() error { return command.Process.Signal(os.Interrupt) }
	command.WaitDelay = 10 * time.Second
	output, err := command.CombinedOutput()
	return string(output), err
}

var execs = regexp.MustCompile(`execs: (\d+)[^\n]*`)

// lastCount is what the last line of progress says of the inputs that were tried.
func lastCount(said string) string {
	all := execs.FindAllString(said, -1)
	if len(all) == 0 {
		return ""
	}
	return all[len(all)-1]
}
