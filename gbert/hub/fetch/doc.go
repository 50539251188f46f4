// Package fetch brings one file over HTTP to its place on disk, whole or not at all.
//
//	err := fetch.File(ctx, fetch.Request{
//		URL:    "https://host/file",
//		Dest:   "/cache/file",
//		SHA256: "53aa51…",
//		Progress: func(done, total int64) { … },
//	})
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
//     brings no byte for half a minute is cut and continued.
package fetch
