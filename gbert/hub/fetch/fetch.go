package fetch

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"time"
)

// Incomplete is the ending of a file that is still being downloaded.
const Incomplete = ".incomplete"

// Request says what to bring, to where, and how to know that it is right.
type Request struct {
	URL  string
	Dest string // the file's final path; its folder is made if missing
	Lock string // the lock file; "" means Dest + ".lock"

	SHA256  string // expected SHA-256, hexadecimal; "" where it is not known
	GitSHA1 string // expected git blob id (the Hub's ETag of small files); "" where it is not known
	Size    int64  // expected size in bytes; 0 where it is not known
	Limit   int64  // a larger file is refused; 0 means 16 GiB

	Token    string                  // bearer token for the host of URL; "" sends none
	User     *url.Userinfo           // user and password for the host of URL, where there is no token; nil sends none
	Progress func(done, total int64) // bytes so far and in all (total 0: not known); may be nil
	Log      func(line string)       // gets a line before a wait that takes a while; may be nil

	Client   *http.Client  // nil: [Client]
	Stall    time.Duration // a transfer that brings less than MinRate for so long is cut and continued; 0 means 30 s
	MinRate  int64         // in bytes a second; 0 means 1 kB/s
	Attempts int           // how many connections to make at most; 0 means 4
	Patience time.Duration // how long to wait at most where the server asks for it, in all; 0 means 2 minutes
}

// A HashError says that a download's bytes are not the expected ones. Nothing of them is kept.
type HashError struct {
	URL, Kind, Want, Got string
}

func (e *HashError) Error() string {
	return fmt.Sprintf("fetch: %s has the %s %s, expected %s: the file was changed on its way or at its source, and was thrown away",
		Shown(e.URL), e.Kind, e.Got, e.Want)
}

// A StatusError is an answer of the server that is not the file.
type StatusError struct {
	URL    string
	Status int
	Text   string // what the server said about it, shortened; may be empty
	// Wait is how long the server asks to wait before the next request (Retry-After); negative where it does not say.
	Wait time.Duration
}

func (e *StatusError) Error() string {
	s := fmt.Sprintf("fetch: %s answered %d %s", Shown(e.URL), e.Status, http.StatusText(e.Status))
	if e.Text != "" {
		s += ": " + e.Text
	}
	return s
}

// File brings r.URL to r.Dest. If r.Dest is already there (and has r.Size, where that is known) nothing is done: what
// carries the final name is whole. The error names the URL and what went wrong; see [HashError] and [StatusError].
func File(ctx context.Context, r Request) error {
	if r.URL == "" || r.Dest == "" {
		return errors.New("fetch: a request needs a URL and a destination")
	}
	if present(r) {
		return nil
	}
	if err := os.MkdirAll(filepath.Dir(r.Dest), 0o755); err != nil {
		return fmt.Errorf("fetch: %w", err)
	}
	lock := r.Lock
	if lock == "" {
		lock = r.Dest + ".lock"
	}
	if err := os.MkdirAll(filepath.Dir(lock), 0o755); err != nil {
		return fmt.Errorf("fetch: %w", err)
	}
	unlock, err := Lock(ctx, lock, r.Log)
	if err != nil {
		return err
	}
	defer unlock()
	if present(r) {
		return nil
	}
	return r.run(ctx)
}

func present(r Request) bool {
	info, err := os.Stat(r.Dest)
	return err == nil && info.Mode().IsRegular() && (r.Size == 0 || info.Size() == r.Size)
}

// defaultAttempts is how many connections a request makes at most.
const defaultAttempts = 4

// run downloads with as many connections as it takes. It gives up at once where a new connection would not help.
func (r Request) run(ctx context.Context) error {
	attempts := r.Attempts
	if attempts <= 0 {
		attempts = defaultAttempts
	}
	restarted := false
	p := newPatience(r.Patience, r.Log)
	for attempt := 1; ; attempt++ {
		t := transfer{Request: r}
		err := t.once(ctx)
		var hash *HashError
		switch {
		case err == nil:
			return nil
		case ctx.Err() != nil:
			return fmt.Errorf("fetch: %s was interrupted: %w", Shown(r.URL), ctx.Err())
		case errors.As(err, &hash) && t.resumed && !restarted:
			restarted = true // the part of an earlier call may belong to another file: once from the beginning, then it is the source
		case errors.As(err, &hash) || !t.retry || attempt >= attempts:
			return err
		}
		if err := p.wait(ctx, attempt, err); err != nil {
			return err
		}
	}
}
