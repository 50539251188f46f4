package fetch

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"
)

// answers serves the n-th request, counted from 1, with the n-th handler, and the others with the last.
func answers(t *testing.T, handlers ...http.HandlerFunc) (*httptest.Server, *atomic.Int32) {
	calls := &atomic.Int32{}
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		n := int(calls.Add(1))
		handlers[min(n, len(handlers))-1](w, r)
	}))
	t.Cleanup(s.Close)
	return s, calls
}

// status answers with a status and Retry-After, unless that is "".
func status(code int, after string) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		if after != "" {
			w.Header().Set("Retry-After", after)
		}
		http.Error(w, "not now", code)
	}
}

func send(content []byte) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		http.ServeContent(w, r, "", time.Time{}, bytes.NewReader(content))
	}
}

func TestRetryAfterIsReadAsSecondsAndAsADate(t *testing.T) {
	now := time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
	for text, want := range map[string]time.Duration{
		"": -1, "0": 0, "7": 7 * time.Second, " 7 ": 7 * time.Second, "-7": -1, "7.5": -1, "soon": -1, "+3": 3 * time.Second,
		"999999999999999999999999": 365 * 24 * time.Hour, "9223372036854775807": 365 * 24 * time.Hour, "-999999999999999999999999": -1,
		"Fri, 02 Jan 2026 03:04:35 GMT": 30 * time.Second, "Friday, 02-Jan-26 03:04:35 GMT": 30 * time.Second, "Fri, 02 Jan 2026 03:00:00 GMT": 0,
	} {
		resp := &http.Response{Header: http.Header{"Retry-After": {text}}}
		if got := retryAfter(resp, now); got != want {
			t.Errorf("%q: %v, expected %v", text, got, want)
		}
	}
}

func TestAServerThatAsksToWaitIsObeyedAndItIsSaid(t *testing.T) {
	for name, c := range map[string]struct {
		code  int
		after func() string
		least time.Duration
	}{
		"seconds":      {http.StatusTooManyRequests, func() string { return "1" }, time.Second},
		"a date":       {http.StatusServiceUnavailable, func() string { return time.Now().Add(2 * time.Second).UTC().Format(http.TimeFormat) }, 900 * time.Millisecond},
		"without":      {http.StatusBadGateway, func() string { return "" }, time.Second},
		"at once":      {http.StatusTooManyRequests, func() string { return "0" }, 200 * time.Millisecond},
		"unreadable":   {http.StatusInternalServerError, func() string { return "a while" }, time.Second},
		"slow request": {http.StatusRequestTimeout, func() string { return "1" }, time.Second},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			content := body(1000)
			s, calls := answers(t, func(w http.ResponseWriter, r *http.Request) { status(c.code, c.after())(w, r) }, send(content))
			dest := filepath.Join(t.TempDir(), "file")
			var lines []string
			began := time.Now()
			if err := File(t.Context(), Request{URL: s.URL + "/f?secret=hunter2", Dest: dest, Log: func(line string) { lines = append(lines, line) }}); err != nil {
				t.Fatal(err)
			}
			if took := time.Since(began); took < c.least || calls.Load() != 2 {
				t.Errorf("asked %d times in %v, expected a pause of %v", calls.Load(), took, c.least)
			}
			expectFile(t, dest, content)
			said := strings.Join(lines, "\n")
			if c.least >= time.Second && (len(lines) != 1 || !strings.Contains(said, fmt.Sprint(c.code)) || !strings.Contains(said, "waiting")) || strings.Contains(said, "hunter2") {
				t.Errorf("said %q", lines)
			}
		})
	}
}

func TestAServerThatAsksToWaitForLongIsLeftWithItsWish(t *testing.T) {
	for _, after := range []string{"3600", time.Now().Add(time.Hour + 5*time.Second).UTC().Format(http.TimeFormat)} {
		s, calls := answers(t, status(http.StatusTooManyRequests, after))
		began := time.Now()
		err := File(t.Context(), Request{URL: s.URL, Dest: filepath.Join(t.TempDir(), "file")})
		var refused *StatusError
		if !errors.As(err, &refused) || !strings.Contains(err.Error(), "asks to wait 1h0m") || time.Since(began) > 5*time.Second || calls.Load() != 1 {
			t.Errorf("%v after %v and %d requests", err, time.Since(began), calls.Load())
		}
	}
	s, calls := answers(t, status(http.StatusServiceUnavailable, "1"))
	if err := File(t.Context(), Request{URL: s.URL, Dest: filepath.Join(t.TempDir(), "file"), Patience: 1500 * time.Millisecond}); err == nil || calls.Load() != 2 {
		t.Errorf("%v after %d requests: the patience of all attempts together was not the bound", err, calls.Load())
	}
}

func TestStatusesThatStayAreAskedForOnceAndOthersFourTimes(t *testing.T) {
	for code, want := range map[int]int32{400: 1, 401: 1, 403: 1, 404: 1, 410: 1, 501: 1, 505: 1, 500: 4, 504: 4} {
		t.Run(fmt.Sprint(code), func(t *testing.T) {
			t.Parallel()
			s, calls := answers(t, status(code, "0"))
			if err := File(t.Context(), Request{URL: s.URL, Dest: filepath.Join(t.TempDir(), "file")}); err == nil || calls.Load() != want {
				t.Errorf("%v after %d requests, expected %d", err, calls.Load(), want)
			}
			calls.Store(0)
			ask := func() (*http.Request, error) { return http.NewRequestWithContext(t.Context(), "GET", s.URL, nil) }
			var refused *StatusError
			if _, err := Do(t.Context(), Client, nil, ask); !errors.As(err, &refused) || refused.Status != code || calls.Load() != want {
				t.Errorf("Do: %v after %d requests, expected %d", err, calls.Load(), want)
			}
		})
	}
}

func TestAWaitEndsWithItsContext(t *testing.T) {
	s, _ := answers(t, status(http.StatusTooManyRequests, "60"))
	for name, call := range map[string]func(ctx context.Context, log func(string)) error{
		"a download": func(ctx context.Context, log func(string)) error {
			return File(ctx, Request{URL: s.URL, Dest: filepath.Join(t.TempDir(), "file"), Log: log})
		},
		"a question": func(ctx context.Context, log func(string)) error {
			_, err := Do(ctx, Client, log, func() (*http.Request, error) { return http.NewRequestWithContext(ctx, "GET", s.URL, nil) })
			return err
		},
	} {
		ctx, cancel := context.WithCancel(t.Context())
		began := time.Now()
		err := call(ctx, func(string) { cancel() })
		if !errors.Is(err, context.Canceled) || time.Since(began) > 5*time.Second {
			t.Errorf("%s: %v after %v", name, err, time.Since(began))
		}
	}
}

func TestALockThatAnotherHoldsIsSaidAndEndsWithTheContext(t *testing.T) {
	path := filepath.Join(t.TempDir(), "lock")
	unlock, err := Lock(t.Context(), path, func(line string) { t.Errorf("a free lock was waited for: %s", line) })
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	said := ""
	if _, err := Lock(ctx, path, func(line string) { said = line; cancel() }); !errors.Is(err, context.Canceled) || !strings.Contains(said, path) {
		t.Errorf("%v, said %q", err, said)
	}
	if _, err := Lock(ctx, path, nil); !errors.Is(err, context.Canceled) {
		t.Error(err)
	}
	time.AfterFunc(300*time.Millisecond, unlock)
	again, err := Lock(t.Context(), path, nil)
	if err != nil {
		t.Fatal(err)
	}
	again()
}

// drip sends a piece of content each time, and waits between.
func drip(content []byte, piece int, between time.Duration) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Length", fmt.Sprint(len(content)))
		for at := 0; at < len(content) && r.Context().Err() == nil; at += piece {
			w.Write(content[at:min(at+piece, len(content))])
			w.(http.Flusher).Flush()
			time.Sleep(between)
		}
	}
}

func TestASlowDripIsCutAndASlowTransferIsNot(t *testing.T) {
	content := body(2000)
	slow, calls := answers(t, drip(content, 1, 20*time.Millisecond)) // 50 bytes a second
	began := time.Now()
	err := File(t.Context(), Request{URL: slow.URL, Dest: filepath.Join(t.TempDir(), "file"), Stall: 300 * time.Millisecond, Attempts: 2})
	if err == nil || !strings.Contains(err.Error(), "bytes in 300ms, less than 1000 a second") || calls.Load() != 2 || time.Since(began) > 10*time.Second {
		t.Errorf("%v after %v and %d requests", err, time.Since(began), calls.Load())
	}
	steady, _ := answers(t, drip(content, 100, 30*time.Millisecond)) // 3 kB a second, without a pause of a span
	dest := filepath.Join(t.TempDir(), "file")
	if err := File(t.Context(), Request{URL: steady.URL, Dest: dest, Stall: 300 * time.Millisecond, MinRate: 300, Attempts: 1}); err != nil {
		t.Fatal(err)
	}
	expectFile(t, dest, content)
}

func TestADripThatIsCutGoesOnWhereItWas(t *testing.T) {
	content := body(5000)
	s, calls := answers(t, func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("ETag", `"x"`)
		drip(content, 10, 50*time.Millisecond)(w, r)
	}, func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("ETag", `"x"`)
		if r.Header.Get("Range") == "" {
			http.Error(w, "from the beginning", http.StatusTeapot)
			return
		}
		send(content)(w, r)
	})
	dest := filepath.Join(t.TempDir(), "file")
	if err := File(t.Context(), Request{URL: s.URL, Dest: dest, Stall: 200 * time.Millisecond}); err != nil || calls.Load() != 2 {
		t.Fatalf("%v after %d requests", err, calls.Load())
	}
	expectFile(t, dest, content)
}

func TestPartsOfAFileAreTakenForNoMoreThanTheyAre(t *testing.T) {
	content := body(300_000)
	part := func(r *http.Request) int {
		from := 0
		fmt.Sscanf(r.Header.Get("Range"), "bytes=%d-", &from)
		return from
	}
	cut := func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("ETag", `"x"`)
		w.Header().Set("Content-Length", fmt.Sprint(len(content)))
		w.Write(content[:100_000])
		w.(http.Flusher).Flush()
		panic(http.ErrAbortHandler)
	}
	ranged := func(etag, size string, length int) http.HandlerFunc {
		return func(w http.ResponseWriter, r *http.Request) {
			from := part(r)
			to := min(from+length, len(content))
			w.Header().Set("ETag", etag)
			w.Header().Set("Content-Range", fmt.Sprintf("bytes %d-%d/%s", from, to-1, size))
			w.WriteHeader(http.StatusPartialContent)
			w.Write(content[from:to])
		}
	}
	for name, handlers := range map[string][]http.HandlerFunc{
		"shorter than the rest":     {cut, ranged(`"x"`, "300000", 100_000)},
		"of another file":           {cut, ranged(`"y"`, "300000", 300_000), send(content)},
		"of a file of another size": {cut, ranged(`"x"`, "200000", 100_000), send(content)},
		"without a size":            {cut, ranged(`"x"`, "*", 300_000)},
		"with a range that is none": {cut, func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("Content-Range", "bytes 100000-50/300000")
			w.WriteHeader(http.StatusPartialContent)
		}, send(content)},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s, _ := answers(t, handlers...)
			dest := filepath.Join(t.TempDir(), "file")
			r := Request{URL: s.URL, Dest: dest}
			if name != "shorter than the rest" && name != "without a size" {
				r.SHA256 = sum(content)
			}
			if err := File(t.Context(), r); err != nil {
				t.Fatal(err)
			}
			expectFile(t, dest, content)
		})
	}
}

func TestALengthThatIsWrongLeavesNoFile(t *testing.T) {
	content := body(5000)
	raw := func(announced int) http.HandlerFunc {
		return func(w http.ResponseWriter, r *http.Request) {
			conn, out, err := w.(http.Hijacker).Hijack()
			if err != nil {
				t.Error(err)
				return
			}
			defer conn.Close()
			fmt.Fprintf(out, "HTTP/1.1 200 OK\r\nContent-Length: %d\r\nConnection: close\r\n\r\n", announced)
			out.Write(content)
			out.Flush()
		}
	}
	for announced, r := range map[int]Request{
		6000: {}, 4999: {SHA256: sum(content)}, 4000: {Size: 5000}, -1: {}, 5001: {Size: 5000},
	} {
		s, _ := answers(t, raw(announced))
		r.URL, r.Dest, r.Attempts = s.URL, filepath.Join(t.TempDir(), "file"), 2
		if err := File(t.Context(), r); err == nil {
			t.Errorf("5,000 bytes that are called %d were taken", announced)
		}
		if _, err := os.Stat(r.Dest); err == nil {
			t.Errorf("5,000 bytes that are called %d have the final name", announced)
		}
	}
	packed, _ := answers(t, func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Encoding", "gzip")
		w.Write(content)
	})
	if err := File(t.Context(), Request{URL: packed.URL, Dest: filepath.Join(t.TempDir(), "file")}); err == nil || !strings.Contains(err.Error(), "gzip") {
		t.Errorf("an encoding that was not asked for: %v", err)
	}
}

// Whatever goes wrong, no error and no line shows the password or the query of an address.
func TestNoErrorShowsWhatAnAddressHides(t *testing.T) {
	content := body(5000)
	whole, _ := answers(t, send(content))
	gone, _ := answers(t, status(404, ""))
	busy, _ := answers(t, status(503, "3600"))
	silent, _ := answers(t, func(w http.ResponseWriter, r *http.Request) { <-r.Context().Done() })
	cut, _ := answers(t, func(w http.ResponseWriter, r *http.Request) { panic(http.ErrAbortHandler) })
	closed := httptest.NewServer(http.NotFoundHandler())
	closed.Close()
	echo, _ := answers(t, func(w http.ResponseWriter, r *http.Request) {
		http.Error(w, "you asked for http://user:hunter2@"+r.Host+r.URL.Path, http.StatusForbidden)
	})
	loop, _ := answers(t, func(w http.ResponseWriter, r *http.Request) {
		http.Redirect(w, r, "http://user:hunter2@"+r.Host+"/f?token=hunter2", http.StatusFound)
	})
	away, _ := answers(t, func(w http.ResponseWriter, r *http.Request) {
		http.Redirect(w, r, "ftp://user:hunter2@host/f?token=hunter2", http.StatusFound)
	})
	secret := func(s *httptest.Server) string {
		return strings.Replace(s.URL, "http://", "http://user:hunter2@", 1) + "/f?token=hunter2#hunter2"
	}
	for name, r := range map[string]Request{
		"another hash": {URL: secret(whole), SHA256: sum(nil)}, "another size": {URL: secret(whole), Size: 4000}, "too large": {URL: secret(whole), Limit: 10},
		"not found": {URL: secret(gone)}, "busy": {URL: secret(busy)}, "refused": {URL: secret(closed)}, "cut": {URL: secret(cut), Attempts: 1}, "echo": {URL: secret(echo)},
		"silent": {URL: secret(silent), Client: &http.Client{Timeout: 100 * time.Millisecond}, Attempts: 1}, "a loop": {URL: secret(loop), Attempts: 1}, "away": {URL: secret(away), Attempts: 1},
		"no address": {URL: "http://user:hunter2@[host/f"}, "no scheme": {URL: "//user:hunter2@host/f?hunter2"}, "no port": {URL: "http://user:hunter2@host:x/f"}, "a slash in it": {URL: "http://user:hunter2/@host/f"},
	} {
		t.Run(name, func(t *testing.T) {
			r.Dest = filepath.Join(t.TempDir(), "file")
			r.Log = func(line string) {
				if strings.Contains(line, "hunter2") {
					t.Errorf("the line %q", line)
				}
			}
			if err := File(t.Context(), r); err == nil || strings.Contains(err.Error(), "hunter2") {
				t.Errorf("error %v", err)
			}
			r.URL = strings.Replace(r.URL, "@", "%40@", 1)
			ask := func() (*http.Request, error) { return http.NewRequestWithContext(t.Context(), "GET", r.URL, nil) }
			client := r.Client
			if client == nil {
				client = Client
			}
			if resp, err := Do(t.Context(), client, r.Log, ask); err == nil {
				resp.Body.Close()
			} else if strings.Contains(err.Error(), "hunter2") {
				t.Errorf("Do: error %v", err)
			}
		})
	}
}

func TestAPasswordGoesToItsHostAloneAndBehindAToken(t *testing.T) {
	content := body(1000)
	var seen sync.Map
	note := func(r *http.Request) { seen.Store(r.Host, r.Header.Get("Authorization")) }
	other, _ := answers(t, func(w http.ResponseWriter, r *http.Request) { note(r); send(content)(w, r) })
	own, _ := answers(t, func(w http.ResponseWriter, r *http.Request) {
		note(r)
		http.Redirect(w, r, other.URL+"/f", http.StatusFound)
	})
	address, user, err := Endpoint("X", strings.Replace(own.URL, "http://", "http://user:hunter2@", 1))
	if err != nil || address != own.URL {
		t.Fatalf("%s, %v", address, err)
	}
	for token, want := range map[string]string{"": "Basic dXNlcjpodW50ZXIy", "mine": "Bearer mine"} {
		if err := File(t.Context(), Request{URL: address + "/f", Dest: filepath.Join(t.TempDir(), "file"), Token: token, User: user}); err != nil {
			t.Fatal(err)
		}
		if got, _ := seen.Load(strings.TrimPrefix(own.URL, "http://")); got != want {
			t.Errorf("its host saw %q, expected %q", got, want)
		}
		if got, _ := seen.Load(strings.TrimPrefix(other.URL, "http://")); got != "" {
			t.Errorf("the other host saw %q", got)
		}
	}
}

func TestAddressesAreShownWithoutTheirSecrets(t *testing.T) {
	for text, want := range map[string]string{
		"https://u:p@host/a?b#c": "https://host/a", "https://u@host": "https://host", "https://host:8/a": "https://host:8/a",
	} {
		if got := Shown(text); got != want {
			t.Errorf("%s is shown as %s, expected %s", text, got, want)
		}
	}
	for text, want := range map[string]string{
		"see https://u:p@host/a, http://x@y and ssh+git://a:b@c:1/d": "see https://host/a, http://y and ssh+git://c:1/d",
		"mail me@host about https://host/a@b":                        "mail me@host about https://host/a@b",
		`"https://u:p@q@host"`:                                       `"https://host"`,
		"socks5://u:p%40@host:1080":                                  "socks5://host:1080",
	} {
		if got := Redact(text); got != want {
			t.Errorf("%s becomes %s, expected %s", text, got, want)
		}
	}
	for _, value := range []string{"host", "host:80", "ftp://u:hunter2@host", "https://u:hun/ter2@host:x", "https://u:hunter2@", "https://u:hunter2@ho st", "https://host?hunter2", "://hunter2"} {
		if _, _, err := Endpoint("HF_ENDPOINT", value); err == nil || strings.Contains(err.Error(), "ter2") || !strings.Contains(err.Error(), "HF_ENDPOINT") {
			t.Errorf("%q: %v", value, err)
		}
	}
}

// Go reads the proxies' variables once, so a process of its own does.
func TestAProxyThatIsNoAddressShowsNoPassword(t *testing.T) {
	if os.Getenv("FETCH_TEST_PROXY") == "1" {
		err := File(t.Context(), Request{URL: "http://example.invalid/f", Dest: filepath.Join(t.TempDir(), "file"), Attempts: 1})
		fmt.Println("ERROR", err)
		return
	}
	for _, value := range []string{"http://user:hun ter2@host:1", "http://user:hunter2@host:x", "http://user:hunter2@[host", "http://user:hunter2@127.0.0.1:1"} {
		child := exec.CommandContext(t.Context(), os.Args[0], "-test.run=^TestAProxyThatIsNoAddressShowsNoPassword$")
		child.Env = append(os.Environ(), "FETCH_TEST_PROXY=1", "HTTP_PROXY="+value, "NO_PROXY=", "no_proxy=", "http_proxy=")
		out, err := child.CombinedOutput()
		if err != nil || !bytes.Contains(out, []byte("ERROR fetch: ")) || bytes.Contains(out, []byte("ter2")) {
			t.Errorf("%v\n%s", err, out)
		}
	}
}
