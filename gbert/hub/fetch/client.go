package fetch

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"time"

	"github.com/gofrs/flock"
)

// How long to wait for a host before the next source is tried. All three together bound the wait for a host that
// drops packets.
const (
	dialTimeout   = 6 * time.Second
	tlsTimeout    = 6 * time.Second
	headerTimeout = 12 * time.Second
)

// Client is the HTTP client of downloads: the usual proxies, short timeouts for hosts that do not answer, no limit on
// the length of a transfer, and redirects that never carry a token to another host.
var Client = &http.Client{
	Transport: &http.Transport{
		Proxy:                 http.ProxyFromEnvironment,
		DialContext:           (&net.Dialer{Timeout: dialTimeout, KeepAlive: 30 * time.Second}).DialContext,
		TLSHandshakeTimeout:   tlsTimeout,
		ResponseHeaderTimeout: headerTimeout,
		IdleConnTimeout:       30 * time.Second,
		ForceAttemptHTTP2:     true,
	},
	CheckRedirect: CheckRedirect,
}

// CheckRedirect is the policy of [Client]: at most ten redirects, never from HTTPS to HTTP, and without the
// Authorization header as soon as the host (or its port) is another one. Go's own rule would hand the header to
// subdomains, where content networks live.
func CheckRedirect(req *http.Request, via []*http.Request) error {
	if len(via) >= 10 {
		return errors.New("more than ten redirects")
	}
	first := via[0].URL
	if first.Scheme == "https" && req.URL.Scheme != "https" {
		return fmt.Errorf("refused a redirect from %s to the unencrypted %s", first.Host, req.URL.Host)
	}
	for _, step := range append(via[1:len(via):len(via)], req) {
		if step.URL.Scheme != first.Scheme || step.URL.Host != first.Host {
			req.Header.Del("Authorization")
		}
	}
	return nil
}

// Authorize puts the bearer token into the request, if there is one and the way is safe: HTTPS, or this machine.
func Authorize(req *http.Request, token string) {
	if token == "" || req.URL.Scheme != "https" && !IsLoopback(req.URL) {
		return
	}
	req.Header.Set("Authorization", "Bearer "+token)
}

// IsLoopback says whether u leads to this machine, where no encryption is needed.
func IsLoopback(u *url.URL) bool {
	host := u.Hostname()
	if host == "localhost" {
		return true
	}
	ip := net.ParseIP(host)
	return ip != nil && ip.IsLoopback()
}

// plainError takes the URL's query out of an error of net/http: signed URLs of content networks carry secrets there.
func plainError(err error) error {
	var u *url.Error
	if !errors.As(err, &u) {
		return err
	}
	where := u.URL
	if parsed, e := url.Parse(u.URL); e == nil {
		parsed.RawQuery, parsed.User = "", nil
		where = parsed.String()
	}
	return fmt.Errorf("%s: %w", where, u.Err)
}

// Lock takes the file lock at path, which it makes if missing, and waits for it until ctx ends. Locks belong to open
// files, so they end with their process however it ends; the empty lock file stays. Call unlock exactly once.
func Lock(ctx context.Context, path string) (unlock func(), err error) {
	lock := flock.New(path, flock.SetPermissions(0o644)) // other users of a shared cache may take it too
	ok, err := lock.TryLockContext(ctx, 100*time.Millisecond)
	if err != nil {
		if ctx.Err() != nil {
			return nil, fmt.Errorf("fetch: another process holds %s: %w", path, ctx.Err())
		}
		return nil, fmt.Errorf("fetch: locking %s: %w", path, err)
	}
	if !ok {
		return nil, fmt.Errorf("fetch: locking %s failed", path)
	}
	return func() { _ = lock.Unlock() }, nil
}
