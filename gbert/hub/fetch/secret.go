package fetch

import (
	"errors"
	"fmt"
	"net/url"
	"regexp"
)

// Shown is an address as it may be printed: without user and password, and without the query, in which the signed addresses of content
// networks carry secrets.
func Shown(address string) string {
	parsed, err := url.Parse(address)
	if err != nil {
		return "an address that is none"
	}
	parsed.User, parsed.RawQuery, parsed.Fragment = nil, "", ""
	return parsed.String()
}

// userInfo is a user, with or without a password, in an address anywhere in a text.
var userInfo = regexp.MustCompile(`([A-Za-z][A-Za-z0-9+.-]*://)[^\s"'<>/?#]*@`)

// Redact takes user and password out of all addresses in a text: for what others have written, such as the output of another program.
func Redact(text string) string { return userInfo.ReplaceAllString(text, "$1") }

// plainError is an error of net/http with its address as it may be shown.
func plainError(err error) error {
	var u *url.Error
	if !errors.As(err, &u) {
		return err
	}
	if u.Op == "parse" {
		return errors.New("an address that is none: expected one such as https://host/path")
	}
	return fmt.Errorf("%s: %w", Shown(u.URL), u.Err)
}

// Endpoint takes an address apart that a variable holds, such as https://user:password@host: what may be printed, and what goes into
// requests alone. The error names the variable and shows nothing of its value.
func Endpoint(variable, value string) (address string, user *url.Userinfo, err error) {
	parsed, err := url.Parse(value)
	if err != nil || parsed.Host == "" || parsed.Scheme != "https" && parsed.Scheme != "http" || parsed.RawQuery != "" || parsed.Fragment != "" {
		return "", nil, fmt.Errorf("%s holds no address such as https://host or https://user:password@host (with %%40 for an @ in the password)", variable)
	}
	user, parsed.User = parsed.User, nil
	return parsed.String(), user, nil
}
