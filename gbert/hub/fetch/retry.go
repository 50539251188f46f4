package fetch

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"time"
)

// passes says whether the server may answer otherwise a little later.
func (e *StatusError) passes() bool {
	return e.Status >= 500 && e.Status != http.StatusNotImplemented && e.Status != http.StatusHTTPVersionNotSupported ||
		e.Status == http.StatusTooManyRequests || e.Status == http.StatusRequestTimeout
}

// retryAfter reads how long a server asks to wait, as seconds or as a date (RFC 9110, section 10.2.3); -1 where it does not say.
func retryAfter(resp *http.Response, now time.Time) time.Duration {
	text := strings.TrimSpace(resp.Header.Get("Retry-After"))
	if text == "" {
		return -1
	}
	if date, err := http.ParseTime(text); err == nil {
		return max(date.Sub(now), 0)
	}
	seconds, err := strconv.ParseInt(text, 10, 64)
	if err != nil && !errors.Is(err, strconv.ErrRange) || seconds < 0 {
		return -1
	}
	const year = 365 * 24 * 3600
	return time.Duration(min(seconds, year)) * time.Second
}

// defaultPatience is how long a request waits in all where servers ask for it.
const defaultPatience = 2 * time.Minute

// patience is how long the attempts of one request may still wait.
type patience struct {
	left time.Duration
	log  func(line string) // may be nil
}

func newPatience(most time.Duration, log func(line string)) *patience {
	if most <= 0 {
		most = defaultPatience
	}
	return &patience{most, log}
}

// wait waits after an attempt, counted from 1, that failed with cause: as long as the server asks, else longer from attempt to attempt.
// It returns cause where the server asks for more than there is patience for, and ctx's error where that ends.
func (p *patience) wait(ctx context.Context, attempt int, cause error) error {
	pause := time.Duration(attempt) * 250 * time.Millisecond
	var status *StatusError
	if errors.As(cause, &status) {
		pause = time.Second << (attempt - 1) // 1 s, 2 s, 4 s
		if status.Wait >= 0 {
			pause = max(status.Wait, 250*time.Millisecond)
		}
		if pause > p.left {
			if status.Wait >= 0 {
				return fmt.Errorf("%w; it asks to wait %v, longer than bertlab does: repeat the command then", cause, status.Wait.Round(time.Second))
			}
			return cause
		}
		if p.log != nil && pause >= time.Second {
			p.log(fmt.Sprintf("%s answered %d %s: waiting %v", Shown(status.URL), status.Status, http.StatusText(status.Status), pause.Round(time.Second)))
		}
	}
	p.left -= pause
	timer := time.NewTimer(pause)
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-timer.C:
		return nil
	}
}

// Do makes the request that ask returns, a fresh one each time, and repeats it as [File] does while the answer is a status that may
// pass. Another status of 400 and above is a [StatusError], too; the body of an answer is the caller's to close. log may be nil.
func Do(ctx context.Context, client *http.Client, log func(line string), ask func() (*http.Request, error)) (*http.Response, error) {
	p := newPatience(0, log)
	for attempt := 1; ; attempt++ {
		req, err := ask()
		if err != nil {
			return nil, plainError(err)
		}
		resp, err := client.Do(req)
		if err != nil {
			return nil, plainError(err)
		}
		if resp.StatusCode < 400 {
			return resp, nil
		}
		resp.Body.Close()
		status := &StatusError{URL: req.URL.String(), Status: resp.StatusCode, Wait: retryAfter(resp, time.Now())}
		if !status.passes() || attempt >= defaultAttempts {
			return nil, status
		}
		if err := p.wait(ctx, attempt, status); err != nil {
			return nil, err
		}
	}
}
