// Package fetch brings one file over HTTP to its place on disk, whole or not at all.
//
// What it promises:
//
//   - Dest appears only when every byte is there and its hash is right: the bytes go to Dest + ".incomplete", are flushed
//     to the disk and then renamed. A kill at any moment leaves Dest as it was.
//   - An ".incomplete" file is continued by the next call (HTTP Range with If-Range), or by the same call when the
//     connection was cut. Where the server's file has changed or the server cannot continue, it begins anew.
//   - Two processes (or goroutines) that want the same Dest take turns by a file lock; the second finds the file finished.
//   - A bearer token goes to the host of URL alone, never to one that it redirects to, and never over plain HTTP but to
//     the machine itself.
//   - A host that cannot be reached is given up after a few seconds, also when packets are dropped; a transfer that
//     brings nothing, or less than a kilobyte a second, for half a minute is cut and continued, four times at most.
//   - A server that answers 429, 408 or 5xx is asked again, when it says (Retry-After, as seconds or as a date) or after
//     1, 2 and 4 s, which Request.Log is told. Two minutes of that, and the error says how long the server asks to wait.
//   - User, password and query of an address are in no error and in no line of the log; see [Shown] and [Redact].
package fetch
