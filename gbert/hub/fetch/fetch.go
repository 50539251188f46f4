package fetch

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net/http"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"bertlab/internal/files"
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
	Progress func(done, total int64) // bytes so far and in all (total 0: not known); may be nil

	Client   *http.Client  // nil: [Client]
	Stall    time.Duration // a transfer without a byte for so long is cut and continued; 0 means 30 s
	Attempts int           // how many connections to make at most; 0 means 4
}

// A HashError says that a download's bytes are not the expected ones. Nothing of them is kept.
type HashError struct {
	URL, Kind, Want, Got string
}

func (e *HashError) Error() string {
	return fmt.Sprintf("fetch: %s has the %s %s, expected %s: the file was changed on its way or at its source, and was thrown away",
		e.URL, e.Kind, e.Got, e.Want)
}

// A StatusError is an answer of the server that is not the file.
type StatusError struct {
	URL    string
	Status int
	Text   string // what the server said about it, shortened; may be empty
}

func (e *StatusError) Error() string {
	s := fmt.Sprintf("fetch: %s answered %d %s", e.URL, e.Status, http.StatusText(e.Status))
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
	unlock, err := Lock(ctx, lock)
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

// run downloads with as many connections as it takes. It gives up at once where a new connection would not help.
func (r Request) run(ctx context.Context) error {
	attempts := r.Attempts
	if attempts <= 0 {
		attempts = 4
	}
	restarted := false
	var last error
	for attempt := range attempts {
		if attempt > 0 {
			select {
			case <-ctx.Done():
				return ctx.Err()
			case <-time.After(time.Duration(attempt) * 250 * time.Millisecond):
			}
		}
		t := transfer{Request: r}
		err := t.once(ctx)
		if err == nil {
			return nil
		}
		last = err
		var hash *HashError
		switch {
		case ctx.Err() != nil:
			return fmt.Errorf("fetch: %s was interrupted: %w", r.URL, ctx.Err())
		case errors.As(err, &hash):
			// The part from an earlier call may belong to another file: once from the beginning, then it is the source.
			if t.resumed && !restarted {
				restarted = true
				continue
			}
			return err
		case !t.retry:
			return err
		}
	}
	return last
}

// transfer is one connection's worth of a download.
type transfer struct {
	Request
	resumed bool // bytes of an earlier connection were used
	retry   bool // the failure may pass: try again
}

func (t *transfer) once(ctx context.Context) error {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)

	partPath := t.Dest + Incomplete
	if err := files.Check(partPath); err != nil {
		return fmt.Errorf("fetch: %w; remove it", err)
	}
	part, err := os.OpenFile(partPath, os.O_RDWR|os.O_CREATE, 0o644)
	if err != nil {
		return fmt.Errorf("fetch: %w", err)
	}
	defer part.Close()
	sums := newDigests(t.Request)
	have, err := io.Copy(sums, part)
	if err != nil {
		return fmt.Errorf("fetch: reading %s: %w", partPath, err)
	}
	validator := readValidator(partPath)
	if have > 0 && (validator == "" && !sums.decide() || t.Size > 0 && have > t.Size) {
		have = 0 // nothing would tell whether the part belongs to the server's file of today
	}
	if t.Size == 0 || have < t.Size {
		err = t.receive(ctx, cancel, part, sums, have, validator)
		if err != nil {
			return err
		}
	} else {
		t.resumed = true // killed between the last byte and the rename
	}
	if err := sums.check(t.URL); err != nil {
		os.Remove(partPath)
		dropValidator(partPath)
		return err
	}
	if err := part.Sync(); err != nil {
		return fmt.Errorf("fetch: writing %s: %w", partPath, err)
	}
	if err := part.Close(); err != nil {
		return fmt.Errorf("fetch: writing %s: %w", partPath, err)
	}
	if err := os.Rename(partPath, t.Dest); err != nil {
		return fmt.Errorf("fetch: %w", err)
	}
	dropValidator(partPath)
	return nil
}

// receive asks for the bytes from have on and appends them to part and sums.
func (t *transfer) receive(ctx context.Context, cancel context.CancelCauseFunc, part *os.File, sums *digests, have int64, validator string) error {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, t.URL, nil)
	if err != nil {
		return fmt.Errorf("fetch: %w", err)
	}
	req.Header.Set("Accept-Encoding", "identity") // hashes and lengths are those of the file itself
	Authorize(req, t.Token)
	if have > 0 {
		req.Header.Set("Range", "bytes="+strconv.FormatInt(have, 10)+"-")
		if validator != "" {
			req.Header.Set("If-Range", validator)
		}
	}
	client := t.Client
	if client == nil {
		client = Client
	}
	resp, err := client.Do(req)
	if err != nil {
		return fmt.Errorf("fetch: %w", plainError(err))
	}
	defer resp.Body.Close()

	switch resp.StatusCode {
	case http.StatusOK:
		have = 0
	case http.StatusPartialContent:
		if from, ok := contentStart(resp.Header.Get("Content-Range")); !ok || from != have {
			t.retry = true
			return t.startAnew(part, fmt.Errorf("fetch: %s answered with the wrong range %q", t.URL, resp.Header.Get("Content-Range")))
		}
		t.resumed = true
	case http.StatusRequestedRangeNotSatisfiable:
		t.retry = true
		return t.startAnew(part, &StatusError{URL: t.URL, Status: resp.StatusCode})
	default:
		t.retry = resp.StatusCode >= 500 || resp.StatusCode == http.StatusTooManyRequests
		text, _ := io.ReadAll(io.LimitReader(resp.Body, 200))
		return &StatusError{URL: t.URL, Status: resp.StatusCode, Text: printable(text)}
	}
	if have == 0 {
		if err := part.Truncate(0); err != nil {
			return fmt.Errorf("fetch: %w", err)
		}
		sums.reset()
	}
	if _, err := part.Seek(have, io.SeekStart); err != nil {
		return fmt.Errorf("fetch: %w", err)
	}
	writeValidator(part.Name(), resp)

	total := t.Size
	if resp.ContentLength >= 0 {
		announced := have + resp.ContentLength
		if total > 0 && announced != total {
			t.retry = have > 0
			return t.startAnew(part, fmt.Errorf("fetch: %s has %d bytes, expected %d", t.URL, announced, total))
		}
		total = announced
	}
	limit := t.Limit
	if limit <= 0 {
		limit = 16 << 30
	}
	if total > limit {
		return fmt.Errorf("fetch: %s has %d bytes, more than the %d that are accepted", t.URL, total, limit)
	}

	stall := t.Stall
	if stall <= 0 {
		stall = 30 * time.Second
	}
	watch := time.AfterFunc(stall, func() { cancel(fmt.Errorf("no byte for %v", stall)) })
	defer watch.Stop()
	t.retry = true
	done := have
	buf := make([]byte, 256<<10)
	if t.Progress != nil {
		t.Progress(done, total)
	}
	for {
		n, readErr := resp.Body.Read(buf)
		if n > 0 {
			watch.Reset(stall)
			if done+int64(n) > limit || t.Size > 0 && done+int64(n) > t.Size {
				t.retry = false
				return t.startAnew(part, fmt.Errorf("fetch: %s sends more than the %d bytes expected", t.URL, min(limit, max(t.Size, done))))
			}
			if _, err := part.Write(buf[:n]); err != nil {
				t.retry = false
				return fmt.Errorf("fetch: writing %s: %w (free some space; the download continues where it was)", part.Name(), err)
			}
			sums.Write(buf[:n])
			done += int64(n)
			if t.Progress != nil {
				t.Progress(done, total)
			}
		}
		if readErr == io.EOF {
			break
		}
		if readErr != nil {
			if cause := context.Cause(ctx); cause != nil {
				readErr = cause
			}
			return fmt.Errorf("fetch: %s was cut after %d of %d bytes: %w", t.URL, done, total, readErr)
		}
	}
	if total > 0 && done != total {
		return fmt.Errorf("fetch: %s ended after %d of %d bytes: %w", t.URL, done, total, io.ErrUnexpectedEOF)
	}
	return nil
}

// startAnew throws the partial file away, so that a next connection begins at zero, and returns err.
func (t *transfer) startAnew(part *os.File, err error) error {
	dropValidator(part.Name())
	if e := part.Truncate(0); e != nil {
		return errors.Join(err, e)
	}
	return err
}

// contentStart reads the first byte's place from "bytes 100-199/200".
func contentStart(header string) (int64, bool) {
	rest, ok := strings.CutPrefix(header, "bytes ")
	if !ok {
		return 0, false
	}
	first, _, ok := strings.Cut(rest, "-")
	if !ok {
		return 0, false
	}
	n, err := strconv.ParseInt(first, 10, 64)
	return n, err == nil
}

// The validator (a strong ETag) of a partial file stands beside it, so that If-Range can ask whether the server's
// file is still the same one.
const validatorEnding = ".etag"

func readValidator(partPath string) string {
	b, err := files.Read(partPath+validatorEnding, 512)
	if err != nil {
		return ""
	}
	return string(b)
}

func writeValidator(partPath string, resp *http.Response) {
	etag := resp.Header.Get("ETag")
	if etag == "" || len(etag) > 512 || strings.HasPrefix(etag, "W/") {
		dropValidator(partPath)
		return
	}
	if os.WriteFile(partPath+validatorEnding, []byte(etag), 0o644) != nil {
		dropValidator(partPath)
	}
}

func dropValidator(partPath string) {
	if err := os.Remove(partPath + validatorEnding); err != nil && !errors.Is(err, fs.ErrNotExist) {
		// A validator of another file makes the server send the whole file again, no more.
		return
	}
}

func printable(text []byte) string {
	s := strings.ToValidUTF8(strings.TrimSpace(string(text)), "")
	return strings.Map(func(c rune) rune {
		if c < ' ' || c == 0x7f {
			return ' '
		}
		return c
	}, s)
}
