// Command bertlab is the laboratory on the command line: it fine-tunes, evaluates and compresses a BERT, and reproduces
// papers about it. See bertlab --help.
//
// Every command prints its result on standard output, with --json as one JSON document, and everything else on standard
// error. The exit status is 0 for success, 2 for a wrong call and 1 for a failure.
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"runtime/debug"
	"syscall"
)

func main() {
	// The first Ctrl-C asks the work to stop where it can go on later; the second one ends the program.
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	context.AfterFunc(ctx, stop)
	os.Exit(run(ctx, os.Args[1:], os.Stdout, os.Stderr))
}

// The exit statuses.
const (
	exitSuccess   = 0
	exitFailure   = 1
	exitWrongCall = 2
)

// wrongCall marks an error of the caller: another call would work.
type wrongCall struct{ error }

func (w wrongCall) Unwrap() error { return w.error }

func wrongCallf(format string, args ...any) error { return wrongCall{fmt.Errorf(format, args...)} }

// run executes one command line and returns the exit status.
func run(ctx context.Context, args []string, stdout, stderr io.Writer) (status int) {
	a := newApp(stdout, stderr)
	defer func() {
		if cause := recover(); cause != nil {
			a.meter.Clear()
			fmt.Fprintf(stderr, "bertlab: internal error: %v\nThis is a defect of bertlab; please report it with what follows.\n%s", cause, debug.Stack())
			status = exitFailure
		}
	}()
	warned := make(chan struct{})
	unbind := context.AfterFunc(ctx, func() {
		defer close(warned)
		a.meter.Warn("interrupted: stopping where the work can go on later; Ctrl-C again ends the program at once")
	})
	defer func() {
		if !unbind() {
			<-warned
		}
	}()
	root := a.root()
	root.SetArgs(args)
	err := root.ExecuteContext(ctx)
	a.meter.Clear()
	var wrong wrongCall
	switch {
	case err == nil:
		return exitSuccess
	case errors.As(err, &wrong) || !a.started:
		fmt.Fprintf(stderr, "bertlab: %v\n", err)
		if !a.started {
			fmt.Fprintln(stderr, "See bertlab --help, or --help after a command.")
		}
		return exitWrongCall
	}
	fmt.Fprintf(stderr, "bertlab: %v\n", err)
	return exitFailure
}
