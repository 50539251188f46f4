package fetch

import (
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"time"
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
		Proxy:                 proxy,
		DialContext:           (&net.Dialer{Timeout: dialTimeout, KeepAlive: 30 * time.Second}).DialContext,
		TLSHandshakeTimeout:   tlsTimeout,
		ResponseHeaderTimeout: headerTimeout,
		IdleConnTimeout:       30 * time.Second,
		ForceAttemptHTTP2:     true,
	},
	CheckRedirect: CheckRedirect,
}

// Bounded is a client for questions that are no downloads, asked by code that knows no limits: as [Client], and an answer has 30
// seconds and [maxAnswer] bytes.
func Bounded() *http.Client {
	return &http.Client{Transport: bounded{Client.Transport}, CheckRedirect: CheckRedirect, Timeout: 30 * time.Second}
}

// maxAnswer bounds an answer to a [Bounded] client; the registry's longest about a package have some ten megabytes.
const maxAnswer = 64 << 20

// bounded is a transport whose answers have an end.
type bounded struct{ http.RoundTripper }

func (b bounded) RoundTrip(req *http.Request) (*http.Response, error) {
	resp, err := b.RoundTripper.RoundTrip(req)
	if err == nil {
		resp.Body = http.MaxBytesReader(nil, resp.Body, maxAnswer)
	}
	return resp, err
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

// proxy is the one that HTTP_PROXY, HTTPS_PROXY and NO_PROXY name. An error of Go's would show its password.
func proxy(req *http.Request) (*url.URL, error) {
	address, err := http.ProxyFromEnvironment(req)
	if err != nil {
		return nil, errors.New("HTTP_PROXY or HTTPS_PROXY holds no address of a proxy, such as http://user:password@host:8080 (with %40 for an @ in the password)")
	}
	return address, nil
}

// Authorize puts the bearer token into the request, if there is one and the way is safe: HTTPS, or this machine.
func Authorize(req *http.Request, token string) {
	if token == "" || req.URL.Scheme != "https" && !IsLoopback(req.URL) {
		return
	}
	req.Header.Set("Authorization", "Bearer "+token)
}

// Introduce puts user and password into a request that has no token, as addresses with both ask for.
func Introduce(req *http.Request, user *url.Userinfo) {
	if user == nil || req.Header.Get("Authorization") != "" {
		return
	}
	password, _ := user.Password()
	req.SetBasicAuth(user.Username(), password)
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
