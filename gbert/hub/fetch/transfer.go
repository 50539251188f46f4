package fetch

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net/http"
	"os"
	"strconv"
	"strings"
	"time"

	"bertlab/internal/files"
)

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
		return fmt.Errorf("fetch: %w", plainError(err))
	}
	req.Header.Set("Accept-Encoding", "identity") // hashes and lengths are those of the file itself
	Authorize(req, t.Token)
	Introduce(req, t.User)
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
	if coding := resp.Header.Get("Content-Encoding"); resp.StatusCode < 300 && coding != "" && coding != "identity" {
		return fmt.Errorf("fetch: %s sends the file in the encoding %.20q, which was not asked for", Shown(t.URL), coding)
	}

	whole := int64(-1) // the file's size, as the server says
	switch resp.StatusCode {
	case http.StatusOK:
		have, whole = 0, resp.ContentLength
	case http.StatusPartialContent:
		from, size, ok := contentRange(resp.Header.Get("Content-Range"))
		if !ok || from != have {
			t.retry = true
			return t.startAnew(part, fmt.Errorf("fetch: %s answered with the wrong range %.60q", Shown(t.URL), resp.Header.Get("Content-Range")))
		}
		if etag := resp.Header.Get("ETag"); validator != "" && etag != "" && etag != validator {
			t.retry = true
			return t.startAnew(part, fmt.Errorf("fetch: %s answered with a part of another file than before", Shown(t.URL)))
		}
		if whole = size; whole < 0 && resp.ContentLength >= 0 {
			whole = have + resp.ContentLength
		}
		t.resumed = true
	case http.StatusRequestedRangeNotSatisfiable:
		t.retry = true
		return t.startAnew(part, &StatusError{URL: t.URL, Status: resp.StatusCode, Wait: -1})
	default:
		text, _ := io.ReadAll(io.LimitReader(resp.Body, 200))
		refusal := &StatusError{URL: t.URL, Status: resp.StatusCode, Text: Redact(printable(text)), Wait: retryAfter(resp, time.Now())}
		t.retry = refusal.passes()
		return refusal
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
	if whole >= 0 {
		if total > 0 && whole != total {
			t.retry = have > 0
			return t.startAnew(part, fmt.Errorf("fetch: %s has %d bytes, expected %d", Shown(t.URL), whole, total))
		}
		total = whole
	}
	limit := t.Limit
	if limit <= 0 {
		limit = 16 << 30
	}
	if total > limit {
		return fmt.Errorf("fetch: %s has %d bytes, more than the %d that are accepted", Shown(t.URL), total, limit)
	}

	pace := newPace(t.Request, cancel)
	defer pace.stop()
	t.retry = true
	done := have
	buf := make([]byte, 256<<10)
	if t.Progress != nil {
		t.Progress(done, total)
	}
	for {
		n, readErr := resp.Body.Read(buf)
		if n > 0 {
			pace.came(n)
			if done+int64(n) > limit || t.Size > 0 && done+int64(n) > t.Size {
				t.retry = false
				return t.startAnew(part, fmt.Errorf("fetch: %s sends more than the %d bytes expected", Shown(t.URL), min(limit, max(t.Size, done))))
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
			return fmt.Errorf("fetch: %s was cut after %d of %d bytes: %w", Shown(t.URL), done, total, readErr)
		}
	}
	if total > 0 && done != total {
		return fmt.Errorf("fetch: %s ended after %d of %d bytes: %w", Shown(t.URL), done, total, io.ErrUnexpectedEOF)
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

// contentRange reads the first byte's place and the file's size from "bytes 100-199/200"; the size is -1 for "*".
func contentRange(header string) (from, size int64, ok bool) {
	span, whole, found := strings.Cut(strings.TrimPrefix(header, "bytes "), "/")
	first, last, dash := strings.Cut(span, "-")
	if !strings.HasPrefix(header, "bytes ") || !found || !dash {
		return 0, 0, false
	}
	from, errFrom := strconv.ParseInt(first, 10, 64)
	to, errTo := strconv.ParseInt(last, 10, 64)
	size = -1
	var errSize error
	if whole != "*" {
		size, errSize = strconv.ParseInt(whole, 10, 64)
	}
	ok = errFrom == nil && errTo == nil && errSize == nil && from >= 0 && to >= from && (size < 0 || to < size) && (size >= 0 || whole == "*")
	return from, size, ok
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
