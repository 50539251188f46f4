// Command bertlab is the laboratory on the command line: it fine-tunes, evaluates and compresses a BERT, and reproduces
// papers about it. See bertlab --help.
//
// Every command prints its result on standard output, with --json as one JSON document, and everything else on standard
// error. The exit status is 0 for success, 2 for a wrong call, 1 for a failure, 3 where reproduce --gather misses steps, and 130 where Ctrl-C
// ended it (143: SIGTERM).
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"runtime/debug"
	"strings"
	"syscall"

	"bertlab/cmd/bertlab/internal/call"
	"bertlab/gbert/hub/fetch"
	"bertlab/papers/experiment"
)

func main() {
	ctx, ended := interruptible()
	status := run(ctx, os.Args[1:], os.Stdout, os.Stderr)
	if status == exitFailure {
		status = ended()
	}
	os.Exit(status)
}

// interruptible is a context that the first Ctrl-C, or SIGTERM, cancels: it asks the work to stop where it can go on later. The second
// one ends the program. ended is the exit status of a failure: 128 and the signal's number, where there was one.
func interruptible() (ctx context.Context, ended func() int) {
	ctx, cancel := context.WithCancelCause(context.Background())
	signals := make(chan os.Signal, 1)
	signal.Notify(signals, os.Interrupt, syscall.SIGTERM)
	go func() {
		received := <-signals
		signal.Stop(signals)
		cancel(interruption{received})
	}()
	return ctx, func() int {
		var by interruption
		if errors.As(context.Cause(ctx), &by) {
			if number, ok := by.signal.(syscall.Signal); ok {
				return exitSignal + int(number)
			}
		}
		return exitFailure
	}
}

// interruption is the cause of a context that a signal cancelled.
type interruption struct{ signal os.Signal }

func (i interruption) Error() string { return i.signal.String() }

// The exit statuses.
const (
	exitSuccess   = 0
	exitFailure   = 1
	exitWrongCall = 2
	exitMissing   = 3
	exitSignal    = 128 // and the signal's number
)

// run executes one command line and returns the exit status.
func run(ctx context.Context, args []string, stdout, stderr io.Writer) int {
	return newApp(stdout, stderr).run(ctx, args)
}

func (a *app) run(ctx context.Context, args []string) (status int) {
	defer func() {
		if cause := recover(); cause != nil {
			a.Meter.Clear()
			fmt.Fprintf(a.stderr, "bertlab: internal error: %v\nThis is a defect of bertlab; please report it with what follows.\n%s", cause, debug.Stack())
			status = exitFailure
		}
	}()
	warned := make(chan struct{})
	unbind := context.AfterFunc(ctx, func() {
		defer close(warned)
		a.Meter.Warn("%s", a.stopping())
	})
	defer func() {
		if !unbind() {
			<-warned
		}
	}()
	root := a.root()
	root.SetArgs(args)
	err := root.ExecuteContext(ctx)
	a.Meter.Clear()
	var wrong call.Wrong
	status = exitFailure
	switch {
	case err == nil:
		return exitSuccess
	case interrupted(ctx, err):
	case errors.As(err, new(*experiment.MissingError)):
		status = exitMissing
	case errors.As(err, &wrong) || !a.started:
		status = exitWrongCall
	}
	fmt.Fprintf(a.stderr, "bertlab: %s\n", a.plain(ctx, err))
	if !a.started {
		fmt.Fprintln(a.stderr, "See bertlab --help, or --help after a command.")
	}
	return status
}

// stopping says that a command is being stopped, and whether the work can go on later.
func (a *app) stopping() string {
	if a.resumes.Load() {
		return "interrupted: stopping where the work can go on later; Ctrl-C again ends the program at once"
	}
	return "interrupted: stopping; Ctrl-C again ends the program at once"
}

// interrupted says whether a command failed because it was stopped.
func interrupted(ctx context.Context, err error) bool {
	return ctx.Err() != nil && strings.Contains(err.Error(), context.Canceled.Error())
}

// plain is an error as it is printed: no addresses with passwords, flags in place of the names that options have in the library, and of
// an interrupted context not Go's words for it, but how to go on.
func (a *app) plain(ctx context.Context, err error) string {
	text := call.Flags(fetch.Redact(err.Error()), func(flag string) bool { return a.flags == nil || a.flags.Lookup(flag) != nil })
	if !interrupted(ctx, err) {
		return text
	}
	text = strings.ReplaceAll(text, context.Canceled.Error(), "interrupted")
	if a.resumes.Load() {
		text += "; repeat the command to go on"
	}
	return text
}
